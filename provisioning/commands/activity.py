"""`gatelodge activity`: read, export and verify the activity report (ACT-1, ACT-2)."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from provisioning.actions.activity import export_activity, list_activity, verify_activity
from provisioning.actions.services import Services
from provisioning.commands.installation import Place, open_account, user_id_of
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import plain, show
from provisioning.domain.activity import HEAD_EVENT, Entry, Head, as_mapping
from provisioning.domain.activity_export import ExportFault, Form, checked
from provisioning.domain.activity_query import READERS, ActivityQuery, Outcome, query_from
from provisioning.domain.caller import Caller, WayIn
from provisioning.domain.errors import invalid
from provisioning.domain.events import KINDS

Command = Callable[..., Any]
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def activity() -> None:
    """The activity report: who did what to whom."""


def filter_options(command: Command) -> Command:
    """Give a command what narrows the report, as its arguments `person`, `kind`, `way_in`, `outcome`, `from`, `to`."""
    options = (
        click.option("--user", "person", metavar="USER", help="Only what this person did or what was done to them."),
        click.option("--kind", type=click.Choice(sorted(KINDS)), metavar="KIND", help="Only this kind: user.created."),
        click.option("--way-in", type=click.Choice([*map(str, WayIn)]), help="Only by this way in."),
        click.option("--outcome", type=click.Choice([*map(str, Outcome)]), help="Only done, or only refused attempts."),
        click.option("--from", metavar="TIME", help="From this moment or date on (ISO 8601, UTC)."),
        click.option("--to", metavar="TIME", help="Before this moment, or to the end of this date."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def query_of(caller: Caller, given: dict[str, Any], services: Services) -> ActivityQuery:
    """Return the query that a command's options ask for; a live person may be named by email."""
    texts = {name: str(value) for name, value in given.items() if name in READERS and value is not None}
    if "@" in texts.get("person", ""):
        texts["person"] = user_id_of(caller, texts["person"], services)
    return query_from(texts)


@activity.command("list")
@account_option
@filter_options
@click.option("--before", "cursor", metavar="ID", help="Only what came before this entry.")
@click.option("--limit", type=click.IntRange(1, 200), default=100, show_default=True)
@operators(changes=False)
def show_page(account_id: str, place: Place, **given: Any) -> None:
    """List entries, newest first. A deleted person is named by id."""
    with open_account(place, account_id) as (caller, services):
        found = list_activity(caller, query_of(caller, given, services), services).entries
        entries = [as_mapping(entry) for entry in found]
        show(entries if place.as_json else [_line(entry) for entry in found], as_json=place.as_json)


@activity.command("export")
@account_option
@filter_options
@click.option("--format", "form", type=click.Choice([*map(str, Form)]), default=Form.JSONL.value, show_default=True)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@operators(changes=False)
def export(account_id: str, form: str, file: Path | None, place: Place, **given: Any) -> None:
    """Write entries, oldest first, to a file that only you can read, or to the standard output.

    The last line is signed: it tells how many entries stand above it, and the head of the chain.
    """
    with open_account(place, account_id) as (caller, services):
        lines = export_activity(caller, query_of(caller, given, services), Form(form), services)
        with _opened(file) as out:
            number = sum(1 for line in lines if out.write(line))
    if file is not None:
        # The signed line is no entry, nor is the header of CSV.
        show({"file": str(file), "entries": number - 1 - (form == Form.CSV)}, as_json=place.as_json)


@activity.command("verify")
@account_option
@click.option("--export", "exports", multiple=True, type=FILE, help="An export kept outside; may be repeated.")
@click.option("--log", "logs", multiple=True, type=FILE, help="A log of the relay kept outside; may be repeated.")
@operators(changes=False)
def verify(account_id: str, exports: tuple[Path, ...], logs: tuple[Path, ...], place: Place) -> int:
    """Verify that no sealed entry was changed or taken away; exit 1 where one was.

    A chain that was made anew as a whole holds in itself: give it exports or logs that were kept outside the database.
    """
    with open_account(place, account_id) as (caller, services):
        outside = [each for path in exports for each in head_of_export(path, account_id, services)]
        outside += [each for path in logs for each in heads_of_log(path, account_id)]
        verdict = verify_activity(caller, services, outside)
        show({"holds": verdict.fault is None, **plain(verdict)}, as_json=place.as_json)
        return 0 if verdict.fault is None else 1


def head_of_export(path: Path, account_id: str, services: Services) -> list[Head]:
    """Return what the signed line of an export says of the chain, none where nothing was sealed then.

    Raises:
        Refusal: the file is no export of this account, or was changed.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            said = checked(lines, services.signer.is_right)
    except (ExportFault, UnicodeDecodeError) as fault:
        raise invalid("export", f"{path}: {fault}") from fault
    if said.account_id != account_id:
        raise invalid("export", f"{path} is an export of another account.")
    return [Head(account_id, said.number, said.digest)] if said.number else []


def heads_of_log(path: Path, account_id: str) -> list[Head]:
    """Return the heads of an account's chain that the lines of a log tell; other lines are left aside.

    Raises:
        Refusal: no line tells of this account.
    """
    with path.open(encoding="utf-8", errors="replace") as lines:
        told = [each for each in map(_head_in, lines) if each is not None and each.account_id == account_id]
    if not told:
        raise invalid("log", f"{path} has no line on the chain of this account.")
    return told


def _head_in(line: str) -> Head | None:
    """Return what a line of the relay's log says of a chain, None where it is another line."""
    if HEAD_EVENT not in line:
        return None
    try:
        said = json.loads(line[line.index("{") :])
        return Head(said["account"], int(said["number"]), said["digest"]) if said["event"] == HEAD_EVENT else None
    except (ValueError, KeyError, TypeError):
        return None


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
