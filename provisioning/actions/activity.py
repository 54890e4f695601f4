"""The activity report: read, exported, sealed, verified (ACT-1, ACT-2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.activity import Entry, Head, first_fault, head_fault, stray_fault
from provisioning.domain.activity_export import Form, written
from provisioning.domain.activity_query import ActivityQuery, filters_of
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.store.activity import accounts_to_seal, add_entries, chain_heads, last_seal, seal_new
from provisioning.store.strangers import take_waiting


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Entries, newest first, and the cursor of the page after them, None where there is none."""

    entries: tuple[Entry, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying the chain found.

    Attributes:
        sealed: number of seals; head: the newest one's hash.
        unsealed: entries without a seal yet.
        outside: lines outside the database that the chain was compared with.
        fault: a sentence on the first fault, None where the chain holds.
    """

    sealed: int
    head: str | None
    unsealed: int
    outside: int
    fault: str | None


def list_activity(caller: Caller, query: ActivityQuery, services: Services) -> ActivityPage:
    """Return a page of entries, newest first; that somebody read it is an entry itself (AUD-1).

    Args:
        caller: needs to read the report.
        query: what narrows it, and the cursor that the page before came with.
        services: from outside.

    Raises:
        Refusal: a cursor that is none of this report.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        account = unit.accounts.get()
        found = unit.activity.page(query)
        entries = tuple(found[: query.limit])
        unit.record(Event("activity.read", "account", account.id, account.name, filters_of(query)))
        return ActivityPage(entries, entries[-1].id if len(found) > query.limit else None)


def export_activity(caller: Caller, query: ActivityQuery, form: Form, services: Services) -> Iterator[str]:
    """Return the text of an export, oldest entry first, line by line; that somebody exported is an entry itself.

    Everything is checked before the first line is asked for. The last line is signed and names the head of the chain
    as it was then (AUD-3). No connection is held between portions, however slowly somebody reads.

    Args:
        caller: needs to read the report, with a fresh proof (SES-4).
        query: what narrows it; cursor and limit do not count.
        form: JSON Lines or CSV.
        services: from outside.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        require_fresh(caller, unit.now)
        account = unit.accounts.get()
        last = last_seal(unit.connection, caller.account)
        facts = {
            "account_id": account.id,
            "made_at": unit.now.isoformat(),
            "filters": filters_of(query),
            "chain": {"number": last.number if last else 0, "digest": last.digest if last else ""},
        }
        told = {"form": form.value, **filters_of(query)}
        unit.record(Event("activity.exported", "account", account.id, account.name, told))
    return written(_entries(caller, query, services), facts, form, services.signer.sign)


def _entries(caller: Caller, query: ActivityQuery, services: Services) -> Iterator[Entry]:
    """Yield what a query's filters let through, oldest first, each portion by a reading of its own."""
    last = ""
    while True:
        with services.read(caller) as unit:
            portion = unit.activity.portion(query, last)
        yield from portion
        if not portion:
            return
        last = portion[-1].id


def verify_activity(caller: Caller, services: Services, outside: Sequence[Head] = ()) -> Verdict:
    """Verify the chain of seals against the entries, and against what was written outside the database (ACT-2, AUD-3).

    Args:
        caller: needs to read the report.
        services: from outside.
        outside: heads from log lines and exports; those of other accounts do not count.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        unit.accounts.get()
        heads = [head for head in outside if head.account_id == caller.account and head.number]
        digests = unit.activity.digests({head.number for head in heads})
        fault = (
            first_fault(unit.activity.chain()) or stray_fault(unit.activity.first_stray()) or head_fault(heads, digests)
        )
        last = last_seal(unit.connection, caller.account)
        return Verdict(
            sealed=last.number if last else 0,
            head=last.digest if last else None,
            unsealed=unit.activity.count_unsealed(),
            outside=len(heads),
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


def note_foreign_account(caller: Caller, services: Services) -> None:
    """Count that a good key was shown on another account's path, in the report of the key's own account (TEN-1, AUD-1).

    Nothing of the path is kept: it is whatever the caller wrote.
    """
    with services.unit(caller) as unit:
        data = {"sentence": "A key of this account was used on another account's path.", "rule": "TEN-1"}
        unit.record_attempt(Event("attempt.refused", "account", "", "", data), Code.NOT_FOUND.value)


def refuse_credential(caller: Caller, services: Services) -> NoReturn:
    """Refuse a credential that may not carry what a route is about; the attempt is in the report (SCM-1, AUD-1).

    Raises:
        Refusal: CREDENTIAL_NOT_ALLOWED.
    """
    with services.unit(caller):
        raise Refusal(Code.CREDENTIAL_NOT_ALLOWED)


def chains(services: Services) -> list[Head]:
    """Return the head of every account's chain, for the line that is written outside the database (AUD-3)."""
    with services.read(nobody(WayIn.WORKER, None)) as unit:
        return chain_heads(unit.connection)


def write_attempts(services: Services) -> int:
    """Write the entries of strangers' attempts that were counted and that nobody has written since; returns how many.

    Each is one entry for a minute, a kind and a code, with the count (AUD-1).
    """
    with services.unit(nobody(WayIn.WORKER, None)) as unit:
        entries = take_waiting(unit.connection, unit.now, unit.new_id)
        add_entries(unit.connection, entries)
    return len(entries)
