"""Filter tree to where clause, and sort path to what is ordered by: columns from an allow-list, values always bound.

A condition may come out unknown (NULL) for an absent value; that counts as false, also below `not`: a negation is
pushed down to the single conditions and written there as `is not true`. So the statement is nested no deeper than the
tree, whose depth was checked when it was made (SCM-7).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.types import TypeEngine

from provisioning.domain.comparison import comparison_key, part_key
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import And, Comparison, Node, Not, Operator, Or, Present, ValuePath
from provisioning.store.searchable import PLURAL, Condition, Field, Shape, Source
from provisioning.store.tables.users import users

Term = Comparison | Present
# Turns a literal of the tree into what stands for it in the statement: literal, form in which it is compared, type.
Bind = Callable[[Any, Callable[[Any], Any], TypeEngine[Any]], ColumnElement[Any]]
EMPTY = ('""', "[]", "{}")
# Texts are put in order by no more of them, so that a place in a list never takes more room than that.
LONGEST_SORT_KEY = 256


class Slot(NamedTuple):
    """A literal that is handed in when the statement runs: filters of one shape share one statement.

    Attributes:
        number: its place among the literals of the filter.
        kind: its type, on which the SQL depends.
    """

    number: int
    kind: type


def bind_value(value: Any, form: Callable[[Any], Any], type_: TypeEngine[Any]) -> ColumnElement[Any]:
    """Return a literal bound to its value."""
    return literal(form(value), type_)


def condition_of(node: Node | None, shape: Shape, bind: Bind = bind_value) -> Condition:
    """Return the where clause of a filter; account and life are added by the repository.

    Args:
        node: the tree, None for everything.
        shape: what can be asked of the resource type.
        bind: how literals get into the statement.

    Raises:
        Refusal: INVALID_FILTER for a path outside the allow-list.
    """
    return true() if node is None else _condition(node, lambda leaf: _leaf(leaf, shape, bind))


def _condition(node: Node, leaf: Callable[[Term | ValuePath], Condition], *, negated: bool = False) -> Condition:
    """Return the condition of a tree whose leaves `leaf` translates; negations end at the leaves."""
    if isinstance(node, Not):
        return _condition(node.node, leaf, negated=not negated)
    if isinstance(node, And | Or):
        conditions = [_condition(each, leaf, negated=negated) for each in node.nodes]
        return and_(true(), *conditions) if isinstance(node, And) is not negated else or_(false(), *conditions)
    found = leaf(node)
    return found.is_not(true()) if negated else found


def _leaf(node: Term | ValuePath, shape: Shape, bind: Bind) -> Condition:
    if isinstance(node, ValuePath):
        return _selected(node, shape, bind)
    if node.path in shape.fields:
        return _with_shortcut(node, node.path, _test(node, shape.fields[node.path], bind), shape, bind)
    if node.path in shape.plural:
        return _of_whole_elements(node, shape.plural[node.path], bind)
    parent, _, sub = node.path.rpartition(".")
    found = _of_any_element(node, sub, _sources(parent, node.path, shape), bind)
    return _with_shortcut(node, node.path, found, shape, bind)


def _sources(parent: str, path: str, shape: Shape) -> tuple[Source, ...]:
    sources = shape.plural.get(parent)
    if sources is None:
        raise _unknown(path)
    return sources


def _of_whole_elements(node: Term, sources: tuple[Source, ...], bind: Bind) -> Condition:
    """Ask whether there is an element, or a comparison of elements that are plain values (`schemas`)."""
    if isinstance(node, Present):
        return _any(sources, lambda _: true())
    return _of_any_element(node, "", sources, bind)


def _of_any_element(node: Term, sub: str, sources: tuple[Source, ...], bind: Bind) -> Condition:
    """Ask a comparison of any element; `ne` is also met where no element has the sub-attribute."""
    found = _any(sources, lambda source: _test(node, _field(source, sub), bind))
    if isinstance(node, Present) or node.operator is not Operator.NE:
        return found
    return or_(found, not_(_any(sources, lambda source: _test(Present(sub), _field(source, sub), bind))))


def _selected(node: ValuePath, shape: Shape, bind: Bind) -> Condition:
    """Ask all that stands in brackets of one element."""
    if node.path not in shape.plural:
        return _condition(node.node, lambda leaf: _leaf(_below(node.path, leaf), shape, bind))
    found = _any(
        shape.plural[node.path],
        lambda source: _condition(node.node, lambda leaf: _test(leaf, _field(source, leaf.path), bind)),
    )
    terms = node.node.nodes if isinstance(node.node, And) else (node.node,)
    for term in terms:
        if isinstance(term, Comparison):
            found = _with_shortcut(term, f"{node.path}.{term.path}", found, shape, bind)
    return found


def _below(path: str, leaf: Term | ValuePath) -> Term:
    """Return a relative term in brackets after an attribute with one value as the absolute term."""
    full = f"{path}.{leaf.path}"
    if isinstance(leaf, Comparison):
        return Comparison(full, leaf.operator, leaf.value)
    return Present(full)


def _field(source: Source, sub: str) -> Field:
    field = source.fields.get(sub)
    if field is None:
        raise _unknown(sub)
    return field


def _any(sources: tuple[Source, ...], condition: Callable[[Source], Condition]) -> Condition:
    found = [
        exists(select(literal(1)).select_from(source.rows).where(source.join, condition(source))) for source in sources
    ]
    return or_(*found)


def _test(node: Term | ValuePath, field: Field, bind: Bind) -> Condition:
    """Return the condition on one value."""
    if isinstance(node, ValuePath):
        raise _unknown(node.path)
    if isinstance(node, Present):
        if field.json is not None:
            # One comparison each: IN would be spelled out when it is run, and the statement is compiled before that.
            return and_(*(cast(field.json, Text) != empty for empty in EMPTY))
        return func.coalesce(cast(field.value, Text), "") != ""
    kind = node.value.kind if isinstance(node.value, Slot) else type(node.value)
    if kind is bool:
        return _truth(node, field, bind)
    if kind is datetime:
        return COMPARE[node.operator](field.value, bind(node.value, as_given, DateTime(timezone=True)))
    form = TEXT_FORMS.get(node.operator, (as_given, comparison_key))[0 if field.is_exact else 1]
    return TEXT_COMPARE[node.operator](field.value, bind(node.value, form, Text()))


def _truth(node: Comparison, field: Field, bind: Bind) -> Condition:
    if field.json is None or node.operator not in (Operator.EQ, Operator.NE):
        raise _unknown(node.path)
    return COMPARE[node.operator](field.json, bind(node.value, as_given, JSONB()))


def as_given(value: Any) -> Any:
    """Return a literal that is compared as it is."""
    return value


def _escaped(text: str) -> str:
    """Return a text whose `%`, `_` and `\\` stand for themselves, escaped by LIKE's own character."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# Operator -> the pattern that it asks for: of a text as it is, of its comparison key.
TEXT_FORMS: Mapping[Operator, tuple[Callable[[str], str], Callable[[str], str]]] = {
    Operator.CO: (lambda text: f"%{_escaped(text)}%", lambda text: f"%{_escaped(part_key(text))}%"),
    Operator.SW: (lambda text: f"{_escaped(text)}%", lambda text: f"{_escaped(part_key(text))}%"),
    Operator.EW: (lambda text: f"%{_escaped(text)}", lambda text: f"%{_escaped(part_key(text))}"),
}
COMPARE: Mapping[Operator, Callable[[ColumnElement[Any], Any], Condition]] = {
    Operator.EQ: lambda expression, value: expression == value,
    Operator.NE: lambda expression, value: expression.is_distinct_from(value),
    Operator.GT: lambda expression, value: expression > value,
    Operator.GE: lambda expression, value: expression >= value,
    Operator.LT: lambda expression, value: expression < value,
    Operator.LE: lambda expression, value: expression <= value,
}
TEXT_COMPARE: Mapping[Operator, Callable[[ColumnElement[Any], Any], Condition]] = {
    Operator.EQ: COMPARE[Operator.EQ],
    Operator.NE: COMPARE[Operator.NE],
    Operator.CO: lambda expression, pattern: expression.like(pattern),
    Operator.SW: lambda expression, pattern: expression.like(pattern),
    Operator.EW: lambda expression, pattern: expression.like(pattern),
    # Under the one collation that is the same on every server.
    Operator.GT: lambda expression, value: expression.collate("C") > value,
    Operator.GE: lambda expression, value: expression.collate("C") >= value,
    Operator.LT: lambda expression, value: expression.collate("C") < value,
    Operator.LE: lambda expression, value: expression.collate("C") <= value,
}


def _with_shortcut(node: Term, path: str, found: Condition, shape: Shape, bind: Bind) -> Condition:
    """Add what follows from an equality and has an index; as it follows, the meaning stays, also below `not`."""
    shortcut = shape.shortcuts.get(path)
    if shortcut is None or isinstance(node, Present) or node.operator is not Operator.EQ:
        return found
    return and_(shortcut(bind(node.value, comparison_key, Text())), found)


def sort_value(path: str, shape: Shape) -> ColumnElement[Any] | None:
    """Return what a resource is ordered by, NULL where it has no such value; None where its type has none at all.

    Of a multi-valued attribute it is the primary element's value, else that of the first (RFC 7644 section 3.4.2.3).

    Args:
        path: the path to sort by.
        shape: what can be asked of the resource type.
    """
    field = shape.fields.get(path)
    if field is not None:
        return _in_order(field.value)
    parent, _, sub = path.rpartition(".")
    if path in shape.plural:
        parent, sub = path, ""
    sources = shape.plural.get(parent)
    if sources is None or any(sub not in source.fields for source in sources):
        return None
    return _in_order(_primary_or_first(parent, sub) if parent in PLURAL else _first(sub, sources))


def _in_order(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value by which rows are ordered; a text byte by byte, as on every server, and none where it is empty."""
    if not isinstance(value.type, Text):
        return value
    return func.nullif(func.left(value, LONGEST_SORT_KEY, type_=Text), "", type_=Text).collate("C")


def _primary_or_first(parent: str, sub: str) -> ColumnElement[Any]:
    elements: Any = users.c.folded[parent]
    primary = func.jsonb_path_query_first(elements, cast('$[*] ? (@."primary" == true)', JSONPATH), type_=JSONB)
    chosen: Any = func.coalesce(primary, elements[0], type_=JSONB)
    return chosen[sub].astext  # type: ignore[no-any-return]


def _first(sub: str, sources: tuple[Source, ...]) -> ColumnElement[Any]:
    """Return the value of the first element in the order in which elements are shown."""
    firsts = [
        select(source.fields[sub].value)
        .select_from(source.rows)
        .where(source.join)
        .order_by(source.order)
        .limit(1)
        .scalar_subquery()
        for source in sources
    ]
    return firsts[0] if len(firsts) == 1 else func.coalesce(*firsts, type_=Text)


def _unknown(path: str) -> Refusal:
    return Refusal(Code.INVALID_FILTER, "filter", detail=f"there is no attribute '{path[:80]}' to filter by.")
