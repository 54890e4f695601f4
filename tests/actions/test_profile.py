"""USR-10, OUT-4, LGN-5, MAIL-1, ROOT-7, SES-3, SES-4: what people do with their own account, and nothing beyond it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from provisioning.actions.activity import seal_activity
from provisioning.actions.email_confirmation import confirm_email
from provisioning.actions.fresh_proof import prove_again, ways_of_proof
from provisioning.actions.housekeeping import forget_old_rows
from provisioning.actions.profile import (
    change_own_email,
    change_own_names,
    change_own_password,
    change_preferences,
    own_profile,
    withdraw_new_email,
)
from provisioning.actions.sessions import (
    Browser,
    caller_of,
    check_session,
    end_other_sessions,
    end_session,
    force_logout,
    log_out,
    own_sessions,
)
from provisioning.actions.sign_in import by_password
from provisioning.actions.webhook_deliveries import hand_over
from provisioning.actions.webhooks import NewWebhook, create_webhook, list_deliveries
from provisioning.domain.errors import Code, Refusal
from tests.actions.refusals import code_of
from tests.actions.saml_world import Logins, connected, saml_account
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user

NEW = "seven quiet lanterns swim"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def dana(caller, services, sql):
    return make_active(services, sql, make_user(caller, services))


@pytest.fixture
def neighbours_dana(neighbour, services, sql):
    return make_active(services, sql, make_user(key_caller(neighbour), services, "dana@other.example"))


def log_in(services, email="dana@acme.example", password=PASSWORD):
    return by_password(email, password, None, Browser("203.0.113.7", FIREFOX), services)


def caller_at(services, opened):
    """Whoever holds the cookie's value; fails where the session is dead."""
    session = check_session(opened.secret, services)
    assert session is not None
    return caller_of(session, "203.0.113.7")


def is_alive(services, opened) -> bool:
    return check_session(opened.secret, services) is not None


@pytest.mark.rule("USR-10")
def test_names_and_preferences_are_ones_own(services, dana, sql):
    me = caller_at(services, log_in(services))
    changed = change_own_names(me, "Dana", "Roe-Smith", "", services)
    assert (changed.full_name, changed.version) == ("Dana Roe-Smith", dana.version + 1)
    change_preferences(me, "Europe/Vienna", False, services)
    shown = own_profile(me, services)
    assert (shown.view.user.time_zone, shown.view.user.share_mails) == ("Europe/Vienna", False)
    assert caller_at(services, log_in(services)).time_zone == "Europe/Vienna"
    for wrong in ("Europe/Nowhere", "", "../etc/passwd"):
        assert code_of(lambda zone=wrong: change_preferences(me, zone, True, services)) is Code.INVALID_VALUE
    assert code_of(lambda: change_own_names(me, "x" * 257, "", "", services)) is Code.INVALID_VALUE
    assert sql("select count(*) from users where time_zone <> 'UTC' or not share_mails") == [(1,)]


@pytest.mark.rule("MAIL-1", "LGN-9")
def test_who_wants_no_mails_still_gets_those_about_the_security_of_the_access(services, dana, sql):
    me = caller_at(services, log_in(services))
    change_preferences(me, "UTC", False, services)
    change_own_password(me, PASSWORD, NEW, services)
    assert sql("select count(*) from outbox where kind = 'password_changed'") == [(1,)]


@pytest.mark.rule("LGN-5", "SES-3", "PWD-2")
def test_another_password_ends_all_other_sessions_and_keeps_this_one_under_a_new_value(services, dana, sql):
    here, there = log_in(services), log_in(services)
    renewed = change_own_password(caller_at(services, here), PASSWORD, NEW, services)
    assert [is_alive(services, each) for each in (here, there, renewed)] == [False, False, True]
    assert (renewed.session_id, renewed.expires_at) == (here.session_id, here.expires_at), "its end does not move"
    assert code_of(lambda: log_in(services)) is Code.INVALID_CREDENTIALS
    assert log_in(services, password=NEW)


@pytest.mark.rule("LGN-5", "PWD-4")
@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("wrong", NEW, Code.INVALID_CREDENTIALS),
        ("", NEW, Code.INVALID_CREDENTIALS),
        ("x" * 100_000, NEW, Code.INVALID_CREDENTIALS),
        (PASSWORD, "short of 15 ch", Code.PASSWORD_REFUSED),
        (PASSWORD, "x" * 257, Code.PASSWORD_REFUSED),
        (PASSWORD, "my name is dana@acme", Code.PASSWORD_REFUSED),
    ],
)
def test_a_password_is_changed_with_the_present_one_and_to_a_good_one(services, dana, current, new, code):
    here = log_in(services)
    me = caller_at(services, here)
    assert code_of(lambda: change_own_password(me, current, new, services)) is code
    assert is_alive(services, here)
    assert log_in(services)


@pytest.mark.rule("LGN-2")
def test_guessing_the_present_password_in_an_open_session_is_slowed(services, dana):
    me = caller_at(services, log_in(services))
    codes = [code_of(lambda: change_own_password(me, "wrong", NEW, services)) for _ in range(8)]
    assert codes[0] is Code.INVALID_CREDENTIALS
    assert codes[-1] is Code.TOO_MANY_REQUESTS


@pytest.mark.rule("SES-4", "ROOT-7")
def test_what_an_attacker_at_an_open_desk_would_want_takes_a_fresh_proof(services, account, dana, clock):
    hers, roots = log_in(services), log_in(services, "root@acme.example", account.root_password)
    clock.advance(minutes=11)
    me, root = caller_at(services, hers), caller_at(services, roots)
    for act in (
        lambda: change_own_email(me, "new@acme.example", services),
        lambda: change_own_password(me, PASSWORD, NEW, services),
        lambda: end_other_sessions(me, services),
        lambda: change_own_names(root, "Ruth", "", "", services),
        lambda: change_own_email(root, "new@acme.example", services),
    ):
        assert code_of(act) is Code.PROOF_NEEDED
    assert change_own_names(me, "Dana", "R.", "", services).last_name == "R."
    fresh = prove_again(root, account.root_password, "", services)
    assert change_own_names(caller_at(services, fresh), "Ruth", "", "", services).first_name == "Ruth"
    assert not is_alive(services, roots)


@pytest.mark.rule("USR-4")
def test_ones_own_new_email_waits_and_can_be_withdrawn(services, dana, sql):
    me = caller_at(services, log_in(services))
    assert change_own_email(me, "new@acme.example", services).email == "dana@acme.example"
    assert own_profile(me, services).new_email[0] == "new@acme.example"
    secret = link_secret(services, sql, dana)
    withdraw_new_email(me, services)
    assert own_profile(me, services).new_email is None
    assert code_of(lambda: confirm_email(secret, None, services)) is Code.LINK_INVALID
    withdraw_new_email(me, services)
    assert sql("select count(*) from activity where kind = 'email.change_withdrawn'") == [(1,)]


@pytest.mark.rule("OUT-4", "SES-7", "KEY-5")
def test_people_see_their_own_sessions_and_end_one_of_them(services, dana, neighbours_dana, sql):
    first, second = log_in(services), log_in(services)
    foreign = log_in(services, "dana@other.example")
    me = caller_at(services, second)
    assert [each.id for each in own_sessions(me, services)] == [second.session_id, first.session_id]
    assert (own_sessions(me, services)[0].address, own_sessions(me, services)[0].user_agent) == ("203.0.113.7", FIREFOX)
    for unknown in (foreign.session_id, "made-up", ""):
        assert code_of(lambda each=unknown: end_session(me, each, services)) is Code.NOT_FOUND
    end_session(me, first.session_id, services)
    assert [is_alive(services, each) for each in (first, second, foreign)] == [False, True, True]
    assert code_of(lambda: end_session(me, first.session_id, services)) is Code.NOT_FOUND
    assert sql("select end_reason, ended_by from sessions where id = %s", first.session_id) == [("by_owner", dana.id)]


@pytest.mark.rule("OUT-4", "SES-3")
def test_all_the_others_end_at_once_and_this_one_goes_on(services, dana, neighbours_dana, sql):
    sessions = [log_in(services) for _ in range(3)]
    foreign = log_in(services, "dana@other.example")
    renewed = end_other_sessions(caller_at(services, sessions[1]), services)
    assert not any(is_alive(services, each) for each in sessions)
    assert is_alive(services, renewed)
    assert is_alive(services, foreign)
    assert [each.id for each in own_sessions(caller_at(services, renewed), services)] == [sessions[1].session_id]
    assert sql("select count(*) from outbox where kind = 'sessions_ended'")[0][0] >= 1, "others are told"


@pytest.mark.rule("SES-3", "OUT-2")
def test_a_proof_brings_no_ended_session_back(services, dana, caller, sql):
    opened = log_in(services)
    me = caller_at(services, opened)
    force_logout(caller, dana.id, services)
    assert code_of(lambda: prove_again(me, PASSWORD, "", services)) is Code.CREDENTIAL_INVALID
    assert code_of(lambda: end_other_sessions(me, services)) is Code.CREDENTIAL_INVALID
    assert code_of(lambda: change_own_password(me, PASSWORD, NEW, services)) is Code.CREDENTIAL_INVALID
    assert not is_alive(services, opened)
    assert log_in(services), "nothing of it happened"


@pytest.mark.rule("SES-3")
def test_of_many_proofs_at_once_one_value_lives(services, dana):
    opened = log_in(services)
    me = caller_at(services, opened)
    with ThreadPoolExecutor(3) as pool:
        made = [each for each in pool.map(lambda _: _proof(me, services), range(3)) if each is not None]
    assert made
    assert [is_alive(services, each) for each in made].count(True) == 1
    assert not is_alive(services, opened)


def _proof(me, services):
    try:
        return prove_again(me, PASSWORD, "", services)
    except Refusal:
        return None


@pytest.mark.rule("SES-4", "PWD-3", "LGN-7")
def test_who_came_through_the_organisation_proves_it_there(services, sql, clock):
    made = saml_account(services)
    connection = connected(services, made, provisioning=True)
    logins = Logins(services, connection)
    entry = logins.enter("s-1")
    me = caller_of(check_session(entry.opened.secret, services), None)
    assert me.proved_at is None, "nobody asked the organisation for a proof"
    ways = ways_of_proof(me, services)
    assert (ways.password, ways.connection_id) == (False, connection.id)
    assert code_of(lambda: prove_again(me, "", "", services)) is Code.INVALID_CREDENTIALS
    assert code_of(lambda: change_own_email(me, "new@acme.example", services)) is Code.PROOF_NEEDED
    assert own_profile(me, services).has_password is False


@pytest.mark.rule("SES-7")
def test_ended_sessions_tell_for_ninety_days_and_are_then_forgotten(services, dana, neighbours_dana, clock, sql):
    old, foreign = log_in(services), log_in(services, "dana@other.example")
    log_out(caller_at(services, old), services)
    log_out(caller_at(services, foreign), services)
    clock.advance(days=89, hours=23)
    forget_old_rows(services)
    assert sql("select count(*) from sessions") == [(2,)]
    clock.advance(hours=1)
    present = log_in(services)
    forget_old_rows(services)
    assert sql("select id from sessions") == [(present.session_id,)]
    clock.now += timedelta(days=97)
    forget_old_rows(services)
    assert sql("select count(*) from sessions") == [(0,)], "one that only ran out, too"


@pytest.mark.rule("OUT-2", "OUT-4", "NET-2", "TEN-4")
def test_webhooks_hear_which_session_somebody_ended_or_logged_out_of(
    services, caller, dana, neighbour, neighbours_dana
):
    made = [create_webhook(each, NewWebhook("https://hooks.example/"), services).webhook
            for each in (caller, key_caller(neighbour))]  # fmt: skip
    first, second = log_in(services), log_in(services)
    here = caller_at(services, second)
    end_session(here, first.session_id, services)
    log_out(here, services)
    seal_activity(services)
    hand_over(services)
    told = [each for each in list_deliveries(caller, made[0].id, services) if each.kind == "session.ended"]
    said = [json.loads(each.body)["data"] for each in told]
    assert said == [{"user": {"id": dana.id}, "session": {"id": each.session_id}} for each in (second, first)]
    theirs = list_deliveries(key_caller(neighbour), made[1].id, services)
    assert "session.ended" not in {each.kind for each in theirs}
