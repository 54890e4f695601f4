"""The activity report: read, exported, sealed, verified (ACT-1, ACT-2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.activity import Entry, first_fault, stray_fault
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.store.activity import accounts_to_seal, last_seal, seal_new

MOST_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying the chain found: the number of seals, its head, entries without a seal yet, the first fault."""

    sealed: int
    head: str | None
    unsealed: int
    fault: str | None


def list_activity(
    caller: Caller, services: Services, *, person: str | None = None, before: str | None = None, most: int = 100
) -> list[Entry]:
    """Return entries, newest first.

    Args:
        caller: needs to read the report.
        services: from outside.
        person: id of a user, also of an Inactive one, whose doings and sufferings are wanted (USR-8).
        before: id of the last entry of the page before.
        most: entries on the page.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        return unit.activity.page(person=person, before=before, most=min(most, MOST_ON_A_PAGE))


def export_activity(caller: Caller, services: Services) -> Iterator[Entry]:
    """Yield every entry, oldest first; that somebody exported is an entry itself."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        account = unit.accounts.get()
        unit.record(Event("activity.exported", "account", account.id, account.name))
    with services.read(caller) as unit:
        yield from unit.activity.stream()


def verify_activity(caller: Caller, services: Services) -> Verdict:
    """Verify the chain of seals against the entries (ACT-2)."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        unit.accounts.get()
        fault = first_fault(unit.activity.chain()) or stray_fault(unit.activity.first_stray())
        last = last_seal(unit.connection, caller.account)
        return Verdict(
            sealed=last.number if last else 0,
            head=last.digest if last else None,
            unsealed=unit.activity.count_unsealed(),
            fault=fault,
        )


def seal_activity(services: Services) -> int:
    """Seal what is new in every account, each in a transaction of its own; returns how many entries."""
    worker = nobody(WayIn.WORKER, None)
    with services.read(worker) as unit:
        waiting = accounts_to_seal(unit.connection)
    sealed = 0
    for account_id in waiting:
        with services.unit(nobody(WayIn.WORKER, None, account_id)) as unit:
            sealed += seal_new(unit.connection, account_id, unit.now)
    return sealed
