"""The activity report: sealed in order by any number of sealers, and no tampering of its owner goes unseen."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from provisioning.actions.activity import (
    export_activity,
    seal_activity,
    verify_activity,
)
from provisioning.domain.activity import GENESIS
from provisioning.domain.activity_export import Form
from provisioning.domain.activity_query import ActivityQuery
from provisioning.domain.events import Event
from provisioning.store import activity as store
from tests.factories import key_caller, make_user, report_of


@pytest.fixture
def record(services):
    """Record facts of an account, one transaction each."""

    def run(caller, number: int = 1, **data: object) -> None:
        for each in range(number):
            with services.unit(caller) as unit:
                unit.record(Event("user.changed", "user", f"user-{each}", "Dana", data))

    return run


@pytest.fixture
def sealed(services, account, neighbour, caller, record):
    """Two accounts with sealed entries; the caller of the first."""
    record(caller, 5)
    record(key_caller(neighbour), 3)
    seal_activity(services)
    return caller


@pytest.mark.rule("ACT-2")
def test_every_new_entry_is_sealed_in_order_chained_to_the_one_before(services, sealed, sql):
    rows = sql(
        "select number, entry_id, previous, digest, sealed_at from activity_seals where account_id = %s"
        " order by number",
        sealed.account,
    )
    entries = [row[0] for row in sql("select id from activity where account_id = %s order by id", sealed.account)]
    assert [row[0] for row in rows] == [*range(1, len(entries) + 1)]
    assert [row[1] for row in rows] == entries
    assert [row[2] for row in rows] == [GENESIS, *[row[3] for row in rows[:-1]]]
    assert {row[4] for row in rows} == {services.now()}
    assert sql("select count(*) from activity_unsealed") == [(0,)]
    assert seal_activity(services) == 0


@pytest.mark.rule("ACT-2")
def test_the_chain_holds_and_says_what_is_sealed_and_what_waits(services, sealed, record, sql):
    total, head = sql(
        "select number, digest from activity_seals where account_id = %s order by number desc limit 1", sealed.account
    )[0]
    record(sealed, 2)
    verdict = verify_activity(sealed, services)
    assert (verdict.sealed, verdict.head, verdict.unsealed, verdict.fault) == (total, head, 2, None)
    seal_activity(services)
    later = verify_activity(sealed, services)
    assert (later.sealed, later.unsealed, later.fault) == (total + 2, 0, None)


@pytest.mark.rule("ACT-2")
def test_sealers_at_once_make_one_chain_while_entries_keep_coming(services, account, neighbour, caller, record, sql):
    stop = threading.Event()

    def keep_sealing(_: int) -> int:
        number = 0
        while not stop.is_set():
            number += seal_activity(services)
        return number

    with ThreadPoolExecutor(4) as pool:
        sealers = [pool.submit(keep_sealing, number) for number in range(3)]
        writers = [pool.submit(record, caller, 30)]
        writers[0].result()
        record(key_caller(neighbour), 10)
        stop.set()
        number = sum(sealer.result() for sealer in sealers) + seal_activity(services)
    assert sql("select count(*) from activity_seals") == sql("select count(*) from activity") == [(number,)]
    for each in (caller, key_caller(neighbour)):
        verdict = verify_activity(each, services)
        assert (verdict.fault, verdict.unsealed) == (None, 0)


@pytest.mark.rule("ACT-2")
def test_a_backlog_is_sealed_in_portions_without_a_gap(services, account, caller, record, monkeypatch):
    monkeypatch.setattr(store, "SEALED_AT_ONCE", 4)
    record(caller, 11)
    waiting = verify_activity(caller, services).unsealed
    rounds = 0
    while seal_activity(services):
        rounds += 1
    assert rounds == -(-waiting // 4)
    verdict = verify_activity(caller, services)
    assert (verdict.sealed, verdict.unsealed, verdict.fault) == (waiting, 0, None)
    # The export itself is an entry, and below all of them stands the signed line.
    assert len(list(export_activity(caller, ActivityQuery(), Form.JSONL, services))) == waiting + 2


@pytest.mark.rule("ACT-2")
@pytest.mark.parametrize(
    "data",
    [
        {"text": "Zoë \u202e <b> 名前 👩", "empty": "", "none": None},
        {"numbers": [0, -1, 2**53, 1.5, 1e300, 0.1], "truth": [True, False]},
        {"z": {"y": [{"x": []}]}, "a": {}},
        {"fields": ("first_name", "last_name")},
    ],
)
def test_what_was_hashed_when_it_was_sealed_is_what_the_database_gives_back(services, account, caller, record, data):
    record(caller, **data)
    seal_activity(services)
    assert verify_activity(caller, services).fault is None


@pytest.mark.rule("ACT-2")
def test_moments_to_the_microsecond_survive_the_database(services, account, caller, record, clock):
    clock.now = datetime(2026, 11, 23, 9, 0, 0, 123457, tzinfo=UTC)
    record(caller)
    clock.now += timedelta(microseconds=1)
    record(caller)
    seal_activity(services)
    assert verify_activity(caller, services).fault is None


# What an owner of the schema, who is bound by no right of the service, may try on the third entry.
THIRD = "(select entry_id from activity_seals where account_id = %(account)s and number = 3)"
TAMPERING = {
    "edits an entry": f"update activity set actor_name = 'eve' where id = {THIRD}",
    "edits when it was": f"update activity set at = at - interval '1 microsecond' where id = {THIRD}",
    "edits what was done": f"update activity set data = '{{}}'::jsonb || '{{\"a\": 1}}' where id = {THIRD}",
    "gives an entry to another account": (
        "with taken as (delete from activity_seals where account_id = %(account)s and number >= 3 returning 1) "
        f"update activity set account_id = %(other)s where id = {THIRD}"
    ),
    "deletes an entry and its seal": (
        "with gone as (delete from activity_seals where account_id = %(account)s and number = 3 returning entry_id) "
        "select count(*) from gone"
    ),
    "deletes the newest seals": "delete from activity_seals where account_id = %(account)s and number > 3",
    "edits a seal": "update activity_seals set digest = repeat('f', 64) where account_id = %(account)s and number = 3",
    "inserts an entry": (
        "insert into activity select account_id, id || 'x', at, kind, outcome, code, way_in, actor_id, actor_name,"
        f" address, target_kind, target_id, target_name, data from activity where id = {THIRD}"
    ),
    "inserts an entry with a seal of its own": (
        "with put as (insert into activity select account_id, id || 'x', at, kind, outcome, code, way_in, actor_id,"
        " actor_name, address, target_kind, target_id, target_name, data from activity"
        f" where id = {THIRD} returning id)"
        " insert into activity_seals select %(account)s, 1000, id, repeat('0', 64), repeat('f', 64), now() from put"
    ),
    "renumbers a seal": ("update activity_seals set number = -number where account_id = %(account)s and number = 3"),
}


@pytest.mark.rule("ACT-2", "AUD-3")
@pytest.mark.parametrize("what", TAMPERING)
def test_what_the_owner_of_the_schema_does_behind_our_back_is_found(services, sealed, neighbour, owner_url, what):
    assert verify_activity(sealed, services).fault is None
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(TAMPERING[what], {"account": sealed.account, "other": neighbour.account.id})
    assert verify_activity(sealed, services).fault
    if "another account" not in what:
        assert verify_activity(key_caller(neighbour), services).fault is None


@pytest.mark.rule("ACT-1", "USR-8", "TEN-4")
def test_pages_are_newest_first_of_one_account_and_of_one_person(services, account, neighbour, caller):
    ours = make_user(caller, services)
    make_user(key_caller(neighbour), services)
    everything = report_of(caller, services)
    assert {entry.account_id for entry in everything} == {caller.account}
    assert [entry.id for entry in everything] == sorted((entry.id for entry in everything), reverse=True)
    first, rest = report_of(caller, services, limit=3), report_of(caller, services, cursor=everything[1].id)
    assert [*first, *rest] == everything
    about = report_of(caller, services, person=ours.id)
    assert [entry.kind for entry in about] == ["user.created"]
    assert report_of(key_caller(neighbour), services, person=ours.id) == []


@pytest.mark.rule("ACT-2")
def test_an_entry_without_its_note_to_be_sealed_cannot_be_written_by_halves(services, account, sql):
    assert sql("select count(*) from activity") == sql("select count(*) from activity_unsealed")
