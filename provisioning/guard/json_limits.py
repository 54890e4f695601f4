"""A request's bytes and its JSON, read within limits: size, depth, number of values, no doubles, no NaN (LIM-1).

Shared by the doors that take JSON, so that a limit cannot hold at one of them and be forgotten at the other.
"""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from provisioning.domain.errors import Code, Refusal

MIB = 1024 * 1024
DEEPEST_JSON = 32
MOST_VALUES = 10_000


def read_bytes(most: int = MIB) -> bytes:
    """Return the body of the request as it is.

    Args:
        most: bytes.

    Raises:
        Refusal: BODY_TOO_LARGE; MEDIA_TYPE for a compressed body.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Refusal(Code.MEDIA_TYPE)
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


def parse_json(data: bytes, most_values: int = MOST_VALUES) -> Any:
    """Return the value of a JSON text.

    Args:
        data: UTF-8.
        most_values: how many values it may have in all.

    Raises:
        Refusal: INVALID_SYNTAX for bad UTF-8, bad JSON, numbers that are none, two members of one name, half a
            character, and nesting deeper than 32; BODY_TOO_LARGE for too many values.
    """
    try:
        body = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise malformed("the body is not JSON.") from error
    _require_limits(body, most_values)
    return body


def malformed(detail: str) -> Refusal:
    """Return the refusal of a body that is not what it says it is."""
    return Refusal(Code.INVALID_SYNTAX, detail=detail)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise malformed("an object has two members of one name.")
    return made


def _refuse_constant(name: str) -> None:
    raise malformed(f"{name} is not JSON.")


def _finite(text: str) -> float:
    """Return a number; one that is too large would become infinity, which no JSON can say again."""
    number = float(text)
    if not math.isfinite(number):
        raise malformed("a number is too large.")
    return number


def _require_limits(body: Any, most_values: int) -> None:
    """Refuse what is nested too deep, has too many values, or holds halves of characters; without recursion."""
    level, count = [body], 0
    for _ in range(DEEPEST_JSON):
        count += len(level)
        if count > most_values:
            raise Refusal(Code.BODY_TOO_LARGE, limit=f"{most_values} values")
        if not all(map(_is_sound, level)):
            raise malformed("a text holds half a character.")
        level = list(_values(level))
        if not level:
            return
    raise malformed(f"the body is nested deeper than {DEEPEST_JSON}.")


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
