"""Provisioning: the SCIM connections of identity providers, their settings, and the tokens they push with (API-2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.invitation_choices import invitation_choices
from provisioning.actions.scim_connections import (
    create_scim_connection,
    delete_scim_connection,
    list_scim_connections,
    show_scim_connection,
    update_scim_connection,
)
from provisioning.actions.scim_tokens import (
    create_scim_token,
    disable_scim_token,
    enable_scim_token,
    keep_scim_token,
    list_scim_tokens,
    revoke_scim_token,
    rotate_scim_token,
)
from provisioning.actions.searches import search_users
from provisioning.actions.sso_settings import list_connections
from provisioning.console.decisions import Decision, decision_page
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, attempt, load
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
from provisioning.console.scim_settings import (
    BESIDE,
    NEW,
    SET_UPS,
    asked_of,
    changes_of,
    read_settings,
    typed_role_map,
)
from provisioning.console.words import PROFILE_NAMES, counted
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code
from provisioning.domain.keys import ScimToken, is_usable
from provisioning.domain.permissions import Permission
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.search import Comparison, Operator, Query
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

CONNECTIONS = "/provisioning"
TRAIL = ((CONNECTIONS, "Provisioning"),)
MANAGED_BY = "urn:gatelodge:scim:schemas:extension:account:1.0:user:managedby"
RUNS = {
    "disable": disable_scim_token,
    "enable": enable_scim_token,
    "keep": keep_scim_token,
    "revoke": revoke_scim_token,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A connection in the list: how many of its tokens work, and when one of them was last used."""

    connection: ScimConnection
    working: int
    last_used_at: datetime | None


def add_provisioning(blueprint: Blueprint) -> None:
    """Add the routes of SCIM connections and tokens."""
    one = f"{CONNECTIONS}/<connection_id>"
    token = f"{CONNECTIONS}/tokens/<token_id>/<slug>"
    add_routes(
        blueprint,
        (CONNECTIONS, "GET", show_connections),
        (f"{CONNECTIONS}/new", "GET", show_new_connection),
        (f"{CONNECTIONS}/new", "POST", post_new_connection),
        (one, "GET", show_settings),
        (one, "POST", post_settings),
        (f"{one}/delete", "GET", confirm_removal),
        (f"{one}/delete", "POST", post_removal),
        (f"{one}/tokens/new", "GET", show_new_token),
        (f"{one}/tokens/new", "POST", post_new_token),
        (token, "GET", confirm_token_act),
        (token, "POST", post_token_act),
    )


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def show_connections(caller: Caller) -> Response:
    """Show the account's SCIM connections, each with its working tokens."""
    tokens = list_scim_tokens(caller, None, services())
    return page(
        "provisioning.html",
        caller=caller,
        connections=[_row(each, tokens) for each in list_scim_connections(caller, services())],
        profiles=PROFILE_NAMES,
    )


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def show_new_connection(caller: Caller) -> Response:
    """Show the form of a new connection."""
    return _new_page(caller, NEW, Filled())


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def post_new_connection(caller: Caller) -> Response:
    """Make a connection and lead to its page, where a token is made."""
    form = read_settings(request.form)
    asked = asked_of(NEW, form)
    made = attempt(form, lambda: create_scim_connection(caller, asked, services()), BESIDE) if form.is_good else None
    if made is None:
        return _new_page(caller, asked, form)
    response = lead_to(f"{CONNECTIONS}/{made.id}")
    leave_notice(response, "connection_made")
    return response


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def show_settings(caller: Caller, connection_id: str) -> Response:
    """Show a connection: what to paste at the identity provider, its tokens, its settings."""
    return _connection_page(caller, show_scim_connection(caller, connection_id, services()), Filled())


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def post_settings(caller: Caller, connection_id: str) -> Response:
    """Change the settings of a connection."""
    form = read_settings(request.form)
    before = show_scim_connection(caller, connection_id, services())
    saved = (
        attempt(form, lambda: update_scim_connection(caller, before.id, changes_of(form), services()), BESIDE)
        if form.is_good
        else None
    )
    if saved is None:
        return _connection_page(caller, before, form, asked_of(before, form))
    response = lead_to(f"{CONNECTIONS}/{saved.id}")
    leave_notice(response, "connection_changed")
    return response


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def confirm_removal(caller: Caller, connection_id: str) -> Response:
    """Say what removing a connection does, in numbers."""
    connection = show_scim_connection(caller, connection_id, services())
    query = Query(Comparison(MANAGED_BY, Operator.EQ, connection.id), count=0)
    people = search_users(caller, query, services()).total
    working = _working(caller, connection)
    decision = Decision(
        question=f"Remove the connection {connection.name}?",
        consequences=(
            f"{counted(len(working), 'token stops', 'tokens stop')} working now.",
            f"{counted(people, 'user')} that it manages stay as they are and are managed here from then on.",
            "A new connection takes over nobody by itself.",
        ),
        title="Remove connection",
        back=f"{CONNECTIONS}/{connection.id}",
        trail=_trail(connection),
        is_danger=True,
    )
    return decision_page(caller, decision)


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def post_removal(caller: Caller, connection_id: str) -> Response:
    """Remove a connection with its tokens."""
    connection = show_scim_connection(caller, connection_id, services())
    working = _working(caller, connection)
    delete_scim_connection(caller, connection.id, services())
    response = lead_to(CONNECTIONS)
    leave_notice(response, "connection_deleted", len(working))
    return response


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def show_new_token(caller: Caller, connection_id: str) -> Response:
    """Show the form of a new token; whoever sees it has proved who they are (SES-4)."""
    connection = show_scim_connection(caller, connection_id, services())
    ask_before(caller)
    return _token_form(caller, connection, Filled())


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def post_new_token(caller: Caller, connection_id: str) -> Response:
    """Make a token and show it, this once."""
    connection = show_scim_connection(caller, connection_id, services())
    typed = request.form.to_dict()
    values, errors = load(TermsForm(), typed)
    form = Filled(values, typed, errors, Code.INVALID_VALUE if errors else None)
    made = (
        attempt(
            form,
            lambda: create_scim_token(caller, connection.name, services(), terms_of(values)),
            ("address_ranges",),
        )
        if form.is_good
        else None
    )
    return _token_form(caller, connection, form) if made is None else _secret(caller, connection, made.text)


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def confirm_token_act(caller: Caller, token_id: str, slug: str) -> Response:
    """Say what an act on a token will do; a rotation asks for a fresh proof before (SES-4)."""
    act = act_of(slug)
    token = _token(caller, token_id)
    if act.slug == ROTATE:
        ask_before(caller)
    connection = show_scim_connection(caller, token.connection_id, services())
    return decision_page(caller, decision_of(act, token, f"the token {token.id}", _trail(connection)))


@requires(Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE, session_caller)
def post_token_act(caller: Caller, token_id: str, slug: str) -> Response:
    """Do it; a rotation shows the new token, this once."""
    act = act_of(slug)
    token = _token(caller, token_id)
    connection = show_scim_connection(caller, token.connection_id, services())
    if act.slug == ROTATE:
        made = rotate_scim_token(caller, token.id, overlap_asked(), services())
        return _secret(caller, connection, made.text)
    RUNS[act.slug](caller, token.id, services())
    response = lead_to(f"{CONNECTIONS}/{connection.id}")
    leave_notice(response, act.notice)
    return response


def _row(connection: ScimConnection, tokens: Sequence[ScimToken]) -> Row:
    now, own = services().now(), [token for token in tokens if token.connection_id == connection.id]
    uses = [token.last_used_at for token in own if token.last_used_at is not None]
    return Row(connection, sum(is_usable(now, token) for token in own), max(uses, default=None))


def _token(caller: Caller, token_id: str) -> ScimToken:
    return one_issued(list_scim_tokens(caller, None, services()), token_id, "SCIM token")


def _working(caller: Caller, connection: ScimConnection) -> list[ScimToken]:
    now = services().now()
    return [token for token in list_scim_tokens(caller, connection.name, services()) if is_usable(now, token)]


def _trail(connection: ScimConnection) -> tuple[tuple[str, str], ...]:
    return (*TRAIL, (f"{CONNECTIONS}/{connection.id}", connection.name))


def _new_page(caller: Caller, shown: ScimConnection, form: Filled) -> Response:
    return form_page("scim_connection_new.html", form.code, caller=caller, form=form, shown=shown, **_choices(caller))


def _connection_page(
    caller: Caller, connection: ScimConnection, form: Filled, shown: ScimConnection | None = None
) -> Response:
    return form_page(
        "scim_connection.html",
        form.code,
        caller=caller,
        form=form,
        connection=connection,
        shown=shown or connection,
        base_url=f"{services().public_url}/scim/v2",
        set_up=SET_UPS[connection.profile],
        tokens=list_scim_tokens(caller, connection.name, services()),
        now=services().now(),
        state_of=state_of,
        fitting=fitting,
        reviews=REVIEWS,
        **_choices(caller),
    )


def _choices(caller: Caller) -> dict[str, object]:
    return {
        "profiles": PROFILE_NAMES,
        "roles": invitation_choices(caller, services()).roles,
        "partners": list_connections(caller, services()),
        "typed_role_map": typed_role_map,
    }


def _token_form(caller: Caller, connection: ScimConnection, form: Filled) -> Response:
    return form_page(
        "scim_token_new.html",
        form.code,
        caller=caller,
        form=form,
        connection=connection,
        lifetimes=LIFETIMES,
        preset_lifetime=PRESET_LIFETIME,
    )


def _secret(caller: Caller, connection: ScimConnection, text: str) -> Response:
    set_up = SET_UPS[connection.profile]
    values = (("base-url", set_up.address, f"{services().public_url}/scim/v2"), ("token", set_up.token, text))
    return secret_page(caller, f"The token for {connection.name}", values, _trail(connection))
