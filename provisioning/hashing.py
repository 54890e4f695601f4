"""Argon2id behind a small pool, so that logins cannot use up the machine (PWD-4, LGN-5, LIM-4).

A hash is slow on purpose. Few are computed at once, and few may wait: whoever comes beyond that is told to come again,
so that the threads of the web are never all at it, and health and session checks still answer.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

from provisioning.domain.errors import Code, Refusal

# In one process. A hash has four lanes, each a thread of its own, so one keeps a small machine busy: more at once
# finish no sooner, and what else asks for the processor, health checks among it, waits behind all their lanes.
AT_ONCE = 1
WAITING_SECONDS = 5.0
# Threads of a web process that hashing leaves free.
LEFT_FREE = 2


class Hasher:
    """Hashes and checks passwords.

    Args:
        memory: KiB of one hash; raising it rehashes passwords at their next login.
        most_waiting: how many may wait for their turn.
    """

    def __init__(self, memory: int, most_waiting: int = 4) -> None:
        self._argon2 = Argon2(memory_cost=memory)
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._queue = threading.BoundedSemaphore(AT_ONCE + most_waiting)
        # Checked where no user has a password to check, so that unknown people cost the same time (LGN-1).
        self._dummy = self._argon2.hash("no user has this password")

    def hash(self, password: str) -> str:
        """Return the hash to store."""
        with self._place():
            return self._argon2.hash(password)

    def is_right(self, password: str, stored: str | None) -> bool:
        """Return whether a password fits a stored hash; without one the same work is done and the answer is no."""
        with self._place():
            try:
                right = self._argon2.verify(stored or self._dummy, password)
            except (VerificationError, InvalidHashError):
                return False
        return right and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Return whether a hash was made with weaker parameters than today's."""
        return self._argon2.check_needs_rehash(stored)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._queue.acquire(blocking=False):
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)
        try:
            if not self._places.acquire(timeout=WAITING_SECONDS):
                raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._queue.release()


def waiting_places(web_threads: int) -> int:
    """Return how many hashes may wait in a process with so many threads."""
    return max(1, web_threads - AT_ONCE - LEFT_FREE)
