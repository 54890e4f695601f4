"""`gatelodge check`: one line a part, and exit status 1 for any fault."""

import json

import pytest

PARTS = ["configuration", "database", "Redis", "mail", "clock", "XML libraries"]


def found(outcome) -> dict[str, dict]:
    return {line["part"]: line for line in json.loads(outcome.out)}


def test_a_good_installation(gatelodge) -> None:
    outcome = gatelodge.run("check")
    assert outcome.status == 0
    assert [line[:14].strip() for line in outcome.out.splitlines()] == PARTS
    assert outcome.out.count(" ok ") == len(PARTS)
    assert list(found(gatelodge.run("check", "--json"))) == PARTS


@pytest.mark.parametrize(
    ("variable", "value", "faults"),
    [
        ("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none", {"database", "clock"}),
        ("REDIS_URL", "redis://127.0.0.1:1/0", {"Redis"}),
        ("MAIL_URL", "smtp://127.0.0.1:1?tls=none", {"mail"}),
        ("MAIL_URL", "pigeon://loft", {"mail"}),
        ("MAIL_URL", "maildir:/proc/none", {"mail"}),
    ],
)
def test_each_fault_is_named_and_the_others_are_still_looked_at(gatelodge, variable, value, faults) -> None:
    outcome = gatelodge.run("check", "--json", **{variable: value})
    assert outcome.status == 1
    lines = found(outcome)
    assert {part for part, line in lines.items() if not line["ok"]} == faults
    assert all(lines[part]["detail"] for part in faults)
    assert len(lines) == len(PARTS)


@pytest.mark.rule("OPS-1")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GATELODGE_SECRET_KEY", ""),
        ("GATELODGE_SECRET_KEY", "1:c2hvcnQ="),
        ("GATELODGE_SECRET_KEY", "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("GATELODGE_PUBLIC_URL", "http://id.example.com"),
        ("GATELODGE_PUBLIC_URL", ""),
        ("GATELODGE_WEB_THREADS", "many"),
        ("GATELODGE_SERVER", "apache"),
    ],
)
def test_unsafe_configuration_starts_nothing_and_says_what_to_mend(gatelodge, variable, value) -> None:
    for command in (("web",), ("relay",), ("worker",), ("account", "list")):
        outcome = gatelodge.run(*command, **{variable: value})
        assert (outcome.status, outcome.code) == (1, "configuration")
        assert len(outcome.err.split()) > 4
    checked = gatelodge.run("check", **{variable: value})
    assert checked.status == 1
    assert checked.out.splitlines()[0].startswith("configuration  FAULT")


@pytest.mark.rule("OPS-1")
def test_debug_with_a_public_address_is_refused(gatelodge) -> None:
    outcome = gatelodge.run("web", GATELODGE_DEBUG="true", GATELODGE_PUBLIC_URL="https://id.example.com")
    assert (outcome.status, outcome.code) == (1, "configuration")


def test_a_schema_that_is_not_there(gatelodge, postgres_server) -> None:
    postgres_server.admin("create database bare")
    try:
        outcome = gatelodge.run("check", "--json", DATABASE_URL=postgres_server.url("superuser", "bare"))
    finally:
        postgres_server.admin("drop database bare with (force)")
    assert outcome.status == 1
    assert "gatelodge migrate" in found(outcome)["database"]["detail"]


def test_without_a_database_every_command_says_so(gatelodge) -> None:
    for command in (("account", "list"), ("user", "list", "--account", "x")):
        outcome = gatelodge.run(*command, DATABASE_URL="postgresql://nobody:x@127.0.0.1:1/none")
        assert (outcome.status, outcome.code, outcome.out) == (1, "database_unavailable", "")


@pytest.mark.rule("OPS-2")
def test_another_secret_key_is_said_and_nothing_is_shown(gatelodge, account_id) -> None:
    other = "1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
    outcome = gatelodge.run("account", "show", account_id, GATELODGE_SECRET_KEY=other)
    assert (outcome.status, outcome.code, outcome.out) == (1, "configuration", "")
