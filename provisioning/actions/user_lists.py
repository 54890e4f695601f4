"""Lists of users for the Provisioning API and the Console: one page, or all of them batch by batch."""

from collections.abc import Iterator

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.user_lists import UserFilter
from provisioning.domain.users import User, UserView
from provisioning.store.unit_of_work import Unit
from provisioning.store.user_lists import find_users

BATCH = 500


def list_users(caller: Caller, wanted: UserFilter, services: Services) -> list[UserView]:
    """Return the live users of a list with their groups: two statements, however many they are.

    Args:
        caller: needs to read users.
        wanted: filters, order, offset and count.
        services: from outside.

    Raises:
        Refusal: an unknown product environment (with the id that was asked for), not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        _require_environment(unit, wanted)
        return list(unit.users.views(find_users(unit, wanted, most=wanted.count)))


def stream_users(caller: Caller, wanted: UserFilter, services: Services) -> Iterator[list[UserView]]:
    """Return all users of a list, batch by batch, so that no number of users fills the memory.

    The first batch is read before this returns: a refusal comes instead of an answer, not in the middle of one. A
    batch holds a connection only while it is read.

    Args:
        caller: needs to read users.
        wanted: filters and order; offset and count are not asked.
        services: from outside.

    Raises:
        Refusal: an unknown product environment (with the id that was asked for), not allowed.
    """
    return _batches(caller, wanted, services, _batch(caller, wanted, services, None))


def _batches(caller: Caller, wanted: UserFilter, services: Services, batch: list[UserView]) -> Iterator[list[UserView]]:
    yield batch
    while len(batch) == BATCH:
        batch = _batch(caller, wanted, services, batch[-1].user)
        yield batch


def _batch(caller: Caller, wanted: UserFilter, services: Services, after: User | None) -> list[UserView]:
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        if after is None:
            _require_environment(unit, wanted)
        return list(unit.users.views(find_users(unit, wanted, most=BATCH, after=after)))


def _require_environment(unit: Unit, wanted: UserFilter) -> None:
    if wanted.environment_id is not None:
        unit.environments.get(wanted.environment_id)
