"""The databases of the tests: each test finds one with the newest schema and no row in it.

Making one from the template takes longer than most tests. So a database is used again where nothing speaks against it:
its rows are deleted when its test ends. It is dropped instead where it has grown, where the test said that it changed
more than rows (`altered`), or where somebody is still connected, since that process might write once more.
"""

import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from provisioning.store.migrate import role_of, run_migrations
from tests.servers import PostgresServer

MOST_BYTES = 8_000_000
PATIENCE_SECONDS = 0.3
TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
SIZE = "select coalesce(sum(pg_total_relation_size(oid)), 0) from pg_class where relnamespace = 'public'::regnamespace"
OTHERS = """select count(*) from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()"""


class Databases:
    """Databases of one test process.

    Args:
        server: where they are.
        template: name of the database that they are copied from.
    """

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._clean: list[str] = []
        self._connections: dict[str, psycopg.Connection] = {}
        self.altered: set[str] = set()

    def take(self) -> str:
        """Return the name of a database without rows."""
        return self._clean.pop() if self._clean else self._made()

    def give_back(self, name: str) -> None:
        """Delete the rows, or drop the database where that would not make it a new one."""
        if name not in self.altered and self._is_quiet(name) and self._size(name) < MOST_BYTES:
            self._connections[name].execute(self._wipe)
            self._clean.append(name)
        else:
            self._drop(name)

    def close(self) -> None:
        """Drop what is left."""
        for name in list(self._connections):
            self._drop(name)

    def _made(self) -> str:
        name = f"t_{uuid4().hex}"
        self._server.admin(f"create database {name} template {self._template} strategy wal_log")
        connection = psycopg.connect(self._server.url("superuser", name), autocommit=True)
        tables = [row[0] for row in connection.execute(TABLES) if row[0] != "alembic_version"]
        # Foreign keys are triggers, which do not fire in this role: the order of the tables does not matter.
        deletes = "; ".join(f"delete from {table}" for table in sorted(tables))
        self._wipe = f"set session_replication_role = replica; {deletes}"
        self._connections[name] = connection
        return name

    def _drop(self, name: str) -> None:
        self._connections.pop(name).close()
        self.altered.discard(name)
        self._server.admin(f"drop database {name} with (force)")

    def _is_quiet(self, name: str) -> bool:
        """Whether nobody else is connected, or stops to be within a moment (a closed connection takes one to end)."""
        until = time.monotonic() + PATIENCE_SECONDS
        while self._connections[name].execute(OTHERS).fetchone() != (0,):
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def _size(self, name: str) -> int:
        return int(self._connections[name].execute(SIZE).fetchone()[0])


@pytest.fixture(scope="session")
def template_database(postgres_server, worker_id) -> str:
    """The name of a database with the newest schema, copied for the tests of this process."""
    name = f"template_{worker_id}"
    postgres_server.admin(f"create database {name} owner {role_of(postgres_server.owner_url)}")
    run_migrations(postgres_server.url("owner", name), role_of(postgres_server.service_url))
    return name


@pytest.fixture(scope="session")
def databases(postgres_server, template_database) -> Iterator[Databases]:
    """The databases of this test process."""
    made = Databases(postgres_server, template_database)
    yield made
    made.close()


@pytest.fixture
def database_url(postgres_server, databases) -> Iterator[str]:
    """The service's URL of a database without rows."""
    name = databases.take()
    yield postgres_server.url("service", name)
    databases.give_back(name)


@pytest.fixture
def sql(database_url):
    """Run one statement and return its rows, past the product."""
    connection = psycopg.connect(database_url, autocommit=True)

    def run(statement: str, *parameters: object) -> list[tuple]:
        cursor = connection.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []

    yield run
    connection.close()
