"""Habits of identity providers, each with the normal form that the rest of the door works on.

Every row is a habit seen on the wire; a habit is known by the attribute's traits and the value alone, so it holds in
POST, PUT and PATCH, with and without a path. What no row knows stays as it is, and the schema then says what is wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from provisioning.domain.errors import Code, Refusal
from provisioning.scim.traits import ResourceType, Trait

TEXT_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Habit:
    """One row: who does what, how it is recognised, what it is read as."""

    what: str
    applies: Callable[[Trait, Any], bool]
    normal: Callable[[Trait, Any], Any]


def _is_text_boolean(trait: Trait, value: Any) -> bool:
    return trait.type == "boolean" and isinstance(value, str) and value.lower() in TEXT_BOOLEANS


def _is_lone_value(trait: Trait, value: Any) -> bool:
    return trait.multi_valued and isinstance(value, dict | str)


def _is_list_of_one(trait: Trait, value: Any) -> bool:
    return trait.is_complex and not trait.multi_valued and isinstance(value, list) and len(value) == 1


def _is_bare_value(trait: Trait, value: Any) -> bool:
    return not trait.multi_valued and trait.find("value") is not None and isinstance(value, str)


def is_with_reference(trait: Trait, value: Any) -> bool:
    """Return whether a value names another resource by its address, with or without its id beside."""
    has_both = not trait.multi_valued and trait.find("$ref") is not None
    return has_both and isinstance(value, dict) and any(name.lower() == "$ref" for name in value)


def _is_by_reference_alone(trait: Trait, value: Any) -> bool:
    return is_with_reference(trait, value) and members_by_name(value).get("value") is None


def by_id(_: Trait, value: dict[str, Any]) -> dict[str, Any]:
    """Return such a value by id alone, as the address of another resource is the server's to say."""
    found = members_by_name(value)
    address = found["$ref"]
    if address is not None and not isinstance(address, str):
        return value
    named = {name: member for name, member in found.items() if name != "$ref"}
    return named | {"value": id_of_address(address)} if address and named.get("value") is None else named


def id_of_address(address: str) -> str:
    """Return the id at the end of a resource's address, absolute or relative."""
    return address.rstrip("/").rpartition("/")[2]


HABITS = (
    Habit("Entra writes booleans as text", _is_text_boolean, lambda _, value: TEXT_BOOLEANS[value.lower()]),
    Habit("a single value where a list is due", _is_lone_value, lambda _, value: [value]),
    Habit("Entra sends the manager as a list of one", _is_list_of_one, lambda _, value: value[0]),
    Habit("Entra sends the manager's id bare", _is_bare_value, lambda _, value: {"value": value} if value else {}),
    Habit("JumpCloud and Keycloak name a member by $ref alone", _is_by_reference_alone, by_id),
)


def normal_value(trait: Trait, value: Any) -> Any:
    """Return a value of an attribute in its normal form: canonical names, typed booleans, no nulls.

    Args:
        trait: the attribute; for one element of a multi-valued attribute its `element`.
        value: what the client sent, any JSON.
    """
    for habit in HABITS:
        if habit.applies(trait, value):
            value = habit.normal(trait, value)
    # An address beside an id is no habit: the RFCs show it so.
    if is_with_reference(trait, value):
        value = by_id(trait, value)
    if trait.multi_valued and isinstance(value, list):
        # Null among references names nobody, and is not the empty list, which would empty a group.
        names_others = trait.find("$ref") is not None
        return [normal_value(trait.element, each) for each in value if each is not None or names_others]
    if trait.is_complex and isinstance(value, dict):
        return _normal_members(trait.settable, value)
    return value


def normal_resource(body: Mapping[str, Any], resource: ResourceType) -> dict[str, Any]:
    """Return the attributes of a POST or PUT body in normal form: extensions under their URN, nulls and `[]` gone.

    A password is thrown away here, before anything else reads the body (SCM-3); what only the server sets and what the
    schema does not know is left out (RFC 7644 sections 3.3 and 3.5.1).

    Raises:
        Refusal: INVALID_SYNTAX where two members differ by letter case only.
    """
    normal = _normal_members(resource.settable, body)
    for urn, value in body.items():
        extension = resource.extension(urn) if ":" in urn else None
        if extension and value is not None:
            is_object = isinstance(value, dict)
            normal[extension.urn] = _normal_members(extension.settable, value) if is_object else value
    return {
        name: value for name, value in normal.items() if not _is_unassigned(value, resource.settable.get(name.lower()))
    }


def _is_unassigned(value: Any, trait: Trait | None) -> bool:
    """Return whether a value says 'nothing': `[]` for every attribute, `{}` for what is an object."""
    is_object = trait is None or trait.is_complex
    return value == [] or (is_object and value == {})


def _normal_members(settable: Mapping[str, Trait], value: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, member in members_by_name(value).items():
        trait = settable.get(name)
        if trait is not None and member is not None:
            found[trait.name] = normal_value(trait, member)
    return found


def members_by_name(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's members by lower-cased name.

    Raises:
        Refusal: INVALID_SYNTAX where two names differ by letter case only.
    """
    by_name = {name.lower(): member for name, member in value.items()}
    if len(by_name) != len(value):
        raise Refusal(Code.INVALID_SYNTAX, detail="two members have the same name.")
    return by_name
