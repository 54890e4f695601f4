"""ACT: which entries of the activity report are asked for, read from texts the same way at every door (ACT-1, LIM-3).

A person is named by id, so that one who was deleted can still be asked for (USR-8). A value that is not understood is
refused with a sentence, never left aside: a filter that is dropped would show more than was asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from provisioning.domain.caller import WayIn
from provisioning.domain.errors import invalid
from provisioning.domain.events import KINDS

MOST_ON_A_PAGE = 200
LONGEST_ID = 128
DATE_LENGTH = len("2026-11-23")


class Outcome(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ActivityQuery:
    """Which entries are wanted; what is None does not narrow.

    Attributes:
        person: id of a user (also an Inactive one), key, token or connection: what it did or what was done to it.
        kind: one of `events.KINDS`.
        way_in: the door.
        outcome: done, or refused.
        since, until: from this moment on, and before that one; in UTC.
        cursor: id of the last entry of the page before.
        limit: entries on a page, at most 200.
    """

    person: str | None = None
    kind: str | None = None
    way_in: WayIn | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: str | None = None
    limit: int = 100


# Names as doors write them in addresses and forms -> field of the query.
NAMES: Mapping[str, str] = {
    **{name: name for name in ("person", "kind", "way_in", "outcome", "cursor", "limit")},
    "from": "since",
    "to": "until",
}


def query_from(texts: Mapping[str, str]) -> ActivityQuery:
    """Return the query that the parameters of an address or the fields of a form ask for.

    Args:
        texts: name of `NAMES` -> text; an empty text is as good as none, other names are left aside. `from` and `to`
            are moments of ISO 8601, in UTC where they name no zone; a date alone as `to` holds that whole day.

    Raises:
        Refusal: INVALID_VALUE with the name of the field.
    """
    values: dict[str, object] = {}
    for name, reader in READERS.items():
        text = texts.get(name, "").strip()
        if text:
            try:
                values[NAMES[name]] = reader(text)
            except (ValueError, OverflowError) as fault:
                raise invalid(name, f"'{name}' {SENTENCES[name]}.") from fault
    return ActivityQuery(**values)  # type: ignore[arg-type]


def filters_of(query: ActivityQuery) -> dict[str, object]:
    """Return what narrows a query, as plain values, for the entry and the export that tell of it."""
    named = {field: name for name, field in NAMES.items() if field not in ("cursor", "limit")}
    found = {named[each.name]: getattr(query, each.name) for each in fields(query) if each.name in named}
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def id_text(text: str) -> str:
    """Return an id that somebody may have typed; ValueError where it can be none."""
    if len(text) > LONGEST_ID or not text.isascii() or not text.isprintable():
        raise ValueError
    return text


def _kind(text: str) -> str:
    if text not in KINDS:
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


READERS: Mapping[str, Callable[[str], object]] = {
    "person": id_text,
    "kind": _kind,
    "way_in": WayIn,
    "outcome": Outcome,
    "from": moment_text,
    "to": last_moment,
    "cursor": id_text,
    "limit": page_size,
}
SENTENCES: Mapping[str, str] = {
    "person": "is the id of a user, key, token or connection",
    "kind": "is a kind of the activity report, such as user.created",
    "way_in": f"is one of: {', '.join(WayIn)}",
    "outcome": f"is one of: {', '.join(Outcome)}",
    "from": "is a moment or a date of ISO 8601, such as 2026-11-23T09:00:00Z",
    "to": "is a moment or a date of ISO 8601, such as 2026-11-23",
    "cursor": "is the cursor of the page before",
    "limit": f"is a number from 1 to {MOST_ON_A_PAGE}",
}
