"""Logging in by password, and every way in which a session ends at once."""

from dataclasses import replace

import pytest

from provisioning.actions.passwords import reset_password
from provisioning.actions.sessions import (
    Browser,
    caller_of,
    check_session,
    force_logout,
    introspect,
    log_out,
    sessions_of,
)
from provisioning.actions.sign_in import AccountChoice, by_password, choose_account
from provisioning.actions.users import delete_user, disable_user, edit_user, enable_user
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import Status, UserChanges
from tests.actions.refusals import code_of
from tests.factories import PASSWORD, key_caller, make_active, make_user, person

BROWSER = Browser("203.0.113.7", "Firefox")


@pytest.fixture
def dana(services, caller, sql):
    return make_active(services, sql, make_user(caller, services))


def log_in(services, email="dana@acme.example", password=PASSWORD, account=None):
    return by_password(email, password, account, BROWSER, services)


@pytest.mark.rule("SES-1", "USR-1")
def test_the_right_password_opens_a_session(services, dana, sql):
    opened = log_in(services, "DANA@acme.example")
    session = check_session(opened.secret, services)
    assert session.user.id == dana.id
    assert caller_of(session, None).role is Role.MEDIA_LIBRARY_USER
    stored = sql("select secret_hash, address, user_agent from sessions")
    assert stored[0][0] != opened.secret
    assert stored[0][1:] == ("203.0.113.7", "Firefox")


@pytest.mark.rule("LGN-1", "PWD-3")
def test_every_reason_not_to_log_in_answers_alike(services, caller, dana, sql):
    make_user(caller, services, "pending@acme.example")
    disabled = make_active(services, sql, make_user(caller, services, "off@acme.example"))
    disable_user(caller, disabled.id, services)
    deleted = make_active(services, sql, make_user(caller, services, "gone@acme.example"))
    delete_user(caller, deleted.id, services)
    attempts = [
        ("unknown@acme.example", PASSWORD), ("dana@acme.example", "wrong"), ("pending@acme.example", ""),
        ("off@acme.example", PASSWORD), ("gone@acme.example", PASSWORD), ("no address", PASSWORD),
        ("dana@acme.example", "x" * 100_000), ("d\0@acme.example", PASSWORD),
    ]  # fmt: skip
    for email, password in attempts:
        assert code_of(lambda: log_in(services, email, password)) is Code.INVALID_CREDENTIALS, email
    assert sql("select count(*) from sessions") == [(0,)]


@pytest.mark.rule("LGN-1")
def test_at_least_one_hash_is_computed_for_everybody(services, dana):
    counted = []

    class Counting:
        def is_right(self, password, stored):
            counted.append(stored is not None)
            return services.hasher.is_right(password, stored)

    watched = replace(services, hasher=Counting())
    for email in ("unknown@acme.example", "no address", "dana@acme.example"):
        counted.clear()
        code_of(lambda: by_password(email, "wrong", None, BROWSER, watched))
        assert len(counted) == 1


@pytest.mark.rule("OUT-1", "OUT-2", "SES-1")
@pytest.mark.parametrize(
    "end",
    [
        lambda caller, user, services: force_logout(caller, user.id, services),
        lambda caller, user, services: reset_password(caller, user.id, services),
        lambda caller, user, services: disable_user(caller, user.id, services),
        lambda caller, user, services: delete_user(caller, user.id, services),
        lambda caller, user, services: edit_user(caller, user.id, lambda _: UserChanges(active=False), services),
    ],
    ids=["force logout", "reset password", "disable", "delete", "active false"],
)
def test_the_very_next_check_refuses_every_session(services, caller, dana, end, sql):
    opened = [log_in(services), log_in(services)]
    assert all(check_session(each.secret, services) for each in opened)
    end(caller, dana, services)
    assert [check_session(each.secret, services) for each in opened] == [None, None]
    assert introspect(caller, opened[0].session_id, services) is None
    assert sql("select kind from outbox where kind = 'sessions_ended' and payload->>'user_id' = %s order by id desc",
               dana.id)  # fmt: skip


@pytest.mark.rule("OUT-1")
def test_a_new_login_after_a_force_logout_works_and_others_keep_theirs(services, caller, dana, sql):
    other = make_active(services, sql, make_user(caller, services, "eve@acme.example"))
    hers = log_in(services, other.email)
    log_in(services)
    force_logout(caller, dana.id, services)
    assert check_session(hers.secret, services) is not None
    assert check_session(log_in(services).secret, services) is not None


@pytest.mark.rule("SCM-10", "USR-5")
def test_enabling_again_brings_no_session_back(services, caller, dana):
    opened = log_in(services)
    disable_user(caller, dana.id, services)
    enable_user(caller, dana.id, services)
    assert check_session(opened.secret, services) is None
    assert check_session(log_in(services).secret, services) is not None


@pytest.mark.rule("ROOT-2")
def test_the_root_user_keeps_its_sessions_against_everyone(services, account, caller):
    opened = log_in(services, "root@acme.example", account.root_password)
    for actor in (caller, person(account.root)):
        for verb in (force_logout, reset_password, disable_user, delete_user):
            assert code_of(lambda: verb(actor, account.root.id, services)) is Code.ROOT_USER_PROTECTED
    assert check_session(opened.secret, services) is not None


@pytest.mark.rule("OUT-5", "SES-6")
def test_sessions_end_idle_and_absolutely_without_any_cleaning(services, dana, clock):
    opened = log_in(services)
    for _ in range(7 * 24 // 11):
        clock.advance(hours=11)
        assert check_session(opened.secret, services) is not None
    clock.advance(hours=11)
    assert check_session(opened.secret, services) is None, "7 days in all"
    idle = log_in(services)
    clock.advance(hours=12)
    assert check_session(idle.secret, services) is None, "12 hours idle"


def test_logging_out_ends_this_session_alone(services, dana, sql):
    first, second = log_in(services), log_in(services)
    session = check_session(first.secret, services)
    assert len(sessions_of(person(dana), dana.id, services)) == 2
    log_out(caller_of(session, None), services)
    assert check_session(first.secret, services) is None
    assert check_session(second.secret, services) is not None
    assert sql("select end_reason, ended_by from sessions where id = %s", first.session_id) == [("log_out", dana.id)]


@pytest.mark.rule("PWD-1")
def test_an_administrators_reset_makes_the_old_password_unusable(services, caller, dana, sql):
    view = reset_password(caller, dana.id, services)
    assert view.user.status is Status.PASSWORD_RESET_PENDING
    assert code_of(lambda: log_in(services)) is Code.INVALID_CREDENTIALS
    assert code_of(lambda: reset_password(caller, dana.id, services)) is Code.NO_PASSWORD_TO_RESET
    user = make_active(services, sql, dana, "another correct horse staple")
    assert user.status is Status.ACTIVE
    assert log_in(services, password="another correct horse staple")


@pytest.mark.rule("PWD-1", "USR-3")
def test_a_user_without_a_password_has_none_to_reset(services, account, caller):
    pending = make_user(caller, services)
    assert code_of(lambda: reset_password(caller, pending.id, services)) is Code.NO_PASSWORD_TO_RESET
    master = make_user(caller, services, "m@acme.example", Role.MASTER_ADMIN)
    admin = key_caller(account, Role.ADMIN)
    assert code_of(lambda: force_logout(admin, master.id, services)) is Code.ABOVE_OWN_ROLE
    assert code_of(lambda: reset_password(admin, master.id, services)) is Code.ABOVE_OWN_ROLE


def test_one_email_in_two_accounts_leads_to_a_choice(services, neighbour, dana, sql):
    theirs = make_active(services, sql, make_user(key_caller(neighbour), services))
    choice = log_in(services)
    assert isinstance(choice, AccountChoice)
    assert {name for _, name in choice.accounts} == {"Acme", "Neighbour"}
    opened = choose_account(choice.secret, theirs.account_id, BROWSER, services)
    assert opened.user.id == theirs.id
    again = lambda: choose_account(choice.secret, theirs.account_id, BROWSER, services)
    assert code_of(again) is Code.INVALID_CREDENTIALS, "a pending login is used once"
    assert log_in(services, account="Acme").user.id == dana.id


@pytest.mark.rule("TEN-2", "LGN-3")
def test_a_choice_opens_no_account_that_the_password_did_not_fit(services, account, neighbour, dana, sql, clock):
    make_active(services, sql, make_user(key_caller(neighbour), services))
    choice = log_in(services)
    for account_id in ("", "made-up"):
        assert code_of(lambda: choose_account(choice.secret, account_id, BROWSER, services)) is (
            Code.INVALID_CREDENTIALS
        )
    late = log_in(services)
    clock.advance(minutes=5)
    assert code_of(lambda: choose_account(late.secret, dana.account_id, BROWSER, services)) is Code.INVALID_CREDENTIALS


@pytest.mark.rule("TEN-3")
def test_sessions_of_another_account_are_unknown(services, caller, neighbour, dana):
    opened = log_in(services)
    assert introspect(caller, opened.session_id, services).user.id == dana.id
    assert introspect(key_caller(neighbour), opened.session_id, services) is None
    assert introspect(caller, "made-up", services) is None
