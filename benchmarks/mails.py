"""Mails through relay and worker, beside RQ's own worker with jobs that do nothing.

What is compared is the CPU of our processes; that of PostgreSQL, which an empty job does not have, stands beside it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from benchmarks import usage
from benchmarks.empty_job import QUEUE, nothing
from benchmarks.installation import Site, environment_of
from benchmarks.measure import Measured
from benchmarks.raw import new_user
from benchmarks.scenarios import Bench, Line
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.users import create_user

MAILS = 10_000
EMPTY_JOBS = 5_000
ENQUEUED_AT_ONCE = 500
# The start of a program is no part of what one mail costs, so it must have come to rest before.
REST_SECONDS = 4.0


def mails(bench: Bench) -> Iterator[Line]:
    """Invitations through relay and worker into a Maildir, beside RQ's own worker with jobs that do nothing."""
    least = empty_jobs(bench.site)
    yield "RQ: an empty job", least, None
    yield f"{MAILS:,} owed mails", owed_mails(bench.site), least


def empty_jobs(site: Site) -> Measured:
    """RQ's SimpleWorker with jobs that do nothing; its CPU alone."""
    connection = Redis.from_url(site.settings.redis_url)
    queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
    with program([sys.executable, "-m", "benchmarks.empty_job", site.settings.redis_url], {}) as pid:
        before, began = usage.cpu_seconds(pid), time.monotonic()
        for _ in range(EMPTY_JOBS // ENQUEUED_AT_ONCE):
            queue.enqueue_many([Queue.prepare_data(nothing, result_ttl=0) for _ in range(ENQUEUED_AT_ONCE)])
        wait_until(lambda: queue.count == 0 and queue.started_job_registry.count == 0)
        took = time.monotonic() - began
        spent = usage.cpu_seconds(pid) - before
    connection.close()
    return Measured(EMPTY_JOBS / took, EMPTY_JOBS, spent / EMPTY_JOBS * 1000, 0.0)


def owed_mails(site: Site) -> Measured:
    """The product's relay and worker with invitations that become due at once."""
    caller = find_scim_caller(site.account.token.text, None, site.services)
    site.sql("update outbox set done_at = now() where done_at is null")
    for number in range(MAILS):
        create_user(caller, new_user(f"mail{number}@bench.example"), site.services)
    site.sql("update outbox set next_at = 'infinity' where done_at is null")
    environment = environment_of(site.settings)
    gatelodge = [sys.executable, "-m", "provisioning.cli"]
    with program([*gatelodge, "relay"], environment) as relay, program([*gatelodge, "worker"], environment) as worker:
        pids = (relay, worker, site.postgres_pid)
        before, began = [usage.cpu_seconds(pid) for pid in pids], time.monotonic()
        site.sql("update outbox set next_at = now() where done_at is null")
        wait_until(lambda: site.sql("select count(*) from outbox where done_at is null") == [(0,)])
        took = time.monotonic() - began
        spent = [usage.cpu_seconds(pid) - early for pid, early in zip(pids, before, strict=True)]
    server, database = (each / MAILS * 1000 for each in (spent[0] + spent[1], spent[2]))
    return Measured(MAILS / took, MAILS, server, database)


@contextmanager
def program(argv: Sequence[str], environment: dict[str, str]) -> Iterator[int]:
    """Run a program until the context ends; its process id, once it has come to rest."""
    with ExitStack() as undo:
        process = subprocess.Popen(argv, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
        undo.callback(process.wait, 30)
        undo.callback(process.terminate)
        time.sleep(REST_SECONDS)
        if process.poll() is not None:
            raise RuntimeError(f"{argv[-1]} ended at once")
        yield process.pid


def wait_until(is_done: Callable[[], bool], seconds: float = 600.0) -> None:
    """Ask twice a second until something is done."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise RuntimeError("it did not come to an end")
        time.sleep(0.5)
