"""Account keys: made, listed, revoked, and found at the door (API-1, KEY-1 to KEY-5)."""

from dataclasses import dataclass

from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.events import Event
from provisioning.domain.keys import (
    ACCOUNT_KEY,
    ACCOUNT_SECRET,
    LIFETIME,
    RANDOM_BYTES,
    RANDOM_LENGTH,
    USED_EVERY,
    AccountKey,
    base62,
    has_checksum,
    is_same_hash,
    is_usable,
    secret_hash,
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


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key just made; its secret is shown this once (KEY-2)."""

    key: AccountKey
    secret: str


@repeated
def create_account_key(caller: Caller, name: str, role: Role, services: Services) -> MadeKey:
    """Make an account key with a role that the caller may give (KEY-3, AUZ-3); never the root user's powers."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_KEYS_MANAGE)
        policy.require(caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(role))
        require_fresh(caller, unit.now)
        return add_key(unit, name, role, services)


def add_key(unit: Unit, name: str, role: Role, services: Services) -> MadeKey:
    """Insert an account key inside a transaction that is open."""
    require_text("name", name)
    if not name.strip():
        raise invalid("name", "A key needs a name.")
    secret = with_checksum(f"{ACCOUNT_SECRET}_{base62(services.random(RANDOM_BYTES), RANDOM_LENGTH)}")
    key = AccountKey(
        account_id=unit.account_id,
        id=f"{ACCOUNT_KEY}_{base62(services.random(ID_BYTES), ID_LENGTH)}",
        name=name.strip(),
        role=role,
        created_at=unit.now,
        expires_at=unit.now + LIFETIME,
        revoked_at=None,
        last_used_at=None,
    )
    unit.keys.add_key(key, secret_hash(secret), unit.caller.id)
    unit.record(Event("account_key.created", "account_key", key.id, key.name, {"role": role.value}))
    return MadeKey(key, secret)


def list_account_keys(caller: Caller, services: Services) -> list[AccountKey]:
    """Return the account's keys without their secrets."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_KEYS_MANAGE)
        return unit.keys.all_keys()


@repeated
def revoke_account_key(caller: Caller, key_id: str, services: Services) -> AccountKey:
    """Revoke a key of the account at once."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_KEYS_MANAGE)
        key = unit.keys.revoke_key(key_id, unit.now)
        unit.record(Event("account_key.revoked", "account_key", key.id, key.name))
        return key


def find_key_caller(key_id: str, secret: str, address: str | None, services: Services) -> Caller:
    """Return the caller behind an account key and its secret.

    Raises:
        Refusal: CREDENTIAL_INVALID for every reason alike.
    """
    well_formed = secret.startswith(f"{ACCOUNT_SECRET}_") and has_checksum(secret) and key_id.isascii()
    if not well_formed or "\0" in key_id:
        raise Refusal(Code.CREDENTIAL_INVALID)
    with services.read(nobody(WayIn.PROVISIONING_API, address)) as unit:
        found = find_key(unit.connection, key_id)
        now = unit.now
        is_right = is_same_hash(found.secret_hash if found else NO_HASH, secret_hash(secret))
        good = found is not None and is_right and found.account_open
        if found is None or not good or not is_usable(now, found.key.expires_at, found.key.revoked_at):
            raise Refusal(Code.CREDENTIAL_INVALID)
        key = found.key
        if key.last_used_at is None or now - key.last_used_at >= USED_EVERY:
            note_use(unit.connection, key.account_id, key.id, is_key=True, now=now)
    return Caller(
        account=key.account_id,
        way_in=WayIn.PROVISIONING_API,
        credential=Credential.ACCOUNT_KEY,
        id=key.id,
        name=key.name,
        role=key.role,
        address=address,
    )
