"""What all views of the SAML door share: what a process keeps for it, our addresses, the connection of an address.

The connection is the one that our own address names and nothing else decides it (SAM-1); all our addresses come from
the configured public URL (LNK-5).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from provisioning.actions.saml_refusals import refuse_disabled
from provisioning.actions.sso_settings import connection_for_door
from provisioning.domain.sso import Connection
from provisioning.guard.context import client_address, services
from saml.pace import Pace
from saml.trace import Trace

STATE = "gatelodge.saml"


@dataclass(frozen=True, slots=True)
class State:
    """What one process keeps for this door.

    Attributes:
        may_name: which addresses a browser may be sent to; https, but for the operator's exceptions (NET-1).
    """

    pace: Pace
    trace: Trace
    may_name: Callable[[str], bool]


def state() -> State:
    """Return what this process keeps for the door."""
    return cast(State, current_app.extensions[STATE])


def acs_url(connection: Connection) -> str:
    """Return the address that responses for a connection are posted to."""
    return f"{services().public_url}/saml/{connection.id}/acs"


def entity_id(connection: Connection) -> str:
    """Return our entity id for a connection: the address of its metadata."""
    return f"{services().public_url}/saml/{connection.id}/metadata"


def slo_url(connection: Connection) -> str:
    """Return the address that single logout of a connection is spoken at, in both bindings."""
    return f"{services().public_url}/saml/{connection.id}/slo"


def open_connection(connection_id: str) -> Connection:
    """Return the connection of our own address, switched on, within its share of requests (SAM-6, LIM-6).

    Raises:
        Refusal: not found, TOO_MANY_REQUESTS, CONNECTION_DISABLED.
    """
    connection = connection_for_door(connection_id, services())
    state().pace.require_room(f"{connection.id} {client_address()}", services().now().timestamp())
    if not connection.enabled:
        refuse_disabled(connection, client_address(), services())
    return connection
