"""Filter tree to where clause, and sort path to order: columns from an allow-list, values always bound (SCM-7).

A condition may come out unknown (NULL) for an absent value; that counts as false, also below `not`: a negation is
pushed down to the single conditions and written there as `is not true`. So the statement is nested no deeper than the
tree, whose depth was checked when it was made.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from provisioning.domain.comparison import comparison_key
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import And, Comparison, Node, Not, Operator, Or, Present, ValuePath
from provisioning.store.searchable import GROUP, PLURAL, USER, Condition, Field, Shape, Source
from provisioning.store.tables.users import users

Term = Comparison | Present
EMPTY = ('""', "[]", "{}")


def user_condition(node: Node | None) -> Condition:
    """Return the where clause of a filter on users; account and life are added by the repository.

    Raises:
        Refusal: INVALID_FILTER for a path outside the allow-list.
    """
    return true() if node is None else _condition(node, lambda leaf: _leaf(leaf, USER))


def group_condition(node: Node | None) -> Condition:
    """Return the where clause of a filter on groups; the account is added by the repository.

    Raises:
        Refusal: INVALID_FILTER for a path outside the allow-list.
    """
    return true() if node is None else _condition(node, lambda leaf: _leaf(leaf, GROUP))


def user_order(path: str | None, *, descending: bool) -> list[ColumnElement[Any]]:
    """Return how users are ordered; missing values last ascending and first descending, `id` breaks ties.

    Raises:
        Refusal: INVALID_FILTER for a path without an order.
    """
    return _order(path, USER, descending=descending)


def group_order(path: str | None, *, descending: bool) -> list[ColumnElement[Any]]:
    """Return how groups are ordered, as `user_order` does."""
    return _order(path, GROUP, descending=descending)


def _condition(node: Node, leaf: Callable[[Term | ValuePath], Condition], *, negated: bool = False) -> Condition:
    """Return the condition of a tree whose leaves `leaf` translates; negations end at the leaves."""
    if isinstance(node, Not):
        return _condition(node.node, leaf, negated=not negated)
    if isinstance(node, And | Or):
        conditions = [_condition(each, leaf, negated=negated) for each in node.nodes]
        return and_(*conditions) if isinstance(node, And) is not negated else or_(*conditions)
    found = leaf(node)
    return found.is_not(true()) if negated else found


def _leaf(node: Term | ValuePath, shape: Shape) -> Condition:
    if isinstance(node, ValuePath):
        return _selected(node, shape)
    if node.path in shape.fields:
        return _with_shortcut(node, node.path, _test(node, shape.fields[node.path]), shape)
    if node.path in shape.plural:
        return _of_whole_elements(node, shape.plural[node.path])
    parent, _, sub = node.path.rpartition(".")
    return _with_shortcut(node, node.path, _of_any_element(node, sub, _sources(parent, node.path, shape)), shape)


def _sources(parent: str, path: str, shape: Shape) -> tuple[Source, ...]:
    sources = shape.plural.get(parent)
    if sources is None:
        raise _unknown(path)
    return sources


def _of_whole_elements(node: Term, sources: tuple[Source, ...]) -> Condition:
    """Ask whether there is an element, or a comparison of elements that are plain values (`schemas`)."""
    if isinstance(node, Present):
        return _any(sources, lambda _: true())
    return _of_any_element(node, "", sources)


def _of_any_element(node: Term, sub: str, sources: tuple[Source, ...]) -> Condition:
    """Ask a comparison of any element; `ne` is also met where no element has the sub-attribute."""
    found = _any(sources, lambda source: _test(node, _field(source, sub)))
    if isinstance(node, Present) or node.operator is not Operator.NE:
        return found
    return or_(found, not_(_any(sources, lambda source: _test(Present(sub), _field(source, sub)))))


def _selected(node: ValuePath, shape: Shape) -> Condition:
    """Ask all that stands in brackets of one element."""
    if node.path not in shape.plural:
        return _condition(node.node, lambda leaf: _leaf(_below(node.path, leaf), shape))
    found = _any(
        shape.plural[node.path],
        lambda source: _condition(node.node, lambda leaf: _test(leaf, _field(source, leaf.path))),
    )
    terms = node.node.nodes if isinstance(node.node, And) else (node.node,)
    for term in terms:
        if isinstance(term, Comparison):
            found = _with_shortcut(term, f"{node.path}.{term.path}", found, shape)
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


def _test(node: Term | ValuePath, field: Field) -> Condition:
    """Return the condition on one value."""
    if isinstance(node, ValuePath):
        raise _unknown(node.path)
    if isinstance(node, Present):
        if field.json is not None:
            return cast(field.json, Text).not_in(EMPTY)
        return func.coalesce(cast(field.value, Text), "") != ""
    if isinstance(node.value, bool):
        return COMPARE[node.operator](_json(node, field), literal(node.value, JSONB))
    if isinstance(node.value, str):
        key = node.value if field.is_exact else comparison_key(node.value)
        return COMPARE[node.operator](field.value, key)
    return COMPARE[node.operator](field.value, node.value)


def _json(node: Comparison, field: Field) -> ColumnElement[Any]:
    if field.json is None:
        raise _unknown(node.path)
    return field.json


def _in_order(expression: ColumnElement[Any], value: object) -> ColumnElement[Any]:
    """Return a text under the one collation that is the same on every server."""
    return expression.collate("C") if isinstance(value, str) else expression


COMPARE: Mapping[Operator, Callable[[ColumnElement[Any], Any], Condition]] = {
    Operator.EQ: lambda expression, value: expression == value,
    Operator.NE: lambda expression, value: expression.is_distinct_from(value),
    Operator.CO: lambda expression, value: expression.contains(value, autoescape=True),
    Operator.SW: lambda expression, value: expression.startswith(value, autoescape=True),
    Operator.EW: lambda expression, value: expression.endswith(value, autoescape=True),
    Operator.GT: lambda expression, value: _in_order(expression, value) > value,
    Operator.GE: lambda expression, value: _in_order(expression, value) >= value,
    Operator.LT: lambda expression, value: _in_order(expression, value) < value,
    Operator.LE: lambda expression, value: _in_order(expression, value) <= value,
}


def _with_shortcut(node: Term, path: str, found: Condition, shape: Shape) -> Condition:
    """Add what follows from an equality and has an index; as it follows, the meaning stays, also below `not`."""
    shortcut = shape.shortcuts.get(path)
    if shortcut is None or isinstance(node, Present) or node.operator is not Operator.EQ:
        return found
    return and_(shortcut(comparison_key(str(node.value))), found)


def _order(path: str | None, shape: Shape, *, descending: bool) -> list[ColumnElement[Any]]:
    if path is None:
        return [shape.id.desc() if descending else shape.id]
    expression = _sort_value(path, shape)
    return [expression.desc().nulls_first() if descending else expression.asc().nulls_last(), shape.id]


def _sort_value(path: str, shape: Shape) -> ColumnElement[Any]:
    field = shape.fields.get(path)
    if field is None:
        return _primary_or_first(path, shape)
    if isinstance(field.value.type, Text):
        return func.nullif(field.value, "").collate("C")
    return field.value


def _primary_or_first(path: str, shape: Shape) -> ColumnElement[Any]:
    parent, _, sub = path.rpartition(".")
    if parent not in shape.plural or sub not in PLURAL.get(parent, ()):
        raise Refusal(Code.INVALID_FILTER, "sortBy", detail="this attribute has no order.")
    elements: Any = users.c.folded[parent]
    primary = func.jsonb_path_query_first(elements, cast('$[*] ? (@."primary" == true)', JSONPATH), type_=JSONB)
    chosen: Any = func.coalesce(primary, elements[0], type_=JSONB)
    return func.nullif(chosen[sub].astext, "").collate("C")


def _unknown(path: str) -> Refusal:
    return Refusal(Code.INVALID_FILTER, "filter", detail=f"there is no attribute '{path[:80]}' to filter by.")
