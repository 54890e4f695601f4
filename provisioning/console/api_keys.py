"""API keys: the account's keys of the Provisioning API, made, rotated, switched off, kept and revoked (API-1)."""

from flask import Blueprint, request
from marshmallow import fields
from werkzeug.wrappers import Response

from provisioning.actions.invitation_choices import invitation_choices
from provisioning.actions.keys import (
    create_account_key,
    disable_account_key,
    enable_account_key,
    keep_account_key,
    list_account_keys,
    revoke_account_key,
    rotate_account_key,
)
from provisioning.console.decisions import decision_page
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, Trimmed, attempt, one_of, read_form
from provisioning.console.issued import (
    LIFETIMES,
    PRESET_LIFETIME,
    REVIEWS,
    ROTATE,
    TermsForm,
    act_of,
    decision_of,
    fitting,
    one_issued,
    overlap_asked,
    secret_page,
    state_of,
    terms_of,
)
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.proof import ask_before
from provisioning.domain.caller import Caller
from provisioning.domain.keys import AccountKey
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import require
from provisioning.domain.roles_legacy import Role
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

KEYS = "/api-keys"
TRAIL = ((KEYS, "API keys"),)
RUNS = {
    "disable": disable_account_key,
    "enable": enable_account_key,
    "keep": keep_account_key,
    "revoke": revoke_account_key,
}


class KeyForm(TermsForm):
    """A new key."""

    name = Trimmed(load_default="")
    role = fields.String(required=True, validate=one_of(Role, "Choose a role from the list."))


def add_api_keys(blueprint: Blueprint) -> None:
    """Add the routes of account keys."""
    one = f"{KEYS}/<key_id>/<slug>"
    add_routes(
        blueprint,
        (KEYS, "GET", show_keys),
        (f"{KEYS}/new", "GET", show_new_key),
        (f"{KEYS}/new", "POST", post_new_key),
        (one, "GET", confirm_key_act),
        (one, "POST", post_key_act),
    )


@requires(Permission.ACCOUNT_KEYS_MANAGE, session_caller)
def show_keys(caller: Caller) -> Response:
    """Show the account's keys, never their secrets."""
    return page(
        "api_keys.html",
        caller=caller,
        keys=list_account_keys(caller, services()),
        now=services().now(),
        state_of=state_of,
        fitting=fitting,
        reviews=REVIEWS,
    )


@requires(Permission.ACCOUNT_KEYS_MANAGE, session_caller)
def show_new_key(caller: Caller) -> Response:
    """Show the form of a new key."""
    require(caller, Permission.ACCOUNT_KEYS_MANAGE)
    ask_before(caller)
    return _new_page(caller, Filled())


@requires(Permission.ACCOUNT_KEYS_MANAGE, session_caller)
def post_new_key(caller: Caller) -> Response:
    """Make a key and show its secret, this once."""
    form = read_form(KeyForm(), request.form)
    if not form.is_good:
        return _new_page(caller, form)
    values = form.values
    made = attempt(
        form,
        lambda: create_account_key(caller, values["name"], Role(values["role"]), services(), terms_of(values)),
        ("name", "address_ranges"),
    )
    return _new_page(caller, form) if made is None else _secret(caller, made.key, made.secret)


@requires(Permission.ACCOUNT_KEYS_MANAGE, session_caller)
def confirm_key_act(caller: Caller, key_id: str, slug: str) -> Response:
    """Say what an act on a key will do; a rotation asks for a fresh proof before (SES-4)."""
    act = act_of(slug)
    key = one_issued(list_account_keys(caller, services()), key_id, "Account key")
    if act.slug == ROTATE:
        ask_before(caller)
    return decision_page(caller, decision_of(act, key, key.name, TRAIL))


@requires(Permission.ACCOUNT_KEYS_MANAGE, session_caller)
def post_key_act(caller: Caller, key_id: str, slug: str) -> Response:
    """Do it; a rotation shows the new secret, this once."""
    act = act_of(slug)
    key = one_issued(list_account_keys(caller, services()), key_id, "Account key")
    if act.slug == ROTATE:
        made = rotate_account_key(caller, key.id, overlap_asked(), services())
        return _secret(caller, made.key, made.secret)
    RUNS[act.slug](caller, key.id, services())
    response = lead_to(KEYS)
    leave_notice(response, act.notice)
    return response


def _secret(caller: Caller, key: AccountKey, secret: str) -> Response:
    values = (
        ("key-id", "API key", key.id),
        ("key-secret", "API secret", secret),
        ("key-account", "Account ID", key.account_id),
    )
    return secret_page(caller, f"The secret of {key.name}", values, TRAIL)


def _new_page(caller: Caller, form: Filled) -> Response:
    return form_page(
        "api_key_new.html",
        form.code,
        caller=caller,
        form=form,
        roles=invitation_choices(caller, services()).roles,
        preset_role=Role.MEDIA_LIBRARY_USER,
        lifetimes=LIFETIMES,
        preset_lifetime=PRESET_LIFETIME,
    )
