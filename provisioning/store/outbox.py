"""The outbox: rows that are owed, claimed by relays, done by jobs (INV-3, JOB-3).

A relay claims due rows and pushes `next_at` forward; it never deletes. Only the job sets `done_at`, in the transaction
that records its effect. So a lost queue means only that rows come due again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, case, func, insert, select, update

from provisioning.store.statements import Statement
from provisioning.store.tables.outbox import outbox

# Pauses before a row comes due again, by number of attempts made; the last one repeats.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 900, 3600))

ADD_OWED = Statement(insert(outbox))
_ONE_ROW = and_(outbox.c.account_id == bindparam("of_account"), outbox.c.id == bindparam("of_row"))
LOCK_OWED = Statement(
    select(*(outbox.c[name] for name in ("account_id", "id", "kind", "payload", "secret", "attempts", "created_at")))
    .where(_ONE_ROW, outbox.c.done_at.is_(None))
    .with_for_update(skip_locked=True)
)
MARK_DONE = Statement(
    update(outbox).where(_ONE_ROW).values(done_at=bindparam("at_moment"), secret=None, last_fault=None)
)


@dataclass(frozen=True, slots=True)
class OwedRow:
    """One row of the outbox: ids only in the payload, a link's token encrypted apart from it."""

    account_id: str
    id: str
    kind: str
    payload: Mapping[str, str]
    secret: bytes | None
    attempts: int
    created_at: datetime


def add_owed(connection: Connection, rows: Sequence[OwedRow]) -> None:
    """Insert rows that are due at once."""
    ADD_OWED.run_all(
        connection,
        [
            {
                "account_id": row.account_id,
                "id": row.id,
                "kind": row.kind,
                "payload": dict(row.payload),
                "secret": row.secret,
                "attempts": 0,
                "next_at": row.created_at,
                "created_at": row.created_at,
            }
            for row in rows
        ],
    )


def claim_due(connection: Connection, now: datetime, most: int) -> list[OwedRow]:
    """Return due rows and push them forward; rows that another relay holds are left to it."""
    due = (
        select(outbox.c.account_id, outbox.c.id)
        .where(outbox.c.done_at.is_(None), outbox.c.next_at <= now)
        .order_by(outbox.c.next_at)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    pause = case(*((outbox.c.attempts == number, pause) for number, pause in enumerate(PAUSES[:-1])), else_=PAUSES[-1])
    statement = (
        update(outbox)
        .where(outbox.c.account_id == due.c.account_id, outbox.c.id == due.c.id)
        .values(attempts=outbox.c.attempts + 1, next_at=now + pause)
        .returning(
            outbox.c.account_id,
            outbox.c.id,
            outbox.c.kind,
            outbox.c.payload,
            outbox.c.secret,
            outbox.c.attempts,
            outbox.c.created_at,
        )
    )
    return [OwedRow(**row._mapping) for row in connection.execute(statement)]


def lock_owed(connection: Connection, account_id: str, row_id: str) -> OwedRow | None:
    """Return a row that is still owed, locked; None where it is done, unknown, or another job works on it."""
    row = LOCK_OWED.run(connection, of_account=account_id, of_row=row_id).one_or_none()
    return OwedRow(**row._mapping) if row is not None else None


def mark_done(connection: Connection, row: OwedRow, now: datetime) -> None:
    """Mark a row as done and forget its secret (INV-2)."""
    MARK_DONE.run(connection, of_account=row.account_id, of_row=row.id, at_moment=now)


def note_fault(connection: Connection, account_id: str, row_id: str, fault: str) -> None:
    """Remember the kind of the last fault of a row, for the operator; never its text (JOB-2)."""
    connection.execute(
        update(outbox).where(outbox.c.account_id == account_id, outbox.c.id == row_id).values(last_fault=fault)
    )


def oldest_waiting(connection: Connection) -> datetime | None:
    """Return when the row that comes due first is or was due, None where nothing is owed."""
    return connection.execute(select(func.min(outbox.c.next_at)).where(outbox.c.done_at.is_(None))).scalar()


def oldest_owed(connection: Connection) -> datetime | None:
    """Return when the oldest row was written that is owed and has met no fault yet, None where there is none."""
    untried = select(func.min(outbox.c.created_at)).where(outbox.c.done_at.is_(None), outbox.c.last_fault.is_(None))
    return connection.execute(untried).scalar()
