"""The raw limits: what psycopg alone reaches on the same database, with the product's own statements.

`captured_create` lets the product make one user in this process and keeps every statement that writes. `python -m
benchmarks.raw` then sends the same statements with fresh ids and addresses, as fast as it can: no HTTP, no checks, no
rendering. So whatever the product begins or ceases to write, the limit moves along.
"""

import json
import multiprocessing
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.installation import Site
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.users import create_user
from provisioning.domain.users import NewUser

MARK = "capture"
MADE_ID = re.compile(MARK + r"-[0-9]+-id")
HASH = re.compile(r"\b[0-9a-f]{64}\b")
PROCESSES = 2

# SQL and its parameters.
Statement = tuple[str, Any]


def captured_create(site: Site) -> list[Statement]:
    """Every writing statement of one create by SCIM, with parameters in which ids and addresses are marked."""
    numbers = iter(range(10**6))
    caller = find_scim_caller(site.account.token.text, None, site.services)
    services = replace(site.services, new_id=lambda: f"{MARK}-{next(numbers)}-id")
    with watched_driver() as sent:
        create_user(caller, new_user(f"{MARK}@bench.example"), services)
    return [
        (statement, json_ready(parameters))
        for statement, parameters in sent
        if not statement.lstrip().lower().startswith("select")
    ]


@contextmanager
def watched_driver() -> Iterator[list[Statement]]:
    """Yield a list that every statement sent by this process is added to while the context is open."""
    sent: list[Statement] = []
    execute: Any = psycopg.Cursor.execute

    def note(cursor: Any, statement: Any, parameters: Any = None, **options: Any) -> Any:
        sent.append((str(statement), parameters))
        return execute(cursor, statement, parameters, **options)

    psycopg.Cursor.execute = note  # type: ignore[method-assign, assignment]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


def new_user(address: str) -> NewUser:
    """The user that the benchmarks make, as the SCIM door hands it to the action."""
    return NewUser(
        user_name=address,
        external_id=address,
        first_name="Ann",
        last_name="Example",
        display_name="Ann Example",
        attributes={
            "name": {"givenName": "Ann", "familyName": "Example"},
            "displayName": "Ann Example",
            "emails": [{"value": address, "type": "work", "primary": True}],
        },
    )


def json_ready(parameters: Any) -> Any:
    """Parameters as JSON can carry them to another process; bytes and wrapped JSON are marked."""
    if isinstance(parameters, dict):
        return {name: json_ready(value) for name, value in parameters.items()}
    if isinstance(parameters, Jsonb):
        return {"__jsonb__": json.dumps(parameters.obj)}
    if isinstance(parameters, bytes):
        return {"__bytes__": parameters.hex()}
    if isinstance(parameters, list | tuple):
        return [json_ready(value) for value in parameters]
    return parameters if isinstance(parameters, str | int | float | bool | None) else {"__text__": str(parameters)}


def fresh(statements: Sequence[Statement]) -> Callable[[], list[Statement]]:
    """Return a function that makes the same statements for another user each time it is called."""
    text = json.dumps(statements)
    marks = sorted(set(MADE_ID.findall(text)))
    hashes = sorted(set(HASH.findall(text)))

    def make() -> list[Statement]:
        made = text
        for mark in marks:
            made = made.replace(mark, str(uuid4()))
        for each in hashes:
            made = made.replace(each, uuid4().hex * 2)
        made = made.replace(f"{MARK}@", f"u{uuid4().hex}@")
        return [(statement, _native(parameters)) for statement, parameters in json.loads(made)]

    return make


def _native(value: Any) -> Any:
    if isinstance(value, dict):
        if "__jsonb__" in value:
            return Jsonb(json.loads(value["__jsonb__"]))
        if "__bytes__" in value:
            return bytes.fromhex(value["__bytes__"])
        if "__text__" in value:
            return value["__text__"]
        return {name: _native(each) for name, each in value.items()}
    return [_native(each) for each in value] if isinstance(value, list) else value


def write(connection: psycopg.Connection[Any], users: Sequence[list[Statement]], until: float) -> int:
    """Write users, one transaction each, until a moment; how many."""
    number = 0
    with connection.cursor() as cursor:
        while time.monotonic() < until and number < len(users):
            for statement, parameters in users[number]:
                cursor.execute(statement, parameters, prepare=True)
            connection.commit()
            number += 1
    return number


def read(connection: psycopg.Connection[Any], keys: Sequence[tuple[str, str]], until: float) -> int:
    """Read one row by its key at a time, until a moment; how many."""
    connection.autocommit = True
    number = 0
    with connection.cursor() as cursor:
        while time.monotonic() < until:
            statement = "select document from users where account_id = %s and id = %s"
            cursor.execute(statement, keys[number % len(keys)], prepare=True)
            cursor.fetchall()
            number += 1
    return number


def _connections(plan: dict[str, Any], share: int, results: Any, barrier: Any) -> None:
    """In a process of its own: so many connections, a thread each."""
    counts = [0] * share
    make = fresh(plan["statements"]) if plan["what"] == "write" else None
    prepared: list[Any] = [[make() for _ in range(plan["most"])] if make else plan["keys"] for _ in range(share)]
    connections = [psycopg.connect(plan["url"]) for _ in range(share)]
    work = write if make else read
    barrier.wait()
    until = time.monotonic() + plan["seconds"]
    began = time.monotonic()

    def run(number: int) -> None:
        counts[number] = work(connections[number], prepared[number], until)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(share)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((sum(counts), time.monotonic() - began))


def main() -> None:
    """Run one plan from stdin: {"what", "url", "seconds", "connections", "most", "statements" | "keys"}."""
    plan = json.load(sys.stdin)
    context = multiprocessing.get_context("fork")
    results, barrier = context.Queue(), context.Barrier(PROCESSES)
    shares = [plan["connections"] // PROCESSES] * PROCESSES
    processes = [context.Process(target=_connections, args=(plan, share, results, barrier)) for share in shares]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    json.dump({"number": sum(number for number, _ in found), "seconds": max(took for _, took in found)}, sys.stdout)


if __name__ == "__main__":
    main()
