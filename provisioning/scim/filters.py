"""Filter text to the domain's search tree, with the attributes allowed by the traits table and no others.

scim2-filter-parser gives grammar and tree; scanner.py makes its tokens. From its tree on everything is ours: names are
looked up without case in the traits table and an unknown or hidden one is refused, never dropped (a dropped term widens
the result); literals are checked against the attribute's type; a value path stays one node, so that all its
conditions are asked of one element. No recursion here is deeper than the checked nesting of the text.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from scim2_filter_parser import ast
from scim2_filter_parser.parser import SCIMParser

from provisioning.domain import search
from provisioning.domain.errors import Refusal
from provisioning.domain.search import Comparison, Literal, Node, Not, Operator, Present, ValuePath
from provisioning.scim.scanner import not_understood, tokens_of
from provisioning.scim.traits import ENTERPRISE_USER, ResourceType, Trait

ORDER = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
PARTS = frozenset({Operator.CO, Operator.SW, Operator.EW})
# Type of the attribute -> operators that mean nothing for it (RFC 7644 section 3.4.2.2, table 3).
REFUSED_OPERATORS = {"boolean": ORDER | PARTS, "binary": ORDER | PARTS, "dateTime": PARTS}
# References that the server computes from an id: a filter on them is a filter on the id.
MANAGER_REFERENCE = f"{ENTERPRISE_USER.lower()}:manager.$ref"
COMPUTED = {
    "meta.location": "id",
    "members.$ref": "members.value",
    "groups.$ref": "groups.value",
    MANAGER_REFERENCE: MANAGER_REFERENCE,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where names of a filter are looked up: a resource type, or one multi-valued attribute's elements.

    Attributes:
        resource: the resource type that names belong to.
        parent: the attribute before the bracket, None outside brackets.
        parent_path: the path of that attribute.
        text_booleans: whether "True" in quotes is read as a boolean, as Entra writes it in PATCH paths.
        others: the other types that are asked together; an attribute of theirs counts as unassigned here.
    """

    resource: ResourceType
    parent: Trait | None = None
    parent_path: str = ""
    text_booleans: bool = False
    others: tuple[ResourceType, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """A resolved name: the path of the domain's tree, the trait, and whether only another type has it."""

    path: str
    trait: Trait
    is_foreign: bool = False


def parse_filter(text: str, resource: ResourceType, others: tuple[ResourceType, ...] = ()) -> Node:
    """Return the tree of a filter (RFC 7644 section 3.4.2.2).

    Args:
        text: the filter as it came, percent-decoding done.
        resource: the resource type that is asked for.
        others: the types that are asked by the same filter; what only they have counts as unassigned.

    Raises:
        Refusal: INVALID_FILTER for any text that is not a filter on attributes of these types.
    """
    return _tree(text, Scope(resource, others=others))


def parse_element_filter(text: str, resource: ResourceType, path: str, parent: Trait) -> Node:
    """Return the tree of what stands in the brackets of a PATCH path; paths in it are relative to the element.

    Raises:
        Refusal: INVALID_FILTER.
    """
    return _tree(text, Scope(resource, parent, path, text_booleans=True))


def resolve_sort(text: str, resource: ResourceType, others: tuple[ResourceType, ...] = ()) -> str:
    """Return the path to sort by (RFC 7644 section 3.4.2.3).

    Raises:
        Refusal: INVALID_FILTER where every schema lacks it, it is hidden, or it has sub-attributes but no value.
    """
    attribute = _with_value(_found(_library_tree(f"{text} pr"), Scope(resource, others=others)))
    return COMPUTED.get(attribute.path, attribute.path)


def _tree(text: str, scope: Scope) -> Node:
    try:
        return _node(_library_tree(text), scope)
    except Refusal:
        raise
    except Exception as error:  # The library raises four kinds and more; none of them is our caller's business.
        raise not_understood("its parts do not fit together.") from error


def _library_tree(text: str) -> ast.AST:
    try:
        tree = SCIMParser().parse(iter(tokens_of(text)))
    except Refusal:
        raise
    except Exception as error:  # SCIMParserError, ValueError, AttributeError, IndexError: all mean the same.
        raise not_understood("its parts do not fit together.") from error
    if tree is None:
        raise not_understood("it is empty or unfinished.")
    return _bare(tree)


def _bare(tree: ast.AST) -> ast.AST:
    """Return the first node that means something: parentheses leave filters behind that say nothing."""
    while isinstance(tree, ast.Filter) and not tree.negated and tree.namespace is None:
        tree = tree.expr
    return tree


def _node(tree: ast.AST, scope: Scope) -> Node:
    tree = _bare(tree)
    if isinstance(tree, ast.LogExpr):
        nodes = tuple(_node(operand, scope) for operand in _operands(tree))
        return search.And(nodes) if tree.op == "and" else search.Or(nodes)
    if isinstance(tree, ast.AttrExpr):
        return _expression(tree, scope)
    if isinstance(tree, ast.Filter) and tree.namespace is not None:
        return _value_path(tree, scope)
    if isinstance(tree, ast.Filter):
        return Not(_node(tree.expr, scope))
    raise not_understood("its parts do not fit together.")


def _operands(tree: ast.LogExpr) -> list[ast.AST]:
    """Return all operands of a chain of one operator, in order and without recursion."""
    operands: list[ast.AST] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        each = _bare(waiting.pop())
        if isinstance(each, ast.LogExpr) and each.op == tree.op:
            waiting += [each.expr1, each.expr2]
        else:
            operands.append(each)
    return operands[::-1]


def _expression(tree: ast.AttrExpr, scope: Scope) -> Node:
    name = tree.attr_path.attr_name
    if isinstance(name, ast.Filter):
        return _selected(tree, name, scope)
    attribute = _found(tree, scope)
    if tree.comp_value is None:
        return _present(attribute, scope)
    return _comparison(attribute, Operator(tree.value), tree.comp_value.value, scope)


def _selected(tree: ast.AttrExpr, selection: ast.Filter, scope: Scope) -> Node:
    """Read `emails[type eq "work"].value eq "x"`, which is outside the RFC's grammar and widely sent.

    All conditions are asked of one element; `ne` also matches where no element was selected, as it does for any
    attribute that is not there.
    """
    sub = selection.namespace.sub_attr if selection.namespace is not None else None
    if sub is None:
        raise not_understood("a selection in brackets stands alone or is followed by a sub-attribute.")
    parent, inner = _inner_scope(selection, scope)
    selector = _node(selection.expr, inner)
    attribute = _look_up(None, sub.value, None, inner)
    present = _of_element(parent, search.And((selector, _present(attribute, inner))))
    if tree.comp_value is None:
        return present
    term = _comparison(attribute, Operator(tree.value), tree.comp_value.value, inner)
    matching = _of_element(parent, search.And((selector, term)))
    if tree.value != "ne" or tree.comp_value.value is None:
        return matching
    return search.Or((matching, Not(present)))


def _value_path(tree: ast.Filter, scope: Scope) -> Node:
    if tree.namespace.sub_attr is not None:
        raise not_understood("a sub-attribute before brackets has nothing below it.")
    parent, inner = _inner_scope(tree, scope)
    return _of_element(parent, _node(tree.expr, inner))


def _of_element(parent: Attribute, node: Node) -> Node:
    """Return what is asked of one element; where only another type has the attribute there is none."""
    return search.NOTHING if parent.is_foreign else ValuePath(parent.path, node)


def _inner_scope(tree: ast.Filter, scope: Scope) -> tuple[Attribute, Scope]:
    if scope.parent is not None:
        raise not_understood("brackets cannot stand in brackets.")
    outer = tree.namespace
    if isinstance(outer.attr_name, ast.Filter):
        raise not_understood("brackets cannot follow brackets.")
    attribute = _look_up(outer.uri, outer.attr_name, None, scope)
    if not attribute.trait.is_complex:
        raise not_understood(f"'{attribute.trait.name}' has no sub-attributes.")
    return attribute, Scope(scope.resource, attribute.trait, attribute.path, scope.text_booleans)


def _found(tree: ast.AST, scope: Scope) -> Attribute:
    if not isinstance(tree, ast.AttrExpr) or isinstance(tree.attr_path.attr_name, ast.Filter):
        raise not_understood("an attribute's name is expected.")
    path = tree.attr_path
    return _look_up(path.uri, path.attr_name, path.sub_attr.value if path.sub_attr else None, scope)


def _look_up(uri: str | None, name: str, sub: str | None, scope: Scope) -> Attribute:
    """Return the attribute of that name; the only place where a name of a client becomes a path of ours."""
    parts = (uri, name, sub)
    found = _in_parent(parts, scope.parent) if scope.parent else _in_resource(parts, scope.resource)
    if found is None:
        elsewhere = (_in_resource(parts, other) for other in scope.others)
        found = next((replace(each, is_foreign=True) for each in elsewhere if each is not None), None)
    if found is None or found.trait.is_hidden:
        shown = ".".join(part for part in (name, sub) if part)
        raise not_understood(f"there is no attribute '{shown[:80]}' to filter by.")
    return found


def _in_parent(parts: tuple[str | None, str, str | None], parent: Trait) -> Attribute | None:
    uri, name, sub = parts
    trait = parent.find(name) if uri is None and sub is None else None
    return Attribute(trait.name.lower(), trait) if trait else None


def _in_resource(parts: tuple[str | None, str, str | None], resource: ResourceType) -> Attribute | None:
    uri, name, sub = parts
    trait = resource.find(uri, name)
    if trait is None or trait.is_hidden:
        return None
    extension = resource.extension(uri) if uri else None
    path = f"{extension.urn.lower()}:{trait.name.lower()}" if extension else trait.name.lower()
    if sub is None:
        return Attribute(path, trait)
    below = trait.find(sub)
    return Attribute(f"{path}.{below.name.lower()}", below) if below else None


def _with_value(attribute: Attribute) -> Attribute:
    """Return what a comparison means: `value` where a complex attribute is named without a sub-attribute."""
    if not attribute.trait.is_complex:
        return attribute
    value = attribute.trait.find("value")
    if value is None:
        raise not_understood(f"'{attribute.trait.name}' can be compared by its sub-attributes only.")
    return replace(attribute, path=f"{attribute.path}.value", trait=value)


def _present(attribute: Attribute, scope: Scope) -> Node:
    if attribute.is_foreign:
        return search.NOTHING
    return Present(_computed(attribute.path, scope) or attribute.path)


def _computed(path: str, scope: Scope) -> str | None:
    """Return the path of the id behind a computed reference, relative as the given one is."""
    full = f"{scope.parent_path}.{path}" if scope.parent_path else path
    target = COMPUTED.get(full)
    return target.removeprefix(f"{scope.parent_path}.") if target and scope.parent_path else target


def _comparison(named: Attribute, operator: Operator, value: Literal, scope: Scope) -> Node:
    attribute = _with_value(named)
    if value is None:
        return _unassigned(attribute, operator, scope)
    if operator in REFUSED_OPERATORS.get(attribute.trait.type, ()):
        raise not_understood(f"'{operator}' means nothing for '{attribute.trait.name}'.")
    literal = _typed(attribute.trait, value, text_booleans=scope.text_booleans)
    computed = _computed(attribute.path, scope)
    if computed is not None and operator not in (Operator.EQ, Operator.NE):
        raise not_understood(f"'{attribute.trait.name}' can be compared by 'eq' and 'ne' only.")
    if attribute.is_foreign:
        return search.EVERYTHING if operator is Operator.NE else search.NOTHING
    if computed is None:
        return Comparison(attribute.path, operator, literal)
    return Comparison(computed, operator, str(literal).rstrip("/").rpartition("/")[2])


def _unassigned(attribute: Attribute, operator: Operator, scope: Scope) -> Node:
    present = _present(attribute, scope)
    if operator is Operator.EQ:
        return Not(present)
    if operator is Operator.NE:
        return present
    raise not_understood(f"'{operator}' means nothing for null.")


def _typed(trait: Trait, value: Literal, *, text_booleans: bool) -> Literal:
    """Return the literal as the attribute's type has it; boolean and text are different things."""
    if trait.type == "boolean":
        texts = {"true": True, "false": False} if text_booleans and isinstance(value, str) else {}
        value = texts.get(str(value).lower(), value)
        if not isinstance(value, bool):
            raise not_understood(f"'{trait.name}' is compared with true or false.")
        return value
    if not isinstance(value, str):
        raise not_understood(f"'{trait.name}' is compared with a text in double quotes.")
    return _moment(trait, value) if trait.type == "dateTime" else value


def _moment(trait: Trait, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise not_understood(f"'{trait.name}' is compared with a date and time.") from error


def terms_of_equality(node: Node) -> list[Comparison] | None:
    """Return the terms of a tree that is made of `eq` joined by `and`, None for any other tree."""
    nodes = node.nodes if isinstance(node, search.And) else (node,)
    terms = [each for each in nodes if isinstance(each, Comparison) and each.operator is Operator.EQ]
    return terms if len(terms) == len(nodes) else None
