"""Sign-in & security: the second factor, the length of sessions, and SAML login enforced (2FA-4, OUT-5, SSO-6)."""

from typing import Any

from flask import Blueprint, request
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from provisioning.actions.direct_logins import direct_logins
from provisioning.actions.security_settings import SecurityChanges, change_security, show_security
from provisioning.actions.sso_settings import list_connections
from provisioning.console.certificates import next_ends
from provisioning.console.decisions import Decision, decision_page
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, Form, attempt, one_of, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.proof import ask_before
from provisioning.console.words import counted
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed, require
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

SIGN_IN = "/sign-in"
SETTINGS = f"{SIGN_IN}/settings"
ENFORCE = f"{SIGN_IN}/enforce"
TRAIL = ((SIGN_IN, "Sign-in & security"),)
MOST_NAMED = 10
MINUTE = 60
NO_MINUTES = "Enter a whole number of minutes."
BESIDE = ("two_factor", "session_idle_seconds", "session_max_seconds")


def minutes() -> fields.Integer:
    """Return a field for a length of time in whole minutes."""
    messages: dict[str, Any] = {"required": NO_MINUTES, "invalid": NO_MINUTES, "too_large": NO_MINUTES}
    return fields.Integer(required=True, validate=validate.Range(0, 100_000, error=NO_MINUTES), error_messages=messages)


class SecurityForm(Form):
    """The second factor and the length of sessions; the rules judge both."""

    two_factor = fields.String(required=True, validate=one_of(TwoFactor, "Choose from the list."))
    session_idle_seconds = minutes()
    session_max_seconds = minutes()


def add_sign_in_settings(blueprint: Blueprint) -> None:
    """Add the routes of the account's security settings."""
    add_routes(
        blueprint,
        (SIGN_IN, "GET", show_sign_in),
        (SETTINGS, "GET", show_settings_form),
        (SETTINGS, "POST", post_security),
        (ENFORCE, "GET", confirm_enforce),
        (ENFORCE, "POST", post_enforce),
    )


@requires(Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, session_caller)
def show_sign_in(caller: Caller) -> Response:
    """Show the SAML connections, and the account's settings to who may change them."""
    may_secure = is_allowed(caller, Permission.ACCOUNT_SECURITY_MANAGE)
    connections = list_connections(caller, services())
    return page(
        "sign_in.html",
        caller=caller,
        connections=connections,
        certificates=next_ends(connections, services()),
        account=show_security(caller, services()) if may_secure else None,
        direct=direct_logins(caller, services()),
        most_named=MOST_NAMED,
    )


@requires(Permission.ACCOUNT_SECURITY_MANAGE, session_caller)
def show_settings_form(caller: Caller) -> Response:
    """Show the form of the second factor and of sessions."""
    require(caller, Permission.ACCOUNT_SECURITY_MANAGE)
    ask_before(caller)
    return _settings_page(caller, Filled())


@requires(Permission.ACCOUNT_SECURITY_MANAGE, session_caller)
def post_security(caller: Caller) -> Response:
    """Change the second factor and the length of sessions, both or neither."""
    form = read_form(SecurityForm(), request.form)
    if not form.is_good:
        return _settings_page(caller, form)
    values = form.values
    asked = SecurityChanges(
        two_factor=TwoFactor(values["two_factor"]),
        session_idle_seconds=values["session_idle_seconds"] * MINUTE,
        session_max_seconds=values["session_max_seconds"] * MINUTE,
    )
    if attempt(form, lambda: change_security(caller, asked, services()), BESIDE) is None:
        return _settings_page(caller, form)
    response = lead_to(SIGN_IN)
    leave_notice(response, "security_changed")
    return response


@requires(Permission.ACCOUNT_SECURITY_MANAGE, session_caller)
def confirm_enforce(caller: Caller) -> Response:
    """Say who could still log in directly before SAML login is enforced, or who can again (SSO-6, PWD-3)."""
    account, direct = show_security(caller, services()), direct_logins(caller, services())
    ask_before(caller)
    named = ", ".join(f"{user.name} ({user.email})" for user in direct[:MOST_NAMED])
    turning_on = (
        "Everybody else logs in through the organisation only; their passwords are refused.",
        f"{counted(len(direct), 'user')} could still log in with a password: {named}.",
        "Sessions that are open now stay.",
    )
    turning_off = ("Everybody who has a password can log in with it again.", "The organisation's login stays too.")
    decision = Decision(
        question="Stop enforcing SAML login?" if account.saml_enforced else "Enforce SAML login?",
        consequences=turning_off if account.saml_enforced else turning_on,
        title="Stop enforcing" if account.saml_enforced else "Enforce",
        back=SIGN_IN,
        trail=TRAIL,
        is_danger=not account.saml_enforced,
    )
    return decision_page(caller, decision)


@requires(Permission.ACCOUNT_SECURITY_MANAGE, session_caller)
def post_enforce(caller: Caller) -> Response:
    """Enforce SAML login, or stop; refused before one login through a connection has succeeded (SSO-6)."""
    enforced = not show_security(caller, services()).saml_enforced
    change_security(caller, SecurityChanges(saml_enforced=enforced), services())
    response = lead_to(SIGN_IN)
    leave_notice(response, "enforced" if enforced else "not_enforced")
    return response


def _settings_page(caller: Caller, form: Filled) -> Response:
    account = show_security(caller, services())
    present = {
        "session_idle_seconds": account.session_idle_seconds // MINUTE,
        "session_max_seconds": account.session_max_seconds // MINUTE,
    }
    return form_page(
        "sign_in_settings.html",
        form.code,
        caller=caller,
        form=form,
        account=account,
        present=present,
        choices=TwoFactor,
    )
