"""Receipts of ended access as rows; what ended is counted by the user's own rows, by index, never by the account's."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, Connection, Row, Text, and_, bindparam, func, insert, literal_column, select

from provisioning.domain.revocations import Ended, Revocation
from provisioning.domain.sessions import EndReason
from provisioning.store.statements import Statement
from provisioning.store.tables.keys import account_keys
from provisioning.store.tables.sessions import sessions
from provisioning.store.tables.webhooks import revocations

PLAIN_FIELDS = ("account_id", "id", "user_id", "epoch", "way_in", "ended_by", "ended_by_name", "ended_at")
ADD_REVOCATION = Statement(insert(revocations))
_live_sessions = (
    select(func.count())
    .select_from(sessions)
    .where(
        sessions.c.account_id == bindparam("of_account"),
        sessions.c.user_id == bindparam("of_user"),
        sessions.c.epoch == bindparam("of_epoch"),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > bindparam("at_time"),
    )
    .scalar_subquery()
)
_live_keys = (
    select(func.coalesce(func.array_agg(account_keys.c.id), literal_column("'{}'::text[]", ARRAY(Text))))
    .where(
        account_keys.c.account_id == bindparam("of_account"),
        account_keys.c.made_by == bindparam("of_user"),
        account_keys.c.revoked_at.is_(None),
        account_keys.c.expires_at > bindparam("at_time"),
    )
    .scalar_subquery()
)
COUNT_LIVE = Statement(select(_live_sessions.label("sessions"), _live_keys.label("keys")))


def revocation_of(row: Row[Any]) -> Revocation:
    """Return a row as the domain's value, without the confirmations that webhooks gave."""
    values = row._mapping
    ended = Ended(row.sessions, row.pending_logins, row.links, row.devices, tuple(row.keys))
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

    def count_live(self, user_id: str, epoch: int, now: datetime) -> tuple[int, tuple[str, ...]]:
        """Return how many sessions of a user are live, and the ids of live account keys that the user made."""
        found = COUNT_LIVE.run(
            self._connection, of_account=self._account_id, of_user=user_id, of_epoch=epoch, at_time=now
        ).one()
        return found.sessions, tuple(found.keys)

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
