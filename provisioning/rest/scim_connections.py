"""Calls about SCIM connections and their tokens: who pushes people and groups, and by which token."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from provisioning.actions.scim_connections import (
    DEFAULT_NAME,
    create_scim_connection,
    delete_scim_connection,
    find_scim_connection,
    list_scim_connections,
    show_scim_connection,
    update_scim_connection,
)
from provisioning.actions.scim_tokens import create_scim_token, list_scim_tokens, revoke_scim_token
from provisioning.domain.caller import Caller
from provisioning.domain.keys import LIFETIME, Terms
from provisioning.domain.permissions import Permission
from provisioning.domain.scim_connections import ScimConnection
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record
from provisioning.rest.scim_shapes import (
    MadeScimToken,
    NewScimConnectionMembers,
    NewScimTokenMembers,
    ScimConnectionList,
    ScimConnectionMembers,
    ScimConnectionRecord,
    ScimTokenList,
    ScimTokenQuery,
    base_url,
    scim_changes,
    scim_record,
    token_record,
)

SCIM_CONNECTIONS = Noun("SCIM connections", "Identity providers that push people and groups, and their tokens.")
ALL = "/scim_connections"
ONE = f"{ALL}/<scim_connection_id>"
TOKENS = "/scim_tokens"
PERMISSION = Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE
Members = dict[str, Any]


@SCIM_CONNECTIONS.call("GET", ALL, PERMISSION, answer=ScimConnectionList)
def list_all_scim_connections(caller: Caller) -> Record:
    """List SCIM connections."""
    found = list_scim_connections(caller, services())
    return {"scim_connections": [_shown(connection) for connection in found]}


@SCIM_CONNECTIONS.call("POST", ALL, PERMISSION, body=NewScimConnectionMembers, answer=ScimConnectionRecord)
def add_scim_connection(caller: Caller, members: Members) -> Record:
    """Create a SCIM connection.

    It has no token yet. Settings that are not sent have their presets, with which it takes over nobody.
    """
    preset = ScimConnection(id="", account_id=caller.account, name=members["name"])
    return _shown(create_scim_connection(caller, replace(preset, **scim_changes(members)), services()))


@SCIM_CONNECTIONS.call("GET", ONE, PERMISSION, answer=ScimConnectionRecord)
def get_scim_connection(caller: Caller, scim_connection_id: str) -> Record:
    """Show a SCIM connection."""
    return _shown(show_scim_connection(caller, scim_connection_id, services()))


@SCIM_CONNECTIONS.call("PUT", ONE, PERMISSION, body=ScimConnectionMembers, answer=ScimConnectionRecord)
def change_scim_connection(caller: Caller, members: Members, scim_connection_id: str) -> Record:
    """Change a SCIM connection.

    Only the members that are sent change.
    """
    return _shown(update_scim_connection(caller, scim_connection_id, scim_changes(members), services()))


@SCIM_CONNECTIONS.call("DELETE", ONE, PERMISSION, answer=records.Done)
def remove_scim_connection(caller: Caller, scim_connection_id: str) -> Record:
    """Remove a SCIM connection.

    Its tokens go with it. The people and groups it made stay, and nobody holds them any more.
    """
    delete_scim_connection(caller, scim_connection_id, services())
    return {"message": "ok"}


@SCIM_CONNECTIONS.call("GET", TOKENS, PERMISSION, query=ScimTokenQuery, answer=ScimTokenList)
def list_tokens(caller: Caller, query: Members) -> Record:
    """List SCIM tokens.

    Revoked and expired ones too; never their text.
    """
    wanted = query.get("connection")
    name = find_scim_connection(caller, wanted, services()).name if wanted is not None else None
    return {"scim_tokens": [token_record(token) for token in list_scim_tokens(caller, name, services())]}


@SCIM_CONNECTIONS.call("POST", TOKENS, PERMISSION, body=NewScimTokenMembers, answer=MadeScimToken)
def add_token(caller: Caller, members: Members) -> Record:
    """Create a SCIM token.

    Its text is shown this once. Who answers for it gets a mail.
    """
    connection = find_scim_connection(caller, members.get("connection", DEFAULT_NAME), services())
    seconds = members.get("expires_in", int(LIFETIME.total_seconds()))
    terms = Terms(timedelta(seconds=seconds), tuple(members.get("address_ranges", ())))
    made = create_scim_token(caller, connection.name, services(), terms)
    return {**token_record(made.token), "base_url": base_url(services().public_url), "token": made.text}


@SCIM_CONNECTIONS.call("DELETE", f"{TOKENS}/<token_id>", PERMISSION, answer=records.Done)
def remove_token(caller: Caller, token_id: str) -> Record:
    """Revoke a SCIM token.

    It is refused from then on, for ever.
    """
    revoke_scim_token(caller, token_id, services())
    return {"message": "ok"}


def _shown(connection: ScimConnection) -> Record:
    return scim_record(connection, services().public_url)
