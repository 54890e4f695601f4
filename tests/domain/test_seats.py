"""SEAT: the limit's arithmetic, and the one refusal at the limit."""

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.seats import (
    MOST_ADDITIONAL_BY_SELF_SERVICE,
    MOST_SEATS,
    SEATS_OF_PLAN,
    Plan,
    Seats,
    require_room,
    with_additional,
    with_plan_seats,
)


@pytest.mark.rule("SEAT-1")
def test_every_plan_brings_seats_for_the_root_user_and_others():
    assert set(SEATS_OF_PLAN) == set(Plan)
    assert all(number > 1 for number in SEATS_OF_PLAN.values())


@pytest.mark.rule("SEAT-2")
@pytest.mark.parametrize(("plan_seats", "additional", "limit"), [(3, 0, 3), (10, 20, 30), (50, 1, 51)])
def test_the_limit_is_the_plans_number_plus_the_additional(plan_seats, additional, limit):
    assert Seats(1, plan_seats, additional).limit == limit


# (used after the change, plan, additional) -> the refusal's (used, limit), None where there is room.
ROOM = [
    ((1, 3, 0), None),
    ((3, 3, 0), None),
    ((4, 3, 0), (3, 3)),
    ((4, 3, 1), None),
    ((5, 3, 1), (4, 4)),
    ((8, 3, 0), (3, 3)),
]


@pytest.mark.rule("SEAT-3")
@pytest.mark.parametrize(("after", "refused"), ROOM)
def test_a_user_above_the_limit_is_refused_with_used_and_limit(after, refused):
    if refused is None:
        require_room(Seats(*after))
        return
    with pytest.raises(Refusal) as refusal:
        require_room(Seats(*after))
    assert refusal.value.code is Code.SEAT_LIMIT_REACHED
    assert (refusal.value.values["used"], refusal.value.values["limit"]) == refused
    assert refusal.value.sentence == f"The user limit is reached: {refused[0]} of {refused[1]} seats are used."


@pytest.mark.rule("SEAT-3")
@pytest.mark.parametrize(("used", "full"), [(0, False), (2, False), (3, True), (4, True)])
def test_full_is_told_before_the_next_user_is_refused(used, full):
    assert Seats(used, 3, 0).is_full is full


@pytest.mark.rule("SEAT-2")
def test_the_limit_moves_up_and_down_but_not_below_the_seats_in_use():
    seats = Seats(5, 3, 10)
    assert with_plan_seats(seats, 3, 2) == Seats(5, 3, 2)
    assert with_plan_seats(seats, 3, 20) == Seats(5, 3, 20)
    with pytest.raises(Refusal) as refused:
        with_plan_seats(seats, 3, 1)
    assert refused.value.code is Code.SEATS_BELOW_USE
    assert refused.value.values["used"] == 5


@pytest.mark.rule("SEAT-2")
@pytest.mark.parametrize(
    ("plan_seats", "additional"), [(0, 0), (-1, 5), (3, -1), (MOST_SEATS + 1, 0), (3, MOST_SEATS + 1)]
)
def test_numbers_that_no_account_can_have_are_refused(plan_seats, additional):
    with pytest.raises(Refusal) as refused:
        with_plan_seats(Seats(1, 3, 0), plan_seats, additional)
    assert refused.value.code is Code.INVALID_VALUE


@pytest.mark.rule("SEAT-2")
def test_self_service_goes_to_twenty_and_then_says_whom_to_ask():
    assert MOST_ADDITIONAL_BY_SELF_SERVICE == 20
    assert with_additional(Seats(1, 3, 0), 20).limit == 23
    for number in (21, -1):
        with pytest.raises(Refusal, match="contact support") as refused:
            with_additional(Seats(1, 3, 0), number)
        assert refused.value.code is Code.INVALID_VALUE
    with pytest.raises(Refusal) as below:
        with_additional(Seats(20, 3, 20), 0)
    assert below.value.code is Code.SEATS_BELOW_USE
