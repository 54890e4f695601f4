"""ROOT-1 and ROOT-2 where everything else has failed: what the database itself refuses."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.users import users
from tests.factories import make_user
from tests.store.rows import row_of

COPY_OF_ROOT = """
    insert into users select account_id, %s, true, %s, %s, %s, %s, null, null, first_name, last_name, display_name,
    name_key, null, true, media_library, null, accepted_at, null, null, password_hash, epoch, version, attributes,
    folded, document, providers, created_at, updated_at, last_login_at from users where id = %s"""


def refused_by(constraint: str, action) -> None:
    with pytest.raises(psycopg.errors.IntegrityError) as fault:
        action()
    assert fault.value.diag.constraint_name == constraint


@pytest.mark.rule("ROOT-1")
def test_a_second_root_user_is_refused_by_the_database(account, neighbour, sql):
    refused_by("ux_users_root", lambda: sql(COPY_OF_ROOT, *["second"] * 5, account.root.id))
    assert sql("select account_id, count(*) from users where is_root group by account_id order by 1") == sorted(
        [(account.account.id, 1), (neighbour.account.id, 1)]
    )


@pytest.mark.rule("ROOT-1")
def test_of_many_root_users_made_at_once_one_is_there(services, account, sql):
    with services.database.writer.begin() as connection:
        connection.execute(insert(accounts), row_of(accounts, "new"))

    def attempt(number: int) -> str:
        row = {**row_of(users, "new"), "is_root": True, "role": None, "all_environments": True, "connection_id": None}
        own = dict.fromkeys(("id", "email_key", "user_name_key"), f"root {number}")
        dates = dict.fromkeys(("disabled_at", "reset_at", "inactive_at"))
        try:
            with services.database.writer.begin() as connection:
                connection.execute(insert(users), {**row, **own, **dates})
        except IntegrityError as fault:
            return fault.orig.diag.constraint_name
        return "made"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(24)))
    assert sorted(answers) == ["made", *["ux_users_root"] * 23]
    assert sql("select count(*) from users where is_root and account_id = 'new'") == [(1,)]


@pytest.mark.rule("ROOT-2", "ROOT-3", "ROOT-4")
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("disabled_at = now(), access_ended_at = now()", "ck_users_root"),
        ("inactive_at = now(), access_ended_at = now()", "ck_users_root"),
        ("disabled_at = now()", "ck_users_access"),
        ("inactive_at = now()", "ck_users_access"),
        ("reset_at = now()", "ck_users_root"),
        ("all_environments = false", "ck_users_root"),
        ("role = 'master_admin'", "ck_users_role"),
        ("is_root = false", "ck_users_role"),
    ],
)
def test_the_database_keeps_the_root_users_access(account, sql, change, constraint):
    refused_by(constraint, lambda: sql(f"update users set {change} where id = %s", account.root.id))
    refused_by(constraint, lambda: sql(f"update users set first_name = 'X', {change} where is_root"))
    assert sql("select disabled_at, inactive_at, reset_at, all_environments, role, first_name from users where id = %s",
               account.root.id) == [(None, None, None, True, None, "Root")]  # fmt: skip


@pytest.mark.rule("ROOT-1")
def test_nobody_becomes_a_root_user(account, sql, services, caller):
    user = make_user(caller, services)
    refused_by("ck_users_role", lambda: sql("update users set is_root = true where id = %s", user.id))
    refused_by("ux_users_root", lambda: sql("update users set is_root = true, role = null where id = %s", user.id))
