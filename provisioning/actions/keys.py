"""Account keys: made, rotated, listed, switched off, revoked, and found at the door (API-1, KEY-1 to KEY-5)."""

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
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.domain import policy
from provisioning.domain.address_ranges import is_within
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import (
    ACCOUNT_KEY,
    ACCOUNT_SECRET,
    RANDOM_BYTES,
    RANDOM_LENGTH,
    AccountKey,
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
from provisioning.domain.predicates import RoleGift
from provisioning.domain.proof import require_fresh
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import require_text
from provisioning.store.keys import find_key, note_use
from provisioning.store.unit_of_work import Unit

ID_BYTES = 10
ID_LENGTH = 14
# What a wrong key is compared with, so that unknown and wrong cost the same (KEY-1).
NO_HASH = "0" * 64
PRESET_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key just made; its secret is shown this once (KEY-2)."""

    key: AccountKey
    secret: str


@repeated
def create_account_key(
    caller: Caller, name: str, role: Role, services: Services, terms: Terms = PRESET_TERMS
) -> MadeKey:
    """Make an account key with a role that the caller may give (KEY-3, AUZ-3); never the root user's powers.

    Args:
        caller: needs to manage account keys.
        name: for people.
        role: what the key may do.
        services: from outside.
        terms: lifetime and address ranges.
    """
    with services.unit(caller) as unit:
        _require_may_make(unit, role)
        made = add_key(unit, name, role, services, checked_terms(terms))
        unit.owe(MailKind.NEW_KEY.value, {"user_id": told_of(unit, made.key), "key_id": made.key.id})
        return made


@repeated
def rotate_account_key(caller: Caller, key_id: str, overlap_seconds: int, services: Services) -> MadeKey:
    """Make a key in the place of another, of the same name, role, ranges and lifetime; both work for a while (KEY-2).

    Args:
        caller: needs to manage account keys, and to be allowed to give the key's role.
        key_id: a key of the account that is good.
        overlap_seconds: how long the old one still works, 0 to 30 days; revoking it ends it early.
        services: from outside.

    Raises:
        Refusal: not found, CREDENTIAL_NOT_ROTATABLE, an impossible overlap, not allowed.
    """
    with services.unit(caller) as unit:
        old = unit.keys.lock_key(key_id)
        _require_may_make(unit, old.role)
        require_rotatable("account key", old, unit.now)
        terms = Terms(old.expires_at - old.created_at, old.address_ranges)
        made = add_key(unit, old.name, old.role, services, terms)
        after = retire(unit, old, made.key.id, overlap_seconds)
        data = {"replaced_by": made.key.id, "ends_at": after.expires_at.isoformat()}
        unit.record(Event("account_key.rotated", "account_key", old.id, old.name, data))
        unit.owe(MailKind.NEW_KEY.value, {"user_id": told_of(unit, made.key), "key_id": made.key.id})
        return made


def _require_may_make(unit: Unit, role: Role) -> None:
    hold_standing(unit)
    policy.require(unit.caller, Permission.ACCOUNT_KEYS_MANAGE)
    policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(role))
    require_fresh(unit.caller, unit.now)


def add_key(unit: Unit, name: str, role: Role, services: Services, terms: Terms = PRESET_TERMS) -> MadeKey:
    """Insert an account key inside a transaction that is open."""
    require_text("name", name)
    if not name.strip():
        raise invalid("name", "A key needs a name.")
    secret = with_checksum(f"{ACCOUNT_SECRET}_{base62(services.random(RANDOM_BYTES), RANDOM_LENGTH)}")
    key = AccountKey(
        account_id=unit.account_id,
        id=f"{ACCOUNT_KEY}_{base62(services.random(ID_BYTES), ID_LENGTH)}",
        made_by=unit.caller.id,
        answerable=answerable_caller(unit),
        address_ranges=terms.address_ranges,
        name=name.strip(),
        role=role,
        created_at=unit.now,
        expires_at=unit.now + terms.lifetime,
        disabled_at=None,
        revoked_at=None,
        last_used_at=None,
        replaced_by=None,
    )
    unit.keys.add_key(key, secret_hash(secret), warned_from_the_start(terms.lifetime))
    unit.record(Event("account_key.created", "account_key", key.id, key.name, {"role": role.value}))
    return MadeKey(key, secret)


def list_account_keys(caller: Caller, services: Services) -> list[AccountKey]:
    """Return the account's keys without their secrets; `review` says which an administrator has to keep or end."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_KEYS_MANAGE)
        return reviewed(unit, unit.keys.all_keys())


def revoke_account_key(caller: Caller, key_id: str, services: Services) -> AccountKey:
    """Revoke a key of the account at once, for ever."""
    return _change(caller, key_id, "revoked", revoke, services)


def disable_account_key(caller: Caller, key_id: str, services: Services) -> AccountKey:
    """Switch a key off until it is switched on again (API-1)."""
    return _change(caller, key_id, "disabled", partial(switch, enabled=False), services)


def enable_account_key(caller: Caller, key_id: str, services: Services) -> AccountKey:
    """Switch a key on again (API-1)."""
    return _change(caller, key_id, "enabled", partial(switch, enabled=True), services)


def keep_account_key(caller: Caller, key_id: str, services: Services) -> AccountKey:
    """Answer for a key whose maker is gone, so that it need not be reviewed any more (KEY-3)."""
    return _change(caller, key_id, "kept", keep, services)


@repeated
def _change(
    caller: Caller, key_id: str, what: str, change: Callable[[Unit, AccountKey], AccountKey], services: Services
) -> AccountKey:
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_KEYS_MANAGE)
        key = change(unit, unit.keys.lock_key(key_id))
        unit.record(Event(f"account_key.{what}", "account_key", key.id, key.name))
        return reviewed(unit, [key])[0]


def find_key_caller(key_id: str, secret: str, address: str | None, services: Services) -> Caller:
    """Return the caller behind an account key and its secret.

    Raises:
        Refusal: CREDENTIAL_INVALID for every reason alike; ADDRESS_NOT_ALLOWED for a good key from elsewhere.
    """
    well_formed = secret.startswith(f"{ACCOUNT_SECRET}_") and has_checksum(secret) and key_id.isascii()
    if not well_formed or "\0" in key_id:
        raise Refusal(Code.CREDENTIAL_INVALID)
    with services.read(nobody(WayIn.PROVISIONING_API, address)) as unit:
        found = find_key(unit.connection, key_id)
        now = unit.now
        is_right = is_same_hash(found.secret_hash if found else NO_HASH, secret_hash(secret))
        good = found is not None and is_right and found.account_open
        if found is None or not good or not is_usable(now, found.key):
            raise Refusal(Code.CREDENTIAL_INVALID)
        key = found.key
        if is_within(address, key.address_ranges) and is_use_worth_noting(key, now):
            note_use(unit.connection, key.account_id, key.id, is_key=True, now=now)
    caller = Caller(
        account=key.account_id,
        way_in=WayIn.PROVISIONING_API,
        credential=Credential.ACCOUNT_KEY,
        id=key.id,
        name=key.name,
        role=key.role,
        address=address,
    )
    require_address(caller, key, services)
    return caller
