"""The `strict` profile: what the other profiles put right or leave out without a word is refused, with its name.

It is for whoever builds a provider and wants to hear of every mistake. Nothing is read otherwise than in the other
profiles; a body that is not odd means the same in all of them. What only the server sets may still be sent along in
POST and PUT (RFC 7644 section 3.5.1), and a password is thrown away as everywhere.
"""

from collections.abc import Mapping
from typing import Any

from provisioning.domain.errors import invalid
from provisioning.domain.scim_connections import ScimConnection
from provisioning.scim.operations import DESCRIPTIVE
from provisioning.scim.paths import parse_path
from provisioning.scim.quirks import HABITS, members_by_name
from provisioning.scim.traits import ResourceType, Trait

LONGEST_QUOTED = 64


def require_plain(connection: ScimConnection | None, body: Mapping[str, Any], resource: ResourceType) -> None:
    """Refuse a POST or PUT body that is odd, where the connection is strict.

    Args:
        connection: whose profile counts.
        body: the request's JSON.
        resource: the type of the resource.

    Raises:
        Refusal: INVALID_VALUE for an unknown attribute, and for a value that only a habit of ours makes sense of.
    """
    if connection is None or not connection.is_strict:
        return
    for name, value in body.items():
        extension = resource.extension(name)
        if extension is None:
            _require_known(name, resource.find(None, name), value)
        elif isinstance(value, dict):
            for part, member in value.items():
                _require_known(part, resource.find(extension.urn, part), member)


def require_plain_patch(connection: ScimConnection | None, body: Mapping[str, Any], resource: ResourceType) -> None:
    """Refuse a PATCH body that is odd, where the connection is strict.

    Raises:
        Refusal: INVALID_VALUE as above, INVALID_PATH for a path or a member that names no attribute.
    """
    if connection is None or not connection.is_strict:
        return
    operations = members_by_name(body).get("operations")
    for operation in operations if isinstance(operations, list) else ():
        if isinstance(operation, dict):
            _require_plain_operation(members_by_name(operation), resource)


def _require_plain_operation(operation: Mapping[str, Any], resource: ResourceType) -> None:
    path, value, op = operation.get("path"), operation.get("value"), operation.get("op")
    if isinstance(path, str) and path.strip():
        _require_plain_at(path, value, resource, is_added=op == "add")
    elif isinstance(value, dict):
        for name, member in value.items():
            if name.lower() not in DESCRIPTIVE:
                _require_plain_at(name, member, resource, is_added=op == "add")


def _require_plain_at(path: str, value: Any, resource: ResourceType, *, is_added: bool) -> None:
    target = parse_path(path, resource)
    leaf = target.leaf
    if leaf is None:
        for name, member in value.items() if isinstance(value, dict) else ():
            _require_known(name, resource.find(target.urn, name), member)
    elif target.selection is not None and target.sub is None:
        _require_value(leaf.element, value)
    elif is_added and leaf.multi_valued and isinstance(value, dict):
        # One value more is a value (RFC 7644 section 3.5.2.1).
        _require_value(leaf.element, value)
    else:
        _require_value(leaf, value)


def _require_known(name: str, trait: Trait | None, value: Any) -> None:
    if trait is None:
        raise invalid(name[:LONGEST_QUOTED], f"There is no attribute {name[:LONGEST_QUOTED]!r}.")
    _require_value(trait, value)


def _require_value(trait: Trait, value: Any) -> None:
    if trait.is_read_only:
        return
    for habit in HABITS:
        if habit.applies(trait, value):
            raise invalid(trait.name, f"'{trait.name}' is odd, and this connection is strict: {habit.what}.")
    if trait.multi_valued and isinstance(value, list):
        for element in value:
            _require_value(trait.element, element)
    elif trait.is_complex and isinstance(value, dict):
        for name, member in value.items():
            _require_known(f"{trait.name}.{name}", trait.find(name), member)
