"""How fast one key, one token and one account may ask, and what becomes of wrong keys (LIM-6, KEY-4).

Right ones are counted in the memory of the process, which costs microseconds: a bucket a key and a bucket an account,
each process with its share of the rate. Wrong ones are counted by network address in the database, so that all
processes count together, and only after they were found wrong: no number of them delays a right one from the same
address. An address that is over the limit is remembered here, so that a flood costs no more writes.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import cast

from flask import current_app

from provisioning.actions.wrong_keys import WINDOW_SECONDS, count_wrong_key
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.throttle import network_of
from provisioning.guard.context import client_address, services
from provisioning.settings import Settings

PACE = "gatelodge.pace"
# An account's keys and tokens together may ask this many times what one of them may.
TIMES_FOR_ACCOUNT = 4
MOST_WRONG_KEYS = 100
MOST_KEPT = 10_000


@dataclass(slots=True)
class _Bucket:
    """What is left of a burst, and when it was counted."""

    left: float
    at: float


class Buckets:
    """Token buckets by key, safe among threads.

    Args:
        rate: requests a second; burst: requests at once after a rest.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, key: str, now: float) -> int:
        """Take one request; returns 0, or the seconds after which there is room again.

        Args:
            key: whose bucket.
            now: seconds; a clock that was set back fills nothing and takes nothing away.
        """
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                if len(self._buckets) >= MOST_KEPT:
                    self._buckets.clear()
                bucket = self._buckets[key] = _Bucket(self._burst, now)
            bucket.left = min(self._burst, bucket.left + max(0.0, now - bucket.at) * self._rate)
            bucket.at = now
            if bucket.left < 1:
                return ceil((1 - bucket.left) / self._rate)
            bucket.left -= 1
            return 0


class Pace:
    """What one process counts.

    Args:
        settings: rates of the whole service; each process has its share.
    """

    def __init__(self, settings: Settings) -> None:
        rate = settings.request_rate / settings.web_workers
        burst = max(1.0, settings.request_burst / settings.web_workers)
        self._of_credential = Buckets(rate, burst)
        self._of_account = Buckets(rate * TIMES_FOR_ACCOUNT, burst * TIMES_FOR_ACCOUNT)
        self._over: dict[str, int] = {}

    def require_room(self, caller: Caller, now: float) -> None:
        """Count a request of a key or token that was found right.

        Raises:
            Refusal: TOO_MANY_REQUESTS, with the seconds to wait.
        """
        wait = self._of_credential.take(caller.id, now) or self._of_account.take(caller.account, now)
        if wait:
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=wait)

    def require_few_wrong(self, address: str | None, now: float, count: Callable[[], int]) -> None:
        """Count a wrong key of an address.

        Args:
            address: network address of the caller.
            now: seconds.
            count: counts it and returns how many there were in this window.

        Raises:
            Refusal: TOO_MANY_REQUESTS from the 101st within five minutes, with the seconds to wait.
        """
        network, window = network_of(address), int(now // WINDOW_SECONDS)
        if self._over.get(network) != window:
            if count() <= MOST_WRONG_KEYS:
                return
            if len(self._over) >= MOST_KEPT:
                self._over.clear()
            self._over[network] = window
        raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=int((window + 1) * WINDOW_SECONDS - now) + 1)


def in_pace(find: Callable[[], Caller]) -> Caller:
    """Return the caller that a credential stands for, within its pace.

    Args:
        find: looks the credential up.

    Raises:
        Refusal: CREDENTIAL_INVALID for a wrong one; TOO_MANY_REQUESTS beyond the limits.
    """
    pace, now = cast(Pace, current_app.extensions[PACE]), services().now().timestamp()
    try:
        caller = find()
    except Refusal as refusal:
        if refusal.code is Code.CREDENTIAL_INVALID:
            address = client_address()
            pace.require_few_wrong(address, now, lambda: count_wrong_key(address, services()))
        raise
    pace.require_room(caller, now)
    return caller
