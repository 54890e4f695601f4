"""The relay: rings for what the outbox owes, and seals the activity report behind the writers (JOB-3, ACT-2).

It claims due rows, which pushes them forward, and only then puts jobs on the queue: a job may start before the next
line of this file runs, and must find its row unlocked. Whatever happens in between, the rows come due again. Where
Redis is away nothing is claimed, so that nothing has to wait for its next attempt once Redis is back. Several relays
may run: claiming skips what another one holds.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import structlog
from redis import Redis
from rq import Queue

from provisioning.actions.activity import chains, seal_activity, write_attempts
from provisioning.actions.erasure import erase_cancelled_accounts
from provisioning.actions.expiry import warn_of_expiry
from provisioning.actions.housekeeping import forget_old_rows
from provisioning.actions.lag import read_lag
from provisioning.actions.provisioning_log import forget_old_requests
from provisioning.actions.services import Services
from provisioning.actions.webhook_deliveries import claim, forget_old_deliveries, hand_over, longest_unconfirmed
from provisioning.domain.activity import HEAD_EVENT
from provisioning.store.outbox import OwedRow, claim_due
from workers import RELAY_KEY, RELAY_KEY_SECONDS
from workers.jobs.owed import word_of, worker_caller
from workers.queues import WEBHOOK_QUEUE_NAME, connect, enqueue, open_queue
from workers.subscriptions import SEND_DELIVERIES, SUBSCRIPTIONS

IDLE_SECONDS = 0.4
SEAL_EVERY = timedelta(seconds=1)
ATTEMPTS_EVERY = timedelta(seconds=10)
LAG_EVERY = timedelta(seconds=10)
HEADS_EVERY = timedelta(minutes=1)
# Warnings and erasures are due by the day; a few minutes more or less are nothing to them.
DUTIES_EVERY = timedelta(minutes=5)
CLAIMED_AT_ONCE = 1000
ROWS_IN_A_JOB = 100
# With so many jobs waiting the workers are behind; claiming more would only use up attempts.
MOST_WAITING_JOBS = 100
DELIVERIES_IN_A_JOB = 16
MOST_WAITING_WEBHOOK_JOBS = 4

log = structlog.get_logger("relay")


class Relay:
    """One relay.

    Args:
        services: from outside.
        queue: from `open_queue`.
    """

    def __init__(self, services: Services, queue: Queue) -> None:
        self._services = services
        self._queue = queue
        self._webhooks = open_queue(queue.connection, name=WEBHOOK_QUEUE_NAME)
        self._done_at: dict[str, datetime] = {}
        self._told: dict[str, int] = {}
        self._faults: dict[str, str] = {}

    def turn(self) -> bool:
        """Do what is due once; returns whether there may be more at once. Faults are logged, none is raised."""
        rung = self._guarded("ring", self.ring)
        self._services.measure("relay_turn", self._services.now().timestamp())
        self._now_and_then("seal", SEAL_EVERY, lambda: seal_activity(self._services))
        self._now_and_then("tell", SEAL_EVERY, lambda: hand_over(self._services))
        self._guarded("deliver", self.ring_for_webhooks)
        self._now_and_then("attempts", ATTEMPTS_EVERY, lambda: write_attempts(self._services))
        self._now_and_then("heads", HEADS_EVERY, self.tell_heads)
        self._now_and_then("lag", LAG_EVERY, self.measure_lag)
        self._now_and_then("warnings", DUTIES_EVERY, lambda: warn_of_expiry(self._services))
        self._now_and_then("forget", DUTIES_EVERY, lambda: forget_old_deliveries(self._services))
        self._now_and_then("tidy", DUTIES_EVERY, lambda: forget_old_rows(self._services))
        self._now_and_then("requests", DUTIES_EVERY, lambda: forget_old_requests(self._services))
        self._now_and_then("unconfirmed", HEADS_EVERY, self.measure_unconfirmed)
        self._now_and_then("erasures", DUTIES_EVERY, lambda: erase_cancelled_accounts(self._services))
        return rung >= CLAIMED_AT_ONCE

    def ring_for_webhooks(self) -> int:
        """Claim deliveries that are due and enqueue their jobs, as many at once as receivers are asked side by side.

        Raises:
            RedisError: Redis is away; deliveries that were claimed already come due again.
        """
        if self._webhooks.count >= MOST_WAITING_WEBHOOK_JOBS:
            return 0
        claimed = claim(self._services, MOST_WAITING_WEBHOOK_JOBS * DELIVERIES_IN_A_JOB)
        for start in range(0, len(claimed), DELIVERIES_IN_A_JOB):
            portion = claimed[start : start + DELIVERIES_IN_A_JOB]
            rows = [(account_id, delivery_id) for account_id, delivery_id, _ in portion]
            enqueue(self._webhooks, SEND_DELIVERIES, portion[0][2], rows)
        return len(claimed)

    def tell_heads(self) -> int:
        """Write the head of every chain that has grown since the last time to the log; returns how many (AUD-3).

        Whoever keeps the log elsewhere can show later that a chain was made anew: `gatelodge activity verify --log`.
        """
        grown = [head for head in chains(self._services) if self._told.get(head.account_id) != head.number]
        for head in grown:
            log.info(HEAD_EVENT, account=head.account_id, number=head.number, digest=head.digest)
            self._told[head.account_id] = head.number
        return len(grown)

    def measure_unconfirmed(self) -> int:
        """Note for how long the oldest end of sessions waits for a webhook, so that an alarm can look at it (OUT-1)."""
        self._services.measure("unconfirmed", longest_unconfirmed(self._services).total_seconds())
        return 0

    def measure_lag(self) -> int:
        """Note how far relay and workers are behind, so that an alarm can look at it."""
        found = read_lag(self._services)
        for name in ("due", "owed", "unsealed"):
            self._services.measure(name, getattr(found, name))
        return 0

    def _now_and_then(self, step: str, every: timedelta, work: Callable[[], int]) -> None:
        """Do a step where it is time for it."""
        now, last = self._services.now(), self._done_at.get(step)
        if last is None or now - last >= every:
            self._done_at[step] = now
            self._guarded(step, work)

    def ring(self) -> int:
        """Claim due rows and enqueue their jobs; returns how many rows.

        Raises:
            RedisError: Redis is away; rows that were claimed already come due again.
        """
        connection: Redis = self._queue.connection
        connection.set(RELAY_KEY, self._services.now().isoformat(), ex=RELAY_KEY_SECONDS)
        if self._queue.count >= MOST_WAITING_JOBS:
            return 0
        with self._services.unit(worker_caller("")) as unit:
            claimed = claim_due(unit.connection, unit.now, CLAIMED_AT_ONCE)
        for kind, rows in _portions(claimed):
            self._enqueue(kind, rows)
        return len(claimed)

    def _enqueue(self, kind: str, rows: Sequence[OwedRow]) -> None:
        name = SUBSCRIPTIONS.get(kind)
        if name is None:
            log.error("relay.unknown_kind", kind=kind, rows=len(rows))
            return
        enqueue(self._queue, name, rows[0].attempts, [(row.account_id, row.id) for row in rows])

    def _guarded(self, step: str, work: Callable[[], int]) -> int:
        """Do a step; a fault is logged when it begins and when it ends, not at every turn between."""
        try:
            done = work()
        except Exception as fault:
            word = word_of(fault)
            if self._faults.get(step) != word:
                log.warning("relay.fault", step=step, fault=word)
            self._faults[step] = word
            return 0
        if self._faults.pop(step, None):
            log.info("relay.recovered", step=step)
        return done


def _portions(rows: Sequence[OwedRow]) -> Iterator[tuple[str, Sequence[OwedRow]]]:
    """Yield rows by kind in the order in which they were owed, as many together as one job takes."""
    by_kind: dict[str, list[OwedRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        by_kind[row.kind].append(row)
    for kind, of_kind in by_kind.items():
        for start in range(0, len(of_kind), ROWS_IN_A_JOB):
            yield kind, of_kind[start : start + ROWS_IN_A_JOB]


def run(services: Services, redis_url: str, stop: threading.Event) -> None:
    """Relay until `stop` is set: the process behind `gatelodge relay`.

    Args:
        services: from outside.
        redis_url: the setting REDIS_URL.
        stop: set by whoever handles SIGTERM; looked at between turns, each of which is short.
    """
    relay = Relay(services, open_queue(connect(redis_url)))
    log.info("relay.started")
    while not stop.is_set():
        if not relay.turn():
            stop.wait(IDLE_SECONDS)
    log.info("relay.stopped")
