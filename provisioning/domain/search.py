"""A filter as a tree, and the attributes that may be asked for; knows neither SCIM text nor SQL.

The SCIM door turns text into this tree, the store turns the tree into a where clause. An attribute path is the
lower-cased dotted name of the core schema (`username`, `name.familyname`, `emails.value`) or, for an extension,
`<lower-cased urn>:<name>`; the allow-list of paths lives with the traits table that both sides are tested against.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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


@dataclass(frozen=True, slots=True)
class Query:
    """One question for a list.

    Attributes:
        node: the filter, None for all.
        sort_path: path to sort by, None for the order of making; `id` always breaks ties.
        descending: missing values come last ascending and first descending (RFC 7644 section 3.4.2.3).
        offset: number of results to skip.
        count: most results to answer with; 0 asks for the total alone.
    """

    node: Node | None = None
    sort_path: str | None = None
    descending: bool = False
    offset: int = 0
    count: int = 100
