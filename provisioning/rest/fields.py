"""Fields for what clients write in several ways: booleans as text, lists with commas, days with a time behind them.

Every fault reads as the end of a sentence that begins with the member's name. marshmallow takes a validator that
returns False for success, so every validator here raises.
"""

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

# pycloudinary writes words, and PHP's own query builder writes digits.
TEXT_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
LONGEST_TEXT = 1024
MOST_IN_LIST = 100
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].{0,40})?", re.ASCII)
WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
# Typed as marshmallow wants it.
SENTENCES: dict[str, str | list[Any] | dict[Any, Any]] = {
    "required": "is missing.",
    "null": "is null.",
    "invalid": "is not of the right type.",
    "too_large": "is too large.",
    "type": "is not an object.",
    "unknown": "is not known here.",
}

NO_DAY = "is not a day like 2026-11-23."


class Members(Schema):
    """What all schemas of requests share: unknown and read-only members are refused (IDN-5).

    Attributes:
        read_only: names that answers show and that no request sets; they are refused as such.
    """

    error_messages = SENTENCES  # type: ignore[assignment]
    read_only: frozenset[str] = frozenset()


class Body(Members):
    """A body: null is as good as left out, because one client writes it for every argument that it was not given.

    Attributes:
        clearable: names for which null is a value of its own: it takes away what is set.
    """

    clearable: frozenset[str] = frozenset()

    class Meta:
        """The document says too that unknown members are refused."""

        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002
        """Let null in where a member may be left out."""
        field_obj.allow_none = field_obj.allow_none or not field_obj.required

    @post_load
    def without_nulls(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the members that say something."""
        return {name: value for name, value in members.items() if value is not None or name in self.clearable}


def said(text: str) -> dict[str, Any]:
    """Return the options of a field that is explained in the document."""
    return {"metadata": {"description": text}}


def text(longest: int = LONGEST_TEXT, **options: Any) -> fields.String:
    """Return a field for a text that has something in it and is not too long (LIM-3)."""
    return fields.String(validate=[_not_blank, _not_longer(longest)], error_messages=SENTENCES, **options)


def any_text(longest: int, **options: Any) -> fields.String:
    """Return a field for a text that may be empty or blank, as a password may be; not too long (LIM-3)."""
    return fields.String(validate=_not_longer(longest), error_messages=SENTENCES, **options)


def choice(words: Sequence[str], **options: Any) -> fields.String:
    """Return a field for one of a few words."""
    one_of = validate.OneOf(words, error=f"is none of {', '.join(words)}.")
    return fields.String(validate=one_of, error_messages=SENTENCES, **options)


def truth(**options: Any) -> fields.Boolean:
    """Return a field for a boolean, or for a text that some client writes in its place."""
    return fields.Boolean(pre_load=_as_boolean, error_messages=SENTENCES, **options)


def texts(most: int = MOST_IN_LIST, **options: Any) -> fields.List[Any]:
    """Return a field for a list of texts: a list, parameters of one name, or one text with commas."""
    few = validate.Length(max=most, error=f"has more than {most} values.")
    return fields.List(text(), pre_load=_as_list, validate=few, error_messages=SENTENCES, **options)


def choices(words: Sequence[str], **options: Any) -> fields.List[Any]:
    """Return a field for a list of some of a few words, spelled as any list."""
    few = validate.Length(max=MOST_IN_LIST, error=f"has more than {MOST_IN_LIST} values.")
    return fields.List(choice(words), pre_load=_as_list, validate=few, error_messages=SENTENCES, **options)


def whole(least: int, most: int, **options: Any) -> fields.Integer:
    """Return a field for a whole number in a range."""
    in_range = validate.Range(least, most, error=f"is not between {least} and {most}.")
    return fields.Integer(pre_load=_as_whole, validate=in_range, error_messages=SENTENCES, **options)


def day(**options: Any) -> fields.Date:
    """Return a field for a day; of a date with a time the leading date is read, as clients send both."""
    return fields.Date(pre_load=_leading_date, error_messages={"invalid": NO_DAY}, **options)


def any_object(**options: Any) -> fields.Dict:
    """Return a field for a JSON object with anything in it; PHP writes an empty one as an empty list."""
    return fields.Dict(pre_load=_as_object, error_messages=SENTENCES, **options)


def words_to(choices: Sequence[str], **options: Any) -> fields.Dict:
    """Return a field for an object whose members are words of the client's, each with one of a few words of ours."""
    few = validate.Length(max=MOST_IN_LIST, error=f"has more than {MOST_IN_LIST} members.")
    return fields.Dict(
        keys=text(), values=choice(choices), pre_load=_as_object, validate=few, error_messages=SENTENCES, **options
    )


def _not_longer(longest: int) -> validate.Length:
    return validate.Length(max=longest, error=f"is longer than {longest} characters.")


def _not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("is empty.")


def _as_object(value: Any) -> Any:
    return {} if value == [] else value


def _as_boolean(value: Any) -> bool | None:
    if value is None:
        return None
    known = TEXT_BOOLEANS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise ValidationError("is neither true nor false.")
    return known


def _as_whole(value: Any) -> int | None:
    """Return a whole number or the digits of one; half a number is not cut to a whole one (LIM-3)."""
    if isinstance(value, str) and WHOLE.fullmatch(value):
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValidationError("is not a whole number.")
    return value


def _as_list(value: Any) -> list[Any] | None:
    if value is None:
        return None
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list):
        raise ValidationError("is not a list.")
    return [part for each in given for part in _parts(each) if part != ""]


def _parts(value: Any) -> Sequence[Any]:
    return value.split(",") if isinstance(value, str) else [value]


def _leading_date(value: Any) -> str:
    found = DAY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValidationError(NO_DAY)
    return found[1]
