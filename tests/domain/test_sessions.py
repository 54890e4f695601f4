"""OUT: a session is good only while everything it leans on is, decided anew at each request."""

from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.domain.sessions import (
    IDLE_SECONDS,
    MOST_SECONDS,
    EndReason,
    Method,
    Session,
    ends_at,
    is_good,
)
from tests.domain.people import ACCOUNT, NOW, a_user

SECOND = timedelta(seconds=1)


def a_session(**fields: object) -> Session:
    values: dict[str, object] = {
        "id": "session-1",
        "account_id": ACCOUNT,
        "epoch": 3,
        "method": Method.PASSWORD,
        "connection_id": None,
        "created_at": NOW,
        "proved_at": NOW,
        "address": "203.0.113.7",
        "user_agent": "Firefox",
        "last_seen_at": NOW,
        "expires_at": NOW + timedelta(seconds=MOST_SECONDS),
        "ended_at": None,
        "idle_seconds": IDLE_SECONDS,
        "account_open": True,
        "connection_open": True,
        "user": a_user(epoch=3),
    }
    return Session(**{**values, **fields})


@pytest.mark.rule("OUT-1", "OUT-2")
@pytest.mark.parametrize("method", sorted(Method))
def test_a_session_is_good_while_nothing_speaks_against_it(method):
    assert is_good(a_session(method=method), NOW)


# Each lone fact that ends a session, whatever it was opened with.
ENDED_BY = {
    "ended itself": {"ended_at": NOW},
    "force logout: the user's epoch rose": {"user": a_user(epoch=4)},
    "an epoch of the future": {"user": a_user(epoch=2)},
    "the user was disabled": {"user": a_user(epoch=3, disabled_at=NOW)},
    "the user was deleted": {"user": a_user(epoch=3, inactive_at=NOW)},
    "the account was cancelled": {"account_open": False},
    "the SAML connection was switched off": {"connection_open": False},
    "too old": {"expires_at": NOW},
    "idle for too long": {"last_seen_at": NOW - timedelta(seconds=IDLE_SECONDS)},
    "the account's idle limit was shortened": {"idle_seconds": 0},
}


@pytest.mark.rule("OUT-1", "OUT-2", "USR-5", "USR-6", "SES-1")
@pytest.mark.parametrize("method", sorted(Method))
@pytest.mark.parametrize("fact", ENDED_BY)
def test_one_fact_is_enough_to_end_it(fact, method):
    assert not is_good(a_session(method=method, **ENDED_BY[fact]), NOW)


@pytest.mark.rule("OUT-2")
def test_a_pending_reset_and_a_changed_role_end_nothing_by_themselves():
    assert is_good(a_session(user=a_user(epoch=3, reset_at=NOW, has_password=False, accepted_at=None)), NOW)


@pytest.mark.rule("OUT-5", "SES-6")
def test_limits_hold_to_the_second():
    assert (IDLE_SECONDS, MOST_SECONDS) == (12 * 3600, 7 * 24 * 3600)
    session = a_session()
    end_of_idle = NOW + timedelta(seconds=IDLE_SECONDS)
    assert is_good(session, end_of_idle - SECOND)
    assert not is_good(session, end_of_idle)
    busy = replace(session, last_seen_at=session.expires_at - SECOND)
    assert is_good(busy, session.expires_at - SECOND)
    assert not is_good(busy, session.expires_at)


@pytest.mark.rule("OUT-5")
@pytest.mark.parametrize(
    ("caps", "hours"), [((), 168), ((None, None), 168), ((8,), 8), ((8, 2), 2), ((None, 200), 168), ((0,), 0)]
)
def test_the_earliest_cap_ends_a_session(caps, hours):
    moments = [None if cap is None else NOW + timedelta(hours=cap) for cap in caps]
    assert ends_at(NOW, MOST_SECONDS, *moments) == NOW + timedelta(hours=hours)


@pytest.mark.rule("SES-7")
def test_every_end_has_a_reason():
    assert set(EndReason) == {
        "account_cancelled", "log_out", "force_logout", "password_reset", "disabled", "deleted", "replaced",
        "second_factor_reset", "by_owner", "password_changed",
    }  # fmt: skip
