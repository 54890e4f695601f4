"""What both embedded servers have in common: one folder, one process, one port that stays while the folder is ours.

A subclass says what is prepared before the start, which command line runs, when the server is ready, and how it is
asked to stop. It is used from the main thread, and it is a context manager.
"""

import signal
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from embedded import folder
from embedded.errors import EmbeddedError
from embedded.identity import Identity
from embedded.processes import POLL_SECONDS, Child

PORT_ATTEMPTS = 5


class Server(ABC):
    """A server of our own.

    Attributes:
        NAME: for messages.
        START_SECONDS: how long it may take until it is ready.
        STOP_REQUESTS: signals with the seconds that each is given, before the process is killed.
        PORT_TAKEN: what its log says where another process took the port first.
    """

    NAME: ClassVar[str]
    START_SECONDS: ClassVar[float]
    STOP_REQUESTS: ClassVar[tuple[tuple[signal.Signals, float], ...]]
    PORT_TAKEN: ClassVar[str]

    def __init__(self, data: Path) -> None:
        """`data`: its folder, made where it is missing."""
        self._data = data.absolute()
        self._lock = folder.FolderLock(self._data)
        self._given_port: int | None = None
        self._child: Child | None = None

    def start(self) -> str:
        """Start the server and wait until it answers; its URL. A server that runs is left alone.

        After a crash it may be called again and takes the same port, so that URLs handed out stay good.
        FolderInUseError where another process has the folder; EmbeddedError with the server's last words when it fails.
        """
        if not self.running:
            folder.make(self._data)
            self._lock.acquire()
            try:
                self._launch(self._prepare())
            except BaseException:
                self.stop()
                raise
        return self._address()

    def stop(self) -> None:
        """Stop the server and give the folder back; nothing where it does not run."""
        if self._child is not None:
            self._child.stop(*self.STOP_REQUESTS)
            self._child = None
        self._lock.release()

    @property
    def running(self) -> bool:
        """Whether the server is there."""
        return self._child is not None and self._child.running

    @property
    def pid(self) -> int | None:
        """The server's process id, None where it does not run."""
        return self._child.pid if self._child is not None and self.running else None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop."""
        self.stop()

    @property
    def _port(self) -> int:
        """The port; EmbeddedError before the first start."""
        if self._given_port is None:
            raise EmbeddedError(f"{self.NAME} has no address before it was started.")
        return self._given_port

    @abstractmethod
    def _address(self) -> str:
        """The URL that `start` returns."""

    @abstractmethod
    def _prepare(self) -> Identity:
        """Everything before the server's start; whom it runs as."""

    @abstractmethod
    def _run(self, whom: Identity, log: Path) -> Child:
        """Start the process on the port."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether the server says that it takes connections."""

    def _launch(self, whom: Identity) -> None:
        """Start the server on a free port and wait until it is ready; another port where that one was snatched away."""
        log = self._data / "server.log"
        folder.turn_log(log)
        for _ in range(PORT_ATTEMPTS):
            self._given_port = folder.free_port(self._given_port)
            self._child = self._run(whom, log)
            if self._becomes_ready(self._child):
                return
            if self.PORT_TAKEN not in folder.tail(log):
                break
        raise EmbeddedError(f"{self.NAME} did not start. The end of {log}:\n{folder.tail(log)}")

    def _becomes_ready(self, child: Child) -> bool:
        """Wait until the server is ready; False where it ended or the time ran out."""
        deadline = time.monotonic() + self.START_SECONDS
        while child.running and time.monotonic() < deadline:
            if self._is_ready():
                return True
            time.sleep(POLL_SECONDS)
        return False
