"""Force logout, password reset and invitation through the API: answers, and what they do to sessions and links."""

import pytest

from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.domain.errors import Code, Refusal
from tests.doors.api import done, refusal
from tests.factories import PASSWORD, link_secret, make_active, make_user

BROWSER = Browser("127.0.0.1", "tests")


@pytest.fixture
def active(services, caller, sql):
    """A user with a password."""
    return make_active(services, sql, make_user(caller, services))


@pytest.fixture
def cookie(services, active) -> str:
    """The secret of a session of that user."""
    return by_password(active.email, PASSWORD, None, BROWSER, services).secret


@pytest.mark.rule("OUT-1", "OUT-2")
def test_a_force_logout_ends_the_sessions_and_answers_the_user(api, services, active, cookie):
    shown = done(api.get(f"/users/{active.id}"))
    assert check_session(cookie, services) is not None
    answered = done(api.post(f"/users/{active.id}/force_logout"))
    receipt = answered.pop("revocation")
    assert answered == shown
    assert (receipt["reason"], receipt["sessions"], receipt["webhooks"]) == ("force_logout", 1, [])
    assert check_session(cookie, services) is None
    assert check_session(by_password(active.email, PASSWORD, None, BROWSER, services).secret, services)


@pytest.mark.rule("PWD-1")
def test_a_reset_ends_the_sessions_kills_the_password_and_owes_a_mail(api, services, active, cookie, sql):
    answered = done(api.post(f"/users/{active.id}/reset_password"))
    assert (answered["status"], answered["pending"]) == ("password_reset_pending", False)
    assert check_session(cookie, services) is None
    with pytest.raises(Refusal) as refused:
        by_password(active.email, PASSWORD, None, BROWSER, services)
    assert refused.value.code is Code.INVALID_CREDENTIALS
    assert sql("select count(*) from outbox where kind = 'password_reset'") == [(1,)]
    assert refusal(api.post(f"/users/{active.id}/reset_password")) == (400, "no_password_to_reset")


@pytest.mark.rule("INV-2")
def test_an_invitation_goes_out_again_and_kills_the_link_before(api, services, sql, caller):
    user = make_user(caller, services)
    first = link_secret(services, sql, user)
    assert done(api.post(f"/users/{user.id}/invitation"))["status"] == "pending"
    second = link_secret(services, sql, user)
    assert first != second
    assert sql("select count(*) from links where user_id = %s and ended_at is null", user.id) == [(1,)]


def test_an_invitation_is_refused_to_whom_none_is_owed(api, services, active):
    assert refusal(api.post(f"/users/{active.id}/invitation")) == (400, "not_owed")


@pytest.mark.rule("ROOT-2")
def test_the_root_user_is_neither_logged_out_nor_reset(api):
    (root,) = done(api.get("/users"))["users"]
    for verb in ("force_logout", "reset_password"):
        assert refusal(api.post(f"/users/{root['id']}/{verb}")) == (403, "root_user_protected")


@pytest.mark.rule("AUZ-2")
def test_other_methods_are_refused_and_the_right_one_is_named(api, active):
    for verb in ("force_logout", "reset_password", "invitation"):
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            answer = api.send(method, f"/users/{active.id}/{verb}")
            assert refusal(answer) == (400, "method_not_allowed")
            assert set(answer.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}
