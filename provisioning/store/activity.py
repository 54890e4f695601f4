"""The activity report as rows: written with the change, sealed behind it, read by page (ACT-1, ACT-2)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, insert, or_, select, true, tuple_

from provisioning.domain.activity import Entry, Head, Seal, seal_after
from provisioning.domain.activity_query import ActivityQuery
from provisioning.domain.errors import invalid
from provisioning.store.statements import Statement
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.activity import activity, activity_seals, activity_unsealed

ENTRY_FIELDS = tuple(Entry.__dataclass_fields__)
ENTRY_COLUMNS = [activity.c[name] for name in ENTRY_FIELDS]
SEALED_AT_ONCE = 1000
_added = insert(activity).returning(activity.c.account_id, activity.c.id).cte("added")
# One statement for both rows: an entry cannot be without the note that it waits for its seal.
ADD_ENTRY = Statement(
    insert(activity_unsealed).from_select(["account_id", "entry_id"], select(_added.c.account_id, _added.c.id))
)


def entry_of(row: Any) -> Entry:
    """Return a row of `ENTRY_COLUMNS` as the domain's value."""
    return Entry(**{name: row._mapping[name] for name in ENTRY_FIELDS})


def add_entries(connection: Connection, entries: Sequence[Entry]) -> None:
    """Insert entries and note them as not yet sealed."""
    rows = [{name: getattr(entry, name) for name in ENTRY_FIELDS} for entry in entries]
    ADD_ENTRY.run_all(connection, [{**row, "data": dict(row["data"])} for row in rows])


def accounts_to_seal(connection: Connection) -> list[str]:
    """Return the accounts that have entries without a seal."""
    return list(connection.execute(select(activity_unsealed.c.account_id).distinct()).scalars())


def oldest_unsealed(connection: Connection) -> datetime | None:
    """Return the time of the oldest entry without a seal, of all accounts; None where every entry has one."""
    oldest = select(activity_unsealed.c.account_id, activity_unsealed.c.entry_id)
    first = oldest.order_by(activity_unsealed.c.entry_id).limit(1).subquery("oldest")
    same = and_(activity.c.account_id == first.c.account_id, activity.c.id == first.c.entry_id)
    return connection.execute(select(activity.c.at).join(first, same)).scalar()


def seal_new(connection: Connection, account_id: str, now: datetime) -> int:
    """Seal an account's new entries in order; returns how many.

    Two sealers of one account take the same rows one after the other: the second finds them gone.
    """
    waiting = (
        select(activity_unsealed.c.entry_id)
        .where(activity_unsealed.c.account_id == account_id)
        .order_by(activity_unsealed.c.entry_id)
        .limit(SEALED_AT_ONCE)
        .with_for_update()
    )
    entry_ids = list(connection.execute(waiting).scalars())
    if not entry_ids:
        return 0
    statement = select(*ENTRY_COLUMNS).where(activity.c.account_id == account_id, activity.c.id.in_(entry_ids))
    last = last_seal(connection, account_id)
    rows = []
    for row in connection.execute(statement.order_by(activity.c.id)):
        last = seal_after(last, entry_of(row))
        rows.append(
            {"account_id": account_id, "number": last.number, "entry_id": last.entry_id, "previous": last.previous,
             "digest": last.digest, "sealed_at": now}
        )  # fmt: skip
    connection.execute(insert(activity_seals), rows)
    connection.execute(
        delete(activity_unsealed).where(
            activity_unsealed.c.account_id == account_id, activity_unsealed.c.entry_id.in_(entry_ids)
        )
    )
    return len(rows)


def last_seal(connection: Connection, account_id: str) -> Seal | None:
    """Return the newest seal of an account, None where nothing is sealed."""
    statement = select(activity_seals).where(activity_seals.c.account_id == account_id)
    row = connection.execute(statement.order_by(activity_seals.c.number.desc()).limit(1)).one_or_none()
    return Seal(row.number, row.entry_id, row.previous, row.digest) if row is not None else None


def chain_heads(connection: Connection) -> list[Head]:
    """Return the newest seal of every account that has one, each by one look into the index."""
    newest = (
        select(activity_seals.c.number, activity_seals.c.digest)
        .where(activity_seals.c.account_id == accounts.c.id)
        .order_by(activity_seals.c.number.desc())
        .limit(1)
        .lateral("head")
    )
    statement = select(accounts.c.id, newest.c.number, newest.c.digest).join(newest, true())
    return [Head(row.id, row.number, row.digest) for row in connection.execute(statement)]


class Activity:
    """The activity report of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def page(self, query: ActivityQuery) -> list[Entry]:
        """Return entries, newest first: one more than the page holds where there are more.

        Raises:
            Refusal: INVALID_VALUE where the cursor is no entry of this report.
        """
        statement = self._select().where(*_conditions(query)).order_by(activity.c.at.desc(), activity.c.id.desc())
        if query.cursor is not None:
            statement = statement.where(tuple_(activity.c.at, activity.c.id) < self._place_of(query.cursor))
        return [entry_of(row) for row in self._connection.execute(statement.limit(query.limit + 1))]

    def portion(self, query: ActivityQuery, after: str) -> list[Entry]:
        """Return a portion of what a query's filters let through, oldest first.

        Args:
            after: id of the last entry of the portion before, '' for the first.
        """
        statement = self._select().where(*_conditions(query), activity.c.id > after).order_by(activity.c.id)
        return [entry_of(row) for row in self._connection.execute(statement.limit(SEALED_AT_ONCE))]

    def written_about(self, person: str, before: str, most: int) -> list[Entry]:
        """Return what was written about a person before an id was made, newest first.

        Args:
            person: id of who did it or to whom it was done.
            before: an id of ours, not necessarily an entry's.
            most: number of entries.
        """
        statement = self._select().where(_is_about(person), activity.c.id < before).order_by(activity.c.id.desc())
        return [entry_of(row) for row in self._connection.execute(statement.limit(most))]

    def chain(self) -> Iterator[tuple[Seal, Entry | None]]:
        """Yield every seal in order with its entry, None where the entry is gone."""
        same = and_(activity.c.account_id == activity_seals.c.account_id, activity.c.id == activity_seals.c.entry_id)
        columns = [activity_seals.c.number, activity_seals.c.entry_id, activity_seals.c.previous]
        number = 0
        while True:
            statement = (
                select(*columns, activity_seals.c.digest, *ENTRY_COLUMNS)
                .outerjoin(activity, same)
                .where(activity_seals.c.account_id == self._account_id, activity_seals.c.number > number)
                .order_by(activity_seals.c.number)
                .limit(SEALED_AT_ONCE)
            )
            rows = self._connection.execute(statement).all()
            for row in rows:
                seal = Seal(row.number, row.entry_id, row.previous, row.digest)
                yield seal, entry_of(row) if row.id is not None else None
            if len(rows) < SEALED_AT_ONCE:
                return
            number = rows[-1].number

    def digests(self, numbers: Collection[int]) -> dict[int, str]:
        """Return number -> hash of the seals with these numbers that there are."""
        statement = select(activity_seals.c.number, activity_seals.c.digest).where(
            activity_seals.c.account_id == self._account_id, activity_seals.c.number.in_(numbers)
        )
        return {row.number: row.digest for row in self._connection.execute(statement)}

    def count_unsealed(self) -> int:
        """Return how many entries wait for their seal."""
        statement = select(activity_unsealed.c.entry_id).where(activity_unsealed.c.account_id == self._account_id)
        return len(self._connection.execute(statement).all())

    def first_stray(self) -> str | None:
        """Return the id of an entry that has no seal and waits for none: it was not written by this service."""
        sealed = and_(activity_seals.c.account_id == activity.c.account_id, activity_seals.c.entry_id == activity.c.id)
        waits = and_(
            activity_unsealed.c.account_id == activity.c.account_id, activity_unsealed.c.entry_id == activity.c.id
        )
        statement = (
            select(activity.c.id)
            .outerjoin(activity_seals, sealed)
            .outerjoin(activity_unsealed, waits)
            .where(activity.c.account_id == self._account_id)
            .where(activity_seals.c.entry_id.is_(None), activity_unsealed.c.entry_id.is_(None))
            .order_by(activity.c.id)
            .limit(1)
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def _place_of(self, entry_id: str) -> ColumnElement[Any]:
        """Return where an entry stands in the order of a page."""
        mine = and_(activity.c.account_id == self._account_id, activity.c.id == entry_id)
        row = self._connection.execute(select(activity.c.at, activity.c.id).where(mine)).one_or_none()
        if row is None:
            raise invalid("cursor", "'cursor' is not the cursor of a page of this report.")
        return tuple_(row.at, row.id)

    def _select(self) -> Select[Any]:
        return select(*ENTRY_COLUMNS).where(activity.c.account_id == self._account_id)


def _is_about(person: str) -> ColumnElement[bool]:
    return or_(activity.c.actor_id == person, activity.c.target_id == person)


NARROWING: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "person": _is_about,
    "kind": lambda kind: activity.c.kind == kind,
    "way_in": lambda way_in: activity.c.way_in == way_in,
    "outcome": lambda outcome: activity.c.outcome == outcome,
    "since": lambda moment: activity.c.at >= moment,
    "until": lambda moment: activity.c.at < moment,
}


def _conditions(query: ActivityQuery) -> list[ColumnElement[bool]]:
    """Return what a query's filters mean."""
    wanted = {name: getattr(query, name) for name in NARROWING}
    return [NARROWING[name](value) for name, value in wanted.items() if value is not None]
