"""The one world of the protocol's tests."""

import pytest

from tests.doors.idp import FakeIdp, Login
from tests.saml.world import NOW, World, acs_url, connection_of, entity_id


@pytest.fixture(scope="session")
def world() -> World:
    """Keys are made once; everything here is frozen."""
    idp, stranger, sp = FakeIdp(), FakeIdp(), FakeIdp("https://gate.example")
    connection = connection_of(idp, sp, "c-1", "account-1")
    neighbour = connection_of(idp, sp, "c-10", "account-2")
    login = Login(acs_url(connection), entity_id(connection), NOW)
    return World(idp, stranger, sp, connection, neighbour, login)
