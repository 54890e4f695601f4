"""The JSON object of a SCIM request: media type, limits by the type of the resource (RFC 7644 section 3.1, LIM-1)."""

from typing import Any, NamedTuple

from flask import request

from provisioning.domain.errors import Code, Refusal
from provisioning.guard.json_limits import MIB, MOST_VALUES, malformed, parse_json, read_bytes
from provisioning.scim.log import keep_body
from provisioning.scim.traits import GROUPS, ResourceType

MEDIA_TYPES = frozenset({"application/scim+json", "application/json"})


class Limits(NamedTuple):
    """How large a body may be: bytes, and values in all."""

    most_bytes: int
    most_values: int


# A group's member list may be long, and so may a bulk.
LONG_LIMITS = Limits(4 * MIB, 250_000)
LIMITS = {GROUPS.name: LONG_LIMITS}
USUAL_LIMITS = Limits(MIB, MOST_VALUES)


def read_json(resource: ResourceType) -> dict[str, Any]:
    """Return the JSON object in the body of the request.

    Args:
        resource: the type of the resource that the request is about, which has the limits.

    Raises:
        Refusal: MEDIA_TYPE, BODY_TOO_LARGE or INVALID_SYNTAX.
    """
    return _read(*LIMITS.get(resource.name, USUAL_LIMITS))


def read_long_json() -> dict[str, Any]:
    """Return the JSON object in the body of a bulk; refuses as `read_json` does."""
    return _read(*LONG_LIMITS)


def _read(most_bytes: int, most_values: int) -> dict[str, Any]:
    if request.mimetype.lower() not in MEDIA_TYPES:
        raise Refusal(Code.MEDIA_TYPE)
    data = read_bytes(most_bytes)
    keep_body(data)
    body = parse_json(data, most_values)
    if not isinstance(body, dict):
        raise malformed("the body is not a JSON object.")
    return body
