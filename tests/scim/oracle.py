"""What a filter means, written once more and slowly: a tree of plain tuples, asked of a resource as it is shown.

It shares no code with the product: it knows attributes by the published schemas (`/Schemas`), and values by the body of
`GET`. A tree is one of:

    ("and", a, b)   ("or", a, b)   ("not", a)   ("pr", path)   ("cmp", path, operator, value)
    ("in", (urn, name), inner)                              emails[inner]
    ("at", (urn, name), inner, sub, operator, value)        emails[inner].sub operator value
    ("at-pr", (urn, name), inner, sub)                       emails[inner].sub pr

where a path is (urn or None, name, sub or None); inner trees have paths (None, name, None).
"""

import json
import unicodedata
from datetime import datetime
from typing import Any

Tree = tuple[Any, ...]


def folded(text: str) -> str:
    """A text without regard to case, in one of the forms that look alike."""
    before = None
    while before != text:
        before, text = text, unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return text


class Schemas:
    """Attributes by name, from the schemas that the service publishes."""

    def __init__(self, published: list[dict[str, Any]], core: str) -> None:
        common = [
            {"name": "id", "type": "string", "caseExact": True, "multiValued": False},
            {"name": "externalId", "type": "string", "caseExact": True, "multiValued": False},
            {"name": "schemas", "type": "reference", "caseExact": False, "multiValued": True},
            {"name": "meta", "type": "complex", "multiValued": False, "subAttributes": [
                {"name": "resourceType", "type": "string", "caseExact": True},
                {"name": "created", "type": "dateTime"},
                {"name": "lastModified", "type": "dateTime"},
                {"name": "version", "type": "string", "caseExact": True},
            ]},
        ]  # fmt: skip
        self.core = core.lower()
        self.urns = {schema["id"].lower(): schema["id"] for schema in published}
        self.tables = {schema["id"].lower(): list(schema["attributes"]) for schema in published}
        self.tables[self.core] += common

    def attribute(self, urn: str | None, name: str) -> dict[str, Any]:
        """The attribute of that name."""
        return next(each for each in self.tables[(urn or self.core).lower()] if each["name"].lower() == name.lower())

    def value(self, resource: dict[str, Any], urn: str | None, name: str) -> Any:
        """What a resource has under that name."""
        is_core = urn is None or urn.lower() == self.core
        members = resource if is_core else resource.get(self.urns[urn.lower()], {})
        return members.get(self.attribute(urn, name)["name"])


def sub_of(attribute: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in attribute["subAttributes"] if each["name"].lower() == name.lower())


def holds(tree: Tree, resource: dict[str, Any], schemas: Schemas) -> bool:
    """Whether a resource meets a filter."""
    kind = tree[0]
    if kind == "and":
        return holds(tree[1], resource, schemas) and holds(tree[2], resource, schemas)
    if kind == "or":
        return holds(tree[1], resource, schemas) or holds(tree[2], resource, schemas)
    if kind == "not":
        return not holds(tree[1], resource, schemas)
    if kind == "pr":
        return any(is_there(value) for value in values(tree[1], resource, schemas)[1])
    if kind == "cmp":
        attribute, found = values(tree[1], resource, schemas)
        return any_compares(attribute, tree[2], found, tree[3])
    attribute = schemas.attribute(*tree[1])
    elements = elements_of(attribute, schemas.value(resource, *tree[1]))
    if kind == "in":
        return any(element_holds(tree[2], element, attribute) for element in elements)
    chosen = [
        each.get(sub_of(attribute, tree[3])["name"]) for each in elements if element_holds(tree[2], each, attribute)
    ]
    if kind == "at-pr":
        return any(is_there(value) for value in chosen)
    return any_compares(sub_of(attribute, tree[3]), tree[4], chosen, tree[5])


def values(path: Tree, resource: dict[str, Any], schemas: Schemas) -> tuple[dict[str, Any], list[Any]]:
    """The attribute that a path means, and every value that a resource has there."""
    urn, name, sub = path
    attribute, value = schemas.attribute(urn, name), schemas.value(resource, urn, name)
    if sub is not None:
        attribute_below = sub_of(attribute, sub)
        return attribute_below, [each.get(attribute_below["name"]) for each in elements_of(attribute, value)]
    if attribute["multiValued"]:
        return attribute, list(value or [])
    return attribute, [value]


def elements_of(attribute: dict[str, Any], value: Any) -> list[dict[str, Any]]:
    if attribute["multiValued"]:
        return list(value or [])
    return [value or {}]


def element_holds(tree: Tree, element: dict[str, Any], attribute: dict[str, Any]) -> bool:
    """Whether one element meets what stands in brackets."""
    kind = tree[0]
    if kind == "and":
        return element_holds(tree[1], element, attribute) and element_holds(tree[2], element, attribute)
    if kind == "or":
        return element_holds(tree[1], element, attribute) or element_holds(tree[2], element, attribute)
    if kind == "not":
        return not element_holds(tree[1], element, attribute)
    below = sub_of(attribute, tree[1][1])
    value = element.get(below["name"])
    return is_there(value) if kind == "pr" else compares(below, tree[2], value, tree[3])


def is_there(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


def any_compares(attribute: dict[str, Any], operator: str, found: list[Any], wanted: Any) -> bool:
    """Any value suffices; what is not there at all is unequal to everything, and null is what is not there."""
    if wanted is None:
        is_any_there = any(is_there(value) for value in found)
        return is_any_there if operator == "ne" else not is_any_there
    if operator == "ne" and not any(is_there(value) for value in found):
        return True
    return any(compares(attribute, operator, value, wanted) for value in found)


def compares(attribute: dict[str, Any], operator: str, value: Any, wanted: Any) -> bool:
    if wanted is None:
        return is_there(value) is (operator == "ne")
    if not is_there(value):
        return operator == "ne"
    if attribute["type"] == "dateTime":
        value, wanted = datetime.fromisoformat(value), datetime.fromisoformat(wanted)
    elif isinstance(wanted, str) and not attribute.get("caseExact"):
        # Blanks around a value are no part of it, those around a part that is looked for are.
        value, wanted = folded(value).strip(), folded(wanted)
        wanted = wanted if operator in ("co", "sw", "ew") else wanted.strip()
    return {
        "eq": lambda: value == wanted,
        "ne": lambda: value != wanted,
        "co": lambda: wanted in value,
        "sw": lambda: value.startswith(wanted),
        "ew": lambda: value.endswith(wanted),
        "gt": lambda: value > wanted,
        "ge": lambda: value >= wanted,
        "lt": lambda: value < wanted,
        "le": lambda: value <= wanted,
    }[operator]()  # fmt: skip


def text_of(tree: Tree) -> str:
    """A tree as filter text."""
    kind = tree[0]
    if kind in ("and", "or"):
        return f"({text_of(tree[1])}) {kind} ({text_of(tree[2])})"
    if kind == "not":
        return f"not ({text_of(tree[1])})"
    if kind == "in":
        return f"{name_of((*tree[1], None))}[{text_of(tree[2])}]"
    if kind == "at":
        return f"{name_of((*tree[1], None))}[{text_of(tree[2])}].{tree[3]} {tree[4]} {json.dumps(tree[5])}"
    if kind == "at-pr":
        return f"{name_of((*tree[1], None))}[{text_of(tree[2])}].{tree[3]} pr"
    if kind == "pr":
        return f"{name_of(tree[1])} pr"
    return f"{name_of(tree[1])} {tree[2]} {json.dumps(tree[3])}"


def name_of(path: Tree) -> str:
    urn, name, sub = path
    return (f"{urn}:" if urn else "") + name + (f".{sub}" if sub else "")
