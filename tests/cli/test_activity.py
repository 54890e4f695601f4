"""`gatelodge activity`: readable, exportable, harmless in a spreadsheet, and it tells when somebody changed it."""

import csv
import json
import os
import stat

import psycopg
import pytest

from provisioning.actions.activity import seal_activity
from provisioning.domain.activity_export import cell
from tests.factories import make_user


@pytest.fixture
def people(caller, services):
    return [make_user(caller, services, f"p{number}@acme.example") for number in range(3)]


@pytest.mark.rule("ACT-1", "USR-8")
def test_list_is_newest_first_and_can_be_narrowed_to_a_person_also_a_deleted_one(gatelodge, account_id, people) -> None:
    gatelodge.json("user", "delete", "--account", account_id, people[1].email)
    entries = gatelodge.json("activity", "list", "--account", account_id)
    assert [entry["id"] for entry in entries] == sorted((entry["id"] for entry in entries), reverse=True)
    assert entries[0]["kind"] in ("user.deleted", "sessions.ended")
    of_person = gatelodge.json("activity", "list", "--account", account_id, "--user", people[1].id)
    assert {entry["target_id"] for entry in of_person} == {people[1].id}
    by_email = gatelodge.json("activity", "list", "--account", account_id, "--user", people[0].email)
    assert [entry["kind"] for entry in by_email] == ["user.created"]
    page = gatelodge.json("activity", "list", "--account", account_id, "--limit", 2, "--before", entries[3]["id"])
    assert page == entries[4:6]


@pytest.mark.rule("ACT-2", "AUD-1")
def test_export_holds_every_entry_of_the_account_and_is_itself_an_entry(
    gatelodge, account_id, neighbour, people, tmp_path, sql
) -> None:
    path = tmp_path / "report.jsonl"
    told = gatelodge.json("activity", "export", "--account", account_id, path)
    *entries, signed = [json.loads(line) for line in path.read_text().splitlines()]
    assert signed["data"]["entries"] == len(entries)
    assert told == {"file": str(path), "entries": len(entries)}
    assert {entry["account_id"] for entry in entries} == {account_id}
    rows = sql("select id from activity where account_id = %s order by id", account_id)
    assert [entry["id"] for entry in entries] == [row_id for (row_id,) in rows]
    assert entries[-1]["kind"] == "activity.exported"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["report.jsonl"]


@pytest.mark.rule("WEB-4", "ACT-2")
def test_csv_holds_the_same_and_runs_no_formula(gatelodge, account_id, caller, services, sql) -> None:
    invited = ("--first-name", "=HYPERLINK(1)", "--last-name", "x", "--email", "+cmd@acme.example")
    gatelodge.json("user", "invite", "--account", account_id, *invited)
    outcome = gatelodge.run("activity", "export", "--account", account_id, "--format", "csv")
    *rows, signed = csv.DictReader(outcome.out.splitlines())
    assert json.loads(signed["data"])["entries"] == len(rows)
    assert len(rows) == sql("select count(*) from activity where account_id = %s", account_id)[0][0]
    assert "'=HYPERLINK(1) x" in {row["target_name"] for row in rows}
    assert not [value for row in rows for value in row.values() if value[:1] in "=+-@\t\r" and value]


@pytest.mark.rule("WEB-4")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_cells_that_a_spreadsheet_would_run_get_an_apostrophe(start) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell("plain") == "plain"
    assert cell(None) == ""
    assert cell({"a": 1}) == '{"a": 1}'


def test_an_export_to_where_nothing_can_be_written_says_so(gatelodge, account_id, tmp_path) -> None:
    target = tmp_path / "none" / "report.jsonl"
    assert gatelodge.refused("activity", "export", "--account", account_id, target) == "not_possible"


@pytest.mark.rule("ACT-2")
def test_verify_tells_sealed_from_unsealed_and_a_changed_entry(
    gatelodge, account_id, people, services, postgres_server, database_url
) -> None:
    fresh = gatelodge.json("activity", "verify", "--account", account_id)
    assert (fresh["holds"], fresh["sealed"]) == (True, 0)
    assert fresh["unsealed"] > 3
    seal_activity(services)
    sealed = gatelodge.json("activity", "verify", "--account", account_id)
    assert (sealed["sealed"], sealed["unsealed"]) == (fresh["unsealed"], 0)
    owner = postgres_server.url("superuser", database_url.rpartition("/")[2])
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("update activity set actor_name = 'somebody else' where kind = 'user.created'")
    outcome = gatelodge.run("activity", "verify", "--account", account_id, "--json")
    verdict = json.loads(outcome.out)
    assert outcome.status == 1
    assert verdict["holds"] is False
    assert "changed" in verdict["fault"]


@pytest.mark.rule("ACT-1", "ROOT-2")
def test_a_refused_attempt_of_the_operator_is_in_the_report(gatelodge, account_id) -> None:
    gatelodge.refused("user", "delete", "--account", account_id, "root@acme.example")
    entry = gatelodge.json("activity", "list", "--account", account_id)[0]
    assert (entry["outcome"], entry["code"], entry["actor_id"]) == ("refused", "root_user_protected", "operator")


def test_people_read_a_table(gatelodge, account_id) -> None:
    lines = gatelodge.run("activity", "list", "--account", account_id).out.splitlines()
    assert lines[0].split() == ["at", "kind", "outcome", "actor", "target", "way_in", "id"]
    assert "account.created" in lines[-1]
