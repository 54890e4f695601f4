"""The statement of one page of a list: it finds the total and the page at once.

The page is an array of ids in the statement's condition: whatever the planner takes their number for, it reads those
rows by their index (a join by a subquery it once planned for 10,000 rows and read the whole table for 100). What a
filter finds is gone through once, for the count and for the page. Without a filter nobody is counted: the number of
users is known, and a late page is read from the nearer end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.types import TypeEngine

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import Node
from provisioning.store.filter_sql import Bind, Slot, condition_of, sort_value
from provisioning.store.searchable import GROUP, USER, Condition, Shape
from provisioning.store.statements import Statement

ACCOUNT = bindparam("of_account", type_=Text)
COUNT = bindparam("of_count", type_=BigInteger)
OFFSET = bindparam("of_offset", type_=BigInteger)
PLACE_ID = bindparam("place_id", type_=Text)

Expression = ColumnElement[Any]


class Way(Enum):
    """How a page is found: not at all, by its number, as a walk's first, or beside a place."""

    TOTAL = auto()
    NUMBER = auto()
    FIRST = auto()
    BEHIND = auto()
    BEFORE = auto()


class Asked(NamedTuple):
    """What the statement of a query depends on.

    Attributes:
        nodes: the filter of each resource type that is listed, with slots for literals.
        sort_path, descending: the order.
        way: how the page is found.
        has_key: whether the place that a walk goes on from has a value to be ordered by.
    """

    nodes: tuple[Node | None, ...]
    sort_path: str | None
    descending: bool
    way: Way
    has_key: bool


@dataclass(frozen=True, eq=False)
class Listing:
    """How resources of one type are listed.

    Attributes:
        shape: what can be asked of them.
        columns: what is read of each result.
        number: where their number in all is known without counting: a column of one row of the account.
    """

    shape: Shape
    columns: Sequence[Expression]
    number: Column[int] | None = None


class Prepared(NamedTuple):
    """A compiled statement, and which literal it wants in which form under which name."""

    statement: Statement
    forms: Mapping[str, tuple[int, Callable[[Any], Any]]]


class Slots:
    """Binds the slots of a filter to parameters by name."""

    def __init__(self) -> None:
        self.forms: dict[str, tuple[int, Callable[[Any], Any]]] = {}

    def bind(self, slot: Slot, form: Callable[[Any], Any], type_: TypeEngine[Any]) -> Expression:
        """Return the parameter that the slot's literal will be handed in by."""
        name = f"literal_{len(self.forms)}"
        self.forms[name] = (slot.number, form)
        return bindparam(name, type_=type_)


class Order(NamedTuple):
    """In which direction rows are read.

    Attributes:
        key: what they are ordered by; None for the order of making.
        id: breaks ties.
        keys_rise: whether rows with greater keys come later, and those without any last.
        ids_rise: whether rows with greater ids come later.
    """

    key: Expression | None
    id: Expression
    keys_rise: bool
    ids_rise: bool

    def terms(self) -> list[Expression]:
        """Return the terms of ORDER BY."""
        by_id = self.id.asc() if self.ids_rise else self.id.desc()
        if self.key is None:
            return [by_id]
        return [self.key.asc().nulls_last() if self.keys_rise else self.key.desc().nulls_first(), by_id]

    def beyond(self, *, has_key: bool) -> Condition:
        """Return the condition of the rows that come after a place.

        Args:
            has_key: whether the place has a value to be ordered by.
        """
        among_equals = self.id > PLACE_ID if self.ids_rise else self.id < PLACE_ID
        if self.key is None:
            return among_equals
        if not has_key:
            without = and_(self.key.is_(None), among_equals)
            return without if self.keys_rise else or_(without, self.key.is_not(None))
        place = bindparam("place_key", type_=self.key.type)
        level = and_(self.key == place, among_equals)
        return or_(self.key > place, self.key.is_(None), level) if self.keys_rise else or_(self.key < place, level)


def prepared(listing: Listing | None, asked: Asked) -> Prepared:
    """Return the statement of a query.

    Args:
        listing: what is listed; None for users and groups together.
        asked: what the statement depends on.

    Raises:
        Refusal: INVALID_FILTER for a path that cannot be asked for or sorted by.
    """
    slots = Slots()
    source = _of_all(asked, slots.bind) if listing is None else _of_one(listing, asked, slots.bind)
    return Prepared(Statement(source), slots.forms)


def _of_one(listing: Listing, asked: Asked, bind: Bind) -> Select[Any]:
    shape, (node,) = listing.shape, asked.nodes
    own_key = _key(asked.sort_path, shape)
    mine = and_(shape.table.c.account_id == ACCOUNT, shape.is_live)
    if node is not None:
        found = _with_key(select(shape.id), own_key).where(mine, condition_of(node, shape, bind)).cte("found")
        total = select(func.count()).select_from(found)
        ids, order = select(found.c.id), _order(asked, _column(found, own_key), found.c.id)
    else:
        total = _number_of(listing, mine)
        ids, order = select(shape.id).where(mine).correlate(None), _order(asked, own_key, shape.id)
    counted = select(total.scalar_subquery().label("total")).cte("counted")
    if asked.way is Way.TOTAL:
        return select(counted.c.total)
    if node is None and own_key is None and asked.way is Way.NUMBER and listing.number is not None:
        page = _from_nearer_end(ids, order, select(counted.c.total))
    else:
        page = _paged(ids, order, asked).scalar_subquery()
    rows = and_(shape.table.c.account_id == ACCOUNT, shape.id == func.any(func.array(page)))
    shown_key = null() if own_key is None else own_key
    return (
        select(counted.c.total, shown_key.label("key"), *listing.columns)
        .select_from(counted.outerjoin(shape.table, rows))
        .order_by(*_forwards(asked, own_key, shape.id).terms())
    )


def _of_all(asked: Asked, bind: Bind) -> Select[Any]:
    """Return the statement for users and groups together: rows of kind, id and key."""
    kinds = (("User", USER, GROUP), ("Group", GROUP, USER))
    parts = [
        select(
            literal_column(f"'{kind}'").label("kind"),
            shape.id.label("id"),
            _key_among_all(asked.sort_path, shape, other).label("key"),
        ).where(shape.table.c.account_id == ACCOUNT, shape.is_live, condition_of(node, shape, bind))
        for (kind, shape, other), node in zip(kinds, asked.nodes, strict=True)
    ]
    found = union_all(*parts).cte("found")
    total = select(func.count()).select_from(found)
    counted = select(total.scalar_subquery().label("total")).cte("counted")
    if asked.way is Way.TOTAL:
        return select(counted.c.total)
    key = None if asked.sort_path is None else _ordered_text(found.c.key)
    page = _paged(select(found), _order(asked, key, found.c.id), asked).subquery("page")
    shown_key = None if asked.sort_path is None else _ordered_text(page.c.key)
    return (
        select(counted.c.total, page.c.kind, page.c.id, page.c.key)
        .select_from(counted.outerjoin(page, true()))
        .order_by(*_forwards(asked, shown_key, page.c.id).terms())
    )


def _key(path: str | None, shape: Shape) -> Expression | None:
    if path is None:
        return None
    key = sort_value(path, shape)
    if key is None:
        raise Refusal(Code.INVALID_FILTER, "sortBy", detail="this attribute has no order.")
    return key


def _key_among_all(path: str | None, shape: Shape, other: Shape) -> Expression:
    """Return a type's key in a list of both types; a type that lacks the attribute counts as without a value."""
    own = sort_value(path, shape) if path is not None else None
    if own is not None:
        return own
    theirs = sort_value(path, other) if path is not None else None
    return sql_cast(null(), Text() if theirs is None else theirs.type)


def _ordered_text(key: Expression) -> Expression:
    return key if isinstance(key.type, DateTime) else key.collate("C")


def _with_key(ids: Select[Any], key: Expression | None) -> Select[Any]:
    return ids if key is None else ids.add_columns(key.label("key"))


def _column(found: Any, key: Expression | None) -> Expression | None:
    return None if key is None else _ordered_text(found.c.key)


def _number_of(listing: Listing, mine: Condition) -> Select[Any]:
    if listing.number is None:
        return select(func.count()).select_from(listing.shape.table).where(mine)
    return select(listing.number).where(listing.number.table.c.account_id == ACCOUNT)


def _order(asked: Asked, key: Expression | None, id_: Expression) -> Order:
    """Return the order in which the page is read: backwards for what comes before a place."""
    forwards = _forwards(asked, key, id_)
    if asked.way is not Way.BEFORE:
        return forwards
    return forwards._replace(keys_rise=not forwards.keys_rise, ids_rise=not forwards.ids_rise)


def _forwards(asked: Asked, key: Expression | None, id_: Expression) -> Order:
    return Order(key, id_, not asked.descending, key is not None or not asked.descending)


def _paged(rows: Select[Any], order: Order, asked: Asked) -> Select[Any]:
    if asked.way in (Way.BEHIND, Way.BEFORE):
        rows = rows.where(order.beyond(has_key=asked.has_key))
    page = rows.order_by(*order.terms()).limit(COUNT)
    return page.offset(OFFSET) if asked.way is Way.NUMBER else page


def _from_nearer_end(ids: Select[Any], order: Order, total: Select[Any]) -> ScalarSelect[Any]:
    """Return the page's ids, counted from the end of the list where that is nearer: only one of the two is read."""
    number = total.scalar_subquery()
    backwards = order._replace(ids_rise=not order.ids_rise)
    from_start = ids.where(number >= 2 * OFFSET).order_by(*order.terms()).limit(COUNT).offset(OFFSET)
    rest = func.greatest(number - OFFSET, 0)
    from_end = (
        ids.where(number < 2 * OFFSET)
        .order_by(*backwards.terms())
        .limit(func.least(COUNT, rest))
        .offset(func.greatest(number - OFFSET - COUNT, 0))
    )
    return union_all(from_start, from_end).scalar_subquery()
