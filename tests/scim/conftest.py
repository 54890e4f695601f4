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
