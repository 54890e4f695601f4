"""Product environments: made with a first access key, changed, deleted (ENV-1, ENV-5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from provisioning.actions.access_keys import AccessKey, add_access_key, shown
from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.environments import Environment, checked_cloud_name, cloud_name_from, require_not_last
from provisioning.domain.errors import invalid
from provisioning.domain.events import Event
from provisioning.domain.keys import base62
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import is_fresh, require_fresh
from provisioning.domain.users import require_text
from provisioning.store.unit_of_work import Unit

SUFFIX_BYTES, SUFFIX_LENGTH = 5, 6


@dataclass(frozen=True, slots=True)
class NewEnvironment:
    """What is asked for when a product environment is made; without a cloud name one is generated."""

    name: str
    cloud_name: str | None = None
    enabled: bool = True
    custom_attributes: Mapping[str, object] | None = None
    copied_from: str | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """A product environment with its access keys, whose secrets only who may manage them sees (KEY-2)."""

    environment: Environment
    keys: tuple[AccessKey, ...] = ()


@dataclass(frozen=True, slots=True)
class DeletedEnvironment:
    """A deleted product environment, and the users left without any (ENV-5)."""

    environment: Environment
    users_left_with_none: tuple[str, ...] = field(default_factory=tuple)


@repeated
def create_environment(caller: Caller, command: NewEnvironment, services: Services) -> EnvironmentView:
    """Make a product environment with one access key, which is shown (SES-4); users with access to all have it (ENV-2).

    Raises:
        Refusal: a taken or malformed cloud name, an unknown environment to copy from, not allowed.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ENVIRONMENTS_MANAGE)
        require_fresh(caller, unit.now)
        if command.copied_from is not None:
            unit.environments.get(command.copied_from)
        return add_environment(unit, command, services)


def add_environment(unit: Unit, command: NewEnvironment, services: Services) -> EnvironmentView:
    """Insert a product environment and its first key inside a transaction that is open."""
    suffix = base62(services.random(SUFFIX_BYTES), SUFFIX_LENGTH).lower()
    name = _checked_name(command.name)
    environment = unit.environments.add(
        Environment(
            account_id=unit.account_id,
            id=unit.new_id(),
            name=name,
            cloud_name=checked_cloud_name(command.cloud_name or cloud_name_from(name, suffix)),
            enabled=command.enabled,
            custom_attributes=command.custom_attributes or None,
            created_at=unit.now,
            updated_at=unit.now,
        )
    )
    unit.record(Event("environment.created", "environment", environment.id, environment.name))
    key = add_access_key(unit, environment.id, "Root", services, is_first=True)
    return EnvironmentView(environment, (key,))


@repeated
def edit_environment(
    caller: Caller, environment_id: str, changes: Mapping[str, object], services: Services
) -> EnvironmentView:
    """Change name, cloud name, custom attributes or enabled of a product environment.

    Raises:
        Refusal: not found, a taken or malformed cloud name, the last enabled one, not allowed.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ENVIRONMENTS_MANAGE)
        enabled = unit.environments.lock_enabled_ids()
        before = unit.environments.lock(environment_id)
        real = {name: value for name, value in changes.items() if getattr(before, name) != value}
        if real.get("enabled") is False:
            require_not_last(enabled, environment_id)
        after = replace(before, updated_at=unit.now, **real) if real else before  # type: ignore[arg-type]
        if real:
            _checked_name(after.name)
            checked_cloud_name(after.cloud_name)
            unit.environments.save(after)
            if "name" in real:
                # Those for whom it is chosen are shown with its name.
                unit.users.raise_versions(unit.environments.chosen_by(environment_id), unit.now)
            data = {"fields": sorted(real)}
            unit.record(Event("environment.changed", "environment", after.id, after.name, data))
        return _view(unit, after, services)


@repeated
def delete_environment(caller: Caller, environment_id: str, services: Services) -> DeletedEnvironment:
    """Delete a product environment; a user left with none keeps none, not all, and is named in the answer (ENV-5)."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ENVIRONMENTS_MANAGE)
        enabled = unit.environments.lock_enabled_ids()
        environment = unit.environments.lock(environment_id)
        require_not_last(enabled, environment_id)
        left = tuple(unit.environments.left_with_none(environment_id))
        unit.users.raise_versions(unit.environments.chosen_by(environment_id), unit.now)
        unit.environments.delete(environment_id)
        data = {"users_left_with_none": list(left)}
        unit.record(Event("environment.deleted", "environment", environment.id, environment.name, data))
        return DeletedEnvironment(environment, left)


def show_environment(caller: Caller, environment_id: str, services: Services) -> EnvironmentView:
    """Return one product environment of the account."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ENVIRONMENTS_READ)
        return _view(unit, unit.environments.get(environment_id), services)


def list_environments(caller: Caller, services: Services) -> list[EnvironmentView]:
    """Return every product environment of the account, in the order of making."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ENVIRONMENTS_READ)
        found = unit.environments.all()
        keys = _keys_of(unit, [environment.id for environment in found], services)
        by_environment: dict[str, list[AccessKey]] = {environment.id: [] for environment in found}
        for key in keys:
            by_environment[key.environment_id].append(key)
        return [EnvironmentView(each, tuple(by_environment[each.id])) for each in found]


def environments_of_user(caller: Caller, user_id: str, services: Services) -> list[EnvironmentView]:
    """Return the product environments that a live user has access to (ENV-2)."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        user = unit.users.get(user_id)
    everything = list_environments(caller, services)
    if user.all_environments:
        return everything
    return [view for view in everything if view.environment.id in user.environment_ids]


def _view(unit: Unit, environment: Environment, services: Services) -> EnvironmentView:
    return EnvironmentView(environment, tuple(_keys_of(unit, [environment.id], services)))


def _keys_of(unit: Unit, environment_ids: list[str], services: Services) -> list[AccessKey]:
    """Return the access keys with their secrets; a session sees them only after a fresh proof (SES-4)."""
    if not is_fresh(unit.caller, unit.now):
        return []
    return [shown(key, services) for key in unit.access_keys.of(environment_ids)]


def _checked_name(name: str) -> str:
    require_text("name", name)
    if not name.strip():
        raise invalid("name", "A product environment needs a name.")
    return name
