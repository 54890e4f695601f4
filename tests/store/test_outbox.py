"""The outbox: many relays share it without waiting for one another, and only a job says that a row is done."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from provisioning.store.outbox import (
    PAUSES,
    OwedRow,
    add_owed,
    claim_due,
    lock_owed,
    mark_done,
    note_fault,
    oldest_owed,
    oldest_waiting,
)

ACCOUNT = "account-1"


@pytest.fixture
def owed(services, clock):
    """Owe rows of a kind; the rows as they were added."""

    def add(number: int, secret: bytes | None = b"hidden") -> list[OwedRow]:
        rows = [
            OwedRow(ACCOUNT, f"row-{each:04}", "invitation", {"user_id": f"user-{each}"}, secret, 0, clock())
            for each in range(number)
        ]
        with services.database.writer.begin() as connection:
            add_owed(connection, rows)
        return rows

    return add


@pytest.fixture
def claim(services, clock):
    """Claim due rows in a transaction of its own."""

    def run(most: int = 100) -> list[OwedRow]:
        with services.database.writer.begin() as connection:
            return claim_due(connection, clock(), most)

    return run


@pytest.mark.rule("INV-3", "JOB-3")
def test_four_relays_at_once_claim_each_row_once(services, owed, claim, sql):
    owed(200)
    ready = threading.Barrier(4)

    def relay(_: int) -> list[str]:
        ready.wait(10)
        claimed: list[str] = []
        while rows := claim(7):
            claimed += [row.id for row in rows]
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = Counter(row_id for ids in pool.map(relay, range(4)) for row_id in ids)
    assert len(claimed) == 200
    assert set(claimed.values()) == {1}
    assert sql("select distinct attempts, done_at from outbox") == [(1, None)]


@pytest.mark.rule("JOB-3")
def test_rows_that_another_relay_holds_are_left_to_it_without_waiting(services, owed, claim, clock):
    owed(10)
    with services.database.writer.begin() as other:
        held = {row.id for row in claim_due(other, clock(), 4)}
        rest = {row.id for row in claim()}
        assert (len(held), len(rest)) == (4, 6)
        assert not held & rest
        assert claim() == []


@pytest.mark.rule("INV-3", "JOB-3")
def test_what_a_relay_claimed_and_lost_comes_due_again(services, owed, claim, clock):
    owed(3)
    with services.database.writer.connect() as killed_before_the_commit:
        assert len(claim_due(killed_before_the_commit, clock(), 10)) == 3
    assert [row.attempts for row in claim()] == [1, 1, 1]
    assert claim() == []
    clock.advance(seconds=PAUSES[0].total_seconds())
    assert [row.attempts for row in claim()] == [2, 2, 2]


@pytest.mark.rule("INV-3", "NET-3")
def test_the_pauses_grow_and_the_last_repeats_so_that_nothing_is_given_up(owed, claim, clock):
    assert [pause.total_seconds() for pause in PAUSES] == [30, 60, 120, 300, 900, 3600]
    owed(1)
    for attempt, pause in enumerate([*PAUSES, PAUSES[-1], PAUSES[-1]], start=1):
        (row,) = claim()
        assert row.attempts == attempt
        clock.now += pause - timedelta(seconds=1)
        assert claim() == []
        clock.advance(seconds=1)
    assert len(claim()) == 1


@pytest.mark.rule("JOB-3")
def test_a_row_says_who_it_is_for_and_keeps_its_secret_until_it_is_done(services, owed, claim, sql, clock):
    (added,) = owed(1)
    (row,) = claim()
    assert (row.account_id, row.id, row.kind, row.payload) == (ACCOUNT, "row-0000", "invitation", {"user_id": "user-0"})
    assert (row.secret, row.created_at) == (b"hidden", added.created_at)
    with services.database.writer.begin() as connection:
        mark_done(connection, row, clock())
    assert sql("select secret, done_at, last_fault from outbox") == [(None, clock(), None)]


@pytest.mark.rule("INV-3")
def test_a_done_row_never_comes_due_and_cannot_be_locked_again(services, owed, claim, clock):
    owed(2)
    first, second = sorted(claim(), key=lambda row: row.id)
    with services.database.writer.begin() as connection:
        mark_done(connection, first, clock())
    clock.advance(days=2)
    assert [row.id for row in claim()] == [second.id]
    with services.database.writer.begin() as connection:
        assert lock_owed(connection, ACCOUNT, first.id) is None
        assert lock_owed(connection, ACCOUNT, second.id).id == second.id


@pytest.mark.rule("INV-3", "JOB-3")
def test_of_two_jobs_on_one_row_one_works_and_the_other_is_told_nothing_is_owed(services, owed, clock):
    (row,) = owed(1)
    writer = services.database.writer
    with writer.begin() as one:
        assert lock_owed(one, ACCOUNT, row.id).id == row.id
        with writer.begin() as other:
            assert lock_owed(other, ACCOUNT, row.id) is None
    with writer.begin() as again:
        assert lock_owed(again, ACCOUNT, row.id).id == row.id


@pytest.mark.rule("JOB-3", "TEN-1", "TEN-5")
def test_a_row_is_found_in_its_own_account_alone(services, owed):
    (row,) = owed(1)
    with services.database.writer.begin() as connection:
        assert lock_owed(connection, "account-2", row.id) is None
        note_fault(connection, "account-2", row.id, "Unreachable")
        assert lock_owed(connection, ACCOUNT, row.id).id == row.id


@pytest.mark.rule("JOB-2")
def test_a_fault_is_remembered_by_its_kind_for_the_operator(services, owed, sql):
    (row,) = owed(1)
    with services.database.writer.begin() as connection:
        note_fault(connection, ACCOUNT, row.id, "SMTPServerDisconnected")
    assert sql("select last_fault, done_at from outbox") == [("SMTPServerDisconnected", None)]


def test_how_long_something_waits_for_relay_and_worker_can_be_told(services, owed, claim, clock):
    def oldest():
        with services.database.reader.connect() as connection:
            return oldest_waiting(connection), oldest_owed(connection)

    assert oldest() == (None, None)
    began = clock()
    (row,) = owed(1)
    assert oldest() == (began, began)
    clock.advance(hours=1)
    claim()
    assert oldest() == (clock() + PAUSES[0], began)
    with services.database.writer.begin() as connection:
        note_fault(connection, ACCOUNT, row.id, "SMTPServerDisconnected")
    assert oldest() == (clock() + PAUSES[0], None)
    with services.database.writer.begin() as connection:
        mark_done(connection, row, clock())
    assert oldest() == (None, None)


def test_rows_that_are_owed_longest_come_first(services, clock, claim):
    for number in (3, 1, 2):
        row = OwedRow(ACCOUNT, f"row-{number}", "invitation", {}, None, 0, clock() - timedelta(minutes=number))
        with services.database.writer.begin() as connection:
            add_owed(connection, [row])
    assert [claim(1)[0].id for _ in range(3)] == ["row-3", "row-2", "row-1"]


def test_nothing_owed_is_nothing_written(services, sql):
    with services.database.writer.begin() as connection:
        add_owed(connection, [])
    assert sql("select count(*) from outbox") == [(0,)]
