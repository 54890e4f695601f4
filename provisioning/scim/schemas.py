"""Shape of what comes in, as marshmallow schemas made from the traits table.

Unknown and readOnly attributes are no fields of these schemas and are therefore left out (`unknown=EXCLUDE`, RFC 7644
section 3.3). marshmallow takes a validator that returns False for success, so each validator here raises.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from provisioning.domain.errors import Refusal, invalid
from provisioning.domain.users import LONGEST_TEXT
from provisioning.scim.managed import WRITABLE_USERS
from provisioning.scim.traits import COMMON, GROUPS, RESOURCE_TYPES, ResourceType, Trait

LONGEST_BINARY = 16 * 1024


def _text(longest: int, **options: Any) -> fields.Field[Any]:
    """Return a field for a text that can be stored; otherwise it is kept exactly as sent (LIM-3)."""

    def storable(value: object) -> None:
        if not isinstance(value, str):
            raise ValidationError("is not a text.")
        if "\0" in value:
            raise ValidationError("holds a NUL character.")
        if len(value) > longest:
            raise ValidationError(f"is longer than {longest} characters.")
        if options.get("required") and not value.strip():
            raise ValidationError("is empty.")

    return fields.Raw(validate=storable, **options)


def _true_or_false(value: object) -> None:
    """Refuse what merely counts as a boolean, as 1 does; texts were read by quirks.py before."""
    if not isinstance(value, bool):
        raise ValidationError("is neither true nor false.")


def _one_primary(elements: list[Any]) -> None:
    """Refuse more than one primary value (RFC 7643 section 2.4)."""
    if sum(1 for element in elements if isinstance(element, dict) and element.get("primary") is True) > 1:
        raise ValidationError("has more than one primary value.")


class Shape(Schema):
    """What all our schemas share: unknown members are left out, and a fault reads as the end of a sentence."""

    class Meta:
        unknown = EXCLUDE

    error_messages = {"type": "is not an object."}  # noqa: RUF012 - marshmallow reads the class attribute.


def _single(trait: Trait) -> fields.Field[Any]:
    options: dict[str, Any] = {"required": trait.required, "error_messages": {"required": "is missing."}}
    if trait.is_complex:
        return fields.Nested(_shape(trait.name, trait.sub), **options)
    if trait.type == "boolean":
        return fields.Raw(validate=_true_or_false, **options)
    return _text(LONGEST_BINARY if trait.type == "binary" else LONGEST_TEXT, **options)


def _field(trait: Trait) -> fields.Field[Any]:
    if not trait.multi_valued:
        return _single(trait)
    return fields.List(_single(trait.element), validate=_one_primary, error_messages={"invalid": "is not a list."})


def _shape(name: str, traits: tuple[Trait, ...]) -> Schema:
    settable: dict[str, Any] = {trait.name: _field(trait) for trait in traits if not trait.is_read_only}
    return Shape.from_dict(settable, name=name)()


# A schema for each URN: marshmallow splits a name at its dots, so that a URN cannot be the name of a field. Each takes
# what any connection may write; what this one may not was left out when the body was brought into its normal form.
SHAPES = {
    table.urn: _shape(table.name, (*COMMON, *table.traits) if table is resource.core else table.traits)
    for resource in (WRITABLE_USERS, GROUPS)
    for table in resource.tables
}


def checked_resource(normal: Mapping[str, Any], resource: ResourceType) -> dict[str, Any]:
    """Return a body in normal form as attributes of the right types.

    Args:
        normal: what quirks.normal_resource made of the body.

    Raises:
        Refusal: INVALID_VALUE for a missing required attribute, a wrong type, a text that cannot be stored.
    """
    loaded = _loaded(resource.core.urn, normal, "")
    for table in resource.extensions:
        if table.urn in normal:
            loaded[table.urn] = _loaded(table.urn, normal[table.urn], f"{table.urn}:")
    return loaded


def _loaded(urn: str, members: Any, prefix: str) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = SHAPES[urn].load(members)
    except ValidationError as error:
        raise _refusal(error.messages, prefix) from error
    return loaded


def checked_value(trait: Trait, value: Any, *, element: bool = False) -> Any:
    """Return a value for one attribute, as a PATCH gives it.

    Args:
        trait: the attribute or sub-attribute.
        value: its normal form.
        element: whether the value is one element of a multi-valued attribute.

    Raises:
        Refusal: INVALID_VALUE.
    """
    field = VALUE_FIELDS[trait.element if element else trait]
    try:
        return field.deserialize(value)
    except ValidationError as error:
        raise _refusal({trait.name: error.messages}) from error


def _value_fields() -> dict[Trait, fields.Field[Any]]:
    tables = [table for resource in (*RESOURCE_TYPES, WRITABLE_USERS) for table in resource.tables]
    attributes = [*COMMON, *(trait for table in tables for trait in table.traits)]
    every = [*attributes, *(trait.element for trait in attributes), *(sub for trait in attributes for sub in trait.sub)]
    return {trait: _field(trait) for trait in every}


VALUE_FIELDS = _value_fields()


def _refusal(messages: Any, prefix: str = "") -> Refusal:
    """Return the first fault of marshmallow's nested messages as one sentence with the attribute's full name."""
    name = ""
    while not isinstance(messages, str):
        if isinstance(messages, dict):
            key, messages = next(iter(messages.items()))
            name += _step(name, key)
        else:
            messages = messages[0]
    full = f"{prefix}{name}".rstrip(":")
    return invalid(full or None, f"The attribute '{full}' {messages}" if full else f"The resource {messages}")


def _step(name: str, key: Any) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    if key == "_schema":
        return ""
    return f".{key}" if name else str(key)
