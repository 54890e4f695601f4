"""The provisioning log as rows: written in batches behind the answers, read by page, deleted after 30 days (SCM-9)."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, exists, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from provisioning.domain.activity_query import Outcome
from provisioning.domain.errors import invalid, not_found
from provisioning.domain.provisioning_log import FIRST_REFUSAL, BodyState, Change, LoggedRequest, LogQuery
from provisioning.store.engine import Conflict, Database, QueryCancelled, Unavailable, translated
from provisioning.store.statements import Statement
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.groups import groups
from provisioning.store.tables.provisioning_log import provisioning_log
from provisioning.store.tables.users import users

COLUMN_FIELDS = ("account_id", "id", "at", "connection_id", "method", "path", "query", "body", "status", "code",
                 "milliseconds", "resource_id")  # fmt: skip
CHANGE_FIELDS = tuple(Change.__dataclass_fields__)
MARKS = ("replayed_at", "replayed_as")
FACT_FIELDS = tuple(
    name for name in LoggedRequest.__dataclass_fields__ if name not in (*COLUMN_FIELDS, *MARKS, "changes")
)
LOG_COLUMNS = [provisioning_log.c[name] for name in (*COLUMN_FIELDS, *MARKS, "facts")]
DELETED_AT_ONCE = 5_000
# Written twice it is the same row: a writer whose connection broke does not know whether its batch was taken.
ADD = Statement(insert(provisioning_log).on_conflict_do_nothing(), columns=(*COLUMN_FIELDS, "facts"))


def write_requests(database: Database, entries: Sequence[LoggedRequest]) -> bool:
    """Insert requests of any accounts in one transaction that waits for no disk (docs/adr/0011).

    Returns:
        Whether they are written; False where the database cannot take them now and may in a moment.
    """
    try:
        with database.writer.begin() as connection:
            connection.execute(text("set local synchronous_commit = off"))
            ADD.run_all(connection, [_values(entry) for entry in entries])
    except SQLAlchemyError as error:
        fault = translated(error)
        if isinstance(fault, Unavailable | Conflict | QueryCancelled):
            return False
        raise fault from error
    return True


def _values(entry: LoggedRequest) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in COLUMN_FIELDS}
    facts = {name: value for name in FACT_FIELDS if (value := getattr(entry, name))}
    if entry.changes:
        facts["changes"] = [_said(change) for change in entry.changes]
    return {**values, "facts": json.dumps(facts, ensure_ascii=False)}


def _said(change: Change) -> dict[str, Any]:
    """Return what a change says; most say little."""
    return {name: value for name in CHANGE_FIELDS if (value := getattr(change, name))}


def entry_from(row: Row[Any]) -> LoggedRequest:
    """Return a row of `LOG_COLUMNS` as the domain's value."""
    values = {name: row._mapping[name] for name in (*COLUMN_FIELDS, *MARKS)}
    facts = json.loads(row.facts)
    changes = tuple(_change(each) for each in facts.pop("changes", ()))
    facts = {name: facts.get(name) for name in FACT_FIELDS}
    facts |= {"notes": tuple(facts["notes"] or ()), "body_state": BodyState(facts["body_state"])}
    return LoggedRequest(**values, **facts, changes=changes)


def _change(values: Mapping[str, Any]) -> Change:
    made: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return Change(**{"target_kind": "", "target_id": "", "target_name": "", **made})


def accounts_with_old_requests(connection: Connection, before: datetime) -> list[str]:
    """Return the accounts that have requests of before a moment, each by one look into the index."""
    old = exists().where(provisioning_log.c.account_id == accounts.c.id, provisioning_log.c.at < before)
    return list(connection.execute(select(accounts.c.id).where(old)).scalars())


class ProvisioningLog:
    """The provisioning log of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def page(self, query: LogQuery) -> list[LoggedRequest]:
        """Return requests, newest first: one more than the page holds where there are more.

        Raises:
            Refusal: INVALID_VALUE where the cursor is no entry of this log.
        """
        statement = self._select().where(*_conditions(query))
        if query.cursor is not None:
            place = tuple_(provisioning_log.c.at, provisioning_log.c.id)
            statement = statement.where(place < self._place_of(query.cursor))
        return self._newest(statement, query.limit + 1)

    def telling(self, connection_id: str, since: datetime, most: int) -> list[LoggedRequest]:
        """Return what tells most of a provider, newest first: its writes, and whatever was refused.

        Args:
            connection_id: of the account.
            since: from this moment on.
            most: number of requests.
        """
        tells = or_(provisioning_log.c.method != "GET", provisioning_log.c.status >= FIRST_REFUSAL)
        mine = (provisioning_log.c.connection_id == connection_id, provisioning_log.c.at >= since, tells)
        return self._newest(self._select().where(*mine), most)

    def get(self, request_id: str, *, lock: bool = False) -> LoggedRequest:
        """Return one request; not found where it is unknown, deleted or foreign alike."""
        statement = self._select().where(provisioning_log.c.id == request_id)
        row = self._connection.execute(statement.with_for_update() if lock else statement).one_or_none()
        if row is None:
            raise not_found("Provisioning request")
        return entry_from(row)

    def mark_replayed(self, request_id: str, at: datetime | None, replayed_as: str | None = None) -> None:
        """Note when a request was run again, and as which request; None takes the mark away."""
        mine = (provisioning_log.c.account_id == self._account_id, provisioning_log.c.id == request_id)
        marks = {"replayed_at": at, "replayed_as": replayed_as}
        self._connection.execute(update(provisioning_log).where(*mine).values(marks))

    def forget(self, before: datetime) -> int:
        """Delete requests of before a moment, a portion at a time; returns how many."""
        old = (
            select(provisioning_log.c.id)
            .where(provisioning_log.c.account_id == self._account_id, provisioning_log.c.at < before)
            .order_by(provisioning_log.c.at)
            .limit(DELETED_AT_ONCE)
        )
        gone = delete(provisioning_log).where(
            provisioning_log.c.account_id == self._account_id, provisioning_log.c.id.in_(old)
        )
        return self._connection.execute(gone).rowcount

    def names_of(self, ids: Collection[str]) -> dict[str, str]:
        """Return id -> name of those users, also Inactive ones, and groups of the account that have these ids."""
        shown = func.coalesce(
            func.nullif(users.c.display_name, ""),
            func.nullif(func.trim(func.concat_ws(" ", users.c.first_name, users.c.last_name)), ""),
            users.c.email,
            users.c.user_name,
        )
        people = select(users.c.id, shown.label("name")).where(users.c.account_id == self._account_id)
        kept = select(groups.c.id, groups.c.name).where(groups.c.account_id == self._account_id)
        wanted = people.where(users.c.id.in_(ids)).union_all(kept.where(groups.c.id.in_(ids)))
        return {row.id: row.name for row in self._connection.execute(wanted) if row.name}

    def _newest(self, statement: Select[Any], most: int) -> list[LoggedRequest]:
        ordered = statement.order_by(provisioning_log.c.at.desc(), provisioning_log.c.id.desc())
        return [entry_from(row) for row in self._connection.execute(ordered.limit(most))]

    def _place_of(self, request_id: str) -> ColumnElement[Any]:
        """Return where a request stands in the order of a page."""
        mine = (provisioning_log.c.account_id == self._account_id, provisioning_log.c.id == request_id)
        row = self._connection.execute(select(provisioning_log.c.at, provisioning_log.c.id).where(*mine)).one_or_none()
        if row is None:
            raise invalid("cursor", "'cursor' is not the cursor of a page of this log.")
        return tuple_(row.at, row.id)

    def _select(self) -> Select[Any]:
        return select(*LOG_COLUMNS).where(provisioning_log.c.account_id == self._account_id)


def _holds(wanted: str) -> ColumnElement[bool]:
    """Whether a text stands in what is kept of a request; what it holds are no wildcards."""
    columns = ("path", "query", "body", "facts")
    return or_(*(provisioning_log.c[name].icontains(wanted, autoescape=True) for name in columns))


def _ended(outcome: Outcome) -> ColumnElement[bool]:
    refused = provisioning_log.c.status >= FIRST_REFUSAL
    return refused if outcome is Outcome.REFUSED else ~refused


NARROWING: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "connection": lambda connection: provisioning_log.c.connection_id == connection,
    "status": _ended,
    "method": lambda method: provisioning_log.c.method == method,
    "resource": lambda resource: provisioning_log.c.resource_id == resource,
    "text": _holds,
    "since": lambda moment: provisioning_log.c.at >= moment,
    "until": lambda moment: provisioning_log.c.at < moment,
}


def _conditions(query: LogQuery) -> list[ColumnElement[bool]]:
    """Return what a query's filters mean."""
    wanted = {name: getattr(query, name) for name in NARROWING}
    return [NARROWING[name](value) for name, value in wanted.items() if value is not None]
