"""The activity report: who did what, also what was refused; sealed, and no secret in it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.actions.activity import export_activity, list_activity, seal_activity, verify_activity
from provisioning.actions.keys import create_account_key
from provisioning.actions.sessions import force_logout
from provisioning.actions.users import delete_user, show_user
from provisioning.domain.activity import as_mapping
from provisioning.domain.activity_export import Form
from provisioning.domain.activity_query import ActivityQuery, Outcome
from provisioning.domain.caller import WayIn, operator
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from tests.actions.refusals import code_of
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, person, report_of


@pytest.mark.rule("ACT-1")
def test_an_entry_says_who_did_what_to_whom_when_from_where_and_how(services, account, caller, clock):
    user = make_user(replace(caller, address="203.0.113.7"), services)
    entry = report_of(caller, services)[0]
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
        newest = report_of(caller, services)[0]
        assert (newest.outcome, newest.code) == ("refused", code.value)


@pytest.mark.rule("ACT-1", "USR-8")
def test_what_a_deleted_user_did_can_still_be_filtered_by(services, caller, sql):
    admin = make_active(services, sql, make_user(caller, services, "a@acme.example", Role.MASTER_ADMIN))
    made = make_user(person(admin), services, "b@acme.example")
    delete_user(caller, admin.id, services)
    theirs = report_of(caller, services, person=admin.id)
    assert ("user.created", made.id) in [(entry.kind, entry.target_id) for entry in theirs]
    assert theirs[0].kind in ("user.deleted", "sessions.ended")


@pytest.mark.rule("TEN-4", "AUZ-1")
def test_the_report_is_the_accounts_own_and_for_those_who_may(services, account, caller, neighbour):
    make_user(key_caller(neighbour), services, "eve@neighbour.example")
    assert {entry.account_id for entry in report_of(caller, services)} == {caller.account}
    assert code_of(lambda: report_of(key_caller(account, Role.BILLING), services)) is Code.NOT_ALLOWED


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


@pytest.mark.rule("ACT-2", "AUD-1")
def test_the_export_holds_every_entry_and_notes_itself(services, caller):
    make_user(caller, services)
    *lines, signed = export_activity(caller, ActivityQuery(), Form.JSONL, services)
    exported = [json.loads(line) for line in lines]
    assert [entry["kind"] for entry in exported][-2:] == ["user.created", "activity.exported"]
    assert exported == sorted(exported, key=lambda entry: entry["id"])
    assert exported == [json.loads(json.dumps(as_mapping(entry))) for entry in report_of(caller, services)[::-1]]
    assert json.loads(signed)["data"]["entries"] == len(exported)


@pytest.mark.rule("AUD-1")
def test_reading_the_report_is_an_entry_with_what_was_asked_for(services, caller):
    asked = ActivityQuery(kind="user.created", way_in=WayIn.SCIM, since=services.now())
    assert list_activity(caller, asked, services).entries == ()
    newest = list_activity(caller, ActivityQuery(), services).entries[0]
    assert (newest.kind, newest.actor_id, newest.target_id) == ("activity.read", caller.id, caller.account)
    assert newest.data == {"kind": "user.created", "way_in": "scim", "from": "2026-11-23T09:00:00+00:00"}


@pytest.mark.rule("ACT-1")
def test_the_report_is_narrowed_by_each_filter_and_by_all_together(services, account, caller, scim, clock):
    early = make_user(caller, services, "early@acme.example")
    clock.advance(hours=1)
    late = make_user(scim, services, "late@acme.example", user_name="late")
    code_of(lambda: force_logout(caller, account.root.id, services))
    clock.advance(hours=1)
    noon = early.created_at + timedelta(minutes=30)
    for filters, kinds in [
        ({"kind": "user.created"}, ["user.created", "user.created"]),
        ({"way_in": WayIn.SCIM}, ["user.created"]),
        ({"outcome": Outcome.REFUSED}, ["attempt.refused"]),
        ({"since": noon}, ["attempt.refused", "user.created"]),
        ({"until": noon, "person": early.id}, ["user.created"]),
        ({"until": noon, "person": late.id}, []),
        ({"since": noon, "kind": "user.created", "way_in": WayIn.SCIM, "person": scim.id}, ["user.created"]),
    ]:
        assert [entry.kind for entry in report_of(caller, services, **filters)] == kinds, filters
    lines = [*export_activity(caller, ActivityQuery(person=late.id), Form.JSONL, services)]
    assert [json.loads(line)["target_id"] for line in lines[:-1]] == [late.id]
    assert json.loads(lines[-1])["data"]["filters"] == {"person": late.id}


@pytest.mark.rule("ACT-1", "TEN-4")
def test_pages_follow_each_other_by_their_cursors_while_new_entries_come(services, caller, neighbour):
    for number in range(7):
        make_user(caller, services, f"u{number}@acme.example")
    page = list_activity(caller, ActivityQuery(kind="user.created", limit=3), services)
    found = [*page.entries]
    while page.cursor:
        make_user(caller, services, f"later{len(found)}@acme.example")
        page = list_activity(caller, ActivityQuery(kind="user.created", limit=3, cursor=page.cursor), services)
        found += page.entries
    assert [entry.target_id for entry in found] == sorted((entry.target_id for entry in found), reverse=True)
    assert len(found) == len({entry.id for entry in found}) == 7
    theirs = report_of(key_caller(neighbour), services)[0].id
    for cursor in (theirs, "made-up"):
        asked = ActivityQuery(cursor=cursor)
        assert code_of(lambda asked=asked: list_activity(caller, asked, services)) is Code.INVALID_VALUE


@pytest.mark.rule("OPS-5")
def test_the_operators_reason_is_kept(services, account, caller):
    user = make_user(operator(account.account.id, "ticket 7"), services)
    assert show_user(caller, user.id, services).user.id == user.id
    assert report_of(caller, services)[0].data["reason"] == "ticket 7"
