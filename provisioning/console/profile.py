"""My Profile: who one is, how one logs in, what one sees and is mailed, and where one is logged in (USR-10, OUT-4).

The page shows everything; what is simple is changed on it. What an attacker at an open desk would want stands on pages
of its own, each of which asks for a fresh proof before it is shown (SES-4).
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.profile import (
    change_own_email,
    change_own_names,
    change_own_password,
    change_preferences,
    own_profile,
    withdraw_new_email,
)
from provisioning.actions.second_factor import own_second_factor
from provisioning.actions.sessions import end_other_sessions, end_session
from provisioning.console.devices import device_name
from provisioning.console.errors import form_page
from provisioning.console.forms import (
    EmailForm,
    Filled,
    NamesForm,
    OtherPasswordForm,
    PreferencesForm,
    attempt,
    read_form,
)
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to
from provisioning.console.proof import ask_before
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code
from provisioning.domain.passwords import shortest
from provisioning.domain.permissions import Permission
from provisioning.domain.time_zones import time_zones
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller, set_session
from provisioning.guard.require import requires

PROFILE = "/profile"
NAMES, EMAIL, PASSWORD = f"{PROFILE}/names", f"{PROFILE}/email", f"{PROFILE}/password"
WRONG_PASSWORD = "This is not your present password. Try again."  # noqa: S105 - a sentence, not a password.

own = requires(Permission.SELF_PROFILE_MANAGE, session_caller)


def add_profile(blueprint: Blueprint) -> None:
    """Add the routes of My Profile but for the second factor."""
    add = blueprint.add_url_rule
    add(PROFILE, view_func=show_profile, methods=["GET"])
    add(NAMES, view_func=show_names, methods=["GET"])
    add(NAMES, view_func=post_names, methods=["POST"])
    add(f"{PROFILE}/preferences", view_func=post_preferences, methods=["POST"])
    add(EMAIL, view_func=show_email, methods=["GET"])
    add(EMAIL, view_func=post_email_change, methods=["POST"])
    add(f"{EMAIL}/withdraw", view_func=post_withdraw, methods=["POST"])
    add(PASSWORD, view_func=show_password, methods=["GET"])
    add(PASSWORD, view_func=post_own_password, methods=["POST"])
    add(f"{PROFILE}/sessions/end-others", view_func=post_end_others, methods=["POST"])
    add(f"{PROFILE}/sessions/<session_id>/end", view_func=post_end_session, methods=["POST"])


@own
def show_profile(caller: Caller) -> Response:
    """Show people who they are here."""
    return _profile_page(caller, Filled())


@own
def show_names(caller: Caller) -> Response:
    """Show the form of the own names; the root user proves who they are before (ROOT-7)."""
    if caller.is_root:
        ask_before(caller)
    return _names_page(caller, Filled())


@own
def post_names(caller: Caller) -> Response:
    """Change the own names."""
    form = read_form(NamesForm(), request.form)
    fields = ("first_name", "last_name", "display_name")
    if form.is_good:
        attempt(form, lambda: change_own_names(caller, **form.values, services=services()), fields)
    return _said("names_changed") if form.is_good else _names_page(caller, form)


@own
def post_preferences(caller: Caller) -> Response:
    """Choose time zone and mails (MAIL-1)."""
    form = read_form(PreferencesForm(), request.form)
    if form.is_good:
        attempt(form, lambda: change_preferences(caller, **form.values, services=services()), ("time_zone",))
    return _said("preferences_changed") if form.is_good else _profile_page(caller, form)


@own
def show_email(caller: Caller) -> Response:
    """Show the form for another email; whoever sees it has proved who they are."""
    ask_before(caller)
    return _email_page(caller, Filled())


@own
def post_email_change(caller: Caller) -> Response:
    """Have a mail sent to the new address, which confirms it (USR-4)."""
    form = read_form(EmailForm(), request.form)
    if form.is_good:
        attempt(form, lambda: change_own_email(caller, form.values["email"], services()), ("email", "user_name"))
    return _said("email_asked") if form.is_good else _email_page(caller, form)


@own
def post_withdraw(caller: Caller) -> Response:
    """Withdraw a new email that waits to be confirmed."""
    withdraw_new_email(caller, services())
    return _said("email_withdrawn")


@own
def show_password(caller: Caller) -> Response:
    """Show the form for another password; whoever sees it has proved who they are."""
    ask_before(caller)
    return _password_page(caller, Filled())


@own
def post_own_password(caller: Caller) -> Response:
    """Set another password; all other sessions end, this one goes on under a new value (LGN-5, SES-3)."""
    form = read_form(OtherPasswordForm(), request.form)
    given = form.values
    if not form.is_good:
        return _password_page(caller, form)
    renewed = attempt(
        form,
        lambda: change_own_password(caller, given["current_password"], given["password"], services()),
        ("password",),
    )
    if renewed is None:
        if form.code is Code.INVALID_CREDENTIALS:
            form.errors = {"current_password": WRONG_PASSWORD}
        return _password_page(caller, form)
    response = _said("password_changed")
    set_session(response, renewed)
    return response


@own
def post_end_others(caller: Caller) -> Response:
    """End every other session of the person (OUT-4)."""
    renewed = end_other_sessions(caller, services())
    response = _said("others_ended")
    set_session(response, renewed)
    return response


@own
def post_end_session(caller: Caller, session_id: str) -> Response:
    """End one of the person's sessions (OUT-4); ending this one leads to the login page."""
    end_session(caller, session_id, services())
    return _said("session_ended")


def _said(key: str) -> Response:
    response = lead_to(PROFILE)
    leave_notice(response, key)
    return response


def _profile_page(caller: Caller, form: Filled) -> Response:
    profile, factor = own_profile(caller, services()), own_second_factor(caller, services())
    shown = {"profile": profile, "factor": factor, "zones": time_zones(), "device_name": device_name}
    return form_page("profile.html", form.code, caller=caller, form=form, **shown)


def _names_page(caller: Caller, form: Filled) -> Response:
    profile = own_profile(caller, services())
    return form_page("profile_names.html", form.code, caller=caller, form=form, profile=profile)


def _email_page(caller: Caller, form: Filled) -> Response:
    profile = own_profile(caller, services())
    return form_page("profile_email.html", form.code, caller=caller, form=form, profile=profile)


def _password_page(caller: Caller, form: Filled) -> Response:
    profile, factor = own_profile(caller, services()), own_second_factor(caller, services())
    least = shortest(factor.is_on)
    return form_page("profile_password.html", form.code, caller=caller, form=form, profile=profile, shortest=least)
