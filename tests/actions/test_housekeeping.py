"""What nobody can ask for any more is forgotten in short transactions, and nothing that still counts goes with it."""

from datetime import timedelta

import pytest

from provisioning.actions import housekeeping
from provisioning.actions.housekeeping import forget_old_rows
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.errors import Code
from provisioning.store.housekeeping import LINKS_KEPT_FOR, TIDIED
from tests.actions.refusals import code_of
from tests.actions.saml_world import Logins, connected, saml_account
from tests.factories import key_caller, make_user


def counts(sql) -> dict[str, int]:
    """Rows of every table that is tidied."""
    return {name: sql(f"select count(*) from {name}")[0][0] for name in TIDIED}


@pytest.mark.rule("SAM-4")
def test_spent_ids_go_once_no_response_can_carry_them_and_begun_logins_with_them(services, clock, sql):
    made = saml_account(services)
    logins = Logins(services, connected(services, made, provisioning=True))
    begun = logins.begin()
    login = logins.login("s-1", begun)
    logins.post(login)
    logins.begin()
    forget_old_rows(services)
    assert (counts(sql)["saml_spent"], counts(sql)["saml_requests"]) == (2, 2)
    clock.now = login.valid_until - timedelta(seconds=1)
    forget_old_rows(services)
    assert counts(sql)["saml_spent"] == 2
    assert code_of(lambda: logins.post(login)) is Code.SAML_REPLAYED
    clock.now = login.valid_until + timedelta(days=1)
    forget_old_rows(services)
    assert (counts(sql)["saml_spent"], counts(sql)["saml_requests"]) == (0, 0)


@pytest.mark.rule("LNK-2")
def test_links_used_or_not_go_long_after_their_end_those_of_every_account(services, caller, neighbour, clock, sql):
    make_user(caller, services)
    make_user(key_caller(neighbour), services, "eve@other.example")
    sql("update links set used_at = created_at where address like 'dana%%'")
    present = counts(sql)["links"]
    (ends,) = sql("select max(expires_at) from links")[0]
    clock.now = ends + LINKS_KEPT_FOR - timedelta(seconds=1)
    forget_old_rows(services)
    assert counts(sql)["links"] >= 2
    assert present >= 2
    clock.advance(seconds=1)
    forget_old_rows(services)
    assert counts(sql)["links"] == 0


def test_a_flood_is_forgotten_in_bounded_batches_over_several_turns(services, clock, sql, statements, monkeypatch):
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(housekeeping, "MOST_BATCHES", 3)
    sql(
        "insert into pending_logins (secret_hash, choices, created_at, expires_at)"
        " select 'hash' || number, '[]', %s, %s from generate_series(1, 45) number",
        clock.now, clock.now,
    )  # fmt: skip
    clock.advance(days=2)
    del statements[:]
    assert forget_old_rows(services) == 30
    assert len([each for each in statements if each.startswith("delete from pending_logins")]) == 3
    assert counts(sql)["pending_logins"] == 15
    assert forget_old_rows(services) == 15
    assert forget_old_rows(services) == 0


def test_rows_that_somebody_holds_are_passed_over_and_go_later(services, clock, sql):
    sql("insert into pending_logins (secret_hash, choices, created_at, expires_at)"
        " values ('held', '[]', %s, %s), ('free', '[]', %s, %s)", *[clock.now] * 4)  # fmt: skip
    clock.advance(days=2)
    with services.unit(nobody(WayIn.WORKER, None)) as unit:
        unit.connection.exec_driver_sql("select 1 from pending_logins where secret_hash = 'held' for update")
        assert forget_old_rows(services) == 1
    assert forget_old_rows(services) == 1


def test_whole_accounts_with_nothing_old_lose_nothing(services, account, neighbour, caller, clock, sql):
    make_user(caller, services)
    before = counts(sql)
    assert forget_old_rows(services) == 0
    assert counts(sql) == before
