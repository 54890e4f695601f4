"""Erasing what belonged to accounts that were cancelled 30 days ago, for good (ACC-3)."""

from provisioning.actions.services import Services, repeated
from provisioning.domain.accounts import is_over
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.events import Event
from provisioning.store.erasure import erasable, erase


def erase_cancelled_accounts(services: Services) -> int:
    """Erase what belongs to accounts cancelled for 30 days, each in a transaction of its own; returns how many."""
    with services.read(nobody(WayIn.WORKER, None)) as unit:
        due = erasable(unit.connection, unit.now)
    return sum(_erase(account_id, services) for account_id in due)


@repeated
def _erase(account_id: str, services: Services) -> bool:
    """Erase one account, if it is still cancelled and over: the operator may have restored it a moment ago."""
    with services.unit(nobody(WayIn.WORKER, None, account_id)) as unit:
        account = unit.accounts.lock()
        if account.erased_at is not None or account.cancelled_at is None or not is_over(account.cancelled_at, unit.now):
            return False
        erase(unit.connection, account_id, unit.now)
        unit.record(Event("account.erased", "account", account.id, account.name))
        return True
