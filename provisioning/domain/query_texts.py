"""Filters of a list, read from the texts of an address or a form: one reader and one sentence for each parameter.

What narrows the activity report and the provisioning log is read here the same way at every door. A value that is not
understood is refused with a sentence, never left aside: a filter that is dropped would show more than was asked for.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from provisioning.domain.errors import invalid

MOST_ON_A_PAGE = 200
LONGEST_ID = 128
DATE_LENGTH = len("2026-11-23")


class Reader(NamedTuple):
    """How one parameter is read.

    Attributes:
        field: of the query.
        read: text -> value; ValueError where it is none.
        sentence: what the parameter is, to follow its name.
    """

    field: str
    read: Callable[[str], object]
    sentence: str


def values_of(texts: Mapping[str, str], readers: Mapping[str, Reader]) -> dict[str, object]:
    """Return the fields of a query that the parameters of an address or the fields of a form ask for.

    Args:
        texts: name -> text; an empty text is as good as none, names that no reader has are left aside.
        readers: by the name of the parameter.

    Raises:
        Refusal: INVALID_VALUE with the name of the parameter.
    """
    values: dict[str, object] = {}
    for name, (field, read, sentence) in readers.items():
        text = texts.get(name, "").strip()
        if text:
            try:
                values[field] = read(text)
            except (ValueError, OverflowError) as fault:
                raise invalid(name, f"'{name}' {sentence}.") from fault
    return values


def id_text(text: str) -> str:
    """Return an id that somebody may have typed; ValueError where it can be none."""
    if len(text) > LONGEST_ID or not text.isascii() or not text.isprintable():
        raise ValueError
    return text


def moment_text(text: str) -> datetime:
    """Return the moment, in UTC, that a text of ISO 8601 names; ValueError where it names none."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def last_moment(text: str) -> datetime:
    """Return the moment before which entries are wanted; of a date alone, the end of that day; ValueError for none."""
    moment = moment_text(text)
    return moment + timedelta(days=1) if len(text) == DATE_LENGTH else moment


def page_size(text: str) -> int:
    """Return how many entries a page holds; ValueError where that is no number or too many."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= DATE_LENGTH else 0
    if not 1 <= number <= MOST_ON_A_PAGE:
        raise ValueError
    return number


# The parameters that every such list has.
COMMON_READERS: Mapping[str, Reader] = {
    "from": Reader("since", moment_text, "is a moment or a date of ISO 8601, such as 2026-11-23T09:00:00Z"),
    "to": Reader("until", last_moment, "is a moment or a date of ISO 8601, such as 2026-11-23"),
    "cursor": Reader("cursor", id_text, "is the cursor of the page before"),
    "limit": Reader("limit", page_size, f"is a number from 1 to {MOST_ON_A_PAGE}"),
}
