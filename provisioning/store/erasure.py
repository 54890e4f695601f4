"""Erasing what belongs to an account, for good (ACC-3).

The tables are walked, not listed, so that a table added later is emptied too: every one with an `account_id` but those
that are kept. The account's row stays as a stone with its dates, so that its id is never another's and its cloud names
are free. The activity report stays as well: the service's role cannot delete from it (OPS-3), and what was done must
outlive what it was done to; its owner may delete it.
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, Table, delete, select, update

from provisioning.domain.accounts import KEPT_FOR
from provisioning.store.tables import metadata
from provisioning.store.tables.accounts import accounts, seats
from provisioning.store.tables.activity import activity, activity_seals, activity_unsealed

KEPT = frozenset({activity, activity_seals, activity_unsealed, seats})


def emptied() -> Iterator[Table]:
    """Yield the tables that an erasure empties, those that point at others before those."""
    for table in reversed(metadata.sorted_tables):
        if "account_id" in table.c and table not in KEPT:
            yield table


def erasable(connection: Connection, now: datetime) -> list[str]:
    """Return the ids of the accounts whose time to be restored is over."""
    statement = select(accounts.c.id).where(accounts.c.erased_at.is_(None), accounts.c.cancelled_at <= now - KEPT_FOR)
    return [row.id for row in connection.execute(statement.order_by(accounts.c.id))]


def erase(connection: Connection, account_id: str, now: datetime) -> None:
    """Delete every row of an account but the kept ones, and note when; the account's row is locked by the caller."""
    for table in emptied():
        connection.execute(delete(table).where(table.c.account_id == account_id))
    connection.execute(update(seats).where(seats.c.account_id == account_id).values(used=0))
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(erased_at=now))
