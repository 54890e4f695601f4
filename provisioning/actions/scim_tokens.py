"""SCIM tokens: made, rotated, listed, revoked, found at the door; a token is of one connection (API-2, SCM-1)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from provisioning.actions.issued import (
    answerable_caller,
    keep,
    require_address,
    retire,
    reviewed,
    revoke,
    switch,
    told_of,
)
from provisioning.actions.keys import ID_BYTES, ID_LENGTH, NO_HASH, PRESET_TERMS
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.domain import policy
from provisioning.domain.address_ranges import is_within
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import (
    RANDOM_BYTES,
    RANDOM_LENGTH,
    SCIM_TOKEN,
    ScimToken,
    Terms,
    base62,
    checked_terms,
    has_checksum,
    is_same_hash,
    is_usable,
    is_use_worth_noting,
    require_rotatable,
    secret_hash,
    warned_from_the_start,
    with_checksum,
)
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.scim_connections import ScimConnection
from provisioning.store.engine import QueryCancelled, Unavailable
from provisioning.store.keys import FoundToken, find_token, note_use
from provisioning.store.unit_of_work import Unit

TOKEN_PARTS = 4


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token just made; its text is shown this once (KEY-2)."""

    token: ScimToken
    text: str


@repeated
def create_scim_token(
    caller: Caller, connection_name: str, services: Services, terms: Terms = PRESET_TERMS
) -> MadeToken:
    """Make a token for the SCIM connection of a name, with a lifetime and address ranges (API-2, KEY-4)."""
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        require_fresh(caller, unit.now)
        connection = unit.keys.get_connection_named(connection_name)
        made = add_token(unit, connection, services, checked_terms(terms))
        unit.owe(MailKind.NEW_KEY.value, {"user_id": told_of(unit, made.token), "key_id": made.token.id})
        return made


@repeated
def rotate_scim_token(caller: Caller, token_id: str, overlap_seconds: int, services: Services) -> MadeToken:
    """Make a token in the place of another of its connection; both work for a while (API-2, KEY-2).

    Args:
        caller: needs to manage SCIM connections.
        token_id: a token of the account that is good.
        overlap_seconds: how long the old one still works, 0 to 30 days; revoking it ends it early.
        services: from outside.

    Raises:
        Refusal: not found, CREDENTIAL_NOT_ROTATABLE, an impossible overlap, not allowed.
    """
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        require_fresh(caller, unit.now)
        old = unit.keys.lock_token(token_id)
        require_rotatable("SCIM token", old, unit.now)
        connection = unit.keys.get_connection(old.connection_id)
        made = add_token(unit, connection, services, Terms(old.expires_at - old.created_at, old.address_ranges))
        after = retire(unit, old, made.token.id, overlap_seconds)
        data = {"token": old.id, "replaced_by": made.token.id, "ends_at": after.expires_at.isoformat()}
        unit.record(Event("scim_token.rotated", "scim_connection", connection.id, connection.name, data))
        unit.owe(MailKind.NEW_KEY.value, {"user_id": told_of(unit, made.token), "key_id": made.token.id})
        return made


def add_token(unit: Unit, connection: ScimConnection, services: Services, terms: Terms = PRESET_TERMS) -> MadeToken:
    """Insert a token inside a transaction that is open."""
    token_id = f"{SCIM_TOKEN}_{base62(services.random(ID_BYTES), ID_LENGTH)}"
    text = with_checksum(f"{token_id}_{base62(services.random(RANDOM_BYTES), RANDOM_LENGTH)}")
    token = ScimToken(
        account_id=unit.account_id,
        id=token_id,
        made_by=unit.caller.id,
        answerable=answerable_caller(unit),
        address_ranges=terms.address_ranges,
        connection_id=connection.id,
        created_at=unit.now,
        expires_at=unit.now + terms.lifetime,
        disabled_at=None,
        revoked_at=None,
        last_used_at=None,
        replaced_by=None,
    )
    unit.keys.add_token(token, secret_hash(text), warned_from_the_start(terms.lifetime))
    data = {"token": token.id}
    unit.record(Event("scim_token.created", "scim_connection", connection.id, connection.name, data))
    return MadeToken(token, text)


def list_scim_tokens(caller: Caller, connection_name: str | None, services: Services) -> list[ScimToken]:
    """Return the tokens of the account, or of the connection of a name, without their text."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        named = unit.keys.get_connection_named(connection_name).id if connection_name else None
        return reviewed(unit, unit.keys.all_tokens(named))


def revoke_scim_token(caller: Caller, token_id: str, services: Services) -> ScimToken:
    """Revoke a token of the account at once, for ever."""
    return _change(caller, token_id, "revoked", revoke, services)


def disable_scim_token(caller: Caller, token_id: str, services: Services) -> ScimToken:
    """Switch a token off until it is switched on again (API-2)."""
    return _change(caller, token_id, "disabled", partial(switch, enabled=False), services)


def enable_scim_token(caller: Caller, token_id: str, services: Services) -> ScimToken:
    """Switch a token on again (API-2)."""
    return _change(caller, token_id, "enabled", partial(switch, enabled=True), services)


def keep_scim_token(caller: Caller, token_id: str, services: Services) -> ScimToken:
    """Answer for a token whose maker is gone, so that it need not be reviewed any more (KEY-3)."""
    return _change(caller, token_id, "kept", keep, services)


@repeated
def _change(
    caller: Caller, token_id: str, what: str, change: Callable[[Unit, ScimToken], ScimToken], services: Services
) -> ScimToken:
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE)
        token = change(unit, unit.keys.lock_token(token_id))
        connection = unit.keys.get_connection(token.connection_id)
        data = {"token": token.id}
        unit.record(Event(f"scim_token.{what}", "scim_connection", connection.id, connection.name, data))
        return reviewed(unit, [token])[0]


def find_scim_caller(text: str, address: str | None, services: Services) -> Caller:
    """Return the caller behind a SCIM token.

    Raises:
        Refusal: CREDENTIAL_INVALID for every reason alike; ADDRESS_NOT_ALLOWED for a good token from elsewhere.
    """
    token_id = _id_in(text)
    if token_id is None:
        raise Refusal(Code.CREDENTIAL_INVALID)
    with services.read(nobody(WayIn.SCIM, address)) as unit:
        found = _right_token(unit, token_id, text)
        now = unit.now
        good = found is not None and found.account_open and found.connection.enabled
        if found is None or not good or not is_usable(now, found.token):
            raise Refusal(Code.CREDENTIAL_INVALID)
        token = found.token
        if is_within(address, token.address_ranges) and is_use_worth_noting(token, now):
            note_use(unit.connection, token.account_id, token.id, is_key=False, now=now)
    caller = _caller_of(found, address)
    require_address(caller, token, services)
    return caller


def find_known_caller(text: str, address: str | None, services: Services) -> Caller | None:
    """Return whose token it is, also where it has ended, was revoked or is not taken from here; None for nobody's.

    For the provisioning log alone: nobody may do anything as this caller (SCM-9). The answer is made by then, so a
    database that cannot be asked is as good as a token that nobody knows.
    """
    token_id = _id_in(text)
    if token_id is None:
        return None
    try:
        with services.read(nobody(WayIn.SCIM, address)) as unit:
            found = _right_token(unit, token_id, text)
    except (Unavailable, QueryCancelled):
        return None
    return _caller_of(found, address) if found is not None else None


def _id_in(text: str) -> str | None:
    """Return the id in a text that has the form of a token, None where it has not."""
    parts = text.split("_")
    is_token = len(parts) == TOKEN_PARTS and parts[0] == SCIM_TOKEN and has_checksum(text)
    return f"{parts[0]}_{parts[1]}" if is_token else None


def _right_token(unit: Unit, token_id: str, text: str) -> FoundToken | None:
    """Return the token of an id where the text is the right one; as much is compared for an unknown id."""
    found = find_token(unit.connection, token_id)
    is_right = is_same_hash(found.secret_hash if found else NO_HASH, secret_hash(text))
    return found if is_right else None


def _caller_of(found: FoundToken, address: str | None) -> Caller:
    return Caller(
        account=found.token.account_id,
        way_in=WayIn.SCIM,
        credential=Credential.SCIM_TOKEN,
        id=found.token.id,
        name=found.connection.name,
        connection=found.connection,
        address=address,
    )
