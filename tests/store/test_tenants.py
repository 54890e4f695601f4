"""TEN-1: every row carries its account, and no reference can leave it; tried for every table and every foreign key."""

import importlib
import pkgutil

import pytest
from sqlalchemy import create_engine, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from provisioning.store import tables
from provisioning.store.tables import metadata
from tests.store.rows import another_row_of, id_of, pointers, references, row_of

for module in pkgutil.iter_modules(tables.__path__):
    importlib.import_module(f"{tables.__name__}.{module.name}")

OURS, THEIRS = "account-1", "account-2"
ALL_KEYS = [(table.name, key.name) for table in metadata.sorted_tables for key in references(table)]
# Tables of no one account, each with its reason.
OF_NO_ACCOUNT = {
    "accounts": "is the account",
    "pending_logins": "a login page names no account; one password may fit users of several",
}
# Columns that name something without a foreign key, each with its reason.
WITHOUT_KEY = {
    ("activity", "actor_id"): "who did it, of any kind, also somebody who is gone",
    ("activity", "target_id"): "whom it was done to, of any kind, also somebody who is gone",
    ("activity_unsealed", "entry_id"): "written by the same statement as the entry",
    ("provisioning_log", "connection_id"): "an entry outlives the connection that asked",
    ("provisioning_log", "resource_id"): "what was asked about, also what is gone or never was",
    ("saml_attempts", "connection_id"): "an attempt outlives the connection that it was made at",
    ("saml_attempts", "user_id"): "who it was, also somebody who is gone",
    ("sessions", "connection_id"): "the row outlives its connection as a trace; without a connection it is dead",
    ("webhook_deliveries", "event_id"): "an entry of the report, or the row of the outbox that told of an ending",
    ("sessions", "name_id"): "the identity provider's name for the person, none of ours",
}


@pytest.fixture
def owner(owner_url):
    """An engine of the schema's owner, whom no right binds but every constraint does."""
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def two_accounts(services) -> None:
    """A row of every table in each of two accounts."""
    with services.database.writer.begin() as connection:
        for table in metadata.sorted_tables:
            for account in (OURS, THEIRS):
                connection.execute(insert(table), row_of(table, account))


@pytest.mark.rule("TEN-1", "ACC-1")
@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_every_row_belongs_to_an_account_and_is_found_by_it_first(name):
    table = metadata.tables[name]
    if name in OF_NO_ACCOUNT:
        assert "account_id" not in table.columns
        return
    assert next(iter(table.primary_key.columns)).name == "account_id"
    assert not table.columns["account_id"].nullable


# Look-ups that cannot know the account yet: by the hash of a secret, by an id in an address, by an email at a login.
GLOBAL = {
    "ix_account_keys_end", "ix_accounts_cancelled", "ix_saml_attempts_old", "ix_scim_tokens_end",
    "ix_outbox_due", "ix_saml_spent_expiry", "ix_users_email", "ux_access_keys_api_key", "ux_account_keys_id",
    "ux_environments_cloud_name", "ux_links_secret", "ux_saml_connections_id", "ux_scim_tokens_id",
    "ux_sessions_secret", "ix_webhook_deliveries_due", "ux_second_steps_secret", "ix_devices_secret",
    "ix_login_tries_last", "ix_sessions_ended",
}  # fmt: skip


@pytest.mark.rule("TEN-1")
def test_every_index_begins_with_the_account_but_those_that_cannot_know_it():
    indexes = [index for table in metadata.tables.values() for index in table.indexes]
    others = {index.name for index in indexes if getattr(next(iter(index.expressions)), "name", "") != "account_id"}
    assert others == GLOBAL


@pytest.mark.rule("TEN-1")
@pytest.mark.parametrize(("table", "key"), ALL_KEYS)
def test_every_foreign_key_holds_the_account_on_both_sides(table, key):
    found = next(each for each in references(metadata.tables[table]) if each.name == key)
    assert found.column_keys[0] == "account_id"
    assert [element.column.name for element in found.elements] == ["account_id", "id"]


@pytest.mark.rule("TEN-1")
def test_every_column_that_names_something_is_a_foreign_key_or_says_why_not():
    named = {
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_id") and column.name not in ("account_id", "external_id")
    }
    with_key = {(table.name, column) for table in metadata.tables.values() for column in pointers(table)}
    assert named - with_key == set(WITHOUT_KEY)


@pytest.mark.rule("TEN-1", "TEN-2")
@pytest.mark.parametrize(("table", "key"), ALL_KEYS)
def test_no_row_can_point_into_another_account(owner, two_accounts, table, key):
    target = metadata.tables[table]
    found = next(each for each in references(target) if each.name == key)
    pointer = next(column for column in found.column_keys if column != "account_id")
    foreign = {pointer: id_of(found.referred_table.name, THEIRS)}
    mine = target.columns["account_id"] == OURS
    for statement in (
        update(target).where(mine).values(foreign),
        insert(target).values({**another_row_of(target, OURS), **foreign}),
    ):
        with pytest.raises(IntegrityError, match=key), owner.begin() as connection:
            connection.execute(statement)


@pytest.mark.rule("TEN-1")
def test_the_rows_that_were_tried_are_real_ones(services, two_accounts):
    with services.database.reader.connect() as connection:
        for table in metadata.sorted_tables:
            assert len(connection.execute(select(table)).all()) == 2, table.name
