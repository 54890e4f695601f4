"""SCIM tokens: made, listed, revoked, and found at the door; a token belongs to one connection (API-2, SCM-1)."""

from dataclasses import dataclass

from provisioning.actions.keys import ID_BYTES, ID_LENGTH, NO_HASH
from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.keys import (
    LIFETIME,
    RANDOM_BYTES,
    RANDOM_LENGTH,
    SCIM_TOKEN,
    USED_EVERY,
    ScimToken,
    base62,
    has_checksum,
    is_same_hash,
    is_usable,
    secret_hash,
    with_checksum,
)
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.scim_connections import ScimConnection
from provisioning.store.keys import find_token, note_use
from provisioning.store.unit_of_work import Unit

TOKEN_PARTS = 4


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token just made; its text is shown this once (KEY-2)."""

    token: ScimToken
    text: str


@repeated
def create_scim_token(caller: Caller, connection_name: str, services: Services) -> MadeToken:
    """Make a token for the SCIM connection of a name."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        require_fresh(caller, unit.now)
        return add_token(unit, unit.keys.get_connection_named(connection_name), services)


def add_token(unit: Unit, connection: ScimConnection, services: Services) -> MadeToken:
    """Insert a token inside a transaction that is open."""
    token_id = f"{SCIM_TOKEN}_{base62(services.random(ID_BYTES), ID_LENGTH)}"
    text = with_checksum(f"{token_id}_{base62(services.random(RANDOM_BYTES), RANDOM_LENGTH)}")
    token = ScimToken(
        account_id=unit.account_id,
        id=token_id,
        connection_id=connection.id,
        created_at=unit.now,
        expires_at=unit.now + LIFETIME,
        revoked_at=None,
        last_used_at=None,
    )
    unit.keys.add_token(token, secret_hash(text))
    data = {"token": token.id}
    unit.record(Event("scim_token.created", "scim_connection", connection.id, connection.name, data))
    return MadeToken(token, text)


def list_scim_tokens(caller: Caller, connection_name: str | None, services: Services) -> list[ScimToken]:
    """Return the tokens of the account, or of the connection of a name, without their text."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        named = unit.keys.get_connection_named(connection_name).id if connection_name else None
        return unit.keys.all_tokens(named)


@repeated
def revoke_scim_token(caller: Caller, token_id: str, services: Services) -> ScimToken:
    """Revoke a token of the account at once."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        token = unit.keys.revoke_token(token_id, unit.now)
        connection = unit.keys.get_connection(token.connection_id)
        data = {"token": token.id}
        unit.record(Event("scim_token.revoked", "scim_connection", connection.id, connection.name, data))
        return token


def find_scim_caller(text: str, address: str | None, services: Services) -> Caller:
    """Return the caller behind a SCIM token.

    Raises:
        Refusal: CREDENTIAL_INVALID for every reason alike.
    """
    parts = text.split("_")
    if len(parts) != TOKEN_PARTS or parts[0] != SCIM_TOKEN or not has_checksum(text):
        raise Refusal(Code.CREDENTIAL_INVALID)
    token_id = f"{parts[0]}_{parts[1]}"
    with services.read(nobody(WayIn.SCIM, address)) as unit:
        found = find_token(unit.connection, token_id)
        now = unit.now
        is_right = is_same_hash(found.secret_hash if found else NO_HASH, secret_hash(text))
        good = found is not None and is_right and found.account_open and found.connection.enabled
        if found is None or not good or not is_usable(now, found.token.expires_at, found.token.revoked_at):
            raise Refusal(Code.CREDENTIAL_INVALID)
        token = found.token
        if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
            note_use(unit.connection, token.account_id, token.id, is_key=False, now=now)
    return Caller(
        account=token.account_id,
        way_in=WayIn.SCIM,
        credential=Credential.SCIM_TOKEN,
        id=token.id,
        name=found.connection.name,
        connection=found.connection,
        address=address,
    )
