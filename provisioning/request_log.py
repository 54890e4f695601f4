"""Who writes the provisioning log: at once, or a thread of the web process in batches (docs/adr/0011).

An answer must not wait for the entry that tells of it, and an entry alone costs more than a tenth of a create. So the
web hands entries over to one thread, which writes what has come together every half second. The thread begins with the
first entry, so after the process was made, whichever server made it; it ends by itself after a last turn once the main
thread has ended. Nothing is lost unseen: where the queue is full the request's own thread writes, and what cannot be
written is counted and logged.
"""

import threading
from collections.abc import Callable, Sequence

import structlog

from provisioning.domain.provisioning_log import LoggedRequest

TURN_SECONDS = 0.5
MOST_QUEUED = 2_000
MOST_IN_BATCH = 500
# Inserts entries; returns False where the database cannot take them now and may in a moment.
Write = Callable[[Sequence[LoggedRequest]], bool]
Measure = Callable[[str, float], None]

log = structlog.get_logger("gatelodge")


class ImmediateLog:
    """Writes each entry before its answer goes out: tests, and whatever has no web server around it.

    Args:
        write: inserts entries.
        measure: is told how many entries went which way.
    """

    def __init__(self, write: Write, measure: Measure) -> None:
        self._write, self._measure = write, measure

    def add(self, entry: LoggedRequest) -> None:
        """Write an entry. A fault is counted and logged, no more: what the request did is done."""
        self.write_alone(entry)

    def flush(self) -> None:
        """Nothing waits here."""

    def write_alone(self, entry: LoggedRequest) -> None:
        """Write one entry by itself, or lose it and say so."""
        try:
            if self._write([entry]):
                self._measure("log_written", 1)
            else:
                self.lose([entry])
        except Exception as fault:
            self.lose([entry], fault)

    def lose(self, entries: Sequence[LoggedRequest], fault: Exception | None = None) -> None:
        """Count entries that could not be written; the line in the log has their ids and nothing of the requests."""
        self._measure("log_lost", len(entries))
        log.error("provisioning log not written", requests=[entry.id for entry in entries], exc_info=fault)


class BatchedLog(ImmediateLog):
    """Writes entries in batches, behind the answers.

    Args:
        write: inserts entries of any accounts in one transaction.
        measure: is told how many entries went which way.
        most_queued: entries that may wait.
    """

    def __init__(self, write: Write, measure: Measure, most_queued: int = MOST_QUEUED) -> None:
        super().__init__(write, measure)
        self._most_queued = most_queued
        self._queue: list[LoggedRequest] = []
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, entry: LoggedRequest) -> None:
        """Hand an entry over; where too many wait already, write it here and now."""
        with self._lock:
            has_room = len(self._queue) < self._most_queued
            if has_room:
                self._queue.append(entry)
            if self._thread is None:
                # No daemon: the interpreter waits for its last turn.
                self._thread = threading.Thread(target=self._run, name="provisioning log", daemon=False)
                self._thread.start()
        if not has_room:
            self._measure("log_direct", 1)
            self.write_alone(entry)

    def flush(self) -> None:
        """Write what waits, now and in the caller's thread; what the database cannot take goes on waiting."""
        with self._turn:
            while batch := self._take():
                if not self._written(batch):
                    with self._lock:
                        self._queue = batch + self._queue
                    return

    def _run(self) -> None:
        main = threading.main_thread()
        while main.is_alive():
            main.join(TURN_SECONDS)
            self.flush()
        self.flush()
        if left := self._take():
            self.lose(left)

    def _take(self) -> list[LoggedRequest]:
        with self._lock:
            batch, self._queue = self._queue[:MOST_IN_BATCH], self._queue[MOST_IN_BATCH:]
            return batch

    def _written(self, batch: list[LoggedRequest]) -> bool:
        """Write a batch; where it is refused, one entry may be why, so each is written by itself."""
        try:
            is_taken = self._write(batch)
        except Exception:
            for entry in batch:
                self.write_alone(entry)
            return True
        if is_taken:
            self._measure("log_written", len(batch))
        return is_taken
