"""What a request says, whatever way its client writes: JSON, form or nothing, also on DELETE; lists in three spellings.

The parser is the one that flask-smorest calls for every schema of a route, so the document and the reading come from
one declaration.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from flask import Request, request
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser

from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.guard.json_limits import MOST_VALUES, malformed, parse_json, read_bytes
from provisioning.rest.fields import SENTENCES, Members

LONGEST_NAME_SHOWN = 64
LIST_MARK = "[]"
Values = dict[str, Any]


class MemberParser(FlaskParser):  # type: ignore[misc]
    """Reads a request for a schema; a fault of its members is a refusal of ours."""

    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: Members) -> Values:  # noqa: ARG002 - webargs calls it so.
        """Return the members of the body."""
        return read_members()

    def load_querystring(self, req: Request, schema: Members) -> Values:  # noqa: ARG002 - webargs calls it so.
        """Return the query parameters that have a value; those that no schema names are left out."""
        return read_query()

    def handle_error(self, error: ValidationError, req: Request, schema: Members, **_: Any) -> None:  # noqa: ARG002
        """Refuse by the first fault; webargs puts the messages below the name of the location."""
        by_location: Values = error.normalized_messages()  # type: ignore[no-untyped-call]
        raise refusal_of(next(iter(by_location.values())), schema) from error


def read_members() -> Values:
    """Return the members of the request's body, none for an empty one.

    Raises:
        Refusal: MEDIA_TYPE, BODY_TOO_LARGE, INVALID_SYNTAX; INVALID_VALUE for a NUL, which nothing can keep.
    """
    data = read_bytes()
    if not data.strip():
        return {}
    reader = READERS.get(request.mimetype)
    if reader is None:
        raise Refusal(Code.MEDIA_TYPE)
    members = reader(data)
    _refuse_nul(members)
    return members


def read_query() -> Values:
    """Return the query parameters; an empty value is as good as none, as one client sends every name it knows."""
    members = joined((name, value) for name, values in request.args.lists() for value in values if value)
    _refuse_nul(members)
    return members


def joined(pairs: Iterable[tuple[str, str]]) -> Values:
    """Return pairs as members: a name with `[]` or given several times has a list, any other one text."""
    members: Values = {}
    for written, value in pairs:
        name = written.removesuffix(LIST_MARK)
        if name not in members and written == name:
            members[name] = value
            continue
        present = members.setdefault(name, [])
        members[name] = [*present, value] if isinstance(present, list) else [present, value]
    return members


def refusal_of(messages: Any, schema: Members) -> Refusal:
    """Return the first fault of nested messages as one sentence that names the member."""
    name, fault = _first_fault(messages)
    if fault == SENTENCES["unknown"] and name in schema.read_only:
        return Refusal(Code.MUTABILITY, name, attribute=name)
    shown = name[:LONGEST_NAME_SHOWN]
    return invalid(shown or None, f"{shown or 'The request'} {fault}")


def _first_fault(messages: Any) -> tuple[str, str]:
    """Return the path of the first faulty member and what is wrong with it; numbers of elements are left out."""
    names: list[str] = []
    while not isinstance(messages, str):
        if isinstance(messages, dict):
            key, messages = next(iter(messages.items()))
            names += [key] if isinstance(key, str) and key != "_schema" else []
        else:
            messages = messages[0]
    return ".".join(names), messages


def _read_json(data: bytes) -> Values:
    body = parse_json(data)
    if body == []:
        # An empty array is what PHP makes of an empty object.
        return {}
    if not isinstance(body, dict):
        raise malformed("the body is not a JSON object.")
    return body


def _read_form(data: bytes) -> Values:
    try:
        pairs = parse_qsl(
            data.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_VALUES,
        )
    except ValueError as error:
        raise malformed("the body is not a form.") from error
    return joined(pairs)


READERS: dict[str, Callable[[bytes], Values]] = {
    "application/json": _read_json,
    "application/x-www-form-urlencoded": _read_form,
}


def _refuse_nul(members: Values) -> None:
    if any("\0" in text for text in _texts(members)):
        raise invalid(None, "The request holds a NUL character.")


def _texts(value: Any) -> Iterator[str]:
    """Return every text in a value of limited depth, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
