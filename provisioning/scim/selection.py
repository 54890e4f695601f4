"""Which elements of a multi-valued attribute a filter in brackets selects: the search tree asked of plain values.

The same semantics as store/filter_sql.py has in SQL, for the elements of one resource that a PATCH works on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from provisioning.domain.comparison import comparison_key, part_key
from provisioning.domain.search import And, Comparison, Node, Not, Operator, Or, Present, ValuePath
from provisioning.scim.filters import PARTS
from provisioning.scim.traits import Trait

COMPARE: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: lambda present, wanted: bool(present == wanted),
    Operator.NE: lambda present, wanted: bool(present != wanted),
    Operator.CO: lambda present, wanted: wanted in present,
    Operator.SW: lambda present, wanted: present.startswith(wanted),
    Operator.EW: lambda present, wanted: present.endswith(wanted),
    Operator.GT: lambda present, wanted: present > wanted,
    Operator.GE: lambda present, wanted: present >= wanted,
    Operator.LT: lambda present, wanted: present < wanted,
    Operator.LE: lambda present, wanted: present <= wanted,
}


def selects(node: Node, element: Mapping[str, Any], trait: Trait) -> bool:
    """Return whether a tree of relative paths selects one element.

    Args:
        node: the tree, nested no deeper than filters.py lets through.
        element: sub-attributes by canonical name.
        trait: the multi-valued attribute.
    """
    if isinstance(node, Not):
        return not selects(node.node, element, trait)
    if isinstance(node, And):
        return all(selects(each, element, trait) for each in node.nodes)
    if isinstance(node, Or):
        return any(selects(each, element, trait) for each in node.nodes)
    if isinstance(node, ValuePath):
        return False
    return _meets(node, element, trait)


def _meets(node: Comparison | Present, element: Mapping[str, Any], trait: Trait) -> bool:
    sub = trait.find(node.path)
    present = element.get(sub.name) if sub else None
    if isinstance(node, Present):
        return present not in (None, "", [], {})
    if sub is None or type(present) is not type(node.value):
        return node.operator is Operator.NE
    key = part_key if node.operator in PARTS else comparison_key
    return COMPARE[node.operator](_comparable(present, sub, comparison_key), _comparable(node.value, sub, key))


def _comparable(value: Any, sub: Trait, key: Callable[[str], str]) -> Any:
    return key(value) if isinstance(value, str) and not sub.case_exact else value
