"""Fixtures of the SCIM tests: the identity provider of the account, and that of its neighbour."""

import pytest

from tests.doors.scim import ScimClient


@pytest.fixture
def idp(app, account) -> ScimClient:
    """The identity provider of `account`."""
    return ScimClient(app, account.token.text)


@pytest.fixture
def foreign_idp(app, neighbour) -> ScimClient:
    """The identity provider of `neighbour`."""
    return ScimClient(app, neighbour.token.text)


@pytest.fixture
def ada(idp) -> dict:
    return idp.user("ada")


@pytest.fixture
def state(sql):
    """All that a refused request could have changed."""
    return lambda: (
        sql("select id, version, user_name, attributes from users order by id"),
        sql("select id, version, name from groups order by id"),
        sql("select * from group_members order by 1, 2, 3"),
        sql("select count(*) from outbox"),
    )
