"""One PostgreSQL and one Valkey for a whole test run, real ones, without fsync.

A pytest plugin (loaded by tests/conftest.py). Under xdist the controller starts them and hands their addresses to the
workers; a pair for each worker would cost more than it saves. Without xdist they start with the first test that asks.
In both cases they end with the run, and the kernel ends them where the run is killed.
"""

import shutil
import signal
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from embedded import EmbeddedPostgres, EmbeddedValkey


@dataclass(frozen=True)
class PostgresServer:
    """Where the run's PostgreSQL is, by role. Tests make databases of their own in it."""

    superuser_url: str
    owner_url: str
    service_url: str

    def admin(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser, outside any transaction; its rows."""
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def url(self, role: str, database: str) -> str:
        """The URL of `role` (superuser, owner, service) for `database`."""
        by_role = {"superuser": self.superuser_url, "owner": self.owner_url, "service": self.service_url}
        return urlunsplit(urlsplit(by_role[role])._replace(path=f"/{database}"))


@dataclass(frozen=True)
class Addresses:
    """What a worker must know; made of text only, so that xdist can hand it over."""

    superuser_url: str
    owner_url: str
    service_url: str
    redis_url: str


ADDRESSES = pytest.StashKey[Addresses]()


def start_servers(config: pytest.Config) -> Addresses:
    """Start both servers unless this process has done so; they end with pytest."""
    if ADDRESSES not in config.stash:
        # A run that is told to stop ends like one that is interrupted: with its clean-up.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        folder = Path(tempfile.mkdtemp(prefix="gatelodge-tests-"))
        config.add_cleanup(lambda: shutil.rmtree(folder))
        # Open to enter, so that root's server can be another user also in a container that has no user namespaces.
        folder.chmod(0o711)
        postgres, valkey = EmbeddedPostgres(folder / "postgres", fsync=False), EmbeddedValkey(folder / "valkey")
        config.add_cleanup(valkey.stop)
        config.add_cleanup(postgres.stop)
        postgres.start()
        config.stash[ADDRESSES] = Addresses(
            postgres.superuser_url, postgres.owner_url, postgres.service_url, valkey.start()
        )
    return config.stash[ADDRESSES]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In the controller, before a worker starts: the servers' addresses go with it."""
    node.workerinput["servers"] = asdict(start_servers(node.config))


@pytest.fixture(scope="session")
def addresses(pytestconfig: pytest.Config) -> Addresses:
    """The addresses, from the controller or from servers of this very process."""
    workerinput = getattr(pytestconfig, "workerinput", None)
    return start_servers(pytestconfig) if workerinput is None else Addresses(**workerinput["servers"])


@pytest.fixture(scope="session")
def postgres_server(addresses: Addresses) -> PostgresServer:
    """The run's PostgreSQL, shared by all workers: tests make databases with names of their own."""
    return PostgresServer(addresses.superuser_url, addresses.owner_url, addresses.service_url)


@pytest.fixture(scope="session")
def redis_url(addresses: Addresses, pytestconfig: pytest.Config) -> str:
    """The run's Valkey, a logical database for each worker, so that one may empty it without harm to another."""
    worker = getattr(pytestconfig, "workerinput", {"workerid": "gw0"})["workerid"]
    return urlunsplit(urlsplit(addresses.redis_url)._replace(path=f"/{worker.removeprefix('gw')}"))
