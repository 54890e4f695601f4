"""How much SAML work is taken on at once and from one address (LIM-4, LIM-6)."""

from contextlib import ExitStack

import pytest

from provisioning.domain.errors import Code, Refusal
from saml.pace import MOST_AT_ONCE, MOST_KEYS, Pace


@pytest.mark.rule("LIM-6")
def test_each_key_has_its_own_count_and_every_minute_begins_anew() -> None:
    pace = Pace(2)
    for _ in range(2):
        pace.require_room("a", 60.0)
        pace.require_room("b", 60.0)
    with pytest.raises(Refusal) as refusal:
        pace.require_room("a", 90.0)
    assert (refusal.value.code, refusal.value.values["retry_after"]) == (Code.TOO_MANY_REQUESTS, 31)
    pace.require_room("a", 120.0)


@pytest.mark.rule("LIM-4")
def test_work_beyond_the_places_is_refused_and_a_place_comes_back_also_after_a_fault() -> None:
    pace = Pace(1, patience=0.0)
    with ExitStack() as held:
        for _ in range(MOST_AT_ONCE):
            held.enter_context(pace.place())
        with pytest.raises(Refusal) as refusal, pace.place():
            pass
        assert refusal.value.code is Code.TOO_MANY_REQUESTS
    for _ in range(MOST_AT_ONCE + 1):
        with pytest.raises(ValueError, match="fault"), pace.place():
            raise ValueError("fault")


@pytest.mark.rule("LIM-5")
def test_no_number_of_addresses_fills_the_memory() -> None:
    pace = Pace(1)
    for number in range(MOST_KEYS + 10):
        pace.require_room(str(number), 60.0)
    assert len(pace._counts) <= MOST_KEYS
