"""Searches: one page of a list by one statement, which queries of one shape share.

What is looked up again and again (`userName eq "x"`) differs in its literals alone. So literals are handed in when the
statement runs; it is compiled once for each shape of filter, and PostgreSQL has planned it already.

A walk (RFC 9865) goes on from the neighbour's place, never from a number, so what comes and goes meanwhile moves
nothing else. Every search ends after two seconds (SCM-7).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Connection

from provisioning.domain.search import And, Comparison, Node, Not, Or, Place, Query, ValuePath
from provisioning.store.filter_sql import Slot
from provisioning.store.search_statements import Asked, Listing, Prepared, Way, prepared
from provisioning.store.statements import Rows, driver_of, pipelined

T = TypeVar("T")
R = TypeVar("R")
# Holds to the end of the transaction, which is that of one pipeline (SCM-7).
LIMIT_TIME = "select set_config('statement_timeout', '2000', true)"
# A filter with more literals is hardly sent twice, and its statement not worth keeping.
MOST_SHARED_LITERALS = 32

shared = lru_cache(maxsize=256)(prepared)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page as it was found.

    Attributes:
        total: how many results there are in all.
        items: those of this page, in order.
        earlier, later: where a walk goes on to the page before and behind; None where there is none.
    """

    total: int
    items: Sequence[T]
    earlier: Place | None = None
    later: Place | None = None

    def of(self, make: Callable[[T], R]) -> "Page[R]":
        """Return the page of what is made of each item."""
        return Page(self.total, [make(each) for each in self.items], self.earlier, self.later)


def find_page(connection: Connection, account_id: str, listing: Listing, query: Query) -> Page[Any]:
    """Return one page of a list of one resource type.

    Args:
        connection: an autocommit connection.
        account_id: the statement is bound to it (TEN-1).
        listing: what is listed, and what is read of each result.
        query: filter, order and page.

    Raises:
        Refusal: INVALID_FILTER for a path that cannot be asked for or sorted by.
    """
    return _page(connection, account_id, listing, query, (query.node,))


def find_among_all(connection: Connection, account_id: str, query: Query, of_groups: Node | None) -> Page[Any]:
    """Return one page of users and groups together, each row with `kind` and `id` (RFC 7644 section 3.4.2.1).

    Args:
        connection: an autocommit connection.
        account_id: the statement is bound to it (TEN-1).
        query: filter of users, order and page.
        of_groups: the same filter, as it is to be asked of groups.
    """
    return _page(connection, account_id, None, query, (query.node, of_groups))


def _page(
    connection: Connection, account_id: str, listing: Listing | None, query: Query, nodes: tuple[Node | None, ...]
) -> Page[Any]:
    rows = _run(connection, account_id, listing, query, nodes)
    total, found = rows[0].total, [row for row in rows if getattr(row, "id", None) is not None]
    if not query.walks or not query.count:
        return Page(total, found)
    if query.place is not None and query.place.is_before:
        # Nothing is left before the place: then the page before is the first one.
        return (
            _backwards(total, found, query)
            if found
            else _page(connection, account_id, listing, replace(query, place=None), nodes)
        )
    return _forwards(total, found, query)


def _forwards(total: int, found: list[Any], query: Query) -> Page[Any]:
    shown = found[: query.count]
    earlier = _place(shown[0], is_before=True) if query.place is not None and shown else None
    return Page(total, shown, earlier, _place(shown[-1]) if len(found) > query.count else None)


def _backwards(total: int, found: list[Any], query: Query) -> Page[Any]:
    shown = found[-query.count :]
    earlier = _place(shown[0], is_before=True) if len(found) > query.count else None
    return Page(total, shown, earlier, _place(shown[-1]))


def _place(row: Any, *, is_before: bool = False) -> Place:
    return Place(row.key, row.id, is_before)


def _run(
    connection: Connection, account_id: str, listing: Listing | None, query: Query, nodes: tuple[Node | None, ...]
) -> Rows:
    literals: list[Any] = []
    shapes = tuple(None if node is None else _shaped(node, literals) for node in nodes)
    asked = Asked(
        shapes, query.sort_path, query.descending, _way(query), query.place is not None and query.place.key is not None
    )
    found: Prepared = (prepared if len(literals) > MOST_SHARED_LITERALS else shared)(listing, asked)
    parameters = {name: form(literals[number]) for name, (number, form) in found.forms.items()}
    if query.place is not None:
        parameters |= {"place_key": query.place.key, "place_id": query.place.id}
    # A walk looks one result further, to know whether there is a page behind.
    parameters |= {"of_account": account_id, "of_count": query.count + query.walks, "of_offset": query.offset}
    with pipelined(connection):
        driver_of(connection).execute(LIMIT_TIME)
        return found.statement.run(connection, **parameters)


def _way(query: Query) -> Way:
    if not query.count:
        return Way.TOTAL
    if not query.walks:
        return Way.NUMBER
    if query.place is None:
        return Way.FIRST
    return Way.BEFORE if query.place.is_before else Way.BEHIND


def _shaped(node: Node, literals: list[Any]) -> Node:
    """Return a filter with slots in place of its literals, which are added to the list."""
    if isinstance(node, Comparison):
        literals.append(node.value)
        return replace(node, value=cast("Any", Slot(len(literals) - 1, type(node.value))))
    if isinstance(node, And | Or):
        return type(node)(tuple(_shaped(each, literals) for each in node.nodes))
    if isinstance(node, Not | ValuePath):
        return replace(node, node=_shaped(node.node, literals))
    return node
