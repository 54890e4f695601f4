"""The session check: by a Console cookie, and by an account key with a session's id."""

import pytest

from provisioning.actions.keys import create_account_key, revoke_account_key
from provisioning.actions.sessions import Browser, log_out
from provisioning.actions.sign_in import by_password
from provisioning.actions.users import delete_user, disable_user
from provisioning.domain.roles_legacy import Role
from tests.doors.api import ApiClient, basic, done, refusal
from tests.factories import PASSWORD, key_caller, make_active, make_user, person

PATH = "/session/v1/introspect"
BROWSER = Browser("127.0.0.1", "tests")
GONE = {"active": False}


@pytest.fixture
def active(services, caller, sql):
    return make_active(services, sql, make_user(caller, services))


@pytest.fixture
def opened(services, active):
    return by_password(active.email, PASSWORD, None, BROWSER, services)


@pytest.fixture
def browser(app, api, opened):
    """Ask as the browser with that session's cookie."""
    client = app.test_client()
    client.set_cookie("gatelodge_session", opened.secret, domain="localhost")

    def ask(**options):
        answer = client.get(PATH, **options)
        api.contract.check("GET", PATH, answer)
        return answer

    return ask


def by_key(api, session_id):
    return api.raw("GET", PATH, query_string={"session": session_id})


@pytest.mark.rule("OUT-2")
def test_a_good_session_is_told_whole_to_its_cookie_and_to_a_key(api, browser, opened, active):
    told = done(browser())
    assert told == {
        "active": True,
        "account": {"id": active.account_id},
        "user": {
            "id": active.id,
            "email": active.email,
            "root": False,
            "role": "media_library_user",
            "status": "active",
        },
        "method": "password",
        "expires_at": "2026-11-30T09:00:00Z",
        "session": {"id": opened.session_id},
    }
    assert done(by_key(api, opened.session_id)) == told


@pytest.mark.rule("SES-1", "OUT-1", "OUT-2")
@pytest.mark.parametrize("end", ["force logout", "disable", "delete", "reset", "log out", "idle", "in all"])
def test_once_an_end_was_answered_the_next_call_says_so(api, browser, opened, active, caller, services, clock, end):
    session = person(active, session=opened.session_id)
    ends = {
        "force logout": lambda: done(api.post(f"/users/{active.id}/force_logout")),
        "disable": lambda: disable_user(caller, active.id, services),
        "delete": lambda: delete_user(caller, active.id, services),
        "reset": lambda: done(api.post(f"/users/{active.id}/reset_password")),
        "log out": lambda: log_out(session, services),
        "idle": lambda: clock.advance(hours=12),
        "in all": lambda: clock.advance(days=7),
    }
    assert done(browser())["active"]
    ends[end]()
    assert done(browser()) == GONE
    assert done(by_key(api, opened.session_id)) == GONE


@pytest.mark.rule("AUZ-5")
def test_the_role_told_is_the_role_now(api, browser, active):
    done(api.put(f"/users/{active.id}", {"role": "reports"}))
    assert done(browser())["user"]["role"] == "reports"


@pytest.mark.rule("TEN-3")
def test_an_unknown_and_a_foreign_session_are_alike(foreign_api, api, opened):
    foreign, unknown = by_key(foreign_api, opened.session_id), by_key(foreign_api, "0" * len(opened.session_id))
    assert done(foreign) == done(unknown) == GONE
    assert foreign.data == unknown.data
    assert done(by_key(api, opened.secret)) == GONE


@pytest.mark.rule("KEY-1")
def test_without_a_good_credential_nothing_is_told(app, api, opened, services, account, caller):
    stranger = ApiClient(app, account.account.id, None)
    assert refusal(by_key(stranger, opened.session_id)) == (401, "credential_invalid")
    headers = basic(account.key.key.id, account.key.secret[:-1] + "x")
    assert refusal(stranger.raw("GET", PATH, headers=headers)) == (401, "credential_invalid")
    bearer = {"Authorization": f"Bearer {account.token.text}"}
    assert refusal(stranger.raw("GET", PATH, headers=bearer)) == (401, "credential_invalid")
    revoke_account_key(caller, account.key.key.id, services)
    assert refusal(by_key(api, opened.session_id)) == (401, "credential_invalid")


def test_a_cookie_that_is_no_session_is_not_active(app, api):
    client = app.test_client()
    for value in ("x", "x" * 500, "%00"):
        client.set_cookie("gatelodge_session", value, domain="localhost")
        assert done(client.get(PATH)) == GONE


def test_a_bad_credential_is_not_made_good_by_a_cookie(browser):
    assert refusal(browser(headers={"Authorization": "Basic x"})) == (401, "credential_invalid")


def test_a_key_names_a_session(api):
    assert refusal(api.raw("GET", PATH)) == (400, "invalid_value")
    assert refusal(api.raw("GET", f"{PATH}?session=")) == (400, "invalid_value")
    assert refusal(api.raw("GET", f"{PATH}?session=a&session=b")) == (400, "invalid_value")


@pytest.mark.rule("AUZ-1")
def test_a_key_that_may_not_read_users_is_told_nothing(app, account, services, opened):
    key = create_account_key(key_caller(account), "reports", Role.REPORTS, services)
    reports = ApiClient(app, account.account.id, key)
    assert refusal(by_key(reports, opened.session_id)) == (403, "not_allowed")


def test_only_get_is_offered(api):
    for method in ("POST", "PUT", "DELETE"):
        assert refusal(api.raw(method, PATH)) == (400, "method_not_allowed")
