"""Access keys of a product environment: checked by the products behind, so their secret is kept encrypted (KEY-2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, not_found
from provisioning.domain.events import Event
from provisioning.domain.keys import base62
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.users import require_text
from provisioning.store.environments import AccessKeyRow
from provisioning.store.unit_of_work import Unit

API_KEY_DIGITS = 15
SECRET_BYTES, SECRET_LENGTH = 20, 27


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key as its managers see it; `api_key` is 15 digits."""

    id: str
    environment_id: str
    name: str
    api_key: str
    api_secret: str
    enabled: bool
    dedicated_for: tuple[str, ...]
    is_first: bool
    created_at: datetime
    updated_at: datetime


def add_access_key(
    unit: Unit, environment_id: str, name: str, services: Services, *, enabled: bool = True, is_first: bool = False
) -> AccessKey:
    """Insert an access key inside a transaction that is open."""
    require_text("name", name)
    key_id = unit.new_id()
    secret = base62(services.random(SECRET_BYTES), SECRET_LENGTH)
    number = int.from_bytes(services.random(8), "big") % (9 * 10 ** (API_KEY_DIGITS - 1)) + 10 ** (API_KEY_DIGITS - 1)
    row = unit.access_keys.add(
        AccessKeyRow(
            account_id=unit.account_id,
            id=key_id,
            environment_id=environment_id,
            api_key=str(number),
            secret=services.cipher.encrypt(secret, f"access_keys/secret/{key_id}"),
            name=name,
            enabled=enabled,
            dedicated_for=(),
            is_first=is_first,
            created_at=unit.now,
            updated_at=unit.now,
        )
    )
    unit.record(Event("access_key.created", "access_key", row.api_key, name, {"environment": environment_id}))
    return shown(row, services)


@repeated
def generate_access_key(
    caller: Caller, environment_id: str, name: str | None, enabled: bool, services: Services
) -> AccessKey:
    """Make another access key of a product environment; without a name one is made up."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE)
        require_fresh(caller, unit.now)
        unit.environments.lock(environment_id)
        present = unit.access_keys.of([environment_id])
        return add_access_key(unit, environment_id, name or f"Key {len(present) + 1}", services, enabled=enabled)


def list_access_keys(caller: Caller, environment_id: str, services: Services) -> list[AccessKey]:
    """Return the access keys of a product environment, in the order of making; it reveals their secrets (SES-4)."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE)
        require_fresh(caller, unit.now)
        unit.environments.get(environment_id)
        return [shown(row, services) for row in unit.access_keys.of([environment_id])]


@repeated
def edit_access_key(
    caller: Caller, environment_id: str, api_key: str, changes: Mapping[str, object], services: Services
) -> AccessKey:
    """Change name, enabled or dedicated_for of a key; a dedication moves from the key that had it."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE)
        require_fresh(caller, unit.now)
        unit.environments.get(environment_id)
        rows = unit.access_keys.lock(environment_id)
        before = _one(rows, lambda row: row.api_key == api_key)
        after = replace(before, updated_at=unit.now, **changes)  # type: ignore[arg-type]
        require_text("name", after.name)
        for other in rows:
            kept = tuple(use for use in other.dedicated_for if use not in after.dedicated_for)
            if other.id != before.id and kept != other.dedicated_for:
                unit.access_keys.save(replace(other, dedicated_for=kept, updated_at=unit.now))
        unit.access_keys.save(after)
        data = {"fields": sorted(changes), "environment": environment_id}
        unit.record(Event("access_key.changed", "access_key", after.api_key, after.name, data))
        return shown(after, services)


@repeated
def delete_access_key(
    caller: Caller, environment_id: str, services: Services, *, api_key: str | None = None, name: str | None = None
) -> None:
    """Delete a key by its digits or its name; with neither nothing is found, and a name must be one key's alone."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE)
        unit.environments.get(environment_id)
        rows = unit.access_keys.lock(environment_id)
        row = _one(rows, lambda row: row.api_key == api_key if api_key is not None else row.name == name)
        unit.access_keys.delete(row.id)
        data = {"environment": environment_id}
        unit.record(Event("access_key.deleted", "access_key", row.api_key, row.name, data))


def shown(row: AccessKeyRow, services: Services) -> AccessKey:
    """Return a stored key with its secret decrypted."""
    return AccessKey(
        id=row.id,
        environment_id=row.environment_id,
        name=row.name,
        api_key=row.api_key,
        api_secret=services.cipher.decrypt(row.secret, f"access_keys/secret/{row.id}"),
        enabled=row.enabled,
        dedicated_for=row.dedicated_for,
        is_first=row.is_first,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _one(rows: list[AccessKeyRow], wanted: Callable[[AccessKeyRow], bool]) -> AccessKeyRow:
    found = [row for row in rows if wanted(row)]
    if not found:
        raise not_found("Access key")
    if len(found) > 1:
        raise Refusal(Code.AMBIGUOUS, "name", what="access keys", name=found[0].name)
    return found[0]
