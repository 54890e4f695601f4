"""What is used of a plan, by cycles of a year that begin on the day the account was made.

The one metric that this service knows is seats; what assets cost is the products' own.
"""

from dataclasses import dataclass
from datetime import date, timedelta

LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle: its first and its last day, both inclusive, and the seats in use at its end or now."""

    first: date
    last: date
    used: int


@dataclass(frozen=True, slots=True)
class BillingUsage:
    """Seats of a plan and how many were in use; no cycle where none began in the year that was asked for."""

    plan: str
    limit: int
    cycles: tuple[Cycle, ...]


def anniversary(began: date, year: int) -> date:
    """Return the day of a year on which a cycle begins; for the 29th of February the 1st of March stands in."""
    is_leap_day = (began.month, began.day) == LEAP_DAY
    return date(year, 3, 1) if is_leap_day and not _has_leap_day(year) else began.replace(year=year)


def days_of_cycle(began: date, today: date, year: int | None) -> tuple[date, date] | None:
    """Return the first and last day of the cycle that began in a year.

    Args:
        began: the day on which the first cycle began.
        today: a cycle that begins later has not begun.
        year: None for the cycle that holds today.

    Returns:
        None where no cycle has begun in that year.
    """
    chosen = year if year is not None else today.year - (anniversary(began, today.year) > today)
    if not began.year <= chosen <= today.year:
        return None
    first = anniversary(began, chosen)
    return (first, anniversary(began, chosen + 1) - timedelta(days=1)) if first <= today else None


def _has_leap_day(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
