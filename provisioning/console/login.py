"""Logging in and out: the email first, then the ways that its domain has, and one answer for every failure (LGN-1).

Which ways the second step shows is decided by the domain of the address alone, so it is the same for people who exist
and for people who do not. Where the password fits in several accounts, a page asks for the account; what was proved
stays with us, and the browser holds only the secret of that pending login.
"""

from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.sessions import log_out
from provisioning.actions.sign_in import AccountChoice, by_password, choose_account, organisations_of
from provisioning.console.entering import asked_for, browser
from provisioning.console.errors import LOGIN, form_page
from provisioning.console.forms import EmailForm, Filled, PasswordForm, read_form
from provisioning.console.login_steps import go_on
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to, page
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.second_factor import PENDING_LIFETIME
from provisioning.guard.context import services
from provisioning.guard.cookie import (
    CHOICE,
    SESSION,
    delete_cookie,
    present_session,
    read_cookie,
    session_caller,
    set_cookie,
)
from provisioning.guard.local_paths import HOME
from provisioning.guard.require import public, requires


def add_login(blueprint: Blueprint) -> None:
    """Add the routes of logging in and out."""
    blueprint.add_url_rule(LOGIN, view_func=show_login, methods=["GET"])
    blueprint.add_url_rule(LOGIN, view_func=post_login, methods=["POST"])
    blueprint.add_url_rule("/login/account", view_func=post_account, methods=["POST"])
    blueprint.add_url_rule("/logout", view_func=post_logout, methods=["POST"])


@public("people come here to log in")
def show_login() -> Response:
    """Show the first step; who is logged in already goes on."""
    if present_session() is not None:
        return lead_to(asked_for())
    return _email_page(Filled())


@public("people log in here")
def post_login() -> Response:
    """Take the email, and show the second step; take email and password, and log in."""
    if "password" not in request.form:
        return _second_step()
    form = read_form(PasswordForm(), request.form)
    if not form.is_good:
        return _password_page(form)
    try:
        found = by_password(**form.values, browser=browser(), services=services())
    except Refusal as refusal:
        form.refuse("", refusal)
        return _password_page(form)
    return _account_page(found) if isinstance(found, AccountChoice) else go_on(found)


@public("people log in here; the password was proved by a pending login")
def post_account() -> Response:
    """Take the choice among the accounts that a password fitted in."""
    try:
        found = choose_account(read_cookie(CHOICE) or "", request.form.get("account", ""), browser(), services())
    except Refusal as refusal:
        form = Filled()
        form.refuse("", refusal)
        return _email_page(form)
    return go_on(found)


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def post_logout(caller: Caller) -> Response:
    """End the browser's session."""
    log_out(caller, services())
    response = lead_to(LOGIN)
    delete_cookie(response, SESSION)
    leave_notice(response, "logged_out")
    return response


def _second_step() -> Response:
    form = read_form(EmailForm(), request.form)
    return _password_page(form) if form.is_good else _email_page(form)


def _email_page(form: Filled) -> Response:
    return form_page("login.html", form.code, form=form, next=asked_for())


def _password_page(form: Filled) -> Response:
    """Return the second step; where the domain has organisations, with the ways to their logins."""
    email, back = form.values.get("email", ""), asked_for()
    query = "" if back == HOME else "?" + urlencode({"next": back})
    organisations = [(f"/saml/{each}/login{query}", name) for each, name in organisations_of(email, services())]
    return form_page("password.html", form.code, form=form, email=email, organisations=organisations, next=back)


def _account_page(choice: AccountChoice) -> Response:
    response = page("account.html", accounts=choice.accounts, next=asked_for())
    set_cookie(response, CHOICE, choice.secret, max_age=int(PENDING_LIFETIME.total_seconds()))
    return response
