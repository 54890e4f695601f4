"""`gatelodge user`: what an operator does to people, and to whom nobody does it."""

import json

import pytest

from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from tests.doors.authenticator import with_app
from tests.factories import PASSWORD, key_caller, make_active, make_user

VERBS = ("disable", "enable", "force-logout", "reset-password", "delete")
NAMES = ("--first-name", "Ann", "--last-name", "Bo")


@pytest.fixture
def dana(caller, services):
    return make_user(caller, services)


@pytest.mark.rule("ROOT-2")
@pytest.mark.parametrize("verb", ["disable", "delete", "force-logout", "reset-password"])
def test_the_root_user_is_protected_from_the_operator_too(gatelodge, account, account_id, state, verb) -> None:
    before = state()
    for name in (account.root.id, account.root.email):
        assert gatelodge.refused("user", verb, "--account", account_id, name) == "root_user_protected"
    assert state() == before


@pytest.mark.rule("ROOT-5", "ROOT-3")
def test_the_root_user_is_marked(gatelodge, account, account_id, dana) -> None:
    listed = {each["email"]: each for each in gatelodge.json("user", "list", "--account", account_id)}
    assert listed["root@acme.example"]["root"] is True
    assert listed["root@acme.example"]["role"] == "master_admin"
    assert listed["dana@acme.example"]["root"] is False
    shown = gatelodge.json("user", "show", "--account", account_id, "root@acme.example")
    assert shown["root"] is True
    assert shown["product_environments"] == "all"


@pytest.mark.rule("USR-1", "INV-1", "SEAT-1")
def test_invite_makes_a_pending_user_with_a_seat_and_owes_one_invitation(gatelodge, account_id, sql) -> None:
    made = gatelodge.json(
        "user", "invite", "--account", account_id, "--email", "Ann@acme.example", *NAMES, "--role", "admin"
    )
    assert (made["email"], made["role"], made["status"]) == ("Ann@acme.example", "admin", "pending")
    assert sql("select kind from outbox where payload->>'user_id' = %s", made["id"]) == [("invitation",)]
    assert gatelodge.json("account", "show", account_id)["seats"]["used"] == 2


@pytest.mark.rule("USR-1", "SEAT-3", "IDN-1")
def test_a_taken_email_and_a_full_account_are_refused(gatelodge, account_id, dana, state) -> None:
    gatelodge.json("account", "set-seats", account_id, 2)
    before = state()
    invite = ("user", "invite", "--account", account_id, *NAMES, "--email")
    assert gatelodge.refused(*invite, "DANA@Acme.example") == "email_taken"
    assert gatelodge.refused(*invite, "new@acme.example") == "seat_limit_reached"
    assert gatelodge.refused(*invite, "no address") == "invalid_value"
    assert state() == before


@pytest.mark.rule("USR-5", "USR-9")
def test_disable_and_enable(gatelodge, account_id, services, sql, dana) -> None:
    make_active(services, sql, dana)
    assert gatelodge.json("user", "disable", "--account", account_id, dana.email)["status"] == "disabled"
    assert gatelodge.json("user", "list", "--account", account_id, "--status", "disabled")[0]["id"] == dana.id
    assert gatelodge.json("account", "show", account_id)["seats"]["used"] == 2
    assert gatelodge.json("user", "enable", "--account", account_id, dana.id)["status"] == "active"


@pytest.mark.rule("OUT-1", "OUT-2")
def test_force_logout_ends_the_session_at_once(gatelodge, account_id, services, sql, dana) -> None:
    make_active(services, sql, dana)
    opened = by_password(dana.email, PASSWORD, account_id, Browser(None, None), services)
    assert check_session(opened.secret, services) is not None
    gatelodge.json("user", "force-logout", "--account", account_id, dana.email)
    assert check_session(opened.secret, services) is None


@pytest.mark.rule("PWD-1")
def test_reset_password_marks_the_user_and_owes_a_mail(gatelodge, account_id, services, sql, dana) -> None:
    assert gatelodge.refused("user", "reset-password", "--account", account_id, dana.id) == "no_password_to_reset"
    make_active(services, sql, dana)
    shown = gatelodge.json("user", "reset-password", "--account", account_id, dana.id)
    assert shown["status"] == "password_reset_pending"
    assert ("password_reset",) in sql("select kind from outbox where payload->>'user_id' = %s", dana.id)


@pytest.mark.rule("2FA-5", "LGN-8")
def test_a_lost_second_factor_is_removed_but_not_the_root_users(
    gatelodge, account_id, services, sql, dana, clock
) -> None:
    active = make_active(services, sql, dana)
    refused = gatelodge.refused("user", "remove-second-factor", "--account", account_id, dana.email)
    assert refused == "second_factor_missing"
    with_app(active, services, clock)
    shown = gatelodge.json("user", "remove-second-factor", "--account", account_id, dana.email)
    assert shown["id"] == dana.id
    assert sql("select count(*) from second_factors") == [(0,)]
    assert ("second_factor_reset",) in sql("select kind from outbox where payload->>'user_id' = %s", dana.id)
    root = sql("select id from users where account_id = %s and is_root", account_id)[0][0]
    refused = gatelodge.refused("user", "remove-second-factor", "--account", account_id, root)
    assert refused == "root_user_protected"


@pytest.mark.rule("USR-6", "USR-7")
def test_a_deleted_user_is_gone_for_every_command_and_its_email_is_free(gatelodge, account_id, dana) -> None:
    assert gatelodge.json("user", "delete", "--account", account_id, dana.email)["status"] == "inactive"
    for verb in ("show", *VERBS):
        for name in (dana.id, dana.email):
            assert gatelodge.refused("user", verb, "--account", account_id, name) == "not_found"
    made = gatelodge.json("user", "invite", "--account", account_id, "--email", dana.email, *NAMES)
    assert made["id"] != dana.id


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize("verb", ["show", *VERBS])
def test_a_user_of_another_account_is_not_found(gatelodge, account_id, neighbour, services, state, verb) -> None:
    outsider = make_user(key_caller(neighbour), services, "outsider@acme.example")
    before = state()
    for name in (outsider.id, outsider.email, neighbour.root.id, "nobody", ""):
        assert gatelodge.refused("user", verb, "--account", account_id, name) == "not_found"
    assert state() == before


@pytest.mark.rule("ACT-1", "OPS-5")
def test_every_change_is_in_the_report_with_its_reason(gatelodge, account_id, services, sql, dana) -> None:
    make_active(services, sql, dana)
    for verb in VERBS:
        gatelodge.json("user", verb, "--account", account_id, dana.id, "--reason", f"why {verb}")
    reasons = sql(
        "select distinct data->>'reason' from activity where way_in = 'command_line' and target_id = %s", dana.id
    )
    assert {reason for (reason,) in reasons} >= {f"why {verb}" for verb in VERBS}


def test_lists_of_more_than_a_batch_are_whole(gatelodge, account_id, caller, services) -> None:
    gatelodge.json("account", "set-seats", account_id, 2000)
    for number in range(505):
        make_user(caller, services, f"person{number}@acme.example")
    assert len(gatelodge.json("user", "list", "--account", account_id)) == 506


def test_what_people_typed_cannot_steer_a_terminal(gatelodge, account_id) -> None:
    wild = "\x1b[2J\x1b]0;owned\x07\u202eevil"
    invited = ("--email", "wild@acme.example", "--first-name", wild, "--last-name", "x")
    outcome = gatelodge.run("user", "invite", "--account", account_id, *invited)
    listed = gatelodge.run("user", "list", "--account", account_id)
    for text in (outcome.out, outcome.err, listed.out):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
    as_json = gatelodge.run("user", "list", "--account", account_id, "--json")
    assert json.loads(as_json.out)
