"""The arithmetic of the benchmark: what is divided by what, what keeps a bound, and what a median leaves out."""

from dataclasses import replace

import pytest

from benchmarks.measure import Measured
from benchmarks.verdicts import Verdict, Wanted, cells, growth, in_turn, less_cpu, share_of_rate, time_taken

CHEAP = Measured(rate=400, number=100, server_ms=1.0, database_ms=0.5, median_ms=12.0, p99_ms=20.0)
DEAR = Measured(rate=100, number=100, server_ms=6.0, database_ms=0.0, median_ms=48.0, p99_ms=80.0)


@pytest.mark.parametrize(
    ("wanted", "ratio", "verdict"),
    [
        (Wanted(1.5, 2.5, at_least=True), 2.5, "goal"),
        (Wanted(1.5, 2.5, at_least=True), 1.5, "floor"),
        (Wanted(1.5, 2.5, at_least=True), 1.49, "missed"),
        (Wanted(1.3, 1.1, at_least=False), 1.1, "goal"),
        (Wanted(1.3, 1.1, at_least=False), 1.3, "floor"),
        (Wanted(1.3, 1.1, at_least=False), 1.31, "missed"),
    ],
)
def test_a_ratio_is_held_to_floor_and_goal_on_the_right_side(wanted, ratio, verdict):
    assert wanted.verdict(ratio) == verdict


def test_cpu_is_that_of_server_and_database_together():
    line = less_cpu("read", CHEAP, "peer", DEAR, None)
    assert (line.ours, line.reference, line.ratio) == ("1.00 + 0.50 ms", "6.00 ms", 4.0)


def test_against_a_peer_less_cpu_is_a_larger_ratio_and_against_ourselves_a_smaller_one():
    assert less_cpu("", CHEAP, "", DEAR, None).ratio == 4.0
    assert growth("", CHEAP, "", DEAR, None).ratio == 0.25


def test_a_share_of_a_rate_and_a_time_are_told_as_such():
    assert share_of_rate("", DEAR, "raw", CHEAP, None).ratio == 0.25
    assert time_taken("", DEAR, Wanted(50, 50, at_least=False)).ratio == 48.0


def test_a_line_shows_bounds_with_the_side_they_bound_and_the_verdict():
    line = Verdict("read", "1 ms", "peer", "2 ms", 2.0, Wanted(1.5, 3, at_least=True))
    assert cells(line)[4:] == ("2.00", "≥ 1.5", "≥ 3", "floor")
    assert cells(replace(line, wanted=None))[4:] == ("2.00", "", "", "")


def test_slots_come_in_turn_and_every_second_round_backwards():
    order = []

    def run(name):
        return lambda: order.append(name) or CHEAP

    in_turn({"a": run("a"), "b": run("b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"]


def test_one_slot_that_something_else_disturbed_does_not_move_the_median():
    slots = iter([CHEAP, replace(CHEAP, server_ms=90.0, rate=1, median_ms=900.0), CHEAP])
    found = in_turn({"ours": lambda: next(slots)}, rounds=3)["ours"]
    assert (found.server_ms, found.rate, found.median_ms, found.number) == (1.0, 400, 12.0, 300)


def test_raw_statements_have_no_times_and_none_are_made_up():
    raw = replace(CHEAP, median_ms=None, p99_ms=None)
    found = in_turn({"raw": lambda: raw})["raw"]
    assert (found.median_ms, found.p99_ms) == (None, None)
