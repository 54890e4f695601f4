"""What tests of the store need besides: the same database as its owner, and connections of the product's own pool."""

from urllib.parse import urlsplit

import psycopg
import pytest


@pytest.fixture
def owner_url(postgres_server, database_url) -> str:
    """The URL of the test's database for the role that owns the schema."""
    return postgres_server.url("owner", urlsplit(database_url).path.removeprefix("/"))


@pytest.fixture
def owner_sql(owner_url):
    """Run one statement as the owner of the schema, whom no right of the service binds."""

    def run(statement: str, *parameters: object) -> list[tuple]:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    return run
