"""Webhooks and deliveries as rows: handed over from the report, claimed, leased to one attempt, logged (JOB-3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from provisioning.domain.activity import Entry
from provisioning.domain.errors import not_found
from provisioning.domain.webhooks import SESSIONS_ENDED, Delivery, DeliveryState, PauseReason, Webhook
from provisioning.store.activity import ENTRY_COLUMNS, entry_of, last_seal
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.activity import activity, activity_seals
from provisioning.store.tables.webhooks import webhook_deliveries, webhooks

WEBHOOK_FIELDS = tuple(Webhook.__dataclass_fields__)
WEBHOOK_COLUMNS = [webhooks.c[name] for name in WEBHOOK_FIELDS]
DELIVERY_FIELDS = tuple(Delivery.__dataclass_fields__)
DELIVERY_COLUMNS = [webhook_deliveries.c[name] for name in DELIVERY_FIELDS]
PENDING = DeliveryState.PENDING.value
SECRET, OLD_SECRET = "secret", "old_secret"


def webhook_of(row: Row[Any]) -> Webhook:
    """Return a row of `WEBHOOK_COLUMNS` as the domain's value."""
    values = dict(row._mapping)
    reason = PauseReason(values["pause_reason"]) if values["pause_reason"] else None
    lists = {"events": tuple(values["events"]), "fields": tuple(values["fields"])}
    return Webhook(**{**values, **lists, "pause_reason": reason})


def delivery_of(row: Row[Any]) -> Delivery:
    """Return a row of `DELIVERY_COLUMNS` as the domain's value."""
    return Delivery(**{**row._mapping, "state": DeliveryState(row.state)})


def place_of(column: str, webhook_id: str) -> str:
    """Return the place that an encrypted secret is bound to (OPS-2)."""
    return f"webhooks/{column}/{webhook_id}"


def _is_sent_to(now: datetime | None = None) -> ColumnElement[bool]:
    """Whether a webhook is sent to: not paused, not removed, its account open; at a time, its receiver not silent."""
    live = and_(webhooks.c.paused_at.is_(None), webhooks.c.removed_at.is_(None), accounts.c.cancelled_at.is_(None))
    return live if now is None else and_(live, or_(webhooks.c.retry_at.is_(None), webhooks.c.retry_at <= now))


def webhooks_behind(connection: Connection) -> list[tuple[str, str]]:
    """Return (account id, webhook id) of those whose account's report has sealed entries that they were not told."""
    newer = exists().where(
        activity_seals.c.account_id == webhooks.c.account_id, activity_seals.c.number > webhooks.c.told_to
    )
    statement = (
        select(webhooks.c.account_id, webhooks.c.id)
        .join(accounts, accounts.c.id == webhooks.c.account_id)
        .where(_is_sent_to(), newer)
    )
    return [(row.account_id, row.id) for row in connection.execute(statement)]


def accounts_with_webhooks(connection: Connection) -> list[str]:
    """Return the accounts that have or had a webhook, for housekeeping."""
    return list(connection.execute(select(webhooks.c.account_id).distinct()).scalars())


def claim_deliveries(connection: Connection, now: datetime, until: datetime, most: int) -> list[tuple[str, str, int]]:
    """Return (account id, delivery id, attempts) of what is due, pushed forward; ends of sessions come first (OUT-1).

    Args:
        until: when they come due again where no job takes them up.
        most: how many at once.
    """
    due = (
        select(webhook_deliveries.c.account_id, webhook_deliveries.c.id)
        .join(webhooks, _same_webhook())
        .join(accounts, accounts.c.id == webhooks.c.account_id)
        .where(webhook_deliveries.c.state == PENDING, webhook_deliveries.c.next_at <= now, _is_sent_to(now))
        .order_by(webhook_deliveries.c.kind != SESSIONS_ENDED, webhook_deliveries.c.next_at)
        .limit(most)
        .with_for_update(skip_locked=True, of=webhook_deliveries)
        .cte("due")
    )
    statement = (
        update(webhook_deliveries)
        .where(webhook_deliveries.c.account_id == due.c.account_id, webhook_deliveries.c.id == due.c.id)
        .values(next_at=until)
        .returning(webhook_deliveries.c.account_id, webhook_deliveries.c.id, webhook_deliveries.c.attempts)
    )
    return [(row.account_id, row.id, row.attempts) for row in connection.execute(statement)]


def oldest_unconfirmed(connection: Connection) -> datetime | None:
    """Return when the oldest end of sessions was that a live webhook has yet to confirm, None for none (OUT-1)."""
    statement = (
        select(webhook_deliveries.c.created_at)
        .join(webhooks, _same_webhook())
        .join(accounts, accounts.c.id == webhooks.c.account_id)
        .where(webhook_deliveries.c.state == PENDING, webhook_deliveries.c.kind == SESSIONS_ENDED, _is_sent_to())
        .order_by(webhook_deliveries.c.created_at)
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


def _same_webhook() -> ColumnElement[bool]:
    return and_(
        webhooks.c.account_id == webhook_deliveries.c.account_id, webhooks.c.id == webhook_deliveries.c.webhook_id
    )


class Webhooks:
    """The webhooks of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def all(self) -> list[Webhook]:
        """Return the webhooks of the account in the order of making."""
        return [webhook_of(row) for row in self._connection.execute(self._select().order_by(webhooks.c.id))]

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook; not found where it is unknown, removed or foreign alike."""
        return self._one(self._select().where(webhooks.c.id == webhook_id))

    def lock(self, webhook_id: str) -> Webhook:
        """Return a webhook, locked: two attempts note their answers one after the other."""
        return self._one(self._select().where(webhooks.c.id == webhook_id).with_for_update())

    def find_behind(self, webhook_id: str) -> Webhook | None:
        """Return a webhook to hand entries over to, locked; None where another relay does or it is paused or gone."""
        wanted = self._select().where(webhooks.c.id == webhook_id, webhooks.c.paused_at.is_(None))
        row = self._connection.execute(wanted.with_for_update(skip_locked=True)).one_or_none()
        return webhook_of(row) if row is not None else None

    def add(self, webhook: Webhook, secret: bytes) -> None:
        """Insert a webhook with its encrypted secret."""
        values = {name: getattr(webhook, name) for name in WEBHOOK_FIELDS}
        self._connection.execute(insert(webhooks).values(**values, secret=secret))

    def save(self, webhook: Webhook) -> Webhook:
        """Write everything of a webhook but its secrets."""
        fixed = ("account_id", "id", "created_at")
        values = {name: getattr(webhook, name) for name in WEBHOOK_FIELDS if name not in fixed}
        self._connection.execute(update(webhooks).where(self._is(webhook.id)).values(**values))
        return webhook

    def set_secrets(self, webhook_id: str, secret: bytes, old_secret: bytes | None) -> None:
        """Write encrypted secrets."""
        changed = update(webhooks).where(self._is(webhook_id))
        self._connection.execute(changed.values(secret=secret, old_secret=old_secret))

    def secrets(self, webhook_id: str, now: datetime) -> list[tuple[bytes, str]]:
        """Return (encrypted secret, place) of those that sign now: the newest first, the old one while it overlaps."""
        columns = (webhooks.c.secret, webhooks.c.old_secret, webhooks.c.old_secret_until)
        row = self._connection.execute(select(*columns).where(self._is(webhook_id))).one()
        found = [(row.secret, place_of(SECRET, webhook_id))]
        if row.old_secret is not None and row.old_secret_until is not None and now < row.old_secret_until:
            found.append((row.old_secret, place_of(OLD_SECRET, webhook_id)))
        return found

    def remove(self, webhook_id: str, now: datetime) -> None:
        """Remove a webhook: its secrets are gone, what it was still to be told is given up, its log stays a while."""
        gone = update(webhooks).where(self._is(webhook_id))
        self._connection.execute(gone.values(removed_at=now, secret=None, old_secret=None))
        owed = and_(
            self._delivered, webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.state == PENDING
        )
        self._connection.execute(update(webhook_deliveries).where(owed).values(state=DeliveryState.GIVEN_UP.value))

    def last_seal(self) -> int:
        """Return the number of the newest seal of the account's report, 0 where there is none."""
        last = last_seal(self._connection, self._account_id)
        return last.number if last is not None else 0

    def entries_after(self, number: int, most: int) -> list[tuple[int, Entry]]:
        """Return (number, entry) of the seals after a number, in their order, which has no gaps."""
        statement = (
            select(activity_seals.c.number, *ENTRY_COLUMNS)
            .join(
                activity,
                and_(activity.c.account_id == activity_seals.c.account_id, activity.c.id == activity_seals.c.entry_id),
            )
            .where(activity_seals.c.account_id == self._account_id, activity_seals.c.number > number)
            .order_by(activity_seals.c.number)
            .limit(most)
        )
        return [(row.number, entry_of(row)) for row in self._connection.execute(statement)]

    def add_deliveries(self, rows: Sequence[Delivery]) -> int:
        """Insert deliveries; an event that a webhook was told already is left out. Returns how many were new."""
        if not rows:
            return 0
        values = [{name: getattr(row, name) for name in DELIVERY_FIELDS} for row in rows]
        added = insert(webhook_deliveries).values(values).on_conflict_do_nothing().returning(webhook_deliveries.c.id)
        return len(self._connection.execute(added).all())

    def deliveries(self, webhook_id: str, before: Delivery | None, most: int) -> list[Delivery]:
        """Return deliveries of a webhook, newest first.

        Args:
            before: the last one of the page before.
            most: how many.
        """
        columns = (webhook_deliveries.c.created_at, webhook_deliveries.c.id)
        statement = self._deliveries().where(webhook_deliveries.c.webhook_id == webhook_id)
        if before is not None:
            later = webhook_deliveries.c.created_at == before.created_at
            is_older = webhook_deliveries.c.created_at < before.created_at
            statement = statement.where(or_(is_older, and_(later, webhook_deliveries.c.id < before.id)))
        ordered = statement.order_by(*(column.desc() for column in columns)).limit(most)
        return [delivery_of(row) for row in self._connection.execute(ordered)]

    def get_delivery(self, delivery_id: str, webhook_id: str | None = None) -> Delivery:
        """Return a delivery, of one webhook where it is named; not found where it is unknown or foreign alike."""
        statement = self._deliveries().where(webhook_deliveries.c.id == delivery_id)
        if webhook_id is not None:
            statement = statement.where(webhook_deliveries.c.webhook_id == webhook_id)
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise not_found("Delivery")
        return delivery_of(row)

    def lock_free_delivery(self, delivery_id: str, now: datetime) -> Delivery | None:
        """Return a pending delivery that no attempt holds, locked; None where one does or it is done."""
        free = or_(webhook_deliveries.c.leased_until.is_(None), webhook_deliveries.c.leased_until <= now)
        wanted = self._deliveries().where(
            webhook_deliveries.c.id == delivery_id, webhook_deliveries.c.state == PENDING, free
        )
        row = self._connection.execute(wanted.with_for_update(skip_locked=True)).one_or_none()
        return delivery_of(row) if row is not None else None

    def change_delivery(self, delivery_id: str, values: Mapping[str, object], *, only_pending: bool = True) -> None:
        """Write fields of a delivery; one that is done meanwhile is left as it is unless asked otherwise."""
        condition = and_(self._delivered, webhook_deliveries.c.id == delivery_id)
        if only_pending:
            condition = and_(condition, webhook_deliveries.c.state == PENDING)
        self._connection.execute(update(webhook_deliveries).where(condition).values(dict(values)))

    def make_due(self, webhook_id: str, now: datetime) -> None:
        """Have everything that a webhook is still to be told come due now."""
        owed = and_(
            self._delivered, webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.state == PENDING
        )
        self._connection.execute(update(webhook_deliveries).where(owed).values(next_at=now))

    def of_revocations(self, revocation_ids: Sequence[str]) -> list[tuple[Delivery, str]]:
        """Return (delivery, url of its webhook) of receipts, in the order of making."""
        statement = (
            select(*DELIVERY_COLUMNS, webhooks.c.url)
            .join(webhooks, _same_webhook())
            .where(self._delivered, webhook_deliveries.c.revocation_id.in_(revocation_ids))
            .order_by(webhook_deliveries.c.id)
        )
        found = []
        for row in self._connection.execute(statement):
            values = {name: row._mapping[name] for name in DELIVERY_FIELDS}
            found.append((Delivery(**{**values, "state": DeliveryState(row.state)}), row.url))
        return found

    def forget_deliveries(self, now: datetime, kept_for: timedelta, receipts_kept_for: timedelta) -> int:
        """Delete old deliveries that are done; those of receipts stay longer. Returns how many."""
        is_receipt = webhook_deliveries.c.revocation_id.is_not(None)
        is_old = and_(~is_receipt, webhook_deliveries.c.created_at < now - kept_for)
        is_very_old = webhook_deliveries.c.created_at < now - receipts_kept_for
        mine = select(webhooks.c.id).where(webhooks.c.account_id == self._account_id)
        statement = delete(webhook_deliveries).where(
            self._delivered, webhook_deliveries.c.webhook_id.in_(mine), or_(is_old, is_very_old)
        )
        return self._connection.execute(statement).rowcount

    @property
    def _delivered(self) -> ColumnElement[bool]:
        return webhook_deliveries.c.account_id == self._account_id

    def _deliveries(self) -> Select[Any]:
        return select(*DELIVERY_COLUMNS).where(self._delivered)

    def _select(self) -> Select[Any]:
        return select(*WEBHOOK_COLUMNS).where(
            webhooks.c.account_id == self._account_id, webhooks.c.removed_at.is_(None)
        )

    def _is(self, webhook_id: str) -> ColumnElement[bool]:
        return and_(webhooks.c.account_id == self._account_id, webhooks.c.id == webhook_id)

    def _one(self, statement: Select[Any]) -> Webhook:
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise not_found("Webhook")
        return webhook_of(row)
