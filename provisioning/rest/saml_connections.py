"""Calls about SAML connections: our own, as the published clients have none."""

from typing import Any

from provisioning.actions.identity_providers import read_provider
from provisioning.actions.sso_settings import (
    connect,
    disconnect,
    list_connections,
    show_connection,
    update_connection,
)
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record
from provisioning.rest.saml_shapes import (
    SamlConnection,
    SamlConnectionList,
    SamlConnectionMembers,
    saml_changes,
    saml_record,
    source_of,
)

SAML_CONNECTIONS = Noun("SAML connections", "Identity providers through which people log in.")
ALL = "/saml_connections"
ONE = f"{ALL}/<saml_connection_id>"
PERMISSION = Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE
EXAMPLE = {"idp_metadata_url": "https://idp.example.com/metadata", "email_domains": ["example.com"]}
Members = dict[str, Any]


@SAML_CONNECTIONS.call("GET", ALL, PERMISSION, answer=SamlConnectionList)
def list_saml_connections(caller: Caller) -> Record:
    """List SAML connections."""
    return {"saml_connections": [saml_record(each, services()) for each in list_connections(caller, services())]}


@SAML_CONNECTIONS.call("POST", ALL, PERMISSION, body=SamlConnectionMembers, answer=SamlConnection, example=EXAMPLE)
def add_saml_connection(caller: Caller, members: Members) -> Record:
    """Connect an identity provider.

    Its metadata is given as a document or as an address; what the answer shows is then entered there. Settings that
    are not sent have their presets, with which nobody present is linked and nobody new is made.
    """
    source = source_of(members)
    if source is None:
        raise invalid("idp_metadata", "idp_metadata is missing.")
    provider = read_provider(caller, source, _pinned(members, None), services())
    return saml_record(connect(caller, provider, saml_changes(members, {}, services()), services()), services())


@SAML_CONNECTIONS.call("GET", ONE, PERMISSION, answer=SamlConnection)
def get_saml_connection(caller: Caller, saml_connection_id: str) -> Record:
    """Show a SAML connection."""
    return saml_record(show_connection(caller, saml_connection_id, services()), services())


@SAML_CONNECTIONS.call(
    "PUT", ONE, PERMISSION, body=SamlConnectionMembers, answer=SamlConnection, example={"clock_tolerance": 30}
)
def change_saml_connection(caller: Caller, members: Members, saml_connection_id: str) -> Record:
    """Change a SAML connection.

    Only the members that are sent change. New metadata replaces what came from the identity provider.
    """
    before = show_connection(caller, saml_connection_id, services())
    source = source_of(members)
    pinned = _pinned(members, before.metadata_certificate)
    provider = read_provider(caller, source, pinned, services()) if source is not None else None
    changes = saml_changes(members, before.mapping, services())
    return saml_record(update_connection(caller, saml_connection_id, changes, services(), provider), services())


@SAML_CONNECTIONS.call("DELETE", ONE, PERMISSION, answer=records.Done)
def remove_saml_connection(caller: Caller, saml_connection_id: str) -> Record:
    """Remove a SAML connection.

    Sessions that were opened through it end. The last one cannot be removed while SAML login is enforced.
    """
    disconnect(caller, saml_connection_id, services())
    return {"message": "ok"}


def _pinned(members: Members, present: str | None) -> str | None:
    """Return the certificate that the metadata must be signed by, once the request is through."""
    pinned: str | None = members.get("metadata_certificate", present)
    return pinned
