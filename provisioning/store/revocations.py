"""Receipts of ended access as rows; what ended is counted by the user's own rows, by index, never by the account's.

Of the sessions of one user no more than a bound are counted while the user waits to be logged out, so that ending a
hundred thousand of them takes no longer than ending one. The job that marks their rows counts them whole.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)

from provisioning.domain.revocations import MOST_COUNTED, Ended, Revocation
from provisioning.domain.sessions import EndReason
from provisioning.store.statements import Statement
from provisioning.store.tables.keys import account_keys, scim_tokens
from provisioning.store.tables.logins import devices, second_steps
from provisioning.store.tables.sessions import sessions
from provisioning.store.tables.webhooks import revocations

PLAIN_FIELDS = ("account_id", "id", "user_id", "epoch", "way_in", "ended_by", "ended_by_name", "ended_at")
ADD_REVOCATION = Statement(insert(revocations))


def _rows_of(table: Table, *live: ColumnElement[bool]) -> Select[Any]:
    """Return the live rows of a user that were made under one epoch, by the index on both."""
    mine = (table.c.account_id == bindparam("of_account"), table.c.user_id == bindparam("of_user"))
    return select(literal_column("1")).select_from(table).where(*mine, table.c.epoch == bindparam("of_epoch"), *live)


def _count(rows: Select[Any]) -> ScalarSelect[int]:
    """Return how many rows there are, up to the bound."""
    return select(func.count()).select_from(rows.limit(MOST_COUNTED).subquery()).scalar_subquery()


def _keys_of(table: Table) -> ScalarSelect[list[str]]:
    """Return the ids of the live keys or tokens that a user answers for."""
    ids = func.coalesce(func.array_agg(table.c.id), literal_column("'{}'::text[]", ARRAY(Text)))
    mine = (table.c.account_id == bindparam("of_account"), table.c.answerable == bindparam("of_user"))
    live = (table.c.revoked_at.is_(None), table.c.expires_at > bindparam("at_time"))
    return select(ids).where(*mine, *live).scalar_subquery()


_SESSIONS = _rows_of(sessions, sessions.c.ended_at.is_(None), sessions.c.expires_at > bindparam("at_time"))
_STEPS = _rows_of(second_steps, second_steps.c.used_at.is_(None), second_steps.c.expires_at > bindparam("at_time"))
COUNT_LIVE = Statement(
    select(
        _count(_SESSIONS).label("sessions"),
        _count(_STEPS).label("pending_logins"),
        _count(_rows_of(devices)).label("devices"),
        func.array_cat(_keys_of(account_keys), _keys_of(scim_tokens)).label("keys"),
    )
)


def revocation_of(row: Row[Any]) -> Revocation:
    """Return a row as the domain's value, without the confirmations that webhooks gave."""
    values = row._mapping
    ended = Ended(row.sessions, row.pending_logins, row.links, row.devices, tuple(values["keys"]))
    return Revocation(**{name: values[name] for name in PLAIN_FIELDS}, reason=EndReason(row.reason), ended=ended)


class Revocations:
    """The receipts of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def count_live(self, user_id: str, epoch: int, now: datetime) -> Ended:
        """Return what is live of a user's access, each kind up to `MOST_COUNTED`, but for the links."""
        found = COUNT_LIVE.run(
            self._connection, of_account=self._account_id, of_user=user_id, of_epoch=epoch, at_time=now
        ).one()
        return Ended(found.sessions, found.pending_logins, 0, found.devices, tuple(found.keys))

    def count_sessions(self, revocation: Revocation) -> None:
        """Write the whole number of sessions that an ending ended; asked before their rows are marked as ended."""
        live = sessions.c.ended_at.is_(None), sessions.c.expires_at > revocation.ended_at
        mine = sessions.c.account_id == self._account_id, sessions.c.user_id == revocation.user_id
        of_epoch = sessions.c.epoch == revocation.epoch - 1
        whole = select(func.count()).select_from(sessions).where(*mine, of_epoch, *live).scalar_subquery()
        receipt = and_(revocations.c.account_id == self._account_id, revocations.c.id == revocation.id)
        self._connection.execute(update(revocations).where(receipt).values(sessions=whole))

    def add(self, revocation: Revocation) -> None:
        """Insert a receipt."""
        ended = revocation.ended
        ADD_REVOCATION.run(
            self._connection,
            **{name: getattr(revocation, name) for name in PLAIN_FIELDS},
            reason=revocation.reason.value,
            sessions=ended.sessions,
            pending_logins=ended.pending_logins,
            links=ended.links,
            devices=ended.devices,
            keys=list(ended.keys),
        )

    def find(self, user_id: str, epoch: int) -> Revocation | None:
        """Return the receipt of the ending that made an epoch, None where it was none of the whole access."""
        mine = and_(revocations.c.account_id == self._account_id, revocations.c.user_id == user_id)
        row = self._connection.execute(select(revocations).where(mine, revocations.c.epoch == epoch)).one_or_none()
        return revocation_of(row) if row is not None else None

    def of_user(self, user_id: str, most: int) -> list[Revocation]:
        """Return the receipts of a user, newest first."""
        mine = and_(revocations.c.account_id == self._account_id, revocations.c.user_id == user_id)
        statement = select(revocations).where(mine).order_by(revocations.c.epoch.desc()).limit(most)
        return [revocation_of(row) for row in self._connection.execute(statement)]
