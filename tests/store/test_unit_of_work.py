"""One transaction: all of an action or nothing of it, its traces with it, and the seat counter last."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from provisioning.actions.accounts import set_seats
from provisioning.actions.services import MOST_RUNS, repeated
from provisioning.actions.users import create_user, show_user
from provisioning.domain.caller import WayIn, nobody, operator
from provisioning.domain.errors import REFUSALS, Code, Refusal, Refusals, invalid, not_found
from provisioning.domain.events import Event
from provisioning.domain.users import NewUser
from provisioning.encryption import CannotDecrypt
from provisioning.store.engine import Conflict
from tests.factories import key_caller, make_user

FACT = Event("group.created", "group", "group-1", "Design", {"fields": ["name"]})
RENAME = text("update users set last_name = last_name || :name where id = :id")
TABLES = ("users", "activity", "activity_unsealed", "outbox", "seats")


@pytest.fixture
def state(sql):
    """The content of what an action writes."""
    return lambda: {table: sorted(map(str, sql(f"select * from {table}"))) for table in TABLES}


def write_everything(unit) -> None:
    """Do what actions do: change a row, note a fact and a debt, take a seat."""
    unit.connection.execute(text("update users set first_name = 'Changed' where is_root"))
    unit.record(FACT)
    unit.owe("invitation", {"user_id": "user-1"}, "secret")
    unit.take_seat()


def write_and_raise(services, caller, fault: BaseException) -> None:
    with services.unit(caller) as unit:
        write_everything(unit)
        raise fault


@pytest.mark.rule("ACT-2", "INV-3", "SEAT-3")
def test_change_entry_debt_and_seat_are_written_together(services, account, caller, sql):
    with services.unit(caller) as unit:
        write_everything(unit)
        assert sql("select count(*) from activity where kind = 'group.created'") == [(0,)]
    assert sql("select kind, outcome, target_id, data from activity where kind = 'group.created'") == [
        ("group.created", "done", "group-1", {"fields": ["name"]})
    ]
    assert sql("select count(*) from activity_unsealed") == sql("select count(*) from activity")
    assert sql("select used from seats") == [(2,)]
    assert sql("select payload from outbox where kind = 'invitation' order by id desc limit 1") == [
        ({"user_id": "user-1"},)
    ]


@pytest.mark.rule("ACT-1", "ACT-2", "SEAT-3")
@pytest.mark.parametrize(
    "fault", [invalid("email", "No."), not_found("User"), RuntimeError("a bug"), KeyboardInterrupt()]
)
def test_whatever_stops_an_action_nothing_of_it_is_left(services, account, neighbour, caller, state, fault):
    before = state()
    with pytest.raises(type(fault)):
        write_and_raise(services, caller, fault)
    assert state() == before


@pytest.mark.rule("ACT-1", "AUD-1")
@pytest.mark.parametrize("code", [code for code in Code if REFUSALS[code].recorded])
def test_a_forbidden_attempt_rolls_back_and_leaves_its_entry(services, account, caller, sql, state, code):
    gaps = dict.fromkeys(("whom", "verb", "role", "what", "detail"), "it")
    before = state()
    with pytest.raises(Refusal):
        write_and_raise(services, caller, Refusal(code, **gaps))
    after = state()
    assert [table for table in TABLES if before[table] != after[table]] == ["activity", "activity_unsealed"]
    assert sql(
        "select account_id, kind, outcome, code, way_in, actor_id, actor_name, data->>'rule' from activity"
        " order by id desc limit 1"
    ) == [(
        caller.account, "attempt.refused", "refused", code.value, "provisioning_api", caller.id, caller.name,
        REFUSALS[code].rule,
    )]  # fmt: skip


@pytest.mark.rule("ACT-1", "AUD-1", "USR-2")
def test_of_many_rows_every_forbidden_one_leaves_its_entry(services, account, caller, sql, state):
    rows = {0: invalid("email", "No."), 1: Refusal(Code.ABOVE_OWN_ROLE, whom="her"), 4: Refusal(Code.NOT_ALLOWED)}
    before = sql("select count(*) from activity")[0][0]
    with pytest.raises(Refusals):
        write_and_raise(services, caller, Refusals(rows))
    assert sql("select code from activity order by id offset %s", before) == [("above_own_role",), ("not_allowed",)]
    assert sql("select count(*) from outbox where kind = 'invitation'") == [(0,)]


@pytest.mark.rule("ACT-1", "AUD-1")
def test_a_forbidden_read_leaves_its_entry_too(services, account, caller, sql):
    with pytest.raises(Refusal), services.read(caller):
        raise Refusal(Code.NOT_ALLOWED)
    assert sql("select code from activity order by id desc limit 1") == [("not_allowed",)]


@pytest.mark.rule("ACT-1")
def test_a_refusal_of_nobody_in_no_account_has_no_report_to_stand_in(services, account, state):
    before = state()
    with pytest.raises(Refusal), services.unit(nobody(WayIn.CONSOLE, None)):
        raise Refusal(Code.NOT_ALLOWED)
    assert state() == before


@pytest.mark.rule("ACT-1")
def test_an_entry_says_who_from_where_by_which_way_in_and_the_operators_reason(services, account, sql):
    with services.unit(operator(account.account.id, "asked by mail")) as unit:
        unit.record(FACT)
    assert sql("select way_in, actor_id, actor_name, address, data from activity order by id desc limit 1") == [
        ("command_line", "operator", "operator", None, {"fields": ["name"], "reason": "asked by mail"})
    ]
    assert sql("select at from activity order by id desc limit 1") == [(services.now(),)]


@pytest.mark.rule("OUT-2", "JOB-2")
def test_a_fact_that_must_be_told_owes_a_row_of_ids_and_words(services, account, caller, sql):
    with services.unit(caller) as unit:
        unit.record(Event("sessions.ended", "user", "user-1", "Dana", {"reason": "disabled", "count": 3}))
    assert sql("select kind, payload, secret from outbox order by id desc limit 1") == [
        ("sessions_ended", {"user_id": "user-1", "reason": "disabled"}, None)
    ]


@pytest.mark.rule("INV-2", "OPS-2")
def test_a_secret_that_is_owed_is_encrypted_for_its_own_row(services, account, caller, sql):
    with services.unit(caller) as unit:
        unit.owe("invitation", {}, "the link's token")
        unit.owe("invitation", {}, "the link's token")
    (first, one), (second, two) = sql("select id, secret from outbox order by id desc limit 2")
    assert one != two
    assert b"token" not in bytes(one)
    assert services.cipher.decrypt(one, f"outbox/secret/{first}") == "the link's token"
    with pytest.raises(CannotDecrypt):
        services.cipher.decrypt(one, f"outbox/secret/{second}")


@pytest.mark.rule("SEAT-3")
def test_the_seat_counter_is_taken_last_so_that_its_lock_is_the_shortest(services, account, caller, statements):
    make_user(caller, services)
    assert statements[-1].startswith("update seats")
    assert [statement for statement in statements[:-1] if " seats" in statement] == []


@pytest.mark.rule("SEAT-3")
def test_a_unit_that_gives_a_seat_back_and_takes_one_leaves_the_counter_alone(services, account, caller, statements):
    with services.unit(caller) as unit:
        unit.give_seat_back()
        unit.take_seat()
    assert not [statement for statement in statements if "seats" in statement]


@pytest.mark.rule("SEAT-3")
def test_without_room_the_whole_unit_is_rolled_back(services, account, caller, state):
    set_seats(operator(account.account.id), 1, services)
    before = state()
    with pytest.raises(Refusal) as refused, services.unit(caller) as unit:
        write_everything(unit)
    assert (refused.value.code, refused.value.values) == (Code.SEAT_LIMIT_REACHED, {"used": 1, "limit": 1})
    assert state() == before


@pytest.mark.rule("SEAT-3", "TEN-5")
def test_who_takes_a_seat_never_waits_for_another_account(services, account, neighbour, caller, sql):
    with services.unit(caller) as unit:
        unit.accounts.lock_seats()
        assert make_user(key_caller(neighbour), services).email == "dana@acme.example"
    assert sql("select used from seats where account_id = %s", neighbour.account.id) == [(2,)]


@pytest.mark.rule("SEAT-3")
def test_seats_given_back_are_there_for_the_next_also_at_the_limit(services, account, caller, sql):
    set_seats(operator(account.account.id), 1, services)
    with services.unit(caller) as unit:
        unit.give_seat_back()
    assert sql("select used from seats") == [(0,)]
    with services.unit(caller) as unit:
        unit.take_seat()
    assert sql("select used from seats") == [(1,)]


@pytest.mark.rule("USR-1")
def test_a_deadlock_between_two_actions_ends_with_both_done(services, account, caller, sql):
    users = [make_user(caller, services, f"{name}@acme.example").id for name in ("a", "b")]
    met, runs = threading.Barrier(2), []

    @repeated
    def rename(first: str, second: str, name: str) -> None:
        runs.append(name)
        with services.unit(caller) as unit:
            for place, user_id in enumerate((first, second)):
                unit.users.lock(user_id)
                unit.connection.execute(
                    text("update users set last_name = last_name || :name where id = :id"),
                    {"name": name, "id": user_id},
                )
                if place == 0 and runs.count(name) == 1:
                    met.wait(10)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(rename, users, reversed(users), ("1", "2")))
    assert len(runs) >= 3, "one of the two was repeated, and perhaps met the other again"
    for user_id in users:
        assert sorted(show_user(caller, user_id, services).user.last_name.removeprefix("Roe")) == ["1", "2"]


@pytest.mark.rule("LIM-4")
def test_an_action_is_run_again_a_few_times_and_is_then_refused_as_too_much():
    runs = []

    @repeated
    def always_in_conflict() -> None:
        runs.append(1)
        raise Conflict("40001")

    with pytest.raises(Refusal) as refused:
        always_in_conflict()
    assert (refused.value.code, len(runs)) == (Code.TOO_MANY_REQUESTS, MOST_RUNS)


@pytest.mark.rule("TEN-1")
def test_the_repositories_of_a_unit_are_bound_to_its_callers_account(services, account, neighbour, caller):
    foreign = make_user(key_caller(neighbour), services)
    with services.read(caller) as unit:
        assert unit.account_id == caller.account
        assert unit.users.get(account.root.id).account_id == account.account.id
        for found in (lambda: unit.users.get(foreign.id), lambda: unit.users.lock(foreign.id)):
            with pytest.raises(Refusal) as refused:
                found()
            assert refused.value.code is Code.NOT_FOUND


@pytest.mark.rule("LIM-3", "LIM-7")
def test_a_value_that_no_index_can_hold_is_refused_as_a_value_and_nothing_is_half_made(services, account, scim, state):
    # Each of these letters takes four bytes and no two are alike, so that nothing can be compressed.
    long = "".join(chr(0x20000 + number * 37 % 40_000) for number in range(1000))
    emails = [{"value": "dana@acme.example", "primary": True}, {"value": f"{long}@acme.example"}]
    before = state()
    with pytest.raises(Refusal) as refused:
        create_user(scim, NewUser(user_name="dana", attributes={"emails": emails}), services)
    assert refused.value.code is Code.INVALID_VALUE
    assert long not in refused.value.sentence
    assert state() == before
