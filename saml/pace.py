"""How much SAML work is taken on at once and from one address (LIM-4, LIM-6); beyond it 429, never a queue.

Counted in the memory of one process: a limit against floods, not a promise, and it must cost nothing to refuse.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from provisioning.domain.errors import Code, Refusal

WINDOW_SECONDS = 60
MOST_KEYS = 10_000
MOST_AT_ONCE = 4
WAIT_SECONDS = 2.0


class Pace:
    """Counts requests by key in windows of a minute.

    Args:
        most: requests of one key in a window.
        patience: seconds to wait for a place.
    """

    def __init__(self, most: int, patience: float = WAIT_SECONDS) -> None:
        self._most = most
        self._patience = patience
        self._window = 0
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def require_room(self, key: str, now: float) -> None:
        """Count one request.

        Args:
            key: connection and address.
            now: seconds, of the clock that is handed in.

        Raises:
            Refusal: TOO_MANY_REQUESTS, with the seconds to wait.
        """
        window = int(now // WINDOW_SECONDS)
        with self._lock:
            if window != self._window or len(self._counts) >= MOST_KEYS:
                self._window, self._counts = window, {}
            count = self._counts[key] = self._counts.get(key, 0) + 1
        if count > self._most:
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=int((window + 1) * WINDOW_SECONDS - now) + 1)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the few places for parsing and cryptography.

        Raises:
            Refusal: TOO_MANY_REQUESTS, where none was free in time.
        """
        if not self._places.acquire(timeout=self._patience):
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)
        try:
            yield
        finally:
            self._places.release()
