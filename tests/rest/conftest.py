"""Fixtures of the API's tests: scripts of the account and of its neighbour, and the application on a real address."""

from collections.abc import Iterator
from threading import Thread

import pytest
from werkzeug.serving import make_server

from tests.doors.api import ApiClient


@pytest.fixture
def api(app, account) -> ApiClient:
    """A script of `account`, with a master admin's key."""
    return ApiClient(app, account.account.id, account.key)


@pytest.fixture
def foreign_api(app, neighbour) -> ApiClient:
    """A script of `neighbour`."""
    return ApiClient(app, neighbour.account.id, neighbour.key)


@pytest.fixture
def environment_id(account) -> str:
    """The product environment that the account was made with."""
    return account.environment.environment.id


@pytest.fixture
def server_url(app) -> Iterator[str]:
    """The address of the application behind a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
