"""What rules count, allow once or forbid is right in the database, whatever meets at the same moment (AUZ-3, SEAT-3).

Each race is run a few times here, and fifty times in a row with the tests that take long.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import cycle, islice, product
from uuid import uuid4

import psycopg
import pytest

from provisioning.actions.accounts import MadeAccount, NewAccount, create_account, set_seats, show_account
from provisioning.actions.keys import create_account_key, find_key_caller, revoke_account_key
from provisioning.actions.scim_connections import update_scim_connection
from provisioning.actions.scim_tokens import create_scim_token
from provisioning.actions.sso_settings import connect
from provisioning.actions.users import create_user, delete_user, disable_user, edit_user
from provisioning.domain.caller import operator
from provisioning.domain.comparison import email_key
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser, UserChanges
from tests.actions.saml_world import PROVIDER
from tests.everywhere.doors import DONE, doors_of
from tests.factories import make_user, person
from tests.store.test_races import at_once

A_FEW = 3
MANY = 50
RUNS = pytest.mark.parametrize("runs", [A_FEW, pytest.param(MANY, marks=pytest.mark.long)])


@pytest.fixture
def accounts(services) -> Callable[[], MadeAccount]:
    """A maker of accounts, so that each run of a race has one of its own."""

    def make() -> MadeAccount:
        return create_account(operator(""), NewAccount(f"Acme {uuid4().hex}", "root@acme.example"), services)

    return make


def spellings(number: int) -> list[str]:
    """Ways to write one and the same email: in any case, in full width, with the Kelvin sign, and any domain case."""
    letters = [("k", "K", "\u212a", "\uff4b", "\uff2b"), ("i", "I", "\uff49", "\uff29"), ("m", "M", "\uff4d", "\uff2d")]
    domains = cycle(("ACME.example", "acme.EXAMPLE", "acme.example"))
    return [f"{''.join(local)}@{next(domains)}" for local in islice(product(*letters), number)]


@pytest.mark.rule("SEAT-3", "SEAT-1", "INV-3")
@RUNS
def test_the_last_seat_goes_to_one_of_a_hundred_over_all_ways_in(app, services, accounts, sql, runs):
    for _ in range(runs):
        made = accounts()
        account_id = made.account.id
        set_seats(operator(account_id), 2, services)
        api, scim = (doors_of(app, made)[name] for name in ("api", "scim"))
        role = "media_library_user"
        shell = operator(account_id)
        ways = cycle([
            lambda n: api.add(f"n{n}@acme.example", role),
            lambda n: scim.add(f"n{n}@acme.example", role),
            lambda n: create_user(person(made.root), NewUser(email=f"n{n}@acme.example"), services) and DONE,
            lambda n: create_user(shell, NewUser(email=f"n{n}@acme.example"), services) and DONE,
        ])  # fmt: skip
        answers = at_once(*[lambda way=way, n=n: way(n) for n, way in zip(range(100), ways, strict=False)])
        assert answers.count(DONE) == 1
        assert set(map(str, answers)) == {DONE, Code.SEAT_LIMIT_REACHED.value}
        seats = show_account(shell, services).seats
        assert (seats.used, seats.limit) == (2, 2)
        assert sql("select count(*) from users where account_id = %s", account_id) == [(2,)]
        owed = "select count(*) from outbox where account_id = %s and kind in ('invitation', 'confirmation')"
        assert sql(owed, account_id) == [(2,)], "the root user's mail and that of the one who got the seat"


@pytest.mark.rule("IDN-1", "USR-1")
@RUNS
def test_one_email_in_fifty_spellings_makes_one_user(app, services, accounts, sql, runs):
    for _ in range(runs):
        made = accounts()
        emails = spellings(50)
        assert len({email_key(email) for email in emails}) == 1
        assert len(set(emails)) == 50
        api = doors_of(app, made)["api"]
        ways = cycle([
            lambda email: api.add(email, "reports"),
            lambda email: create_user(operator(made.account.id), NewUser(email=email), services) and DONE,
        ])  # fmt: skip
        answers = at_once(*[lambda way=way, e=e: way(e) for e, way in zip(emails, ways, strict=False)])
        assert answers.count(DONE) == 1
        assert set(map(str, answers)) <= {DONE, "email_taken", "user_name_taken"}
        assert sql("select count(*) from users where account_id = %s and not is_root", made.account.id) == [(1,)]


@pytest.mark.rule("AUZ-3", "AUZ-5", "USR-3")
@RUNS
@pytest.mark.parametrize("loss", ["demote", "disable", "delete"])
def test_nobody_gives_a_role_that_was_taken_from_them_before(services, accounts, sql, loss, runs):
    for _ in range(runs):
        made = accounts()
        shell = operator(made.account.id)
        chef = make_user(shell, services, "chef@acme.example", Role.MASTER_ADMIN)
        lose = {
            "demote": lambda: edit_user(shell, chef.id, lambda _: UserChanges(role=Role.REPORTS), services),
            "disable": lambda: disable_user(shell, chef.id, services),
            "delete": lambda: delete_user(shell, chef.id, services),
        }[loss]
        gifts = [
            lambda n=n: create_user(person(chef), NewUser(f"n{n}@acme.example", role=Role.MASTER_ADMIN), services)
            for n in range(3)
        ]
        answers = at_once(gifts[0], lose, gifts[1])
        given = [each for each in (answers[0], answers[2]) if not isinstance(each, Code)]
        refused = [each for each in (answers[0], answers[2]) if isinstance(each, Code)]
        assert set(refused) <= {Code.NOT_ALLOWED}
        masters = "select count(*) from users where account_id = %s and role = 'master_admin' and id <> %s"
        assert sql(masters, made.account.id, chef.id) == [(len(given),)]
        assert at_once(gifts[2]) == [Code.NOT_ALLOWED], "after the loss nothing is given any more"


@pytest.fixture
def halfway(database_url):
    """A loss in a transaction that is still open; and whether somebody waits for it."""
    with psycopg.connect(database_url) as connection, psycopg.connect(database_url, autocommit=True) as watch:

        def lose(statement: str, *parameters: object) -> None:
            connection.execute(statement, parameters)

        def somebody_waits() -> bool:
            waiting = "select count(*) from pg_locks where not granted and pid = any(%s)"
            pids = "select array_agg(pid) from pg_stat_activity where datname = current_database()"
            return watch.execute(waiting, (watch.execute(pids).fetchone()[0],)).fetchone()[0] > 0

        yield lose, somebody_waits, connection.commit


LOSSES = {
    "demoted": "update users set role = 'reports' where id = %s",
    "disabled": "update users set disabled_at = now(), access_ended_at = now() where id = %s",
    "deleted": "update users set inactive_at = now(), access_ended_at = now() where id = %s",
}


@pytest.mark.rule("AUZ-3", "AUZ-5")
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("gift", ["user", "role", "key", "removal", "token", "directory", "saml"])
def test_a_gift_waits_for_a_loss_that_is_under_way_and_is_then_refused(services, account, halfway, sql, loss, gift):
    shell = operator(account.account.id)
    chef = make_user(shell, services, "chef@acme.example", Role.MASTER_ADMIN)
    other = make_user(shell, services, "other@acme.example", Role.REPORTS)
    giver = replace(person(chef), proved_at=services.now())
    directory = account.token.token.connection_id
    master = lambda _: UserChanges(role=Role.MASTER_ADMIN)
    gifts = {
        "user": lambda: create_user(giver, NewUser("n@acme.example", role=Role.MASTER_ADMIN), services),
        "role": lambda: edit_user(giver, other.id, master, services),
        "key": lambda: create_account_key(giver, "K", Role.MASTER_ADMIN, services),
        "removal": lambda: delete_user(giver, other.id, services),
        "token": lambda: create_scim_token(giver, "default", services),
        "directory": lambda: update_scim_connection(giver, directory, {"allow_master_admin": True}, services),
        "saml": lambda: connect(giver, PROVIDER, {"allow_master_admin": True}, services),
    }
    lose, somebody_waits, commit = halfway
    state = (
        "select (select count(*) from users), (select count(*) from account_keys), (select count(*) from scim_tokens),"
        " (select count(*) from scim_connections where allow_master_admin), (select count(*) from saml_connections)"
    )
    lose(LOSSES[loss], chef.id)
    before = sql(state)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: at_once(gifts[gift])[0])
        until(somebody_waits)
        commit()
        assert answer.result(30) is Code.NOT_ALLOWED
    assert sql(state) == before
    assert sql("select role from users where id = %s", other.id) == [("reports",)]


@pytest.mark.rule("AUZ-3", "KEY-4")
@RUNS
def test_a_key_that_is_revoked_gives_nothing_from_then_on(services, accounts, sql, runs):
    for _ in range(runs):
        made = accounts()
        shell = operator(made.account.id)
        key = create_account_key(shell, "K", Role.MASTER_ADMIN, services)
        caller = find_key_caller(key.key.id, key.secret, None, services)
        more = [lambda n=n: create_account_key(caller, f"K{n}", Role.MASTER_ADMIN, services) for n in range(3)]
        answers = at_once(more[0], lambda: revoke_account_key(shell, key.key.id, services), more[1])
        given = sum(not isinstance(each, Code) for each in (answers[0], answers[2]))
        assert sql("select count(*) from account_keys where account_id = %s", made.account.id) == [(2 + given,)]
        assert at_once(more[2]) == [Code.CREDENTIAL_INVALID]


@pytest.mark.rule("AUZ-3", "USR-3")
@RUNS
@pytest.mark.parametrize("verb", ["delete", "disable", "demote"])
def test_of_two_administrators_who_remove_each_other_one_stays(services, accounts, sql, verb, runs):
    for _ in range(runs):
        made = accounts()
        shell = operator(made.account.id)
        pair = [make_user(shell, services, f"{name}@acme.example", Role.MASTER_ADMIN) for name in ("ann", "bob")]
        act = {
            "delete": lambda by, whom: delete_user(by, whom, services),
            "disable": lambda by, whom: disable_user(by, whom, services),
            "demote": lambda by, whom: edit_user(by, whom, lambda _: UserChanges(role=Role.REPORTS), services),
        }[verb]
        answers = at_once(lambda: act(person(pair[0]), pair[1].id), lambda: act(person(pair[1]), pair[0].id))
        assert [each for each in answers if isinstance(each, Code)] in ([Code.NOT_ALLOWED], [Code.NOT_FOUND])
        left = "role = 'master_admin' and disabled_at is null and inactive_at is null"
        assert sql(f"select count(*) from users where account_id = %s and {left}", made.account.id) == [(1,)]


def until(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds, looking again and again."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nobody waits: the gift was decided without looking at the giver"
        time.sleep(0.01)
