"""What all jobs share: one owed row after the other, each in a transaction of its own that also marks it as done.

A row is locked before it is paid and marked in the same transaction, so two workers never pay one row, and a crash
leaves it owed (JOB-3). A fault is noted by its kind only; when the row comes due again is the outbox's decision, never
RQ's. A job works for a bounded time and leaves the rest to the next attempt, so that a stop never waits for long.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from rq.timeouts import JobTimeoutException

from provisioning.actions.services import Services
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.store.outbox import OwedRow, lock_owed, mark_done, note_fault
from provisioning.store.unit_of_work import Unit
from workers.queues import RowId

BUDGET = timedelta(seconds=12)
# A fault that repeating will hardly mend is tried this often nevertheless: some are only a mail server's bad hour.
MOST_REFUSED_ATTEMPTS = 6

# Pays one locked row inside the open transaction; returns a word for the log.
Payment = Callable[[Unit, OwedRow], str]

log = structlog.get_logger("workers")


class PaymentFault(Exception):
    """A debt could not be paid.

    Attributes:
        word: its kind, for the operator, without any text from outside (JOB-2).
        permanent: repeating will hardly help.
    """

    def __init__(self, word: str, *, permanent: bool = False) -> None:
        super().__init__(word)
        self.word = word
        self.permanent = permanent


def worker_caller(account_id: str) -> Caller:
    """Return the caller as whom workers read and write: nobody's credential, one account."""
    return nobody(WayIn.WORKER, None, account_id)


def pay_each(rows: Sequence[RowId], pay: Payment, services: Services) -> None:
    """Pay rows in turn until all are paid or the time budget is used up.

    Args:
        rows: (account id, row id) as they stand in the job.
        pay: what paying one means.
        services: from outside.
    """
    ends_at = services.now() + BUDGET
    for number, (account_id, row_id) in enumerate(rows):
        if services.now() >= ends_at:
            log.warning("job.out_of_time", left=len(rows) - number)
            return
        pay_one(account_id, row_id, pay, services)


def pay_one(account_id: str, row_id: str, pay: Payment, services: Services) -> None:
    """Pay one row and mark it as done in the same transaction; after a fault the row stays owed (INV-3)."""
    try:
        with services.unit(worker_caller(account_id)) as unit:
            row = lock_owed(unit.connection, account_id, row_id)
            if row is None:
                return
            outcome = _pay_or_give_up(unit, row, pay)
        services.measure("row_done", 1)
        log.info("job.row_done", row=row_id, kind=row.kind, attempt=row.attempts, outcome=outcome)
    except JobTimeoutException:
        raise
    except Exception as fault:
        _note(account_id, row_id, word_of(fault), services)


def _pay_or_give_up(unit: Unit, row: OwedRow, pay: Payment) -> str:
    """Pay and mark as done; a row refused for good too often is marked as done with its fault kept beside it."""
    try:
        outcome = pay(unit, row)
        mark_done(unit.connection, row, unit.now)
    except PaymentFault as fault:
        if not fault.permanent or row.attempts < MOST_REFUSED_ATTEMPTS:
            raise
        mark_done(unit.connection, row, unit.now)
        note_fault(unit.connection, row.account_id, row.id, fault.word)
        outcome = f"given up: {fault.word}"
    return outcome


def _note(account_id: str, row_id: str, word: str, services: Services) -> None:
    services.measure("row_fault", 1)
    log.warning("job.row_fault", row=row_id, fault=word)
    try:
        with services.unit(worker_caller(account_id)) as unit:
            note_fault(unit.connection, account_id, row_id, word)
    except JobTimeoutException:
        raise
    except Exception as fault:
        # The database is away as well. The row is owed as before; only the word for the operator is lost.
        log.warning("job.fault_not_noted", row=row_id, fault=word_of(fault))


def word_of(fault: Exception) -> str:
    """Return the kind of a fault, never its text, which may quote addresses (JOB-2, AUD-2)."""
    return fault.word if isinstance(fault, PaymentFault) else type(fault).__name__
