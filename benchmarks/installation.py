"""What is measured: embedded servers with fsync on, one account, and the web as an operator runs it."""

import base64
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from embedded import EmbeddedPostgres, EmbeddedValkey
from embedded.folder import free_port
from provisioning.actions.accounts import MadeAccount, NewAccount, create_account
from provisioning.actions.services import Services
from provisioning.domain.caller import operator
from provisioning.domain.seats import MOST_SEATS
from provisioning.settings import Settings
from provisioning.store.migrate import role_of, run_migrations
from provisioning.wiring import services_from

WEB_SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    """Servers and an account.

    Attributes:
        settings: as the web gets them.
        owner_url: PostgreSQL as the schema's owner, to fill tables past the product.
        postgres_pid: for its CPU.
        services: the product in this process.
        account: with its token and key.
    """

    settings: Settings
    owner_url: str
    postgres_pid: int
    services: Services
    account: MadeAccount

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Run a statement as the owner; its rows."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Web:
    """One running web."""

    pid: int
    port: int


@contextmanager
def open_site() -> Iterator[Site]:
    """Start the servers in a fresh folder and make an account with room for everybody."""
    folder = Path(tempfile.mkdtemp(prefix="gatelodge-bench-"))
    folder.chmod(0o711)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder)
        postgres = undo.enter_context(EmbeddedPostgres(folder / "postgres"))
        valkey = undo.enter_context(EmbeddedValkey(folder / "valkey"))
        run_migrations(postgres.owner_url, role_of(postgres.service_url))
        settings = Settings(
            database_url=postgres.service_url,
            redis_url=valkey.url,
            mail_url=f"maildir:{folder / 'mail'}",
            public_url="http://127.0.0.1:8080",
            secret_key="1:" + base64.b64encode(os.urandom(32)).decode(),
            # What is measured is the service, not its limits (LIM-6).
            request_rate=1_000_000,
            request_burst=1_000_000,
        )
        services = services_from(settings)
        undo.callback(services.database.close)
        made = create_account(operator(""), NewAccount("Bench", "root@bench.example", seats=MOST_SEATS), services)
        yield Site(settings, postgres.owner_url, postgres.pid or 0, services, made)


@contextmanager
def open_web(site: Site, server: str = "", **changes: Any) -> Iterator[Web]:
    """Start `gatelodge web` on the site and wait until it is ready."""
    port = free_port()
    settings = replace(site.settings, server=server or site.settings.server, **changes)
    environment = {**os.environ, **environment_of(replace(settings, public_url=f"http://127.0.0.1:{port}"))}
    process = subprocess.Popen([sys.executable, "-m", "provisioning.web", "127.0.0.1", str(port)], env=environment)
    try:
        wait_until_ready(process, port)
        yield Web(process.pid, port)
    finally:
        process.terminate()
        process.wait(30)


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that make these settings."""
    fields = Settings.__dataclass_fields__.values()
    found = {each.metadata["variable"]: getattr(settings, each.name) for each in fields}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in found.items() if value
    }


def wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until `/readyz` answers 200."""
    deadline = time.monotonic() + WEB_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise RuntimeError("the web did not become ready")
