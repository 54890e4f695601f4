"""Lists of users: filters, orders, pages, and all of them batch by batch."""

from itertools import product

import pytest

from provisioning.actions import user_lists
from provisioning.actions.user_lists import list_users, stream_users
from provisioning.domain.user_lists import UserFilter, UserOrder
from provisioning.domain.users import Status
from tests.doors.api import done, refusal
from tests.factories import make_active, make_user


def emails(answer):
    return [user["email"].partition("@")[0] for user in done(answer)["users"]]


@pytest.fixture
def people(api, services, caller, sql, environment_id):
    """Four users of every kind beside the root user; the neighbour's people have the same names."""
    active = make_active(services, sql, make_user(caller, services, "active@acme.example"))
    sql("update users set last_login_at = '2026-11-10 23:59:59+00' where id = %s", active.id)
    limited = api.user("limited@acme.example", "Éva Zed", role="reports", sub_account_ids=[environment_id])
    disabled = api.user("disabled@acme.example", "Abe 100%_", role="admin", enabled=False)
    reset = make_active(services, sql, make_user(caller, services, "reset@acme.example"))
    done(api.post(f"/users/{reset.id}/reset_password"))
    return {"active": active.id, "limited": limited["id"], "disabled": disabled["id"], "reset": reset.id}


@pytest.mark.rule("TEN-4")
def test_all_users_of_the_account_are_listed_newest_first(api, foreign_api, people):
    foreign_api.user("limited@acme.example", "Éva Zed")
    assert emails(api.get("/users")) == ["reset", "disabled", "limited", "active", "root"]
    assert emails(foreign_api.get("/users")) == ["limited", "root"]


FOUND_BY = (
    ({"pending": "true"}, ["disabled", "limited"]),
    ({"pending": "false"}, ["reset", "active", "root"]),
    ({"status": "pending"}, ["limited"]),
    ({"status": "active"}, ["active", "root"]),
    ({"status": "disabled"}, ["disabled"]),
    ({"status": "password_reset_pending"}, ["reset"]),
    ({"status": "inactive"}, []),
    ({"prefix": "é"}, ["limited"]),
    ({"prefix": "e\u0301VA"}, ["limited"]),
    ({"prefix": "REs"}, ["reset"]),
    ({"prefix": "abe 100%_"}, ["disabled"]),
    ({"prefix": "%"}, []),
    ({"prefix": "_be"}, []),
    ({"prefix": "zed"}, []),
    ({"emails": "RESET@acme.example,nobody@acme.example,none"}, ["reset"]),
    ({"emails[]": ["reset@acme.example", "active@acme.example"]}, ["reset", "active"]),
    ({"last_login": "true"}, ["active"]),
    ({"last_login": "false"}, ["reset", "disabled", "limited", "root"]),
    ({"last_login": "true", "from": "2026-11-10", "to": "2026-11-10"}, ["active"]),
    ({"last_login": "true", "from": "2026-11-10 23:59:59.999999", "to": "2026-11-11T00:00:00"}, ["active"]),
    ({"last_login": "true", "from": "2026-11-11"}, []),
    ({"last_login": "true", "to": "2026-11-09"}, []),
    ({"last_login": "true", "to": "9999-12-31", "from": "0001-01-01"}, ["active"]),
    ({"last_login": "false", "to": "2026-11-09"}, ["reset", "disabled", "limited", "active", "root"]),
    ({"last_login": "true", "to": "2026-11-10", "union_type": "exclude"}, ["reset", "disabled", "limited", "root"]),
    ({"last_login": "true", "from": "2026-11-10", "union_type": "include"}, ["active"]),
    ({"from": "2026-11-10", "to": "2026-11-10"}, ["reset", "disabled", "limited", "active", "root"]),
    ({"sort_by": "name", "sort_order": "asc"}, ["disabled", "active", "reset", "root", "limited"]),
    ({"sort_by": "role", "sort_order": "asc"}, ["disabled", "root", "active", "reset", "limited"]),
    ({"sort_by": "status", "sort_order": "asc"}, ["root", "active", "disabled", "reset", "limited"]),
    ({"sort_by": "activity"}, ["active", "reset", "disabled", "limited", "root"]),
    ({"sort_by": "created_at", "sort_order": "asc"}, ["root", "active", "limited", "disabled", "reset"]),
    ({"page": "1", "page_size": "2"}, ["reset", "disabled"]),
    ({"page": "3", "page_size": "2"}, ["root"]),
    ({"page": "4", "page_size": "2"}, []),
    ({"page": "1"}, ["reset", "disabled", "limited", "active", "root"]),
    ({"activity": "x", "unheard": "of"}, ["reset", "disabled", "limited", "active", "root"]),
)


def test_filters_orders_and_pages(api, people, subtests):
    for query, expected in FOUND_BY:
        with subtests.test(query):
            assert emails(api.get("/users", **query)) == expected


NAMES = ("ids", "ids[]", "ids%5B%5D")


def test_ids_are_read_in_three_spellings_and_meet_the_other_filters(api, people):
    wanted = [people["active"], people["limited"]]
    spellings = [f"ids={','.join(wanted)}", *("&".join(f"{name}={one}" for one in wanted) for name in NAMES)]
    for query in spellings:
        assert emails(api.get(f"/users?{query}")) == ["limited", "active"]
        assert emails(api.get(f"/users?{query}&status=active")) == ["active"]
    assert emails(api.get(f"/users?ids={people['limited']}&pending=false")) == []
    assert len(emails(api.get("/users?ids=&status=&prefix=&enabled=&from=&to=&last_login="))) == 5


def test_users_with_access_to_a_product_environment(api, people, environment_id):
    other = api.environment("Other")["id"]
    assert emails(api.get("/users", sub_account_id=environment_id)) == [
        "reset", "disabled", "limited", "active", "root"]  # fmt: skip
    assert emails(api.get("/users", sub_account_id=other)) == ["reset", "disabled", "active", "root"]
    answer = api.get("/users", sub_account_id="9zz", page=1)
    assert answer.status_code == 404
    assert answer.get_json()["error"]["message"] == "Cannot find sub account with id 9zz"


@pytest.mark.rule("LIM-3")
def test_queries_that_make_no_sense_are_refused(api, subtests):
    for query in (
        {"pending": "maybe"},
        {"pending": ["true", "false"]},
        {"status": "gone"},
        {"from": "soon"},
        {"from": "2026-02-30"},
        {"from": "2026-11-10x"},
        {"to": "20261110"},
        {"page": 0},
        {"page": 10**30},
        {"page_size": 0},
        {"page_size": 1001},
        {"sort_by": "email"},
        {"sort_order": "down"},
        {"union_type": "x"},
        {"ids": ",".join(["x"] * 101)},
        {"prefix": "\0"},
        {"prefix": "x" * 1025},
    ):
        with subtests.test(str(query)[:40]):
            assert refusal(api.get("/users", **query)) == (400, "invalid_value")


def test_batches_follow_each_other_in_every_order(services, caller, people, monkeypatch, subtests):
    monkeypatch.setattr(user_lists, "BATCH", 2)
    for order, descending in product(UserOrder, (True, False)):
        with subtests.test(f"{order} {descending}"):
            wanted = UserFilter(order=order, descending=descending)
            whole = [view.user.id for view in list_users(caller, wanted, services)]
            batches = [[view.user.id for view in batch] for batch in stream_users(caller, wanted, services)]
            assert [len(batch) for batch in batches] == [2, 2, 1]
            assert [user_id for batch in batches for user_id in batch] == whole
            assert len(whole) == 5


def test_a_stream_that_ends_with_a_full_batch_is_whole_json(api, people, monkeypatch):
    monkeypatch.setattr(user_lists, "BATCH", 5)
    assert len(emails(api.get("/users"))) == 5


@pytest.mark.rule("USR-9")
def test_a_status_asked_for_is_the_status_shown(api, people, services, caller):
    shown = {view.user.id: view.user.status for view in list_users(caller, UserFilter(), services)}
    for status in Status:
        found = {view.user.id for view in list_users(caller, UserFilter(status=status), services)}
        assert found == {user_id for user_id, each in shown.items() if each is status}


def test_a_list_costs_the_same_statements_however_many_it_shows(services, caller, people, statements):
    before = len(statements)
    # One of each kind: with product environments of their own, and with all of them.
    list_users(caller, UserFilter(ids=(people["active"], people["limited"])), services)
    for_two, between = len(statements) - before, len(statements)
    list_users(caller, UserFilter(), services)
    assert len(statements) - between == for_two > 0
