"""Seats, security settings, activity, sessions of a user and the end of the account through the API."""

import pytest

from provisioning.actions.accounts import restore_account
from provisioning.actions.sessions import Browser
from provisioning.actions.sign_in import by_password
from provisioning.actions.sso_settings import update_connection
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import operator
from tests.actions.saml_world import connected
from tests.doors.api import done, refusal
from tests.factories import PASSWORD, make_active, make_user

IDS = ("id", "at", "data")


@pytest.mark.rule("SEAT-2")
def test_the_user_limit_goes_up_and_down_and_never_below_what_is_used(api, account, sql, subtests):
    seats = done(api.get("/seats"))
    assert seats == {"used": 1, "limit": 50, "plan_seats": 50, "additional": 0}
    assert list(seats) == ["used", "limit", "plan_seats", "additional"]
    assert done(api.put("/seats", {"additional": 20})) == seats | {"limit": 70, "additional": 20}
    assert done(api.put("/seats", b"additional=2", content_type="application/x-www-form-urlencoded"))["limit"] == 52
    before = done(api.get("/seats"))
    for members in ({}, {"additional": 21}, {"additional": -1}, {"additional": 1.5}, {"additional": None},
                    {"additional": True}, {"additional": "1.0"}, {"additional": 10**30}):  # fmt: skip
        with subtests.test(str(members)[:40]):
            assert refusal(api.put("/seats", members)) == (400, "invalid_value")
    assert "contact support" in api.put("/seats", {"additional": 21}).get_json()["error"]["message"]
    for name in ("used", "limit", "plan_seats"):
        assert refusal(api.put("/seats", {"additional": 1, name: 1})) == (400, "mutability")
    sql("update seats set plan_seats = 1 where account_id = %s", account.account.id)
    done(api.put("/seats", {"additional": 1}))
    api.user("dana@acme.example")
    assert refusal(api.put("/seats", {"additional": 0})) == (400, "seats_below_use")
    assert done(api.get("/seats"))["additional"] == 1
    assert before["additional"] == 2


@pytest.mark.rule("OUT-5", "SES-6", "2FA-4", "IDN-5")
def test_security_settings_change_as_sent_all_or_none(api, foreign_api, subtests):
    shown = done(api.get("/security"))
    assert shown == {"two_factor": "optional", "session_idle_seconds": 43_200, "session_max_seconds": 604_800,
                     "enforce_saml": False}  # fmt: skip
    changed = done(api.put("/security", {"session_idle_seconds": "300", "two_factor": "required"}))
    assert changed == shown | {"session_idle_seconds": 300, "two_factor": "required"}
    assert done(api.put("/security", {"session_max_seconds": 300}))["session_max_seconds"] == 300
    assert done(api.put("/security", {})) == done(api.get("/security"))
    before = done(api.get("/security"))
    for members, code in (
        ({"session_idle_seconds": 299}, "invalid_value"),
        ({"session_idle_seconds": 301}, "invalid_value"),
        ({"session_idle_seconds": 43_201}, "invalid_value"),
        ({"session_max_seconds": 604_801}, "invalid_value"),
        ({"session_max_seconds": 299}, "invalid_value"),
        ({"two_factor": "Disabled"}, "invalid_value"),
        ({"two_factor": "disabled", "session_max_seconds": 1}, "invalid_value"),
        ({"enforce_saml": True, "two_factor": "disabled"}, "enforce_needs_login"),
        ({"saml_enforced": True}, "invalid_value"),
    ):
        with subtests.test(str(members)):
            assert refusal(api.put("/security", members)) == (400, code)
    assert done(api.get("/security")) == before
    assert done(foreign_api.get("/security")) == shown


@pytest.mark.rule("2FA-3")
def test_a_second_factor_and_saml_provisioning_exclude_each_other_in_both_directions(api, services, account):
    done(api.put("/security", {"two_factor": "disabled"}))
    connection = connected(services, account, provisioning=True)
    path = f"/saml_connections/{connection.id}"
    for setting in ("optional", "required"):
        assert refusal(api.put("/security", {"two_factor": setting})) == (403, "provisioning_blocks_two_factor")
    assert done(api.put("/security", {"two_factor": "disabled"}))["two_factor"] == "disabled"
    done(api.put(path, {"provisioning": False}))
    done(api.put("/security", {"two_factor": TwoFactor.OPTIONAL.value}))
    assert refusal(api.put(path, {"provisioning": True})) == (403, "two_factor_blocks_provisioning")
    assert not done(api.get(path))["provisioning"]


@pytest.mark.rule("SSO-6")
def test_saml_is_enforced_only_behind_a_connection_that_is_on_and_proved(api, services, account, sql):
    connection = connected(services, account)
    assert refusal(api.put("/security", {"enforce_saml": True})) == (400, "enforce_needs_login")
    sql("update saml_connections set succeeded_at = now()")
    update_connection(operator(account.account.id), connection.id, {"enabled": False}, services)
    assert refusal(api.put("/security", {"enforce_saml": True})) == (400, "enforce_needs_login")
    update_connection(operator(account.account.id), connection.id, {"enabled": True}, services)
    assert done(api.put("/security", {"enforce_saml": "true"}))["enforce_saml"]
    path = f"/saml_connections/{connection.id}"
    assert done(api.get(path))["enforce"]
    assert refusal(api.delete(path)) == (403, "last_enforced_connection")
    assert refusal(api.put(path, {"enabled": False})) == (403, "last_enforced_connection")
    assert not done(api.put("/security", {"enforce_saml": False}))["enforce_saml"]
    assert done(api.delete(path)) == {"message": "ok"}


@pytest.mark.rule("ACT-1", "TEN-4", "USR-8")
def test_the_activity_report_is_narrowed_and_paged(api, foreign_api, account, clock):
    foreign_api.user("dana@acme.example")
    user = api.user("dana@acme.example")["id"]
    clock.advance(days=1)
    done(api.delete(f"/users/{user}"))
    shown = done(api.get("/activity", person=user))["activity"]
    assert [entry["kind"] for entry in shown][-1] == "user.created"
    assert {entry["target_id"] for entry in shown} == {user}
    assert {entry["actor_id"] for entry in shown} == {account.key.key.id}
    deleted = done(api.get("/activity", kind="user.deleted", way_in="provisioning_api", outcome="done"))["activity"]
    assert [(entry["at"], entry["target_name"]) for entry in deleted] == [("2026-11-24T09:00:00Z", "Dana Roe")]
    assert done(api.get("/activity", kind="user.deleted", to="2026-11-23"))["activity"] == []
    assert len(done(api.get("/activity", kind="user.created", **{"from": "2026-11-23"}))["activity"]) == 1
    first = done(api.get("/activity", limit=1, person=user))
    second = done(api.get("/activity", limit=1, person=user, cursor=first["next_cursor"]))
    assert [*first["activity"], *second["activity"]] == shown[:2]
    assert not {entry["id"] for entry in shown} & {
        entry["id"] for entry in done(foreign_api.get("/activity"))["activity"]}  # fmt: skip


@pytest.mark.rule("LIM-3")
def test_filters_of_the_report_that_make_no_sense_are_refused(api, subtests):
    for query in ({"kind": "user.flew"}, {"way_in": "window"}, {"outcome": "maybe"}, {"from": "soon"}, {"to": "99"},
                  {"from": "9" * 41}, {"limit": 0}, {"limit": 201}, {"limit": "x"}, {"person": "x" * 129},
                  {"person": "\u00e4"}, {"cursor": "x" * 129}):  # fmt: skip
        with subtests.test(str(query)):
            assert refusal(api.get("/activity", **query)) == (400, "invalid_value")
    assert done(api.get("/activity?kind=&way_in=&outcome=&from=&to=&person=&cursor=&limit="))["activity"]


@pytest.mark.rule("OUT-4", "TEN-1")
def test_the_sessions_of_a_user_are_listed_until_they_end(api, foreign_api, services, caller, sql):
    user = make_active(services, sql, make_user(caller, services))
    path = f"/users/{user.id}/sessions"
    assert done(api.get(path)) == {"sessions": []}
    opened = by_password(user.email, PASSWORD, None, Browser("203.0.113.7", "Firefox"), services)
    (session,) = done(api.get(path))["sessions"]
    assert (session["id"], session["method"], session["address"], session["user_agent"]) == (
        opened.session_id, "password", "203.0.113.7", "Firefox")  # fmt: skip
    assert opened.secret not in api.get(path).text
    assert refusal(foreign_api.get(path)) == (404, "not_found")
    done(api.post(f"/users/{user.id}/force_logout"))
    assert done(api.get(path)) == {"sessions": []}


@pytest.mark.rule("ROLE-2", "ROOT-3")
def test_extra_permissions_are_a_media_library_users(api, subtests):
    user = api.user("dana@acme.example")
    path = f"/users/{user['id']}/media_library_permissions"
    assert user["media_library_permissions"] == []
    chosen = {"media_library_permissions": ["moderate_asset", "create_collection", "moderate_asset"]}
    assert done(api.put(path, chosen))["media_library_permissions"] == ["create_collection", "moderate_asset"]
    form = b"media_library_permissions=share_collection%2Cshow_delivery_url"
    spelled = done(api.put(path, form, content_type="application/x-www-form-urlencoded"))
    assert spelled["media_library_permissions"] == ["share_collection", "show_delivery_url"]
    assert refusal(api.put(path, {})) == (400, "invalid_value")
    for value in (None, ["fly"], {"moderate_asset": True}, [1], True, ["create_proof"] * 101):
        with subtests.test(str(value)[:40]):
            assert refusal(api.put(path, {"media_library_permissions": value})) == (400, "invalid_value")
    assert refusal(api.put(f"/users/{user['id']}", chosen)) == (400, "mutability")
    assert done(api.put(path, {"media_library_permissions": []}))["media_library_permissions"] == []
    done(api.put(path, chosen))
    assert "media_library_permissions" not in done(api.put(f"/users/{user['id']}", {"role": "reports"}))
    assert refusal(api.put(path, chosen)) == (400, "media_library_permissions")
    assert done(api.put(f"/users/{user['id']}", {"role": "media_library_user"}))["media_library_permissions"] == []
    (root,) = (each for each in done(api.get("/users"))["users"] if each["root"])
    assert refusal(api.put(f"/users/{root['id']}/media_library_permissions", chosen)) == (403, "root_user_protected")


@pytest.mark.rule("ACC-3")
def test_an_account_ends_with_the_root_users_proof_alone(api, foreign_api, account, services, sql):
    for members in ({"password": "wrong"}, {"password": ""}, {"password": account.root_password + " ", "code": "1"}):
        assert refusal(api.post("/cancel", members)) == (403, "root_user_only")
    assert refusal(api.post("/cancel", {})) == (400, "invalid_value")
    assert sql("select count(*) from accounts where cancelled_at is not null") == [(0,)]
    ended = done(api.post("/cancel", {"password": account.root_password}))
    assert ended == {"id": account.account.id, "cancelled_at": "2026-11-23T09:00:00Z"}
    assert refusal(api.get("/users")) == (401, "credential_invalid")
    assert done(foreign_api.get("/users"))["users"]
    restore_account(operator(account.account.id), services)
    assert done(api.get("/users"))["users"]
