"""The user limit as its account changes it: additional subscriptions, up and down, by self-service (SEAT-2)."""

from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.accounts import require_open
from provisioning.domain.caller import Caller
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.seats import Seats, with_additional


def show_seats(caller: Caller, services: Services) -> Seats:
    """Return the seat counter of the caller's account, for who may change its limit."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SEATS_MANAGE)
        return unit.accounts.seats()


@repeated
def change_additional_seats(caller: Caller, additional: int, services: Services) -> Seats:
    """Set the number of additional subscriptions (SEAT-2).

    Args:
        caller: needs to manage seats.
        additional: 0 to 20.
        services: from outside.

    Raises:
        Refusal: beyond self-service, below the seats in use, not allowed.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SEATS_MANAGE)
        account = unit.accounts.get()
        require_open(account)
        before = unit.accounts.lock_seats()
        after = with_additional(before, additional)
        if after != before:
            unit.accounts.set_seats(after)
            data = {"before": before.limit, "after": after.limit}
            unit.record(Event("seats.changed", "account", account.id, account.name, data))
        return after
