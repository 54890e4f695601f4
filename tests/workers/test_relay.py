"""JOB-3, INV-3, ACT-2: what is owed is rung for, once at a time, whatever happens to Redis, relays and workers."""

import threading

import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from provisioning.actions.activity import verify_activity
from provisioning.domain.caller import operator
from provisioning.store.outbox import PAUSES
from tests.factories import key_caller, make_user
from workers import RELAY_KEY
from workers.queues import connect, is_reachable, open_queue
from workers.relay import MOST_WAITING_JOBS, ROWS_IN_A_JOB, Relay, run


def owe(services, caller, user, number: int, kind: str = "confirmation") -> None:
    """Owe a user the same mail many times: rows are what is counted here."""
    with services.unit(caller) as unit:
        for _ in range(number):
            unit.owe(kind, {"user_id": user.id})


def job_args(queue) -> list:
    return [Job.fetch(job_id, connection=queue.connection, serializer=JSONSerializer).args for job_id in queue.job_ids]


@pytest.mark.rule("JOB-3", "INV-3")
def test_several_relays_at_once_ring_once_for_each_row(services, caller, settings, queue, work, mails, left):
    user = make_user(caller, services)
    owe(services, caller, user, 200)
    relays = [Relay(services, open_queue(connect(settings.redis_url))) for _ in range(4)]
    together = threading.Barrier(len(relays))
    rung = []

    def ring(relay: Relay) -> None:
        together.wait()
        rung.append(relay.ring())

    threads = [threading.Thread(target=ring, args=(relay,)) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for relay in relays:
        relay._queue.connection.close()
    assert sum(rung) == sum(len(rows) for (rows,) in job_args(queue)) == 202
    work()
    assert len(mails.to("dana@acme.example", "confirmation")) == 200
    assert left() == 0


@pytest.mark.rule("JOB-2")
def test_rows_of_one_kind_share_a_job_and_kinds_never_do(services, caller, queue, relay, sql):
    user = make_user(caller, services)
    owe(services, caller, user, 150)
    with services.unit(caller) as unit:
        unit.owe("sessions_ended", {"user_id": user.id, "reason": "force_logout"})
    relay.ring()
    kinds = dict(sql("select id, kind from outbox"))
    jobs = [rows for (rows,) in job_args(queue)]
    assert max(len(rows) for rows in jobs) == ROWS_IN_A_JOB
    assert all(len({kinds[row_id] for _, row_id in rows}) == 1 for rows in jobs)
    assert sum(len(rows) for rows in jobs) == len(kinds)
    assert set(queue.job_ids) == {f"{rows[0][1]}-1" for rows in jobs}


@pytest.mark.rule("JOB-3", "INV-3")
def test_what_redis_forgot_comes_due_again_and_is_mailed_once(services, caller, relay, work, valkey, mails, clock):
    make_user(caller, services)
    relay.ring()
    valkey.flushdb()
    work()
    assert mails.to("dana@acme.example") == []
    assert relay.ring() == 0
    clock.advance(seconds=PAUSES[0].total_seconds())
    relay.ring()
    work()
    assert len(mails.to("dana@acme.example")) == 1


@pytest.mark.rule("JOB-3")
def test_job_that_runs_twice_pays_once(services, caller, relay, work, mails, clock):
    make_user(caller, services)
    relay.ring()
    clock.advance(seconds=PAUSES[0].total_seconds())
    relay.ring()
    work()
    assert len(mails.to("dana@acme.example")) == 1


@pytest.mark.rule("JOB-3", "INV-3")
def test_while_redis_is_away_nothing_is_claimed_and_no_attempt_is_lost(services, caller, sql, unused_port):
    make_user(caller, services)
    relay = Relay(services, open_queue(connect(f"redis://127.0.0.1:{unused_port}/0")))
    for _ in range(3):
        assert relay.turn() is False
    assert sql("select sum(attempts) from outbox") == [(0,)]


def test_without_redis_a_client_says_so(unused_port):
    assert not is_reachable(connect(f"redis://127.0.0.1:{unused_port}/0"))


def test_with_many_jobs_waiting_the_relay_waits_too(services, caller, relay, valkey, queue, sql):
    make_user(caller, services)
    valkey.rpush(queue.key, *(f"waiting-{number}" for number in range(MOST_WAITING_JOBS)))
    assert relay.ring() == 0
    assert sql("select sum(attempts) from outbox") == [(0,)]


def test_kind_without_a_job_stays_owed_and_stops_nothing(services, caller, relay, work, mails, sql, account):
    with services.unit(caller) as unit:
        unit.owe("of_tomorrow", {})
    make_user(caller, services)
    relay.ring()
    work()
    assert len(mails.to("dana@acme.example")) == 1
    assert sql("select kind from outbox where done_at is null") == [("of_tomorrow",)]


@pytest.mark.rule("ACT-2")
def test_every_account_is_sealed_within_two_turns_a_second_apart(services, caller, relay, account, neighbour, clock):
    owner = operator(account.account.id)
    relay.turn()
    make_user(caller, services)
    make_user(key_caller(neighbour), services)
    assert verify_activity(owner, services).unsealed > 0
    clock.advance(seconds=1)
    relay.turn()
    for account_id in (account.account.id, neighbour.account.id):
        verdict = verify_activity(operator(account_id), services)
        assert (verdict.unsealed, verdict.fault) == (0, None)
        assert verdict.sealed > 0


@pytest.mark.rule("ACT-2")
def test_the_report_is_sealed_also_while_redis_is_away(services, caller, account, unused_port):
    make_user(caller, services)
    Relay(services, open_queue(connect(f"redis://127.0.0.1:{unused_port}/0"))).turn()
    assert verify_activity(operator(account.account.id), services).unsealed == 0


@pytest.mark.plants_keys
def test_a_running_relay_rings_soon_shows_that_it_is_there_and_stops(services, caller, settings, queue, valkey):
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(services, settings.redis_url, stop))
    thread.start()
    try:
        make_user(caller, services)
        assert valkey.blmove(queue.key, "taken", timeout=2) is not None
        assert 0 < valkey.ttl(RELAY_KEY) <= 10
    finally:
        stop.set()
        thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.mark.rule("JOB-3")
def test_lost_connections_to_the_database_are_a_fault_of_one_turn(relay, services, caller, sql, work, mails):
    make_user(caller, services)
    others = "datname = current_database() and usename = current_user and pid <> pg_backend_pid()"
    assert sql(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")
    for _ in range(3):
        relay.turn()
    work()
    assert len(mails.to("dana@acme.example")) == 1


@pytest.mark.rule("SES-7", "SAM-4")
def test_the_relay_forgets_what_nobody_asks_for_any_more(services, clock, relay, sql):
    sql("insert into pending_logins (secret_hash, choices, created_at, expires_at) values ('old', '[]', %s, %s)",
        clock.now, clock.now)  # fmt: skip
    relay.turn()
    assert sql("select count(*) from pending_logins") == [(1,)]
    clock.advance(days=2)
    relay.turn()
    assert sql("select count(*) from pending_logins") == [(0,)]
