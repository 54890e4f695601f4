"""INV-3, JOB-3: whatever is killed in the middle of 200 invitations, everybody gets exactly the mail that is owed."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from embedded import EmbeddedValkey
from provisioning.actions.accounts import NewAccount, create_account
from provisioning.domain.caller import operator
from tests.factories import key_caller, make_user
from tests.workers.running import Machine, wait_until
from workers.queues import connect

PEOPLE = 200
KILLED_AT = (50, 100, 150)


def kill_worker(machine: Machine) -> None:
    machine.children["worker"].signal(signal.SIGKILL)


def kill_valkey(machine: Machine) -> None:
    if machine.valkey.pid:
        os.kill(machine.valkey.pid, signal.SIGKILL)


def flush_and_kill_both(machine: Machine) -> None:
    if machine.valkey.pid:
        connection = connect(machine.valkey.url)
        connection.flushall()
        connection.close()
    kill_worker(machine)
    kill_valkey(machine)


@pytest.fixture
def machine(settings, tmp_path) -> Iterator[Machine]:
    valkey = EmbeddedValkey(tmp_path / "valkey")
    valkey.start()
    made = Machine(valkey, replace(settings, redis_url=valkey.url), tmp_path / "parts.log")
    made.supervisor.start()
    yield made
    made.supervisor.stop()


@pytest.mark.rule("INV-3", "JOB-3")
@pytest.mark.parametrize("kill", [kill_worker, kill_valkey, flush_and_kill_both])
def test_every_committed_user_gets_exactly_one_mail(
    machine, in_real_time, mails, sql, left, tmp_path, kill: Callable[[Machine], None]
):
    account = create_account(
        operator(""), NewAccount(name="Acme", root_email="root@acme.example", seats=PEOPLE + 1), in_real_time
    )
    caller = key_caller(account)
    wait_until(lambda: len(mails.all()) == 1, 30, machine.supervisor.tend)
    for number in range(PEOPLE):
        make_user(caller, in_real_time, f"person{number}@acme.example")
        machine.supervisor.tend()
        if number in KILLED_AT:
            kill(machine)

    def make_due() -> None:
        """Let the pauses of lost rows pass; how long they are is held by a test with a clock."""
        machine.supervisor.tend()
        sql("update outbox set next_at = now() where done_at is null and next_at > now() + interval '2 s'")

    wait_until(lambda: left() == 0, 60, make_due)
    found = Counter(mail.to for mail in mails.all() if mail.kind == "invitation")
    assert found == Counter({f"person{number}@acme.example": 1 for number in range(PEOPLE)})
    assert len({mail.message_id for mail in mails.all()}) == PEOPLE + 1
    log = (tmp_path / "parts.log").read_text()
    assert "acme.example" not in log


@pytest.mark.rule("INV-3")
def test_mail_is_out_a_moment_after_the_commit(machine, in_real_time, mails):
    account = create_account(operator(""), NewAccount(name="Acme", root_email="root@acme.example"), in_real_time)
    wait_until(lambda: len(mails.all()) == 1, 30, machine.supervisor.tend)
    make_user(key_caller(account), in_real_time)
    assert mails.wait_for("dana@acme.example", "invitation", seconds=3).link.startswith("http://127.0.0.1:8080/")
