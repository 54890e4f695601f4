"""The activity report: who did what, also what was refused; sealed, and no secret in it."""

import json
from dataclasses import replace

import pytest

from provisioning.actions.activity import export_activity, list_activity, seal_activity, verify_activity
from provisioning.actions.keys import create_account_key
from provisioning.actions.sessions import force_logout
from provisioning.actions.users import delete_user, show_user
from provisioning.domain.activity import as_mapping
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from tests.actions.refusals import code_of
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, person


@pytest.mark.rule("ACT-1")
def test_an_entry_says_who_did_what_to_whom_when_from_where_and_how(services, account, caller, clock):
    user = make_user(replace(caller, address="203.0.113.7"), services)
    entry = list_activity(caller, services)[0]
    assert (entry.kind, entry.target_id, entry.target_name) == ("user.created", user.id, "Dana Roe")
    assert (entry.actor_id, entry.way_in, entry.address) == (account.key.key.id, "provisioning_api", "203.0.113.7")
    assert (entry.at, entry.outcome) == (clock.now, "done")


@pytest.mark.rule("ACT-1", "AUD-1")
def test_a_refused_attempt_stands_in_the_report(services, account, caller, sql):
    master = make_user(caller, services, "m@acme.example", Role.MASTER_ADMIN)
    admin = key_caller(account, Role.ADMIN)
    for attempt, code in [
        (lambda: force_logout(admin, master.id, services), Code.ABOVE_OWN_ROLE),
        (lambda: force_logout(caller, account.root.id, services), Code.ROOT_USER_PROTECTED),
        (lambda: make_user(key_caller(account, Role.REPORTS), services), Code.NOT_ALLOWED),
    ]:
        assert code_of(attempt) is code
        newest = list_activity(caller, services)[0]
        assert (newest.outcome, newest.code) == ("refused", code.value)


@pytest.mark.rule("ACT-1", "USR-8")
def test_what_a_deleted_user_did_can_still_be_filtered_by(services, caller, sql):
    admin = make_active(services, sql, make_user(caller, services, "a@acme.example", Role.MASTER_ADMIN))
    made = make_user(person(admin), services, "b@acme.example")
    delete_user(caller, admin.id, services)
    theirs = list_activity(caller, services, person=admin.id)
    assert ("user.created", made.id) in [(entry.kind, entry.target_id) for entry in theirs]
    assert theirs[0].kind in ("user.deleted", "sessions.ended")


@pytest.mark.rule("TEN-4", "AUZ-1")
def test_the_report_is_the_accounts_own_and_for_those_who_may(services, account, caller, neighbour):
    make_user(key_caller(neighbour), services, "eve@neighbour.example")
    assert {entry.account_id for entry in list_activity(caller, services)} == {caller.account}
    assert code_of(lambda: list_activity(key_caller(account, Role.BILLING), services)) is Code.NOT_ALLOWED


@pytest.mark.rule("ACT-2")
def test_entries_are_sealed_in_order_and_the_chain_verifies(services, caller, neighbour):
    for number in range(5):
        make_user(caller, services, f"u{number}@acme.example")
    assert verify_activity(caller, services).sealed == 0
    seal_activity(services)
    first = verify_activity(caller, services)
    assert first.fault is None
    assert first.unsealed == 0
    make_user(caller, services, "later@acme.example")
    assert verify_activity(caller, services).unsealed == 1
    seal_activity(services)
    second = verify_activity(caller, services)
    assert (second.sealed, second.fault) == (first.sealed + 1, None)
    assert second.head != first.head
    assert seal_activity(services) == 0


@pytest.mark.rule("ACT-2", "AUD-2")
def test_no_secret_ever_stands_in_the_report(services, account, caller, sql):
    user = make_user(caller, services)
    secret = link_secret(services, sql, user)
    make_active(services, sql, user)
    key = create_account_key(caller, "K", Role.ADMIN, services)
    stored = str(sql("select * from activity"))
    for planted in (secret, PASSWORD, key.secret, account.root_password, account.token.text, account.key.secret):
        assert planted not in stored


@pytest.mark.rule("ACT-2")
def test_the_export_holds_every_entry_and_notes_itself(services, caller):
    make_user(caller, services)
    exported = [json.loads(json.dumps(as_mapping(entry))) for entry in export_activity(caller, services)]
    assert [entry["kind"] for entry in exported][-2:] == ["user.created", "activity.exported"]
    assert exported == sorted(exported, key=lambda entry: entry["id"])


@pytest.mark.rule("OPS-5")
def test_the_operators_reason_is_kept(services, account, caller):
    user = make_user(operator(account.account.id, "ticket 7"), services)
    assert show_user(caller, user.id, services).user.id == user.id
    assert list_activity(caller, services)[0].data["reason"] == "ticket 7"
