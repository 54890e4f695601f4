"""Our supervisor: keeps the parts of one machine running, and stops them in order (dependencies.md 5, OPS-6).

Two kinds of parts. Servers (PostgreSQL, Valkey) know how to start, stop and tell whether they run; they are started
first, in order, and stopped last, in reverse. Programs (web, relay, worker) are child processes: they are started when
the servers are there, asked to stop all at once, and ended where they do not within the grace. A part that has ended
is started again after a pause that grows from 1 s to 30 s and shrinks back once the part has stayed up for a minute.

It knows no part by name, starts nothing by itself and has no thread: whoever owns the main thread calls `run`, or
`start`, `tend` and `stop`, because children end with the thread that started them (PR_SET_PDEATHSIG).
"""

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

TEND_SECONDS = 0.2
SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
# The servers need about a second after it; all of it stays within the 25 s of a clean stop.
PROGRAM_GRACE = 15.0

log = structlog.get_logger("supervisor")


class Part(Protocol):
    """What is kept running. `embedded.EmbeddedPostgres` and `embedded.EmbeddedValkey` are such parts."""

    def start(self) -> object:
        """Start and return when it is ready; the fault of a start is raised."""

    def stop(self) -> None:
        """Stop and return when it has ended."""

    @property
    def running(self) -> bool:
        """Whether it is there."""


class Child(Protocol):
    """A child process. `embedded.processes.Child` is one; making it starts it."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""

    def signal(self, number: int) -> None:
        """Send a signal, where it still runs."""

    def stop(self, *requests: tuple[int, float]) -> None:
        """End it: each signal with its seconds of grace in turn, then SIGKILL."""


class Program:
    """A part that is a child process.

    Args:
        launch: starts the child, in the main thread.
    """

    def __init__(self, launch: Callable[[], Child]) -> None:
        self._launch = launch
        self._child: Child | None = None

    def start(self) -> None:
        """Start the child."""
        self._child = self._launch()

    @property
    def running(self) -> bool:
        """Whether the child is there."""
        return self._child is not None and self._child.exit_code is None

    @property
    def exit_code(self) -> int | None:
        """How the child ended; None while it runs and before it was started."""
        return self._child.exit_code if self._child is not None else None

    def ask_to_stop(self) -> None:
        """Send SIGTERM and do not wait."""
        if self._child is not None:
            self._child.signal(signal.SIGTERM)

    def stop(self) -> None:
        """Wait for the child's end, and end it where it does not come."""
        if self._child is not None:
            self._child.stop((signal.SIGTERM, PROGRAM_GRACE))
            self._child = None


@dataclass(slots=True)
class _Watch:
    """What the supervisor knows of one part: since when it is up, or when it may be started again."""

    part: Part
    pause: float = SHORTEST_PAUSE
    up_since: float | None = None
    start_at: float = 0.0


class Supervisor:
    """Keeps parts running.

    Args:
        servers: name -> part, in the order of starting.
        programs: name -> child process; started after the servers.
        clock: seconds that never go back, such as `time.monotonic`.
    """

    def __init__(
        self, servers: Mapping[str, Part], programs: Mapping[str, Program], clock: Callable[[], float]
    ) -> None:
        self._servers = dict(servers)
        self._programs = dict(programs)
        self._clock = clock
        self._watches = {name: _Watch(part) for name, part in {**self._servers, **self._programs}.items()}

    def start(self) -> None:
        """Start every part once, in order. The fault of a first start is raised, after stopping what had started."""
        try:
            for watch in self._watches.values():
                watch.part.start()
                watch.up_since = self._clock()
        except BaseException:
            self.stop()
            raise

    def tend(self) -> None:
        """Look at every part once, and start again what has ended and has waited long enough."""
        for name, watch in self._watches.items():
            if watch.up_since is not None and not watch.part.running:
                self._note_end(name, watch)
            if watch.up_since is None and self._clock() >= watch.start_at:
                self._start_again(name, watch)

    def run(self, stop: threading.Event) -> None:
        """Start, tend until `stop` is set, and stop everything; within 25 s of the event all has ended."""
        self.start()
        try:
            while not stop.wait(TEND_SECONDS):
                self.tend()
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop the programs, all at once, and then the servers, last one first."""
        for program in self._programs.values():
            program.ask_to_stop()
        for part in (*self._programs.values(), *reversed(self._servers.values())):
            part.stop()

    def _note_end(self, name: str, watch: _Watch) -> None:
        """Set when a part that has ended is started again; one that had been steady starts with the shortest pause."""
        if watch.up_since is not None and self._clock() - watch.up_since >= STEADY_SECONDS:
            watch.pause = SHORTEST_PAUSE
        log.warning("part.ended", part=name, status=getattr(watch.part, "exit_code", None), again_in=watch.pause)
        self._pause(watch)

    def _start_again(self, name: str, watch: _Watch) -> None:
        try:
            watch.part.start()
        except Exception as fault:
            log.error("part.not_started", part=name, fault=str(fault), again_in=watch.pause)
            self._pause(watch)
            return
        watch.up_since = self._clock()
        log.info("part.started", part=name)

    def _pause(self, watch: _Watch) -> None:
        watch.up_since = None
        watch.start_at = self._clock() + watch.pause
        watch.pause = min(watch.pause * 2, LONGEST_PAUSE)
