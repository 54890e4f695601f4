"""OUT, SES: after somebody's access ended, the rows say when, why and by whom; newer sessions are left alone."""

from dataclasses import replace

import pytest

from provisioning.actions.passwords import reset_password
from provisioning.actions.receipts import list_revocations
from provisioning.actions.sessions import Browser, check_session, force_logout
from provisioning.actions.sign_in import by_password
from provisioning.actions.users import delete_user, disable_user
from provisioning.domain.revocations import MOST_COUNTED
from tests.factories import PASSWORD, key_caller, make_active, make_user

ROWS = "select ended_at, end_reason, ended_by from sessions where user_id = %s order by id"


@pytest.fixture
def user(caller, services, sql, deliver):
    """An active user; what setting the password owed is settled."""
    made = make_active(services, sql, make_user(caller, services))
    deliver()
    return made


@pytest.fixture
def log_in(services):
    """Open a session of a user by password; the cookie's secret."""

    def run(email: str = "dana@acme.example", account: str | None = None) -> str:
        return by_password(email, PASSWORD, account, Browser("192.0.2.1", "Firefox"), services).secret

    return run


@pytest.mark.rule("OUT-2")
@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (force_logout, "force_logout"),
        (disable_user, "disabled"),
        (delete_user, "deleted"),
        (reset_password, "password_reset"),
    ],
)
def test_rows_of_ended_sessions_say_when_why_and_by_whom(
    caller, services, user, log_in, deliver, sql, clock, action, reason
):
    log_in()
    log_in()
    action(caller, user.id, services)
    ended_at = clock.now
    clock.advance(seconds=30)
    deliver()
    assert sql(ROWS, user.id) == [(ended_at, reason, caller.id)] * 2


@pytest.mark.rule("OUT-2")
def test_of_very_many_sessions_the_receipt_tells_the_whole_number_once_they_are_settled(
    caller, services, user, log_in, deliver, sql
):
    log_in()
    sql(
        "insert into sessions"
        " (account_id, id, secret_hash, user_id, epoch, method, created_at, last_seen_at, expires_at)"
        " select account_id, id || n, secret_hash || n, user_id, epoch, method, created_at, last_seen_at, expires_at"
        " from sessions, generate_series(1, %s) n where user_id = %s",
        MOST_COUNTED + 4,
        user.id,
    )
    force_logout(caller, user.id, services)
    (receipt,) = list_revocations(caller, user.id, services)
    assert receipt.ended.sessions == MOST_COUNTED
    deliver()
    (receipt,) = list_revocations(caller, user.id, services)
    assert receipt.ended.sessions == MOST_COUNTED + 5


@pytest.mark.rule("OUT-2", "JOB-3")
def test_sessions_are_dead_before_any_job_ran_and_with_all_jobs_lost(caller, services, user, log_in, relay, valkey):
    secret = log_in()
    force_logout(caller, user.id, services)
    assert check_session(secret, services) is None
    relay.ring()
    valkey.flushdb()
    assert check_session(secret, services) is None


@pytest.mark.rule("OUT-3")
def test_login_after_a_force_logout_is_left_alone_by_the_late_job(caller, services, user, log_in, deliver, sql):
    log_in()
    force_logout(caller, user.id, services)
    after = log_in()
    deliver()
    assert [ended_at is None for ended_at, _, _ in sql(ROWS, user.id)] == [False, True]
    assert check_session(after, services) is not None


@pytest.mark.rule("OUT-2")
def test_reset_link_that_was_made_with_the_ending_survives_the_job(caller, services, user, deliver, sql):
    reset_password(caller, user.id, services)
    deliver()
    assert sql("select count(*) from links where purpose = 'password_reset' and ended_at is null") == [(1,)]


@pytest.mark.rule("OUT-2", "ACC-1")
def test_a_row_of_one_account_ends_nobodys_sessions_in_another(
    caller, services, user, log_in, deliver, sql, neighbour, account
):
    other = make_active(services, sql, make_user(key_caller(neighbour), services))
    log_in(account=neighbour.account.id)
    log_in(account=account.account.id)
    with services.unit(key_caller(neighbour)) as unit:
        unit.owe("sessions_ended", {"user_id": user.id, "reason": "force_logout"})
    force_logout(caller, user.id, services)
    deliver()
    assert [ended_at is None for ended_at, _, _ in sql(ROWS, other.id)] == [True]
    assert [ended_at is None for ended_at, _, _ in sql(ROWS, user.id)] == [False]


@pytest.mark.rule("OUT-2")
def test_endings_that_wait_together_each_mark_their_own_sessions(caller, services, user, log_in, deliver, sql):
    for reason in ("force_logout", "disabled"):
        log_in()
        with services.unit(caller) as unit:
            now = unit.users.lock(user.id)
            unit.users.save(now, replace(now, epoch=now.epoch + 1))
            unit.owe("sessions_ended", {"user_id": user.id, "reason": reason, "epoch": str(now.epoch + 1)})
    deliver()
    assert [reason for _, reason, _ in sql(ROWS, user.id)] == ["force_logout", "disabled"]


@pytest.mark.rule("JOB-3")
def test_settling_twice_changes_nothing(caller, services, user, log_in, deliver, sql, clock):
    log_in()
    force_logout(caller, user.id, services)
    deliver()
    first = sql(ROWS, user.id)
    sql("update outbox set done_at = null where kind = 'sessions_ended'")
    clock.advance(hours=2)
    deliver()
    assert sql(ROWS, user.id) == first
