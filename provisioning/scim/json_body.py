"""The JSON of a request, read within limits: media type, size, depth, number of values, no doubles, no NaN (LIM-1)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from provisioning.domain.errors import Code, Refusal
from provisioning.scim.traits import GROUPS, ResourceType

MIB = 1024 * 1024
MEDIA_TYPES = frozenset({"application/scim+json", "application/json"})
DEEPEST_JSON = 32
# Bytes and values of a body: a group's member list may be long.
BODY_LIMITS = {GROUPS.name: (4 * MIB, 250_000)}
USUAL_LIMITS = (MIB, 10_000)


def read_json(resource: ResourceType) -> dict[str, Any]:
    """Return the JSON object in the body of the request.

    Args:
        resource: the type of the resource that the request is about, which has the limits.

    Raises:
        Refusal: MEDIA_TYPE, BODY_TOO_LARGE or INVALID_SYNTAX.
    """
    most_bytes, most_values = BODY_LIMITS.get(resource.name, USUAL_LIMITS)
    if request.mimetype.lower() not in MEDIA_TYPES or request.headers.get("Content-Encoding", "identity") != "identity":
        raise Refusal(Code.MEDIA_TYPE)
    body = parse_json(_bytes(most_bytes))
    _require_limits(body, most_values)
    if not isinstance(body, dict):
        raise _malformed("the body is not a JSON object.")
    return body


def _bytes(most: int) -> bytes:
    # One byte more than allowed is read: a body without a stated length is cut at the limit, not refused (LIM-3).
    request.max_content_length = most + 1
    try:
        data = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large(most) from None
    if len(data) > most:
        raise _too_large(most)
    return data


def _too_large(most: int) -> Refusal:
    return Refusal(Code.BODY_TOO_LARGE, limit=f"{most // MIB} MiB")


def parse_json(data: bytes) -> Any:
    """Return the value of a JSON text.

    Raises:
        Refusal: INVALID_SYNTAX for bad UTF-8, bad JSON, NaN, two members of one name, and endless nesting.
    """
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise _malformed("the body is not JSON.") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _malformed("an object has two members of one name.")
    return made


def _refuse_constant(name: str) -> None:
    raise _malformed(f"{name} is not JSON.")


def _require_limits(body: Any, most_values: int) -> None:
    """Refuse what is nested too deep, has too many values, or holds halves of characters; without recursion."""
    level, count = [body], 0
    for _ in range(DEEPEST_JSON):
        count += len(level)
        if count > most_values:
            raise Refusal(Code.BODY_TOO_LARGE, limit=f"{most_values} values")
        if not all(map(_is_sound, level)):
            raise _malformed("a text holds half a character.")
        level = list(_values(level))
        if not level:
            return
    raise _malformed(f"the body is nested deeper than {DEEPEST_JSON}.")


def _values(level: Iterable[Any]) -> Iterator[Any]:
    for value in level:
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list):
            yield from value


def _is_sound(value: Any) -> bool:
    """Return whether a text, or the names of an object, can be written as UTF-8."""
    texts = value if isinstance(value, dict) else [value] if isinstance(value, str) else ()
    return all(text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text) for text in texts)


def _malformed(detail: str) -> Refusal:
    return Refusal(Code.INVALID_SYNTAX, detail=detail)
