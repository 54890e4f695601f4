"""What tests of the store need besides: the same database as its owner, and connections of the product's own pool."""

from urllib.parse import urlsplit

import psycopg
import pytest


@pytest.fixture
def owner_url(postgres_server, database_url, databases) -> str:
    """The URL of the test's database for the role that owns the schema; no other test gets that database."""
    name = urlsplit(database_url).path.removeprefix("/")
    databases.altered.add(name)
    return postgres_server.url("owner", name)


@pytest.fixture
def owner_sql(owner_url):
    """Run one statement as the owner of the schema, whom no right of the service binds."""

    def run(statement: str, *parameters: object) -> list[tuple]:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return run
