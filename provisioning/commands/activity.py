"""`gatelodge activity`: read, export and verify the activity report (ACT-1, ACT-2)."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

from provisioning.actions.activity import export_activity, list_activity, verify_activity
from provisioning.commands.installation import Place, open_account, user_id_of
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import show
from provisioning.domain.activity import Entry, as_mapping

COLUMNS = tuple(Entry.__dataclass_fields__)
# What a spreadsheet takes for a formula (WEB-4).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@click.group()
def activity() -> None:
    """The activity report: who did what to whom."""


@activity.command("list")
@account_option
@click.option("--user", "person", metavar="USER", help="Only what this person did or what was done to them.")
@click.option("--before", metavar="ID", help="Only what came before this entry.")
@click.option("--limit", type=click.IntRange(1, 200), default=100, show_default=True)
@operators(changes=False)
def show_page(account_id: str, person: str | None, before: str | None, limit: int, place: Place) -> None:
    """List entries, newest first. A deleted person is named by id."""
    with open_account(place, account_id) as (caller, services):
        user_id = user_id_of(caller, person, services) if person and "@" in person else person
        found = list_activity(caller, services, person=user_id, before=before, most=limit)
        entries = [as_mapping(entry) for entry in found]
        show(entries if place.as_json else [_line(entry) for entry in found], as_json=place.as_json)


@activity.command("export")
@account_option
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@operators(changes=False)
def export(account_id: str, form: str, file: Path | None, place: Place) -> None:
    """Write every entry, oldest first, to a file that only you can read, or to the standard output."""
    with open_account(place, account_id) as (caller, services), _opened(file) as out:
        number = WRITERS[form](export_activity(caller, services), out)
    if file is not None:
        show({"file": str(file), "entries": number}, as_json=place.as_json)


@activity.command("verify")
@account_option
@operators(changes=False)
def verify(account_id: str, place: Place) -> int:
    """Verify that no sealed entry was changed or taken away; exit 1 where one was."""
    with open_account(place, account_id) as (caller, services):
        verdict = verify_activity(caller, services)
        show({"holds": verdict.fault is None, **_facts_of(verdict)}, as_json=place.as_json)
        return 0 if verdict.fault is None else 1


def write_jsonl(entries: Iterable[Entry], out: IO[str]) -> int:
    """Write one JSON object a line; returns how many."""
    number = 0
    for entry in entries:
        out.write(json.dumps(as_mapping(entry), ensure_ascii=False) + "\n")
        number += 1
    return number


def write_csv(entries: Iterable[Entry], out: IO[str]) -> int:
    """Write RFC 4180 with a header; a cell that a spreadsheet would run begins with an apostrophe (WEB-4)."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    number = 0
    for entry in entries:
        values = as_mapping(entry)
        writer.writerow([cell(values[name]) for name in COLUMNS])
        number += 1
    return number


WRITERS: dict[str, Callable[[Iterable[Entry], IO[str]], int]] = {"jsonl": write_jsonl, "csv": write_csv}


def cell(value: object) -> str:
    """Return a value as the text of a CSV cell."""
    if value is None:
        return ""
    content = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{content}" if content.startswith(FORMULA_STARTS) else content


@contextmanager
def _opened(file: Path | None) -> Iterator[IO[str]]:
    """Open a file that only its owner reads; it is there only once it is whole."""
    if file is None:
        yield sys.stdout
        return
    draft = file.with_name(file.name + ".part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        yield out
    draft.replace(file)


def _line(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at,
        "kind": entry.kind,
        "outcome": entry.code or entry.outcome,
        "actor": entry.actor_name or entry.actor_id,
        "target": entry.target_name or entry.target_id,
        "way_in": entry.way_in,
        "id": entry.id,
    }


def _facts_of(verdict: object) -> dict[str, object]:
    return {name: getattr(verdict, name) for name in ("sealed", "head", "unsealed", "fault")}
