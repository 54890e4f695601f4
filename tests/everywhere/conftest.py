"""The ways in to the account of the suite."""

import pytest

from tests.everywhere.doors import doors_of


@pytest.fixture
def doors(app, account):
    return doors_of(app, account)
