"""Many actions in few transactions: what is shared, what stands or falls alone, and what is repeated."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from provisioning.actions.bulk import MOST_TOGETHER, Part, Written, run_bulk
from provisioning.actions.services import MOST_RUNS
from provisioning.actions.users import create_user, disable_user, show_user
from provisioning.domain.errors import Code, Refusal, Refusals
from provisioning.domain.users import NewUser
from provisioning.store.engine import Conflict, Unavailable
from tests.actions.refusals import code_of


@pytest.fixture
def room(sql):
    """Seats for everybody."""
    sql("update seats set plan_seats = 5000")


@pytest.fixture
def making(scim):
    """Makes the part that makes a user; `before` runs first, with the services of the bulk."""

    def make(number: int, name: str = "", before=None, names=frozenset(), *, is_plain: bool = True) -> Part:
        def run(services, _known):
            if before is not None:
                before(services)
            user = create_user(scim, NewUser(user_name=name or f"u{number}"), services).user
            return {number: Written(user.id, user.version)}

        return Part((number,), names, is_plain, run)

    return make


def codes(outcomes) -> dict[int, Code | None]:
    """Number -> code of the refusal, None for what was done."""
    return {number: each.code if isinstance(each, Refusal) else None for number, each in sorted(outcomes.items())}


def transactions(sql) -> int:
    return int(sql("select count(distinct xmin::text) from users where not is_root")[0][0])


@pytest.mark.parametrize("is_plain", [True, False])
def test_where_nothing_is_refused_a_chunk_is_one_transaction(services, scim, making, sql, room, is_plain):
    parts = [making(number, is_plain=is_plain) for number in range(2 * MOST_TOGETHER + 1)]
    outcomes = run_bulk(scim, parts, services, None)
    assert codes(outcomes) == dict.fromkeys(range(2 * MOST_TOGETHER + 1))
    assert transactions(sql) == 3
    assert all(show_user(scim, each.id, services).user.version == each.version for each in outcomes.values())


@pytest.mark.parametrize("is_plain", [True, False])
def test_a_refusal_is_one_parts_alone_and_its_neighbours_share_a_transaction(
    services, scim, making, sql, caplog, is_plain
):
    names = ["a", "b", "a", "c", "B", "d"]
    outcomes = run_bulk(scim, [making(*each, is_plain=is_plain) for each in enumerate(names)], services, None)
    taken = Code.USER_NAME_TAKEN
    assert codes(outcomes) == {0: None, 1: None, 2: taken, 3: None, 4: taken, 5: None}
    assert outcomes[4].values["user_name"] == "B"
    assert caplog.records == [], "the driver has nothing to complain of"
    assert sql("select user_name from users where not is_root order by 1") == [("a",), ("b",), ("c",), ("d",)]


def test_after_a_chunk_that_was_mostly_refused_the_next_is_not_run_in_vain(services, scim, sql):
    runs = [0] * 4 * MOST_TOGETHER

    def part(number: int) -> Part:
        def run(services, _known):
            runs[number] += 1
            if number < 2 * MOST_TOGETHER:
                raise Refusal(Code.NOT_FOUND, what="User")
            return {number: Written("x", None)}

        return Part((number,), frozenset(), False, run)

    outcomes = run_bulk(scim, [part(number) for number in range(len(runs))], services, None)
    assert [each is None for each in codes(outcomes).values()] == [False] * 2 * MOST_TOGETHER + [
        True
    ] * 2 * MOST_TOGETHER
    assert runs == [2, *[1] * (len(runs) - 1)]


def test_parts_know_the_outcomes_before_them_also_when_they_run_again(services, scim, making):
    seen = []

    def look(services, known):
        seen.append({number: known.get(number) for number in (0, 1, 2)})
        return {2: Written("x", None)}

    parts = [making(0, "a"), making(1, "a"), Part((2,), frozenset(), False, look)]
    outcomes = run_bulk(scim, parts, services, None)
    assert seen == [{0: outcomes[0], 1: outcomes[1], 2: None}]
    assert code_of(lambda: _raise(seen[0][1])) is Code.USER_NAME_TAKEN


def test_operations_that_stand_together_fall_together(services, scim, making, sql):
    def run(services, known):
        create_user(scim, NewUser(user_name="half"), services)
        raise Refusals({0: Refusal(Code.NOT_FOUND, what="User"), 1: Refusal(Code.NOT_ALLOWED)})

    outcomes = run_bulk(scim, [Part((0, 1), frozenset(), False, run), making(2)], services, None)
    assert codes(outcomes) == {0: Code.NOT_FOUND, 1: Code.NOT_ALLOWED, 2: None}
    assert sql("select user_name from users where not is_root") == [("u2",)]
    assert sql("select code from activity where kind = 'attempt.refused'") == [("not_allowed",)]


@pytest.mark.parametrize("runs", [1, MOST_RUNS, 2 * MOST_RUNS - 1])
def test_what_the_database_wants_again_runs_again_and_is_done_once(services, scim, making, sql, runs):
    left = [runs]

    def conflict(_services) -> None:
        if left[0]:
            left[0] -= 1
            raise Conflict("40P01")

    outcomes = run_bulk(scim, [making(0), making(1, before=conflict), making(2)], services, None)
    assert codes(outcomes) == {0: None, 1: None, 2: None}
    assert sql("select user_name from users where not is_root order by 1") == [("u0",), ("u1",), ("u2",)]
    assert sql("select count(*) from activity where kind = 'user.created'") == [(3,)]


def test_what_takes_too_long_is_refused_by_itself(services, scim, making):
    def wait(services, _known):
        with services.unit(scim) as unit:
            unit.connection.execute(text("set local statement_timeout = 20"))
            unit.connection.execute(text("select pg_sleep(5)"))
        raise AssertionError

    outcomes = run_bulk(scim, [making(0), Part((1,), frozenset(), False, wait), making(2)], services, None)
    assert codes(outcomes) == {0: None, 1: Code.TOO_MANY_RESULTS, 2: None}


@pytest.mark.parametrize("is_plain", [True, False])
def test_a_lost_connection_leaves_nothing_of_the_chunk(services, scim, making, sql, is_plain):
    def lose(services) -> None:
        with services.unit(scim) as unit:
            unit.connection.exec_driver_sql("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        run_bulk(scim, [making(0, is_plain=is_plain), making(1, before=lose, is_plain=is_plain)], services, None)
    assert sql("select count(*) from users where not is_root") == [(0,)]
    assert codes(run_bulk(scim, [making(0)], services, None)) == {0: None}


@pytest.mark.rule("OUT-2")
@pytest.mark.parametrize("refuses", [True, False])
def test_an_ending_is_measured_once_and_only_when_it_holds(services, scim, making, refuses):
    measured = []
    services = replace(services, measure=lambda stage, _seconds: measured.append(stage))
    people = [create_user(scim, NewUser(user_name=name), services).user for name in ("x", "y")]

    def disabling(number: int, user, falls: bool) -> Part:
        def run(services, _known):
            disable_user(scim, user.id, services)
            if falls:
                raise Refusal(Code.NOT_ALLOWED)
            return {number: Written(user.id, None)}

        return Part((number,), frozenset({user.id}), False, run)

    outcomes = run_bulk(scim, [disabling(0, people[0], False), disabling(1, people[1], refuses)], services, None)
    assert codes(outcomes) == {0: None, 1: Code.NOT_ALLOWED if refuses else None}
    assert measured == ["effective"] * (1 if refuses else 2)


def _raise(refusal: Refusal) -> None:
    raise refusal
