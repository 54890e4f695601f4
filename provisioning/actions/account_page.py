"""What the Console shows of the account itself, and what deleting an environment or cancelling would take away.

Each person sees the parts that they may see; numbers are read at the moment of asking, so that the confirmation of a
grave act says what it will really do (ENV-5, ACC-3).
"""

from dataclasses import dataclass

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.accounts import Account
from provisioning.domain.caller import Caller
from provisioning.domain.environments import Environment, require_not_last
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.seats import Seats
from provisioning.store.unit_of_work import Unit

SEATS, ENVIRONMENTS = Permission.ACCOUNT_SEATS_MANAGE, Permission.ACCOUNT_ENVIRONMENTS_READ


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The account; seats and product environments are None for who may not see them."""

    account: Account
    seats: Seats | None
    environments: tuple[Environment, ...] | None
    may_cancel: bool


@dataclass(frozen=True, slots=True)
class EnvironmentPage:
    """One product environment, and what ending it would mean.

    Attributes:
        environment: itself.
        left_with_none: number of users who could reach no product environment without it (ENV-5).
        refusal: why it can be neither disabled nor deleted, None where it can.
    """

    environment: Environment
    left_with_none: int
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Cancelling:
    """What cancelling would end; `refusal` says why the caller cannot cancel, None where they can."""

    account: Account
    seats: Seats
    environments: int
    refusal: Refusal | None


def account_page(caller: Caller, services: Services) -> AccountPage:
    """Return the account as far as the caller may see it.

    Raises:
        Refusal: NOT_ALLOWED for who may see neither seats nor product environments.
    """
    with services.read(caller) as unit:
        sees_seats = policy.is_allowed(caller, SEATS)
        sees_environments = policy.is_allowed(caller, ENVIRONMENTS)
        if not sees_seats:
            policy.require(caller, ENVIRONMENTS)
        return AccountPage(
            account=unit.accounts.get(),
            seats=unit.accounts.seats() if sees_seats else None,
            environments=tuple(unit.environments.all()) if sees_environments else None,
            may_cancel=caller.is_root,
        )


def environment_page(caller: Caller, environment_id: str, services: Services) -> EnvironmentPage:
    """Return one product environment with what ending it would mean.

    Raises:
        Refusal: not found, not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, ENVIRONMENTS)
        environment = unit.environments.get(environment_id)
        return EnvironmentPage(
            environment=environment,
            left_with_none=len(unit.environments.left_with_none(environment_id)),
            refusal=_in_the_way(unit, environment_id),
        )


def cancelling(caller: Caller, services: Services) -> Cancelling:
    """Return what cancelling the account would end (ACC-3).

    Raises:
        Refusal: NOT_ALLOWED for who has nothing to do with the account's security.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SECURITY_MANAGE)
        return Cancelling(
            account=unit.accounts.get(),
            seats=unit.accounts.seats(),
            environments=len(unit.environments.all()),
            refusal=None if caller.is_root else Refusal(Code.ROOT_USER_ONLY),
        )


def _in_the_way(unit: Unit, environment_id: str) -> Refusal | None:
    try:
        require_not_last([each.id for each in unit.environments.all() if each.enabled], environment_id)
    except Refusal as refusal:
        return refusal
    return None
