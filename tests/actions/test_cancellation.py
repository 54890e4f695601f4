"""ACC-3: who cancels an account, what that refuses from then on, who restores it, and what is erased after 30 days."""

from dataclasses import replace

import psycopg
import pytest

from provisioning.actions.accounts import cancel_account, restore_account, show_account
from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.erasure import erase_cancelled_accounts
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.invitations import open_link
from provisioning.actions.keys import find_key_caller
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.store import erasure
from tests.actions.refusals import code_of
from tests.factories import key_caller, link_secret, make_user, person
from tests.store.test_migrations import known_tables


def cancelled_at(sql, made) -> object:
    return sql("select cancelled_at from accounts where id = %s", made.account.id)[0][0]


@pytest.mark.rule("ACC-3", "SES-4")
def test_the_root_user_cancels_with_a_fresh_proof_and_nobody_else(services, account, neighbour, caller, clock, sql):
    root = replace(person(account.root), proved_at=clock.now)
    others = [person(make_user(caller, services, f"{role}@acme.example", role)) for role in Role]
    for other in others:
        fresh = replace(other, proved_at=clock.now)
        assert code_of(lambda fresh=fresh: cancel_account(fresh, None, None, services)) is Code.ROOT_USER_ONLY
    clock.advance(minutes=11)
    assert code_of(lambda: cancel_account(root, None, None, services)) is Code.PROOF_NEEDED
    assert cancelled_at(sql, account) is None
    assert len(sql("select 1 from activity where code = 'root_user_only'")) == len(others)
    assert cancel_account(replace(root, proved_at=clock.now), None, None, services).cancelled_at == clock.now
    assert cancelled_at(sql, neighbour) is None
    assert code_of(lambda: cancel_account(operator(caller.account), None, None, services)) is Code.ACCOUNT_CANCELLED


@pytest.mark.rule("ACC-3", "LGN-2")
def test_a_key_cancels_with_the_root_users_password_only(services, account, neighbour, caller, sql):
    wrong = [None, "", "wrong", neighbour.root_password, account.root_password + "x", "\0", "x" * 5000]
    for password in wrong[:4]:
        assert code_of(lambda p=password: cancel_account(caller, p, None, services)) is Code.ROOT_USER_ONLY
    for password in wrong[4:]:
        with pytest.raises(Refusal) as refused:
            cancel_account(caller, password, "123456", services)
        assert refused.value.code in (Code.ROOT_USER_ONLY, Code.TOO_MANY_REQUESTS)
    for role in set(Role) - {Role.MASTER_ADMIN}:
        weak = key_caller(account, role)
        assert code_of(lambda c=weak: cancel_account(c, account.root_password, None, services)) is Code.NOT_ALLOWED
    assert cancelled_at(sql, account) is None


@pytest.mark.rule("ACC-3")
def test_a_key_with_the_root_users_password_cancels(services, account, caller, sql):
    cancel_account(caller, account.root_password, None, services)
    assert cancelled_at(sql, account) is not None
    assert sql("select actor_id from activity where kind = 'account.cancelled'") == [(caller.id,)]


@pytest.mark.rule("ACC-3", "SES-1", "SES-7", "LNK-2", "OUT-3")
def test_restoring_gives_back_keys_and_tokens_and_no_session_or_link(services, account, caller, sql, clock):
    cookie = by_password("root@acme.example", account.root_password, None, Browser(None, None), services).secret
    link = link_secret(services, sql, make_user(caller, services))
    cancel_account(operator(caller.account), None, None, services)
    ways = {
        "key": lambda: find_key_caller(account.key.key.id, account.key.secret, None, services),
        "token": lambda: find_scim_caller(account.token.text, None, services),
        "link": lambda: open_link(link, None, services),
    }
    answers = {name: code_of(way) for name, way in ways.items()}
    assert answers == dict.fromkeys(("key", "token"), Code.CREDENTIAL_INVALID) | {"link": Code.LINK_INVALID}
    assert check_session(cookie, services) is None
    clock.advance(days=29)
    restore_account(operator(caller.account, "asked for by the customer"), services)
    assert ways["key"]()
    assert ways["token"]()
    assert code_of(ways["link"]) is Code.LINK_INVALID
    assert check_session(cookie, services) is None
    assert sql("select distinct end_reason from sessions") == [("account_cancelled",)]
    reason = sql("select data->>'reason' from activity where kind = 'account.restored'")
    assert reason == [("asked for by the customer",)]


@pytest.mark.rule("ACC-3", "OPS-5")
def test_only_the_operator_restores_and_only_within_thirty_days(services, account, caller, clock):
    shell = operator(caller.account)
    assert code_of(lambda: restore_account(shell, services)) is Code.ACCOUNT_NOT_RESTORABLE
    cancel_account(shell, None, None, services)
    for other in (caller, person(account.root)):
        assert code_of(lambda other=other: restore_account(other, services)) in (
            Code.NOT_ALLOWED, Code.CREDENTIAL_NOT_ALLOWED,
        )  # fmt: skip
    clock.advance(days=30, seconds=-1)
    restore_account(shell, services)
    cancel_account(shell, None, None, services)
    clock.advance(days=30)
    assert code_of(lambda: restore_account(shell, services)) is Code.ACCOUNT_NOT_RESTORABLE


@pytest.mark.rule("ACC-3", "TEN-1")
def test_after_thirty_days_everything_of_the_account_is_erased_and_nothing_of_another(
    services, account, neighbour, caller, scim, clock, sql
):
    for made in (account, neighbour):
        key = key_caller(made)
        user = make_user(key, services, "dana@acme.example")
        create_environment(key, NewEnvironment(name=f"Second {made.account.name}"), services)
        create_group(key, NewGroup("Design", member_ids=(user.id,)), services)
    cancel_account(operator(caller.account), None, None, services)
    clock.advance(days=30, seconds=-1)
    assert erase_cancelled_accounts(services) == 0
    before = counts(sql, neighbour)
    clock.advance(seconds=1)
    assert erase_cancelled_accounts(services) == 1
    assert erase_cancelled_accounts(services) == 0
    left = {table: number for table, number in counts(sql, account).items() if number}
    assert set(left) <= {table.name for table in erasure.KEPT}
    assert counts(sql, neighbour) == before
    view = show_account(operator(caller.account), services)
    assert (view.account.erased_at, view.seats.used) == (clock.now, 0)
    assert code_of(lambda: restore_account(operator(caller.account), services)) is Code.ACCOUNT_NOT_RESTORABLE
    assert sql("select count(*) from activity where kind = 'account.erased'") == [(1,)]


@pytest.mark.rule("ACC-3")
def test_an_account_that_was_restored_in_time_is_not_erased(services, account, caller, clock, sql):
    cancel_account(operator(caller.account), None, None, services)
    clock.advance(days=20)
    restore_account(operator(caller.account), services)
    clock.advance(days=20)
    assert erase_cancelled_accounts(services) == 0
    assert sql("select count(*) from users where account_id = %s", caller.account) == [(1,)]


@pytest.mark.rule("ACC-3", "TEN-1")
def test_every_table_of_accounts_is_emptied_or_kept_for_a_reason(sql):
    of_accounts = {table.name for table in known_tables().tables.values() if "account_id" in table.c}
    assert {table.name for table in erasure.emptied()} == of_accounts - {table.name for table in erasure.KEPT}


def counts(sql, made) -> dict[str, int]:
    """How many rows of an account there are in every table."""
    names = [table.name for table in known_tables().tables.values() if "account_id" in table.c]
    query = psycopg.sql.SQL("select count(*) from {} where account_id = %s")
    return {
        name: sql(query.format(psycopg.sql.Identifier(name)).as_string(None), made.account.id)[0][0] for name in names
    }
