"""An operator at a shell, on the database of the test."""

import pytest

from tests.doors.command_line import CommandLine


@pytest.fixture
def gatelodge(settings) -> CommandLine:
    return CommandLine(settings)


@pytest.fixture
def account_id(account) -> str:
    return account.account.id


@pytest.fixture
def state(sql):
    """Everything that a refused command must leave as it was: every row but the entries of refused attempts."""

    def rows() -> dict[str, list[tuple]]:
        tables = ("accounts", "users", "account_keys", "scim_connections", "scim_tokens", "saml_connections", "outbox")
        found = {table: sql(f"select t::text from {table} t order by 1") for table in tables}
        return found | {"activity": sql("select t::text from activity t where outcome <> 'refused' order by 1")}

    return rows
