"""Statements: compiled once, and each bound to the account of whoever asks but for the few that cannot know it."""

import re
from contextlib import nullcontext
from datetime import timedelta

import pytest
from sqlalchemy import Integer, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from provisioning.actions.access_keys import generate_access_key, list_access_keys
from provisioning.actions.activity import chains, export_activity, seal_activity, verify_activity, write_attempts
from provisioning.actions.environments import NewEnvironment, create_environment, delete_environment
from provisioning.actions.groups import (
    NewGroup,
    add_member,
    create_group,
    delete_group,
    list_groups_with_users,
    remove_member,
)
from provisioning.actions.invitations import invite
from provisioning.actions.keys import create_account_key, find_key_caller, list_account_keys, revoke_account_key
from provisioning.actions.passwords import answer_reset, forgot_password, reset_password
from provisioning.actions.scim_tokens import create_scim_token, find_scim_caller, list_scim_tokens, revoke_scim_token
from provisioning.actions.searches import search_users
from provisioning.actions.sessions import force_logout
from provisioning.actions.user_lists import list_users
from provisioning.actions.users import delete_user, disable_user, edit_user
from provisioning.domain.activity_export import Form
from provisioning.domain.activity_query import ActivityQuery
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from provisioning.domain.search import Comparison, Operator, Query
from provisioning.domain.user_lists import UserFilter
from provisioning.domain.users import NewUser, UserChanges
from provisioning.store.engine import Unavailable
from provisioning.store.statements import Statement, pipelined
from provisioning.store.tables import metadata
from provisioning.store.tables.outbox import outbox
from provisioning.store.tables.sessions import pending_logins
from tests.factories import make_active, make_user, report_of

OF_ACCOUNTS = sorted(table.name for table in metadata.tables.values() if "account_id" in table.columns)
# What cannot know the account yet, or serves all of them: by which condition it finds its rows instead.
GLOBAL = {
    "account_keys.id": "an account key is looked up by its id; its secret decides (KEY-1)",
    "scim_tokens.id": "a SCIM token is looked up by its id; its secret decides (KEY-1)",
    "sessions.secret_hash": "a cookie is looked up by the hash of its secret (SES-1)",
    "links.secret_hash": "a link is looked up by the hash of its secret (LNK-1)",
    "users.email_key": "a login page names no account (LGN-1)",
    "settings": "a login page asks whose domain an address has (LGN-1)",
    "distinct activity_unsealed.account_id": "the sealer asks which accounts have something to seal",
    "accounts.id, head.number": "the relay writes the head of every account's chain to the log (AUD-3)",
    "stranger_attempts.waiting": "the relay writes what strangers tried, of every account (AUD-1)",
    "stranger_attempts.written_at": "the relay forgets old counts of strangers, of every account",
    "outbox.next_at": "the relay claims what is due, of every account",
    "saml_connections.id": "a connection is found by the id in our own address (SAM-1)",
}


def use_everything(services, account, caller, sql, clock) -> None:
    """Go through the verbs of an account once."""
    user = make_active(services, sql, make_user(caller, services))
    group = create_group(caller, NewGroup("Design", member_ids=(user.id,)), services).group.id
    environment = create_environment(caller, NewEnvironment(name="Second"), services).environment.id
    remove_member(caller, group, user.id, services)
    add_member(caller, group, user.id, services)
    list_groups_with_users(caller, services)
    chosen = UserChanges(environment_ids=(environment,), first_name="Ana", email="ana@acme.example")
    edit_user(caller, user.id, lambda _: chosen, services)
    search_users(caller, Query(Comparison("username", Operator.SW, "a")), services)
    list_users(caller, UserFilter(prefix="a", environment_id=environment), services)
    generate_access_key(caller, environment, "second", True, services)
    list_access_keys(caller, environment, services)
    invite(caller, [NewUser(email="new@acme.example", role=Role.REPORTS)], services)
    force_logout(caller, user.id, services)
    forgot_password("ana@acme.example", None, services)
    answer_reset("ana@acme.example", None, services)
    reset_password(caller, user.id, services)
    disable_user(caller, user.id, services)
    key = create_account_key(caller, "second", Role.REPORTS, services)
    find_key_caller(key.key.id, key.secret, None, services)
    list_account_keys(caller, services)
    revoke_account_key(caller, key.key.id, services)
    token = create_scim_token(caller, "default", services)
    find_scim_caller(token.text, None, services)
    list_scim_tokens(caller, None, services)
    revoke_scim_token(caller, token.token.id, services)
    delete_environment(caller, environment, services)
    delete_group(caller, group, services)
    delete_user(caller, user.id, services)
    first = report_of(caller, services, person=user.id, limit=2)
    report_of(caller, services, cursor=first[-1].id)
    list(export_activity(caller, ActivityQuery(), Form.JSONL, services))
    clock.now += timedelta(seconds=5)
    seal_activity(services)
    verify_activity(operator(caller.account), services)
    chains(services)
    write_attempts(services)


def touches(statement: str) -> list[str]:
    """The tables of accounts that a statement reads or changes by a condition."""
    return [table for table in OF_ACCOUNTS if re.search(rf"\b(from|join|update|delete from) {table}\b", statement)]


def is_found_by(statement: str, column: str) -> bool:
    """Whether a statement finds its rows by this column alone; the sealer's question has no condition."""
    return statement.startswith(f"select {column}") or column in statement.partition(" where ")[2]


@pytest.mark.rule("TEN-1")
def test_every_statement_on_rows_of_an_account_names_the_account(services, account, caller, sql, clock, statements):
    use_everything(services, account, caller, sql, clock)
    asked = [statement for statement in statements if touches(statement) and not statement.startswith("insert")]
    assert len(asked) > 100, len(asked)
    unbound = {
        statement
        for statement in asked
        if not re.search(r"\baccount_id = %\(", statement) and not re.search(r"accounts\.id = %\(", statement)
    }
    foreseen = {statement for statement in unbound if any(is_found_by(statement, column) for column in GLOBAL)}
    assert unbound - foreseen == set()
    assert foreseen


def test_a_statement_sends_what_sqlalchemy_would(services):
    rows = select(outbox.c.id).where(outbox.c.account_id == bindparam("of_account"), outbox.c.done_at.is_(None))
    made = Statement(rows)
    assert "%(of_account)s" in made.text
    with services.database.reader.connect() as connection:
        assert list(made.run(connection, of_account="account-1")) == []


def test_rows_are_written_one_by_one_or_many_at_once_or_not_at_all(services, sql, clock):
    add = Statement(insert(pending_logins), ["secret_hash", "choices", "created_at", "expires_at"])
    row = {"choices": {"a": ["ü", None, True]}, "created_at": clock(), "expires_at": clock()}
    with services.database.writer.begin() as connection:
        add.run_all(connection, [])
        add.run_all(connection, [{**row, "secret_hash": "one"}])
        add.run_all(connection, [{**row, "secret_hash": name} for name in ("two", "three")])
    assert sql("select secret_hash, choices from pending_logins order by 1") == [
        (name, {"a": ["ü", None, True]}) for name in ("one", "three", "two")
    ]


def test_a_compiled_statement_keeps_no_value_of_the_run_before(services, sql, clock):
    move = Statement(
        update(pending_logins)
        .where(pending_logins.c.secret_hash == bindparam("which"))
        .values(used_at=bindparam("moment"))
        .returning(bindparam("echo", type_=Integer))
    )
    for name in ("one", "two"):
        sql("insert into pending_logins values (%s, '{}', now(), now(), null)", name)
    with services.database.writer.begin() as connection:
        assert list(move.run(connection, which="one", moment=clock(), echo=1).scalars()) == [1]
        assert list(move.run(connection, which="two", moment=None, echo=2).scalars()) == [2]
    assert sql("select secret_hash, used_at from pending_logins order by 1") == [("one", clock()), ("two", None)]


@pytest.mark.rule("USR-1")
def test_a_violated_constraint_of_a_compiled_statement_is_seen_as_one(services, sql, clock):
    add = Statement(insert(pending_logins), ["secret_hash", "choices", "created_at", "expires_at"])
    row = {"secret_hash": "one", "choices": {}, "created_at": clock(), "expires_at": clock()}
    with pytest.raises(IntegrityError, match="pending_logins_pkey"), services.database.writer.begin() as connection:
        add.run_all(connection, [row, row])
    assert sql("select count(*) from pending_logins") == [(0,)]


ADD_LOGIN = Statement(insert(pending_logins), ["secret_hash", "choices", "created_at", "expires_at"])


@pytest.mark.rule("USR-1")
def test_statements_sent_in_one_go_are_all_written_or_none(services, sql, clock):
    row = {"choices": {}, "created_at": clock(), "expires_at": clock()}
    with services.database.writer.begin() as connection, pipelined(connection):
        ADD_LOGIN.run(connection, **row, secret_hash="one")
        ADD_LOGIN.run(connection, **row, secret_hash="two")

    def add_again() -> None:
        with services.database.writer.begin() as connection, pipelined(connection):
            for name in ("three", "two", "four"):
                ADD_LOGIN.run(connection, **row, secret_hash=name)

    with pytest.raises(IntegrityError, match="pending_logins_pkey"):
        add_again()
    assert sql("select secret_hash from pending_logins order by 1") == [("one",), ("two",)]


@pytest.mark.parametrize("one_go", [False, True])
def test_a_connection_lost_under_a_compiled_statement_is_unavailable_and_the_next_one_works(
    services, account, caller, postgres_server, one_go
):
    ask = Statement(select(outbox.c.id).where(outbox.c.account_id == bindparam("of_account")))

    def lose_it() -> None:
        with services.unit(caller) as unit:
            process = unit.connection.execute(text("select pg_backend_pid()")).scalar()
            postgres_server.admin(f"select pg_terminate_backend({process})")
            with pipelined(unit.connection) if one_go else nullcontext():
                ask.run(unit.connection, of_account=caller.account)

    with pytest.raises(Unavailable):
        lose_it()
    with services.unit(caller) as unit:
        assert ask.run(unit.connection, of_account=caller.account)
