"""`gatelodge up`: everything on one machine, from an empty folder to `ready:`, and all of it down again in order.

One process owns the folder and every child. The servers come first (unless the environment names others), then the
schema, the account and its credentials; the programs (web, relay, worker) come last and are kept running by the
supervisor. No child outlives this process, however it ends: the kernel sees to that (embedded/processes.py).
"""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey, FolderLock, folder
from embedded.processes import Child
from provisioning.actions.accounts import NewAccount, create_account, list_accounts
from provisioning.actions.services import Services
from provisioning.commands.credentials import (
    Credentials,
    credentials_anew,
    credentials_of,
    renewed,
    still_hold,
)
from provisioning.commands.installation import ENVIRONMENT_FILE
from provisioning.commands.parts import METRICS_FOLDER, program
from provisioning.domain.caller import operator
from provisioning.settings import KEY_BYTES, Settings, load
from provisioning.store.schema import is_current
from provisioning.wiring import services_from
from workers.supervisor import Part, Program, Supervisor

READY_SECONDS = 60.0
ANSWER_SECONDS = 2.0
TEND_SECONDS = 0.1
FIRST_START = "first start of gatelodge up"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to ask, not where to listen.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What `gatelodge up` is asked for.

    Attributes:
        host, port: where the web listens.
        data: the folder; everything that is kept lies in it.
        credentials: file to write the credentials to besides, None for none.
        account: what the first start makes.
    """

    host: str
    port: int
    data: Path
    credentials: Path | None
    account: NewAccount


class Installation:
    """One data folder and what runs on it.

    Args:
        wishes: what is asked for.
        environment: the variables of this process; what it sets itself wins over our own choices.
        say: prints a line for the person at the terminal.
    """

    def __init__(self, wishes: Wishes, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._wishes = wishes
        self._data = wishes.data.absolute()
        self._given = dict(environment)
        self._say = say
        self._postgres = None if "DATABASE_URL" in environment else EmbeddedPostgres(self._data / "postgres")
        self._valkey = None if "REDIS_URL" in environment else EmbeddedValkey(self._data / "valkey")

    def run(self, stop: threading.Event) -> int:
        """Start everything, say where it is, keep it running until `stop` is set; the exit status.

        Raises:
            FolderInUseError: another `up` works on the folder.
            EmbeddedError, SettingsError, Refusal, Unavailable: it cannot start; nothing of it runs then.
        """
        require_free_port(self._wishes.host, self._wishes.port)
        folder.make(self._data)
        lock = FolderLock(self._data)
        lock.acquire()
        with ExitStack() as undo:
            undo.callback(lock.release)
            for server in self._servers().values():
                undo.callback(server.stop)
                server.start()
            environment = self._environment()
            settings = load(environment)
            folder.write_private(self._data / ENVIRONMENT_FILE, json.dumps(self._kept(environment), indent=1))
            credentials = self._prepare(settings, environment)
            supervisor = Supervisor(self._servers(), self._programs(environment), time.monotonic)
            undo.callback(supervisor.stop)
            supervisor.start()
            if not self._becomes_ready(supervisor, stop):
                return 0
            self._tell(credentials)
            while not stop.wait(TEND_SECONDS):
                supervisor.tend()
            self._say("stopping")
        return 0

    def _servers(self) -> dict[str, Part]:
        servers: dict[str, Part | None] = {"postgres": self._postgres, "valkey": self._valkey}
        return {name: server for name, server in servers.items() if server is not None}

    def _environment(self) -> dict[str, str]:
        """Return the environment of the programs: the person's own values, and ours where they gave none."""
        ours = {
            "MAIL_URL": f"maildir:{quote(str(self._data / 'mail'))}",
            "GATELODGE_PUBLIC_URL": url_of(self._wishes.host, self._wishes.port),
            "GATELODGE_METRICS_ADDRESS": f"{folder.LOOPBACK}:{folder.free_port()}",
            METRICS_FOLDER: str(self._data / "metrics"),
        }
        if "GATELODGE_SECRET_KEY" not in self._given:
            ours["GATELODGE_SECRET_KEY"] = kept_key(self._data / "secret.key")
        if self._postgres is not None:
            ours |= {"DATABASE_URL": self._postgres.service_url, "GATELODGE_MIGRATE_URL": self._postgres.owner_url}
        if self._valkey is not None:
            ours["REDIS_URL"] = self._valkey.url
        return {**ours, **{name: value for name, value in self._given.items() if value}}

    def _kept(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return what commands with `--data` need to know."""
        names = ("DATABASE_URL", "REDIS_URL", "MAIL_URL")
        return {name: value for name, value in environment.items() if name in names or name.startswith("GATELODGE_")}

    def _prepare(self, settings: Settings, environment: Mapping[str, str]) -> Credentials:
        """Bring the schema up, make the account where there is none, and write the credentials."""
        services = services_from(settings)
        try:
            with services.read(operator("")) as unit:
                current = is_current(unit.connection)
            if not current:
                migrate(environment)
            credentials = self._credentials(services, environment)
        finally:
            services.database.close()
        text = json.dumps(credentials, ensure_ascii=False, indent=1) + "\n"
        folder.write_private(self._data / "credentials.json", text)
        if self._wishes.credentials is not None:
            folder.write_private(self._wishes.credentials.absolute(), text)
        return credentials

    def _credentials(self, services: Services, environment: Mapping[str, str]) -> Credentials:
        kept = read_credentials(self._data / "credentials.json")
        if kept is not None and still_hold(kept, services):
            return renewed(kept, environment)
        if list_accounts(operator(""), services):
            return credentials_anew(services, environment)
        made = create_account(operator("", FIRST_START), self._wishes.account, services)
        return credentials_of(made, environment)

    def _programs(self, environment: Mapping[str, str]) -> dict[str, Program]:
        logs = self._data / "logs"
        for place in (logs, self._data / "mail"):
            place.mkdir(mode=0o700, exist_ok=True)
        empty(Path(environment[METRICS_FOLDER]))
        commands = {
            "web": program("provisioning.web", self._wishes.host, str(self._wishes.port)),
            "relay": program("provisioning.background", "relay"),
            "worker": program("provisioning.background", "worker"),
        }

        # The web answers for the numbers of all; two cannot listen on one address.
        without_address = {name: value for name, value in environment.items() if name != "GATELODGE_METRICS_ADDRESS"}

        def program_of(name: str) -> Program:
            folder.turn_log(logs / f"{name}.log")
            own = environment if name == "web" else without_address
            return Program(lambda: Child(commands[name], log=logs / f"{name}.log", environment=own))

        return {name: program_of(name) for name in commands}

    def _becomes_ready(self, supervisor: Supervisor, stop: threading.Event) -> bool:
        """Wait until the web says that it is ready; False where a stop was asked for before."""
        deadline = time.monotonic() + READY_SECONDS
        while not answers(self._wishes.host, self._wishes.port):
            if stop.wait(TEND_SECONDS):
                return False
            if time.monotonic() > deadline:
                log = self._data / "logs" / "web.log"
                raise EmbeddedError(f"The web did not become ready. The end of {log}:\n{folder.tail(log)}")
            supervisor.tend()
        return True

    def _tell(self, credentials: Credentials) -> None:
        base_url, root = credentials["base_url"], credentials["root"]
        password = "password in the credentials" if root["password"] else "use 'Forgot your password'"
        mail = credentials["mail_dir"] or "by MAIL_URL"
        rows = (
            ("Console", f"{base_url}/login  as {root['email']}, {password}"),
            ("Account", f"{credentials['account']['name']}  {credentials['account']['id']}"),
            ("SCIM", credentials["scim"]["base_url"]),
            ("Provisioning API", f"{base_url}/v1_1/provisioning/accounts/{credentials['account']['id']}"),
            ("Its pages", f"{base_url}/docs/api"),
            ("Metrics", str(credentials["metrics_url"])),
            ("Mail", mail),
            ("Credentials", f"{self._data / 'credentials.json'}  readable by you alone"),
            ("Data and logs", str(self._data)),
            ("Commands", f"gatelodge user list --data {self._data} --account {credentials['account']['id']}"),
        )
        for name, text in rows:
            self._say(f"{name:<17} {text}")
        self._say("Stop it with Ctrl-C.")
        self._say(f"ready: {base_url}")


def run(wishes: Wishes, environment: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Run an installation until a signal comes; called in the main thread; the exit status."""
    stop = threading.Event()

    def request_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, request_stop) for number in STOP_SIGNALS}
    try:
        return Installation(wishes, environment, say).run(stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def migrate(environment: Mapping[str, str]) -> None:
    """Bring the database to the newest schema.

    Raises:
        EmbeddedError: with the words of the program that does it.
    """
    done = subprocess.run(  # noqa: S603 - our own interpreter and module.
        program("provisioning.migration"), env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise EmbeddedError(f"The schema could not be made: {done.stderr.strip()[-1000:]}")


def url_of(host: str, port: int) -> str:
    """Return the address of a web that listens on a host and port."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def require_free_port(host: str, port: int) -> None:
    """Refuse an address that something else listens on, before anything was started.

    Raises:
        EmbeddedError: with the sentence.
    """
    try:
        (family, kind, protocol, _, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise EmbeddedError(
            f"{host} port {port} cannot be listened on ({fault.strerror}). Choose another with --host and --port."
        ) from fault


def kept_key(path: Path) -> str:
    """Return the key for secrets at rest of a data folder, made where there is none (OPS-1, OPS-2)."""
    if not path.exists():
        folder.write_private(path, f"1:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n")
    return path.read_text().strip()


def read_credentials(path: Path) -> Credentials | None:
    """Return kept credentials, None where they are gone or cannot be read."""
    try:
        kept = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) else None


def empty(path: Path) -> None:
    """Make a folder, or take the files of an earlier start out of it."""
    path.mkdir(mode=0o700, exist_ok=True)
    for file in path.iterdir():
        file.unlink()


def answers(host: str, port: int) -> bool:
    """Return whether the web behind an address says that it is ready."""
    connection = http.client.HTTPConnection(ANY_ADDRESS.get(host, host), port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
