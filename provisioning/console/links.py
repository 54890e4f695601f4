"""Mail links, and asking for one: 'Forgot your password' (LNK, PWD-2).

Opening a link uses nothing up, as mail scanners open links too. The token leaves the address at once: it moves into a
short-lived cookie, and the page with the form stands at an address that can be seen, kept and sent on without harm.
Setting a password logs nobody in: the person then shows that the new password works, in the one place for that.
"""

import re

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.email_confirmation import confirm_email
from provisioning.actions.invitations import open_link, set_password_by_link
from provisioning.actions.passwords import forgot_password
from provisioning.actions.tries import know_browser
from provisioning.console.entering import browser, set_device
from provisioning.console.errors import LOGIN, error_page, form_page
from provisioning.console.forms import EmailForm, Filled, NewPasswordForm, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to, page
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import Purpose
from provisioning.domain.keys import RANDOM_LENGTH
from provisioning.guard.context import client_address, services
from provisioning.guard.cookie import delete_cookie, present_session, read_cookie, set_cookie
from provisioning.guard.require import public

LINK = "gatelodge_link"
LIFETIME_SECONDS = 30 * 60
TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{RANDOM_LENGTH}}}")
FORGOT = "/forgot-password"
# Refusals after which the same link can be tried again.
LINK_STAYS_GOOD = frozenset({Code.PASSWORD_REFUSED, Code.TOO_MANY_REQUESTS})
PROFILE = "/profile"


def add_links(blueprint: Blueprint) -> None:
    """Add the routes of mail links."""
    blueprint.add_url_rule("/link/<token>", view_func=take_link, methods=["GET"])
    blueprint.add_url_rule("/link", view_func=show_link, methods=["GET"])
    blueprint.add_url_rule("/link", view_func=post_password, methods=["POST"])
    blueprint.add_url_rule("/link/email", view_func=post_email, methods=["POST"])
    blueprint.add_url_rule(FORGOT, view_func=show_forgot, methods=["GET"])
    blueprint.add_url_rule(FORGOT, view_func=post_forgot, methods=["POST"])


@public("the token of the link is the proof")
def take_link(token: str) -> Response:
    """Move the token from the address into this browser; nothing is used up (LNK-4)."""
    if not TOKEN.fullmatch(token):
        return error_page(Refusal(Code.LINK_INVALID))
    response = lead_to("/link")
    set_cookie(response, LINK, token, max_age=LIFETIME_SECONDS)
    return response


@public("the token of the link is the proof")
def show_link() -> Response:
    """Show whose password is to be set, and the form for it."""
    return _link_page(Filled())


@public("the token of the link is the proof")
def post_password() -> Response:
    """Use the link up and set the password (LNK-1)."""
    form = read_form(NewPasswordForm(), request.form)
    if not form.is_good:
        return _link_page(form)
    try:
        user = set_password_by_link(read_cookie(LINK) or "", form.values["password"], client_address(), services())
    except Refusal as refusal:
        if refusal.code not in LINK_STAYS_GOOD:
            return _dead_link(refusal)
        form.refuse("password", refusal)
        return _link_page(form)
    response = lead_to(LOGIN)
    set_device(response, know_browser(user, browser(), services()))
    delete_cookie(response, LINK)
    leave_notice(response, "password_set")
    return response


@public("the token of the link is the proof")
def post_email() -> Response:
    """Use the link up and make the address it was mailed to the login email (USR-4)."""
    try:
        confirm_email(read_cookie(LINK) or "", client_address(), services())
    except Refusal as refusal:
        return _dead_link(refusal)
    response = lead_to(LOGIN if present_session() is None else PROFILE)
    delete_cookie(response, LINK)
    leave_notice(response, "email_confirmed")
    return response


@public("people who cannot log in come here")
def show_forgot() -> Response:
    """Ask for the email to send a link to."""
    return form_page("forgot.html", None, form=Filled(), sent=False)


@public("people who cannot log in come here")
def post_forgot() -> Response:
    """Have a link sent to whoever has the address; the answer is the same whether anybody has (PWD-2)."""
    form = read_form(EmailForm(), request.form)
    if form.is_good:
        forgot_password(form.values["email"], client_address(), services())
    return form_page("forgot.html", form.code, form=form, sent=form.is_good)


def _link_page(form: Filled) -> Response:
    try:
        link = open_link(read_cookie(LINK) or "", client_address(), services())
    except Refusal as refusal:
        return _dead_link(refusal)
    if link.purpose is Purpose.EMAIL_CHANGE:
        return page("confirm_email.html", link=link)
    return form_page("set_password.html", form.code, form=form, link=link, shortest=link.shortest)


def _dead_link(refusal: Refusal) -> Response:
    response = error_page(refusal)
    delete_cookie(response, LINK)
    return response
