"""What the Console shows of the activity report beside its entries: whose they are today, and the logins of each day.

An entry keeps the name that somebody had then; whether that person is Inactive now is asked of the users, so that the
label stands wherever they are named (USR-6, USR-8).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.activity import Entry
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.users import User, require_text
from provisioning.store.activity_table import logins_by_day, people_among, people_named, sealed_up_to

DAYS = 14
MOST_PEOPLE = 20


@dataclass(frozen=True, slots=True)
class Day:
    """The logins of one day in UTC, and those that were refused."""

    day: date
    logins: int
    refused: int


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a page of entries.

    Attributes:
        people: users by id, deleted ones too, that did what the entries tell or to whom it was done.
        days: the last days, oldest first, also those without any login.
        sealed_until: when the newest sealed entry was written, None where nothing is sealed yet.
    """

    people: Mapping[str, User]
    days: tuple[Day, ...]
    sealed_until: datetime | None


def beside_entries(caller: Caller, entries: Iterable[Entry], person: str | None, services: Services) -> Beside:
    """Return what the page of the activity report shows beside some entries.

    Args:
        caller: needs to read the report.
        entries: of the page.
        person: id that the page is narrowed to, None for everybody.
        services: from outside.

    Raises:
        Refusal: not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        ids = {each for entry in entries for each in (entry.actor_id, entry.target_id) if each}
        people = people_among(unit.users, ids | ({person} if person else set()))
        today = unit.now.date()
        first = today - timedelta(days=DAYS - 1)
        begin = unit.now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
        counted = logins_by_day(unit.connection, unit.account_id, begin)
        days = (first + timedelta(days=number) for number in range(DAYS))
        return Beside(
            people={user.id: user for user in people},
            days=tuple(Day(day, *counted.get(day, (0, 0))) for day in days),
            sealed_until=sealed_up_to(unit.connection, unit.account_id),
        )


def find_people(caller: Caller, text: str, services: Services) -> list[User]:
    """Return users whose name or email holds a text, deleted ones too, so that the report can be narrowed to them.

    Raises:
        Refusal: a text that is too long or cannot be stored; not allowed.
    """
    require_text("who", text)
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_ACTIVITY_READ)
        return people_named(unit.users, text, MOST_PEOPLE)
