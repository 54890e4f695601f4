"""A filter as a tree, and the attributes that may be asked for; knows neither SCIM text nor SQL.

The SCIM door turns text into this tree, the store turns the tree into a where clause. An attribute path is the
lower-cased dotted name of the core schema (`username`, `name.familyname`, `emails.value`) or, for an extension,
`<lower-cased urn>:<name>`; the allow-list of paths lives with the traits table that both sides are tested against.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

MOST_TERMS = 256
DEEPEST = 64
LONGEST_FILTER = 16 * 1024


class Operator(StrEnum):
    """The comparison operators of RFC 7644 section 3.4.2.2."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


Literal = str | bool | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`; the value is typed and, for paths that ignore case, still as written."""

    path: str
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True)
class Present:
    """`path pr`."""

    path: str


@dataclass(frozen=True, slots=True)
class Not:
    """`not (node)`."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`path[node]`: one element of a multi-valued attribute meets the whole inner tree; inner paths are relative."""

    path: str
    node: "Node"


Node = Comparison | Present | Not | And | Or | ValuePath
# What a term comes down to whose attribute only other resource types have: it counts as unassigned (RFC 7644 3.4.2.1).
EVERYTHING = And(())
NOTHING = Or(())


@dataclass(frozen=True, slots=True)
class Place:
    """A place in an ordered list, right behind one result or right before it; it stays while others come and go.

    Attributes:
        key: what the result is ordered by; None where it has no such value, or in the order of making.
        id: the id of the result.
        is_before: whether the results before it are asked for, else those behind it.
    """

    key: str | datetime | None
    id: str
    is_before: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """One question for a list.

    Attributes:
        node: the filter, None for all.
        sort_path: path to sort by, None for the order of making; `id` always breaks ties.
        descending: missing values come last ascending and first descending (RFC 7644 section 3.4.2.3).
        offset: number of results to skip.
        count: most results to answer with; 0 asks for the total alone.
        walks: whether pages are found by their neighbours instead of by numbers (RFC 9865).
        place: where the page begins or ends, None for the first one of a walk.
    """

    node: Node | None = None
    sort_path: str | None = None
    descending: bool = False
    offset: int = 0
    count: int = 100
    walks: bool = False
    place: Place | None = None


class FoundUser(NamedTuple):
    """A user as a list shows it: no more than its stored document and what is written around that.

    Attributes:
        environments: id and name of each product environment that is chosen for it, where it has not all.
        groups: id and name of each group it is in; empty also where they were not asked for.
        manager: id and displayName of its manager, where that is a user of the account.
    """

    id: str
    version: int
    created_at: datetime
    updated_at: datetime
    document: str
    environments: Sequence[Sequence[str]] = ()
    groups: Sequence[Sequence[str]] = ()
    manager: Sequence[str] = ()
