"""USR-10: the time zones to choose from."""

from datetime import UTC, datetime

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.time_zones import in_zone, require_time_zone, time_zones, zone

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.mark.rule("USR-10")
def test_utc_comes_first_and_places_after_it():
    names = time_zones()
    assert names[0] == "UTC"
    assert {"Europe/Vienna", "America/New_York", "Asia/Kolkata"} <= set(names)
    assert not {"posixrules", "Etc/GMT+5", "right/UTC"} & set(names)


@pytest.mark.rule("USR-10")
@pytest.mark.parametrize("name", ["", "Europe/Nowhere", "../../etc/passwd", "UTC\0", "europe/vienna", "localtime"])
def test_a_zone_that_is_not_offered_is_refused_and_never_read_from_a_disk(name):
    with pytest.raises(Refusal) as refused:
        require_time_zone(name)
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "time_zone")
    assert zone(name) is UTC


def test_a_moment_is_shown_as_clocks_there_show_it():
    assert in_zone(NOON, "Europe/Vienna").hour == 14
    assert in_zone(NOON, "Asia/Kolkata").strftime("%H:%M") == "17:30"
    assert in_zone(NOON, "UTC") == NOON
