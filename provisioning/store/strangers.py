"""Refusals of callers who are not logged in: one entry a minute for each kind and code, with a count (AUD-1).

Anybody can be refused as often as they like, and must not fill the report by it. The first refusal is an entry at once;
those of the minute after it are counted in one row, and the next refusal, or the relay where none comes, writes them
as one entry. The row is changed by one statement that waits for nothing but the same statement of another stranger:
nobody who is logged in ever touches it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from provisioning.domain.activity import Entry
from provisioning.store.tables.strangers import stranger_attempts

ENTRY_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(days=1)
KEPT_OF_ENTRY = ("kind", "outcome", "way_in", "actor_id", "actor_name", "address", "target_kind", "target_id",
                 "target_name", "data")  # fmt: skip
_KEY = ("account_id", "kind", "way_in", "code", "target")


def count_attempt(connection: Connection, entry: Entry) -> Entry | None:
    """Count a refused attempt; returns the entry to be written now, None where one was written less than a minute ago.

    Args:
        connection: an open transaction; the entry is to be written in the same.
        entry: of this attempt, with its code.
    """
    row = {
        "account_id": entry.account_id,
        "kind": entry.kind,
        "way_in": entry.way_in,
        "code": entry.code or "",
        "target": entry.target_id,
        "written_at": entry.at,
        "waiting": 0,
        "written": 1,
        "entry": {name: _plain(getattr(entry, name)) for name in KEPT_OF_ENTRY},
    }
    table, added = stranger_attempts.c, insert(stranger_attempts).values(row)
    # A clock that was set back must not silence the report.
    is_due = or_(table.written_at <= entry.at - ENTRY_EVERY, table.written_at > entry.at)
    counted = added.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            "waiting": case((is_due, 0), else_=table.waiting + 1),
            "written": case((is_due, table.waiting + 1), else_=0),
            "written_at": case((is_due, entry.at), else_=table.written_at),
            "entry": added.excluded.entry,
        },
    )
    written: int = connection.execute(counted.returning(table.written)).scalar_one()
    return _with_count(entry, written) if written else None


def take_waiting(connection: Connection, now: datetime, new_id: Callable[[], str]) -> list[Entry]:
    """Return the entries of attempts that were counted and that no later attempt has written, and forget old rows.

    Args:
        connection: an open transaction; the entries are to be written in the same.
        now: the time.
        new_id: makes ids of entries.
    """
    table = stranger_attempts.c
    waiting = (
        select(*(table[name] for name in _KEY), table.waiting)
        .where(table.waiting > 0, table.written_at <= now - ENTRY_EVERY)
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    taken = (
        update(stranger_attempts)
        .where(*(table[name] == waiting.c[name] for name in _KEY))
        .values(waiting=0, written=waiting.c.waiting, written_at=now)
        .returning(table.account_id, table.code, table.written, table.entry)
    )
    rows = connection.execute(taken).all()
    connection.execute(delete(stranger_attempts).where(table.waiting == 0, table.written_at < now - KEPT_FOR))
    return [_entry_of(row, new_id(), now) for row in rows]


def _entry_of(row: Any, entry_id: str, at: datetime) -> Entry:
    entry = Entry(account_id=row.account_id, id=entry_id, at=at, code=row.code or None, **row.entry)
    return _with_count(entry, row.written)


def _with_count(entry: Entry, count: int) -> Entry:
    return replace(entry, data={**entry.data, "count": count})


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value
