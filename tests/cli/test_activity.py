"""`gatelodge activity`: readable, exportable, harmless in a spreadsheet, and it tells when somebody changed it."""

import csv
import json
import os
import stat

import psycopg
import pytest
import structlog

from provisioning.actions.activity import seal_activity
from provisioning.observe import set_up_logs
from tests.factories import make_user
from workers.queues import connect, open_queue
from workers.relay import Relay


@pytest.fixture
def people(caller, services):
    return [make_user(caller, services, f"p{number}@acme.example") for number in range(3)]


@pytest.fixture
def owner_url(postgres_server, database_url, databases) -> str:
    """The test's database for the role that owns the schema; no other test gets that database."""
    name = database_url.rpartition("/")[2]
    databases.altered.add(name)
    return postgres_server.url("owner", name)


@pytest.fixture
def relay_log(services, settings, capfd):
    """What a relay writes to its log in its first turn."""

    def turn() -> str:
        set_up_logs()
        connection = connect(settings.redis_url)
        Relay(services, open_queue(connection)).tell_heads()
        connection.close()
        structlog.reset_defaults()
        return capfd.readouterr().err

    return turn


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


REBUILT = {
    "the newest cut": """
        delete from activity_seals where account_id = %(account)s
            and number > (select max(number) - 2 from activity_seals where account_id = %(account)s)""",
    "one edited": "update activity set actor_name = 'eve' where account_id = %(account)s and kind = 'account.created'",
    "one inserted": """
        insert into activity select account_id, '00000000-0000-7000-8000-000000000000', at, kind, outcome, code, way_in,
            actor_id, actor_name, address, target_kind, target_id, target_name, data
        from activity where account_id = %(account)s and kind = 'account.created'""",
}


def rebuild(owner_url: str, account_id: str, services, tampering: str) -> None:
    """What the owner of the database can do: tamper with entries, and make the whole chain anew around it."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(tampering, {"account": account_id})
        if "delete from activity_seals" in tampering:
            gone = "not exists (select from activity_seals s where s.account_id = a.account_id and s.entry_id = a.id)"
            connection.execute(f"delete from activity a where account_id = %s and {gone}", [account_id])
            return
        for table in ("activity_seals", "activity_unsealed"):
            connection.execute(f"delete from {table} where account_id = %s", [account_id])
        connection.execute("insert into activity_unsealed select account_id, id from activity where account_id = %s",
                           [account_id])  # fmt: skip
    seal_activity(services)


@pytest.mark.rule("AUD-3", "ACT-2")
@pytest.mark.parametrize("what", REBUILT)
def test_a_chain_made_anew_is_found_from_the_lines_outside_by_export_and_by_log(
    gatelodge, account_id, people, neighbour, services, tmp_path, owner_url, relay_log, what
) -> None:
    for entry in people:
        gatelodge.json("user", "delete", "--account", account_id, entry.id)
    seal_activity(services)
    kept = {form: tmp_path / f"report.{form}" for form in ("jsonl", "csv")}
    for form, path in kept.items():
        gatelodge.json("activity", "export", "--account", account_id, "--format", form, path)
    lines = tmp_path / "relay.log"
    lines.write_text(relay_log())
    outside = ("--export", kept["jsonl"], "--export", kept["csv"], "--log", lines)
    assert gatelodge.json("activity", "verify", "--account", account_id, *outside)["outside"] == 3
    rebuild(owner_url, account_id, services, REBUILT[what])
    assert gatelodge.json("activity", "verify", "--account", account_id)["holds"] is True
    for option, path in (("--export", kept["jsonl"]), ("--export", kept["csv"]), ("--log", lines)):
        outcome = gatelodge.run("activity", "verify", "--account", account_id, "--json", option, path)
        assert outcome.status == 1
        assert "line outside" in json.loads(outcome.out)["fault"]
    assert gatelodge.json("activity", "verify", "--account", neighbour.account.id, "--log", lines)["holds"] is True


@pytest.mark.rule("AUD-3")
def test_an_export_that_was_edited_or_is_of_another_account_proves_nothing(
    gatelodge, account_id, neighbour, tmp_path
) -> None:
    path = tmp_path / "report.jsonl"
    gatelodge.json("activity", "export", "--account", account_id, path)
    verify = ("activity", "verify", "--account")
    assert gatelodge.refused(*verify, neighbour.account.id, "--export", path) == "invalid_value"
    path.write_text(path.read_text().replace("account.created", "account.deleted"))
    assert gatelodge.refused(*verify, account_id, "--export", path) == "invalid_value"
    path.write_text('{"event": "activity.head", "account": "another"}\nno json activity.head {')
    assert gatelodge.refused(*verify, account_id, "--log", path) == "invalid_value"


@pytest.mark.rule("ACT-1", "AUD-1")
def test_an_export_is_narrowed_and_says_so(gatelodge, account_id, people) -> None:
    options = (
        "--user",
        people[0].email,
        "--kind",
        "user.created",
        "--way-in",
        "provisioning_api",
        "--from",
        "2026-11-23",
    )
    outcome = gatelodge.run(
        "activity", "export", "--account", account_id, *options, "--outcome", "done", "--from", "2026-11-23"
    )
    entry, signed = [json.loads(line) for line in outcome.out.splitlines()]
    assert entry["target_id"] == people[0].id
    assert set(signed["data"]["filters"]) == {"person", "kind", "way_in", "from", "outcome"}
    assert gatelodge.refused("activity", "list", "--account", account_id, "--from", "tomorrow") == "invalid_value"


@pytest.mark.rule("ACT-1", "ROOT-2")
def test_a_refused_attempt_of_the_operator_is_in_the_report(gatelodge, account_id) -> None:
    gatelodge.refused("user", "delete", "--account", account_id, "root@acme.example")
    entry = gatelodge.json("activity", "list", "--account", account_id)[0]
    assert (entry["outcome"], entry["code"], entry["actor_id"]) == ("refused", "root_user_protected", "operator")


def test_people_read_a_table(gatelodge, account_id) -> None:
    lines = gatelodge.run("activity", "list", "--account", account_id).out.splitlines()
    assert lines[0].split() == ["at", "kind", "outcome", "actor", "target", "way_in", "id"]
    assert "account.created" in lines[-1]
