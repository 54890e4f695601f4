"""The user limit: additional subscriptions by self-service, up and down, never below use, 20 at most (SEAT-2)."""

import pytest

from provisioning.domain.roles_legacy import Role
from tests.factories import PASSWORD, make_active, make_user


@pytest.mark.rule("SEAT-2")
def test_the_limit_goes_up_and_down(as_root, sql, account, neighbour):
    as_root.get("/user-limit")
    page = as_root.submit("/user-limit", additional="20")
    assert (page.path, page.notice) == ("/user-limit", "The user limit is 70 now.")
    assert "1 of 70 users" in page.text
    assert as_root.submit("/user-limit", additional="0").notice == "The user limit is 50 now."
    assert sql("select additional from seats where account_id = %s", neighbour.account.id) == [(0,)]


@pytest.mark.rule("SEAT-2")
@pytest.mark.parametrize("number", ["21", "-1", "", "x", "1.5", "1e1", "9" * 400, "\0", "٣٠"])
def test_what_self_service_does_not_do_is_refused_with_whom_to_ask(as_root, sql, number):
    as_root.get("/user-limit")
    page = as_root.submit("/user-limit", additional=number)
    assert page.status == 422
    assert "contact support" in page.errors()["additional"]
    assert sql("select distinct additional from seats") == [(0,)]


@pytest.mark.rule("SEAT-2")
def test_the_limit_never_goes_below_the_seats_in_use(as_root, caller, services, sql):
    sql("update seats set plan_seats = 1, additional = 2")
    make_user(caller, services)
    as_root.get("/user-limit")
    page = as_root.submit("/user-limit", additional="0")
    assert (page.status, page.code) == (409, "seats_below_use")
    assert "2 seats in use" in page.errors()["additional"]
    assert as_root.submit("/user-limit", additional="1").notice == "The user limit is 2 now."


@pytest.mark.rule("ROLE-1")
@pytest.mark.parametrize(("role", "status"), [(Role.BILLING, 200), (Role.MASTER_ADMIN, 200), (Role.ADMIN, 403)])
def test_who_pays_changes_the_limit(browser, caller, services, sql, account, role, status):
    make_active(services, sql, make_user(caller, services, "eve@acme.example", role))
    browser.log_in("eve@acme.example", PASSWORD)
    page = browser.get("/user-limit")
    assert page.status == status
    token = browser.get("/profile").forms("/logout")[0].fields["csrf_token"]
    assert browser.post("/user-limit", {"csrf_token": token, "additional": "5"}).status == status
