"""JOB-3, NET-3: rows are paid one by one within a time budget; faults are noted by kind, repeated, and bounded."""

import threading
import time
from dataclasses import replace

import pytest
from rq.timeouts import JobTimeoutException

from provisioning.store.outbox import PAUSES
from tests.factories import make_user
from workers.jobs.owed import MOST_REFUSED_ATTEMPTS, PaymentFault, pay_each
from workers.main import bound_jobs
from workers.queues import enqueue, job_class
from workers.worker import Worker


@pytest.fixture
def rows(services, caller, sql):
    """Three owed rows of one account, as a job is told of them."""
    user = make_user(caller, services)
    with services.unit(caller) as unit:
        for _ in range(3):
            unit.owe("of_a_test", {"user_id": user.id})
    return sql("select account_id, id from outbox where kind = 'of_a_test' order by id")


@pytest.fixture
def state(sql):
    """Of each owed row of the test: is it done, and its last fault."""
    return lambda: sql("select done_at is not null, last_fault from outbox where kind = 'of_a_test' order by id")


@pytest.fixture
def deliver_by(services, settings, relay, valkey):
    """Ring and work with another MAIL_URL."""

    def run(mail_url: str) -> None:
        relay.ring()
        bound = bound_jobs(services, replace(settings, mail_url=mail_url))
        Worker(valkey, bound, threading.Event()).work(burst=True, logging_level=None)

    return run


@pytest.mark.rule("OPS-6")
def test_a_job_that_takes_too_long_leaves_the_rest_owed(services, rows, state, clock):
    def pay(unit, row):
        clock.advance(seconds=7)
        return "paid"

    pay_each(rows, pay, services)
    assert state() == [(True, None), (True, None), (False, None)]


@pytest.mark.rule("JOB-2", "JOB-3")
def test_fault_of_one_row_is_noted_by_its_kind_and_the_others_are_paid(services, rows, state):
    def pay(unit, row):
        if row.id == rows[1][1]:
            raise OSError("dana@acme.example said no")
        return "paid"

    pay_each(rows, pay, services)
    assert state() == [(True, None), (False, "OSError"), (True, None)]


@pytest.mark.rule("JOB-3")
def test_effect_of_a_payment_that_fails_is_rolled_back(services, rows, sql, state, account):
    def pay(unit, row):
        unit.accounts.set_enforced(True)
        raise PaymentFault("broken")

    pay_each(rows[:1], pay, services)
    assert sql("select saml_enforced from accounts where id = %s", account.account.id) == [(False,)]
    assert state()[0] == (False, "broken")


@pytest.mark.rule("JOB-3")
def test_row_that_another_worker_holds_is_left_to_it(services, rows, state, caller):
    paid = []

    def pay(unit, row):
        if not paid:
            paid.append(row.id)
            pay_each(rows[:1], pay, services)
        return "paid"

    pay_each(rows[:1], pay, services)
    assert paid == [rows[0][1]]
    assert state()[0] == (True, None)


@pytest.mark.rule("ACC-1")
def test_row_of_another_account_is_not_there(services, rows, state, neighbour):
    pay_each([(neighbour.account.id, row_id) for _, row_id in rows], lambda unit, row: "paid", services)
    assert state() == [(False, None)] * 3


def test_the_alarm_of_a_job_ends_it_and_is_nobodys_fault(services, rows, state):
    def pay(unit, row):
        raise JobTimeoutException("too long")

    with pytest.raises(JobTimeoutException):
        pay_each(rows, pay, services)
    assert state() == [(False, None)] * 3


def test_job_that_hangs_is_ended_by_the_alarm_and_the_worker_goes_on(valkey, queue, monkeypatch):
    monkeypatch.setattr("workers.queues.JOB_TIMEOUT", 1)
    done = []
    bound = job_class({"hang": lambda rows: time.sleep(30), "quick": done.append})
    enqueue(queue, "hang", 1, [("a", "first")])
    enqueue(queue, "quick", 1, [("a", "second")])
    began = time.monotonic()
    Worker(valkey, bound, threading.Event()).work(burst=True, logging_level=None)
    assert time.monotonic() - began < 10
    assert done == [[["a", "second"]]]


@pytest.mark.rule("NET-3", "INV-3")
def test_mail_server_that_is_down_for_half_an_hour_loses_no_mail(
    services, caller, deliver_by, smtp_server, unused_port, clock, left
):
    make_user(caller, services)
    for pause in PAUSES[:5]:
        deliver_by(f"smtp://127.0.0.1:{unused_port}")
        clock.advance(seconds=pause.total_seconds())
    server = smtp_server()
    deliver_by(f"smtp://127.0.0.1:{server.port}")
    assert [mail["recipients"] for mail in server.taken].count(["dana@acme.example"]) == 1
    assert left() == 0


@pytest.mark.rule("NET-3")
def test_address_that_is_refused_for_good_is_given_up_after_a_bounded_number_of_tries(
    services, caller, deliver_by, smtp_server, clock, sql
):
    make_user(caller, services)
    server = smtp_server(answers={"rcpt": "550 5.1.1 unknown"}, refused_recipients=("dana@acme.example",))
    for number in range(MOST_REFUSED_ATTEMPTS):
        assert sql("select done_at from outbox where kind = 'invitation'") == [(None,)], number
        deliver_by(f"smtp://127.0.0.1:{server.port}")
        clock.advance(seconds=PAUSES[-1].total_seconds())
    row = sql("select done_at is not null, last_fault, secret from outbox where kind = 'invitation'")
    assert row == [(True, "smtp_550", None)]


@pytest.mark.rule("NET-3")
def test_greylisted_mail_goes_out_later(services, caller, deliver_by, smtp_server, clock):
    make_user(caller, services)
    grey = smtp_server(answers={"rcpt": "451 4.7.1 later"}, refused_recipients=("dana@acme.example",))
    for _ in range(MOST_REFUSED_ATTEMPTS + 1):
        deliver_by(f"smtp://127.0.0.1:{grey.port}")
        clock.advance(seconds=PAUSES[-1].total_seconds())
    server = smtp_server()
    deliver_by(f"smtp://127.0.0.1:{server.port}")
    assert [mail["recipients"] for mail in server.taken] == [["dana@acme.example"]]
