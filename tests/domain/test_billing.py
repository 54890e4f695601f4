"""Cycles of a year that begin on the day the account was made."""

from datetime import date

import pytest

from provisioning.domain.billing import anniversary, days_of_cycle

BEGAN, TODAY = date(2024, 5, 17), date(2026, 5, 16)


@pytest.mark.parametrize(
    ("today", "year", "expected"),
    [
        (TODAY, None, (date(2025, 5, 17), date(2026, 5, 16))),
        (date(2026, 5, 17), None, (date(2026, 5, 17), date(2027, 5, 16))),
        (BEGAN, None, (BEGAN, date(2025, 5, 16))),
        (TODAY, 2024, (BEGAN, date(2025, 5, 16))),
        (TODAY, 2025, (date(2025, 5, 17), date(2026, 5, 16))),
        (TODAY, 2026, None),
        (TODAY, 2023, None),
        (TODAY, 1, None),
        (TODAY, 9998, None),
    ],
)
def test_the_cycle_that_began_in_a_year(today, year, expected):
    assert days_of_cycle(BEGAN, today, year) == expected


def test_a_leap_day_gives_way_to_the_day_behind_it():
    born = date(2024, 2, 29)
    assert [anniversary(born, year) for year in (2025, 2028, 2100)] == [
        date(2025, 3, 1), date(2028, 2, 29), date(2100, 3, 1)]  # fmt: skip
    assert days_of_cycle(born, date(2026, 2, 28), None) == (date(2025, 3, 1), date(2026, 2, 28))
