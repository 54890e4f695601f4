"""KEY-4: ranges of network addresses from which a key may be used."""

import pytest

from provisioning.domain.address_ranges import MOST_RANGES, checked_ranges, is_within
from provisioning.domain.errors import Refusal


@pytest.mark.rule("KEY-4")
def test_ranges_are_kept_in_their_shortest_form_each_once():
    given = [" 203.0.113.0/24", "203.0.113.0/255.255.255.0", "192.0.2.7", "2001:DB8:0::/32"]
    assert checked_ranges(given) == ("203.0.113.0/24", "192.0.2.7/32", "2001:db8::/32")


@pytest.mark.rule("KEY-4", "LIM-3")
@pytest.mark.parametrize("text", ["", "everywhere", "203.0.113.7/24", "300.0.0.0/8", "10.0.0.0/33", "::/129", "1\0"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(Refusal) as refused:
        checked_ranges(["10.0.0.0/8", text])
    assert refused.value.field == "address_ranges"


@pytest.mark.rule("KEY-4", "LIM-3")
def test_fifty_ranges_are_taken_and_one_more_is_refused():
    ranges = [f"10.{number}.0.0/16" for number in range(MOST_RANGES + 1)]
    assert len(checked_ranges(ranges[:-1])) == MOST_RANGES == 50
    with pytest.raises(Refusal):
        checked_ranges(ranges)


@pytest.mark.rule("KEY-4")
@pytest.mark.parametrize(
    ("address", "inside"),
    [("203.0.113.255", True), ("203.0.114.0", False), ("::ffff:203.0.113.9", True), ("2001:db8::1", True),
     ("2001:db9::1", False), ("fe80::1%eth0", False), (None, False), ("", False), ("unix:", False)],
)  # fmt: skip
def test_an_address_lies_inside_or_outside(address, inside):
    assert is_within(address, ("203.0.113.0/24", "2001:db8::/32")) is inside
    assert is_within(address, ())
