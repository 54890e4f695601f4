"""`gatelodge saml`: connect an identity provider by its metadata, show, change and disconnect (SSO-1, SAM-2, NET-1)."""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from provisioning.actions.services import Services
from provisioning.actions.sso_settings import (
    connect,
    disconnect,
    list_connections,
    show_connection,
    update_connection,
)
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import (
    Reader,
    account_option,
    one_of,
    operators,
    read_assignments,
    set_option,
    whole_number,
    words,
    yes_or_no,
)
from provisioning.commands.output import show
from provisioning.domain.errors import invalid
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import Connection, IdentityProvider, UnknownGroups
from provisioning.outgoing import MOST_BYTES
from saml.keys import trusted_key

LONGEST_SETTING = 256
MAPPED = ("username", "email", "first_name", "last_name", "role", "groups", "product_environments")
MAP_PREFIX = "map."


def short_text(text: str) -> str | None:
    """Read a name of something at the identity provider; an empty text takes it away."""
    if len(text) > LONGEST_SETTING or not text.isprintable():
        raise ValueError(f"has at most {LONGEST_SETTING} printable characters")
    return text or None


def some_text(text: str) -> str:
    """Read a name of something at the identity provider that cannot be taken away."""
    if not short_text(text):
        raise ValueError("is not empty")
    return text


def certificate(text: str) -> str | None:
    """Read a certificate, as PEM, as base64 or as the name of a file with either; an empty text takes it away."""
    if not text:
        return None
    written = Path(text).read_text(errors="replace") if len(text) < LONGEST_SETTING and Path(text).is_file() else text
    lines = "".join(line for line in written.splitlines() if not line.startswith("-----"))
    body = "".join(lines.split())
    try:
        base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        body = ""
    if not body or trusted_key(body) is None:
        raise ValueError("is a certificate with a strong key, as text or as the name of a file")
    return body


SETTINGS: Mapping[str, Reader] = {
    "enabled": yes_or_no,
    "enforce": yes_or_no,
    "provisioning": yes_or_no,
    "allow_idp_initiated": yes_or_no,
    "allow_root": yes_or_no,
    "allow_master_admin": yes_or_no,
    "email_domains": words,
    "sign_requests": yes_or_no,
    "force_authn": yes_or_no,
    "want_signed_response": yes_or_no,
    "want_signed_assertion": yes_or_no,
    "session_cap": lambda text: whole_number(text) if text else None,
    "split_commas": yes_or_no,
    "subject_attribute": short_text,
    "metadata_certificate": certificate,
    "want_encrypted": yes_or_no,
    "allow_cbc": yes_or_no,
    "clock_tolerance": whole_number,
    "name_id_format": some_text,
    "default_role": one_of({role.value: role for role in Role}),
    "unknown_groups": one_of({choice.value: choice for choice in UnknownGroups}),
    **{MAP_PREFIX + name: short_text for name in MAPPED},
}


@click.group()
def saml() -> None:
    """SAML connections to identity providers."""


metadata_option = click.option(
    "--metadata", "source", metavar="FILE|URL", help="The identity provider's metadata: a file, or an https address."
)


@saml.command("connect")
@account_option
@click.option("--metadata", "source", required=True, metavar="FILE|URL", help="The identity provider's metadata.")
@set_option(SETTINGS)
@operators(changes=True)
def make(account_id: str, source: str, assignments: tuple[str, ...], place: Place) -> None:
    """Make a connection; what it prints is entered at the identity provider."""
    changes = changes_from(assignments, {})
    with open_account(place, account_id) as (caller, services):
        provider = read_provider(source, changes.get("metadata_certificate"), services)
        show(shown(connect(caller, provider, changes, services), services), as_json=place.as_json)


@saml.command("show")
@account_option
@click.argument("connection_id", metavar="[CONNECTION]", required=False)
@operators(changes=False)
def show_one(account_id: str, connection_id: str | None, place: Place) -> None:
    """Show a connection with all its settings; without its id, all of the account."""
    with open_account(place, account_id) as (caller, services):
        if connection_id is not None:
            show(shown(show_connection(caller, connection_id, services), services), as_json=place.as_json)
        else:
            found = [shown(each, services) for each in list_connections(caller, services)]
            show(found if place.as_json else [_line(each) for each in found], as_json=place.as_json)


@saml.command("update")
@account_option
@click.argument("connection_id", metavar="CONNECTION")
@metadata_option
@set_option(SETTINGS)
@operators(changes=True)
def change(account_id: str, connection_id: str, source: str | None, assignments: tuple[str, ...], place: Place) -> None:
    """Change settings of a connection, or take new metadata of its identity provider."""
    with open_account(place, account_id) as (caller, services):
        before = show_connection(caller, connection_id, services)
        changes = changes_from(assignments, before.mapping)
        pinned = changes.get("metadata_certificate", before.metadata_certificate)
        provider = read_provider(source, pinned, services) if source is not None else None
        after = update_connection(caller, connection_id, changes, services, provider)
        show(shown(after, services), as_json=place.as_json)


@saml.command("disconnect")
@account_option
@click.argument("connection_id", metavar="CONNECTION")
@operators(changes=True)
def remove(account_id: str, connection_id: str, place: Place) -> None:
    """Remove a connection; sessions that were opened through it end."""
    with open_account(place, account_id) as (caller, services):
        gone = disconnect(caller, connection_id, services)
        show({"id": gone.id, "disconnected": True}, as_json=place.as_json)


def changes_from(assignments: tuple[str, ...], mapping: Mapping[str, str]) -> dict[str, Any]:
    """Return `--set` options as changes of a connection; `map.x` changes one name of the mapping and keeps the others.

    Raises:
        Refusal: an unknown key, or a value that is none for it.
    """
    read = read_assignments(assignments, SETTINGS)
    changes = {key: value for key, value in read.items() if not key.startswith(MAP_PREFIX)}
    names = {key.removeprefix(MAP_PREFIX): value for key, value in read.items() if key.startswith(MAP_PREFIX)}
    if names:
        changes["mapping"] = {name: value for name, value in {**mapping, **names}.items() if value}
    return changes


def read_provider(source: str, pinned: str | None, services: Services) -> IdentityProvider:
    """Return an identity provider from its metadata.

    Args:
        source: a file, or an address that is fetched as NET-1 says.
        pinned: certificate that must have signed the document, None for none.

    Raises:
        Refusal: INVALID_METADATA; the file cannot be read, the address is not fetched, or the document is refused.
    """
    if source.startswith(("https://", "http://")):
        return services.providers.address(source, pinned, services.now())
    return services.providers.document(_file(Path(source)), pinned, services.now())


def _file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise invalid("metadata", "The metadata file is larger than 1 MiB.")
        return path.read_bytes()
    except OSError as fault:
        raise invalid("metadata", f"The metadata file cannot be read: {fault.strerror}.") from fault


def shown(connection: Connection, services: Services) -> dict[str, Any]:
    """Return what is printed of a connection: the values for the identity provider, its own, and every setting."""
    base = f"{services.public_url}/saml/{connection.id}"
    settings = {key: getattr(connection, key) for key in SETTINGS if not key.startswith(MAP_PREFIX)}
    mapping = {MAP_PREFIX + name: connection.mapping.get(name) for name in MAPPED}
    keys = [trusted_key(text) for text in connection.certificates]
    return {
        "id": connection.id,
        "entity_id": f"{base}/metadata",
        "acs_url": f"{base}/acs",
        "login_url": f"{base}/login",
        "metadata_url": f"{base}/metadata",
        "slo_url": f"{base}/slo",
        "succeeded_at": connection.succeeded_at,
        "identity_provider": {
            "entity_id": connection.idp_entity_id,
            "sso_url": connection.sso_url,
            "sso_binding": connection.sso_binding,
            "slo_url": connection.slo_url,
            "metadata_url": connection.metadata_url,
            "certificates": [
                {"sha256": key.fingerprint, "expires_at": key.not_after} for key in keys if key is not None
            ],
        },
        "settings": {**settings, **mapping},
    }


def _line(connection: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": connection["id"],
        "identity_provider": connection["identity_provider"]["entity_id"],
        "enabled": connection["settings"]["enabled"],
        "succeeded_at": connection["succeeded_at"],
    }
