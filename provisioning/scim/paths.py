"""PATCH paths: text to the attribute, the selection of elements and the sub-attribute that it names.

A path is `[URN:]attribute[.sub]`, `[URN:]attribute[filter][.sub]`, or the URN of a schema alone, in any letter case
(RFC 7644 section 3.5.2, figure 7). Text in quotes inside the brackets is never syntax.
"""

import re
from dataclasses import dataclass

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import LONGEST_FILTER, Node
from provisioning.scim.filters import parse_element_filter
from provisioning.scim.scanner import ATTRIBUTE, SUB_ATTRIBUTE
from provisioning.scim.traits import ResourceType, SchemaTable, Trait

# What stands between the first bracket and its partner; quotes hide brackets.
SELECTION = re.compile(r'\[((?:[^"\]]|"(?:[^"\\]|\\.)*")*)\]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """What a path points to.

    Attributes:
        urn: the canonical URN of the extension that the attribute is in; None for core and common attributes.
        trait: the attribute; None where the path is a whole schema.
        selection: the filter in brackets, None without one.
        sub: the sub-attribute, None for the whole.
    """

    urn: str | None
    trait: Trait | None
    selection: Node | None = None
    sub: Trait | None = None

    @property
    def leaf(self) -> Trait | None:
        """The trait of what is set or removed in the end."""
        return self.sub or self.trait


def path_not_understood(detail: str) -> Refusal:
    """Return the refusal of a PATCH path."""
    return Refusal(Code.INVALID_PATH, "path", detail=detail)


def parse_path(text: str, resource: ResourceType) -> Target:
    """Return what a PATCH path points to.

    Raises:
        Refusal: INVALID_PATH where the path is malformed or the schema has no such attribute.
    """
    if len(text) > LONGEST_FILTER:
        raise path_not_understood("it is too long.")
    text = text.strip()
    schema = _whole_schema(text, resource)
    if schema is not None:
        return Target(None if schema is resource.core else schema.urn, None)
    head, selection, sub = _parts(text)
    return _resolved(head, selection, sub, resource)


def _whole_schema(text: str, resource: ResourceType) -> SchemaTable | None:
    wanted = text.lower()
    return next((table for table in resource.tables if table.urn.lower() == wanted), None)


def _parts(text: str) -> tuple[str, str | None, str | None]:
    """Split a path into attribute, text in brackets and what follows them."""
    head, bracket, _ = text.partition("[")
    if not bracket:
        return text, None, None
    found = SELECTION.match(text, len(head))
    if found is None:
        raise path_not_understood("its brackets are not closed.")
    rest = text[found.end() :]
    below = SUB_ATTRIBUTE.fullmatch(rest)
    if rest and below is None:
        raise path_not_understood("only a sub-attribute can follow the brackets.")
    return head.rstrip(), found.group(1), below.group(1) if below else None


def _resolved(head: str, selection: str | None, sub: str | None, resource: ResourceType) -> Target:
    parts = ATTRIBUTE.fullmatch(head)
    trait = resource.find(parts["uri"], parts["name"]) if parts else None
    if parts is None or trait is None:
        raise path_not_understood(f"there is no attribute '{head[:80]}'.")
    if selection is not None and parts["sub"]:
        raise path_not_understood("a sub-attribute before brackets has nothing below it.")
    extension = resource.extension(parts["uri"]) if parts["uri"] else None
    return Target(
        extension.urn if extension else None,
        trait,
        _selection(selection, trait, resource),
        _sub_attribute(sub or parts["sub"], trait),
    )


def _selection(text: str | None, trait: Trait, resource: ResourceType) -> Node | None:
    if text is None:
        return None
    if not (trait.multi_valued and trait.is_complex):
        raise path_not_understood(f"'{trait.name}' has no elements to choose from.")
    try:
        return parse_element_filter(text, resource, trait.name.lower(), trait)
    except Refusal as refusal:
        raise path_not_understood(str(refusal.values["detail"])) from refusal


def _sub_attribute(name: str | None, trait: Trait) -> Trait | None:
    if name is None:
        return None
    found = trait.find(name)
    if found is None:
        raise path_not_understood(f"'{trait.name}' has no sub-attribute '{name[:80]}'.")
    return found
