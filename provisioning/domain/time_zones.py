"""The time zones that people can choose for the dates they see (USR-10): those of the IANA database, and UTC."""

from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from provisioning.domain.errors import invalid
from provisioning.domain.users import UTC_NAME

# Names that tell people nothing: file names of the database, aliases, and offsets whose sign reads the wrong way round.
CONTINENTS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
)  # fmt: skip


@cache
def time_zones() -> tuple[str, ...]:
    """Return the names to choose from, UTC first; UTC alone where the machine has no such database."""
    places = sorted(name for name in available_timezones() if name.partition("/")[0] in CONTINENTS)
    return (UTC_NAME, *places)


def require_time_zone(name: str) -> None:
    """Refuse a time zone that cannot be chosen."""
    if name not in time_zones():
        raise invalid("time_zone", "Choose a time zone of the list.")


@cache
def zone(name: str) -> tzinfo:
    """Return a time zone by its name; UTC for one that the machine does not know any more."""
    return ZoneInfo(name) if name != UTC_NAME and name in time_zones() else UTC


def in_zone(at: datetime, name: str) -> datetime:
    """Return a moment in a time zone."""
    return at.astimezone(zone(name))
