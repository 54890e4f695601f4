"""OPS-6: a worker starts when Redis is there, and leaves cleanly when it is asked to, whatever it is doing."""

import signal
from dataclasses import replace

import pytest

from embedded import EmbeddedValkey
from tests.factories import make_user
from tests.workers.running import launch, wait_until
from workers.mailer import MailUrlError
from workers.main import bound_jobs
from workers.queues import QUEUE_NAME


@pytest.fixture
def started():
    """Start parts that end with the test."""
    children = []

    def run(part: str, settings, log=None):
        children.append(launch(part, settings, log))
        return children[-1]

    yield run
    for child in children:
        child.stop()


def is_listening(valkey) -> bool:
    return valkey.scard(f"gatelodge:workers:{QUEUE_NAME}") > 0


@pytest.mark.rule("OPS-6")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_worker_leaves_at_once_with_status_0(settings, valkey, started, number):
    worker = started("worker", settings)
    wait_until(lambda: is_listening(valkey), 30)
    worker.signal(number)
    assert worker.wait(5)
    assert worker.exit_code == 0
    assert not is_listening(valkey)


@pytest.mark.rule("OPS-6")
def test_worker_that_waits_for_redis_leaves_too(settings, started, unused_port, tmp_path):
    log = tmp_path / "log"
    worker = started("worker", replace(settings, redis_url=f"redis://127.0.0.1:{unused_port}/0"), log)
    wait_until(lambda: "worker.waits_for_redis" in log.read_text(), 30)
    worker.signal(signal.SIGTERM)
    assert worker.wait(5)
    assert worker.exit_code == 0


@pytest.mark.rule("OPS-6")
def test_relay_leaves_at_once_with_status_0(settings, valkey, started):
    relay = started("relay", settings)
    wait_until(lambda: valkey.exists("gatelodge:relay"), 30)
    relay.signal(signal.SIGTERM)
    assert relay.wait(5)
    assert relay.exit_code == 0


@pytest.mark.rule("JOB-3")
def test_worker_begins_when_redis_comes_and_goes_on_after_it_was_lost(
    settings, in_real_time, caller, started, tmp_path, mails
):
    with EmbeddedValkey(tmp_path / "valkey") as own:
        at_own = replace(settings, redis_url=own.url)
        own.stop()
        parts = [started(part, at_own, tmp_path / "log") for part in ("relay", "worker")]
        own.start()
        make_user(caller, in_real_time, "first@acme.example")
        mails.wait_for("first@acme.example", seconds=30)
        own.stop()
        own.start()
        make_user(caller, in_real_time, "second@acme.example")
        mails.wait_for("second@acme.example", seconds=30)
        assert all(part.running for part in parts)


def test_setting_that_cannot_be_used_does_not_start(settings, services):
    with pytest.raises(MailUrlError):
        bound_jobs(services, replace(settings, mail_url="nowhere"))
    with pytest.raises(ValueError, match="GATELODGE_MAIL_FROM"):
        bound_jobs(services, replace(settings, mail_from="nobody"))
