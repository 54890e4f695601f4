"""The command line as a program: real processes, arguments that are none, and what it says of itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doors.command_line import CommandLine

PROGRAM = Path(sys.executable).with_name("gatelodge")
LONG_RUNNING = {"up", "web", "relay", "worker", "migrate", "check"}


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([PROGRAM, *arguments], env={**os.environ, **environment}, capture_output=True, check=False)


def test_it_is_installed_and_names_its_commands() -> None:
    done = start("--help")
    assert done.returncode == 0
    for name in (*LONG_RUNNING, "account", "saml", "scim-connection", "scim-token", "key", "user", "activity"):
        assert f"  {name}".encode() in done.stdout


def test_a_real_process_answers_with_one_json_value_and_nothing_else(gatelodge: CommandLine, account_id) -> None:
    done = start("account", "show", account_id, "--json", **gatelodge.environment)
    assert done.returncode == 0
    assert done.stdout.startswith(b"{")
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_real_process_refuses_with_code_and_sentence(gatelodge: CommandLine) -> None:
    done = start("account", "show", "none", **gatelodge.environment)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"not_found: Account not found\n")


def test_arguments_that_are_no_text_are_refused(gatelodge: CommandLine) -> None:
    done = subprocess.run(
        [PROGRAM, b"account", b"show", b"\xff\xfe"], env={**os.environ, **gatelodge.environment}, capture_output=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"invalid_value: ")


@pytest.mark.rule("OPS-3")
def test_migrate_makes_the_schema_as_owner_and_a_second_run_finds_it(gatelodge, postgres_server) -> None:
    postgres_server.admin("create database fresh owner gatelodge_owner")
    urls = {
        "GATELODGE_MIGRATE_URL": postgres_server.url("owner", "fresh"),
        "DATABASE_URL": postgres_server.url("service", "fresh"),
    }
    try:
        for _ in range(2):
            done = start("migrate", **urls)
            assert (done.returncode, done.stdout) == (0, b"The schema is current.\n"), done.stderr
        made = start(
            "account", "create", "--name", "A", "--root-email", "r@a.example", **{**gatelodge.environment, **urls}
        )
        assert made.returncode == 0, made.stderr
        as_service = start("migrate", DATABASE_URL=urls["DATABASE_URL"], GATELODGE_MIGRATE_URL="")
        assert as_service.returncode == 0
    finally:
        postgres_server.admin("drop database fresh with (force)")


def test_migrate_without_a_database_says_so() -> None:
    for url, code in (("", b"configuration"), ("postgresql://x:y@127.0.0.1:1/z", b"database_unavailable")):
        done = start("migrate", GATELODGE_MIGRATE_URL=url, DATABASE_URL="")
        assert done.returncode == 1
        assert done.stderr.startswith(code)


def test_a_folder_of_no_up_is_said(gatelodge, tmp_path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        outcome = gatelodge.run("account", "list", "--data", folder)
        assert (outcome.status, outcome.code) == (1, "configuration")
