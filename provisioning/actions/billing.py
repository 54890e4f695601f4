"""What is used of the plan: seats, as this service knows nothing of assets."""

from datetime import UTC, datetime, time, timedelta

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.billing import BillingUsage, Cycle, days_of_cycle
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission


def billing_usage(caller: Caller, year: int | None, services: Services) -> BillingUsage:
    """Return the seats in use in the cycle that began in a year.

    Args:
        caller: may see seats and plan.
        year: None for the present cycle.
        services: from outside.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SEATS_MANAGE)
        account, seats = unit.accounts.get(), unit.accounts.seats()
        days = days_of_cycle(account.created_at.astimezone(UTC).date(), unit.now.date(), year)
        if days is None:
            return BillingUsage(account.plan.value, seats.limit, ())
        end = datetime.combine(days[1] + timedelta(days=1), time(), UTC)
        used = unit.users.count_at(end) if end <= unit.now else seats.used
        return BillingUsage(account.plan.value, seats.limit, (Cycle(*days, used),))
