"""Fixtures of the whole suite: real PostgreSQL and Valkey, a database for each test, a clock that is handed in.

A second account is in every database that has one (`account` and `neighbour`), so that a statement which forgets its
account fails somewhere. The servers themselves start once a run (tests/servers.py).
"""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from provisioning.actions.accounts import MadeAccount, NewAccount, create_account
from provisioning.actions.services import Services
from provisioning.app import create_app
from provisioning.domain.caller import Caller, operator
from provisioning.settings import Settings
from provisioning.wiring import services_from
from tests.factories import START, key_caller, scim_caller_of

pytest_plugins = ["tests.servers", "tests.databases", "tests.programs"]

# Cheap on purpose: the strength of hashes has its own test.
HASH_MEMORY = 64
SECRET_KEY = "1:" + base64.b64encode(bytes(range(7, 39))).decode()


class Clock:
    """A clock that tests set; every tick is handed in."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def settings(database_url, redis_url, tmp_path) -> Settings:
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        mail_url=f"maildir:{tmp_path / 'mail'}",
        public_url="http://127.0.0.1:8080",
        secret_key=SECRET_KEY,
        password_hash_memory=HASH_MEMORY,
        # Tests ask faster than any directory; the limits have their own.
        request_rate=1_000_000,
        request_burst=1_000_000,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def services(settings, clock) -> Iterator[Services]:
    made = services_from(settings, now=clock)
    yield made
    made.database.close()


@pytest.fixture
def account(services) -> MadeAccount:
    """An account with root user root@acme.example, an environment, a master admin's key and a SCIM token."""
    return create_account(operator(""), NewAccount(name="Acme", root_email="root@acme.example"), services)


@pytest.fixture
def neighbour(services) -> MadeAccount:
    """Another account with people of the same names; nothing of it may ever be seen or changed."""
    return create_account(operator(""), NewAccount(name="Neighbour", root_email="root@acme.example"), services)


@pytest.fixture
def caller(account) -> Caller:
    """A master admin's account key of `account`."""
    return key_caller(account)


@pytest.fixture
def scim(account, services) -> Caller:
    """A SCIM token of `account`."""
    return scim_caller_of(account, services)


@pytest.fixture
def app(services, settings, account, neighbour) -> Flask:
    made = create_app(services, settings)
    made.testing = False
    return made


@pytest.fixture
def client(app) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def statements(monkeypatch) -> list[str]:
    """Every statement that the product sends, one line each, in order; watched where the driver sends it."""
    sent: list[str] = []

    def watched(method):
        def send(cursor, query, *arguments, **options):
            if cursor.connection.info.parameter_status("application_name") == "gatelodge":
                sent.append(" ".join(str(query).lower().split()))
            return method(cursor, query, *arguments, **options)

        return send

    for name in ("execute", "executemany"):
        monkeypatch.setattr(psycopg.Cursor, name, watched(getattr(psycopg.Cursor, name)))
    return sent
