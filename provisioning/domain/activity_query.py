"""ACT: which entries of the activity report are asked for, read from texts the same way at every door (ACT-1, LIM-3).

A person is named by id, so that one who was deleted can still be asked for (USR-8).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from provisioning.domain.caller import WayIn
from provisioning.domain.events import KINDS
from provisioning.domain.query_texts import COMMON_READERS, Reader, id_text, values_of


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


def query_from(texts: Mapping[str, str]) -> ActivityQuery:
    """Return the query that the parameters of an address or the fields of a form ask for.

    Args:
        texts: name of `READERS` -> text; an empty text is as good as none, other names are left aside. `from` and `to`
            are moments of ISO 8601, in UTC where they name no zone; a date alone as `to` holds that whole day.

    Raises:
        Refusal: INVALID_VALUE with the name of the field.
    """
    return ActivityQuery(**values_of(texts, READERS))  # type: ignore[arg-type]


def filters_of(query: ActivityQuery) -> dict[str, object]:
    """Return what narrows a query, as plain values, for the entry and the export that tell of it."""
    named = {reader.field: name for name, reader in READERS.items() if name not in ("cursor", "limit")}
    found = {named[each.name]: getattr(query, each.name) for each in fields(query) if each.name in named}
    return {name: _plain(value) for name, value in found.items() if value is not None}


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _kind(text: str) -> str:
    if text not in KINDS:
        raise ValueError
    return text


READERS: Mapping[str, Reader] = {
    "person": Reader("person", id_text, "is the id of a user, key, token or connection"),
    "kind": Reader("kind", _kind, "is a kind of the activity report, such as user.created"),
    "way_in": Reader("way_in", WayIn, f"is one of: {', '.join(WayIn)}"),
    "outcome": Reader("outcome", Outcome, f"is one of: {', '.join(Outcome)}"),
    **COMMON_READERS,
}
