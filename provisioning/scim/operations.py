"""A PATCH body to single steps: each points to one attribute and carries a checked value (RFC 7644 section 3.5.2).

Everything that can be said without knowing the resource is said here, so that a malformed request never gets as far as
a transaction: message shape, paths, types. An object without a path, a whole extension and a complex attribute come
apart into steps for their parts, so that what is not named stays as it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.scim.paths import Target, parse_path, path_not_understood
from provisioning.scim.quirks import by_id, id_of_address, is_with_reference, members_by_name, normal_value
from provisioning.scim.schemas import checked_value
from provisioning.scim.traits import ResourceType, Trait

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# Members of a path-less value that describe the resource and change nothing; Entra sends them along.
DESCRIPTIVE = frozenset({"schemas", "meta"})


class Op(StrEnum):
    """The three operations."""

    ADD = "add"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """One change of one attribute.

    Attributes:
        op: what happens; a `replace` by nothing is a `remove`.
        target: where.
        value: checked; for a `remove` the listed values that go, None for all.
    """

    op: Op
    target: Target
    value: Any = None


def read_patch(body: Any, resource: ResourceType) -> tuple[Step, ...]:
    """Return the steps of a PATCH body, in order.

    Args:
        body: the request's JSON.
        resource: the type of the resource that is patched.

    Raises:
        Refusal: INVALID_SYNTAX for another message, INVALID_PATH, NO_TARGET for a `remove` without path, INVALID_VALUE.
    """
    return tuple(step for operation in _operations(body) for step in _steps(operation, resource))


def _operations(body: Any) -> list[dict[str, Any]]:
    members = members_by_name(body) if isinstance(body, dict) else {}
    schemas = members.get("schemas", [PATCH_OP])
    operations = members.get("operations")
    if not isinstance(schemas, list) or PATCH_OP.lower() not in [str(urn).lower() for urn in schemas]:
        raise _malformed(f"a PATCH body has the schema {PATCH_OP}.")
    if not isinstance(operations, list) or not operations:
        raise _malformed("a PATCH body has a list of 'Operations' that is not empty.")
    if not all(isinstance(operation, dict) for operation in operations):
        raise _malformed("each of the 'Operations' is an object.")
    return [members_by_name(operation) for operation in operations]


def _malformed(detail: str) -> Refusal:
    return Refusal(Code.INVALID_SYNTAX, detail=detail)


def _steps(operation: Mapping[str, Any], resource: ResourceType) -> Iterator[Step]:
    op, path = _op(operation.get("op")), operation.get("path")
    if path is not None and not isinstance(path, str):
        raise path_not_understood("it is not a text.")
    if op is not Op.REMOVE and "value" not in operation:
        raise invalid("value", f"The operation '{op}' has no value.")
    if path and path.strip():
        return _at(op, parse_path(path, resource), operation.get("value"), resource)
    if op is Op.REMOVE:
        raise Refusal(Code.NO_TARGET, "path", detail="a 'remove' names a path.")
    return _without_path(op, operation["value"], resource)


def _op(given: Any) -> Op:
    name = given.lower() if isinstance(given, str) else ""
    if name not in set(Op):
        raise _malformed("'op' is one of add, replace and remove.")
    return Op(name)


def _without_path(op: Op, value: Any, resource: ResourceType, urn: str | None = None) -> Iterator[Step]:
    """Take an object of attributes apart; keys may be paths. Unknown ones beside understood ones are left out."""
    if not isinstance(value, dict):
        raise invalid("value", "The value of an operation without a path to an attribute is an object.")
    prefix = f"{urn}:" if urn else ""
    understood = 0
    for key, member in members_by_name(value).items():
        target = None if key in DESCRIPTIVE else _target(prefix + _original(key, value), resource)
        understood += target is not None or key in DESCRIPTIVE
        if target is not None:
            yield from _at(op, target, member, resource)
    if value and not understood:
        raise path_not_understood("none of the value's members is an attribute.")


def _original(key: str, value: Mapping[str, Any]) -> str:
    """Return a member's name as it was sent: text in quotes within a path keeps its letter case."""
    return key if key in value else next(name for name in value if name.lower() == key)


def _target(path: str, resource: ResourceType) -> Target | None:
    try:
        return parse_path(path, resource)
    except Refusal:
        return None


def _at(op: Op, target: Target, value: Any, resource: ResourceType) -> Iterator[Step]:
    target, value = _by_id(target, value)
    trait = target.trait
    if trait is None:
        yield from _whole_schema(op, target, value, resource)
    elif trait.is_credential:
        return
    elif _is_protected(target):
        yield Step(op, target, value)
    elif op is Op.REMOVE:
        yield Step(op, target, _listed(target, value))
    elif _is_nothing(value):
        yield from [Step(Op.REMOVE, target)] if op is Op.REPLACE else []
    elif trait.is_complex and not trait.multi_valued and target.sub is None:
        yield from _parts(op, target, trait, value, resource)
    else:
        yield Step(op, target, _checked(target, value))


def _by_id(target: Target, value: Any) -> tuple[Target, Any]:
    """Return where and what is set when an address of another resource is set: its id, which alone is kept."""
    trait, sub = target.trait, target.sub
    if trait is None or trait.multi_valued or sub is None or sub.name != "$ref":
        return target, value
    by_value = replace(target, sub=trait.find("value"))
    return by_value, id_of_address(value) if isinstance(value, str) else value


def _is_protected(target: Target) -> bool:
    """Whether the step can only be refused or found equal, which needs the present state."""
    return any(
        trait is not None and trait.mutability in ("readOnly", "immutable") for trait in (target.trait, target.sub)
    )


def _is_nothing(value: Any) -> bool:
    """Whether a value means unassigned (RFC 7643 section 2.5)."""
    return value is None or value == []


def _whole_schema(op: Op, target: Target, value: Any, resource: ResourceType) -> Iterator[Step]:
    table = resource.core if target.urn is None else resource.extension(target.urn)
    if op is not Op.REMOVE and not _is_nothing(value):
        yield from _without_path(op, value, resource, target.urn)
    elif target.urn is None or table is None:
        raise Refusal(Code.MUTABILITY, "path", attribute=resource.core.urn)
    else:
        yield from (Step(Op.REMOVE, Target(table.urn, trait)) for trait in table.traits if not trait.is_read_only)


def _parts(op: Op, target: Target, trait: Trait, value: Any, resource: ResourceType) -> Iterator[Step]:
    """Take a complex value apart: the given sub-attributes join or replace, others stay (section 3.5.2.3)."""
    if value == "":
        yield Step(Op.REMOVE, target)
        return
    value = _unwrapped(trait, value)
    if not isinstance(value, dict):
        raise invalid(trait.name, f"The attribute '{trait.name}' is not an object.")
    _require_understood(trait, value)
    for name, member in members_by_name(value).items():
        sub = trait.find(name)
        if sub is not None and not sub.is_read_only:
            yield from _at(op, Target(target.urn, trait, None, sub), member, resource)


def _require_understood(trait: Trait, value: Any) -> None:
    """Refuse an object that says something, but nothing that can be set: a 200 would be a silent failure (SCM-6)."""
    said = [name for name, member in value.items() if member is not None] if isinstance(value, dict) else []
    known = [sub for sub in map(trait.find, said) if sub is not None]
    if not said or any(not sub.is_read_only for sub in known):
        return
    if known and not trait.multi_valued:
        raise Refusal(Code.MUTABILITY, trait.name, attribute=f"{trait.name}.{known[0].name}")
    raise invalid(trait.name, f"None of the members given for '{trait.name}' can be set.")


def _unwrapped(trait: Trait, value: Any) -> Any:
    """Return a complex value as an object with its nulls, which mean that a sub-attribute goes."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if is_with_reference(trait, value):
        return by_id(trait, value)
    return value if isinstance(value, dict) else normal_value(trait, value)


def _checked(target: Target, value: Any) -> Any:
    """Return the value for the target's leaf in normal form and of the right type."""
    if target.sub is not None:
        return checked_value(target.sub, normal_value(target.sub, value))
    if target.trait is None:
        raise invalid("value", "The value belongs to no attribute.")
    for element in value if isinstance(value, list) else [value]:
        _require_understood(target.trait, element)
    if target.selection is not None:
        return checked_value(target.trait, normal_value(target.trait.element, value), element=True)
    return checked_value(target.trait, normal_value(target.trait, value))


def _listed(target: Target, value: Any) -> Any:
    """Return the values that a `remove` lists (Entra's old way to take members out), None where it lists none."""
    trait = target.trait
    if trait is None or value is None or not trait.multi_valued or target.selection is not None or target.sub:
        return None
    listed = normal_value(trait, value)
    if not isinstance(listed, list) or not all(isinstance(element, dict) and element for element in listed):
        raise invalid(trait.name, f"The values of '{trait.name}' to remove are a list of objects.")
    return listed
