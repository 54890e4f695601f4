"""What is written with every change, in one statement: entries of the report, debts, and links for mails.

They are many rows in four tables and one round trip: the rows travel as JSON, and PostgreSQL makes them rows again by
the columns that are named here. An entry cannot be without the note that it waits for its seal, nor a link without
the debt of its mail (INV-3, ACT-2).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.dialects.postgresql.psycopg import dialect

from provisioning.domain.activity import Entry
from provisioning.store.outbox import OwedRow
from provisioning.store.sessions import LinkRow
from provisioning.store.statements import Statement
from provisioning.store.tables.activity import activity
from provisioning.store.tables.outbox import outbox
from provisioning.store.tables.sessions import links

DIALECT = dialect()  # type: ignore[no-untyped-call]
ENTRY_FIELDS = tuple(Entry.__dataclass_fields__)
LINK_FIELDS = tuple(LinkRow.__dataclass_fields__)
OWED_FIELDS = ("account_id", "id", "kind", "payload", "secret", "attempts", "next_at", "created_at")


def _rows_of(table: Table, fields: Sequence[str], parameter: str) -> str:
    """Return SQL that reads a table's columns from a JSON array; bytes are written in hexadecimal there."""
    typed = {name: table.c[name].type.compile(DIALECT) for name in fields}
    declared = ", ".join(f"{name} {'text' if kind == 'BYTEA' else kind}" for name, kind in typed.items())
    chosen = ", ".join(f"decode({name}, 'hex')" if kind == "BYTEA" else name for name, kind in typed.items())
    return f"select {chosen} from jsonb_to_recordset(cast(:{parameter} as jsonb)) as given({declared})"  # noqa: S608


WRITE = Statement(
    text(f"""
with entries as (
    insert into activity ({", ".join(ENTRY_FIELDS)}) {_rows_of(activity, ENTRY_FIELDS, "entries")}
    returning account_id, id
), waiting as (
    insert into activity_unsealed (account_id, entry_id) select account_id, id from entries
), linked as (
    insert into links ({", ".join(LINK_FIELDS)}) {_rows_of(links, LINK_FIELDS, "links")}
)
insert into outbox ({", ".join(OWED_FIELDS)}) {_rows_of(outbox, OWED_FIELDS, "owed")}
""")  # noqa: S608 - names of our own columns.
)


def write_consequences(
    connection: Connection, entries: Sequence[Entry] = (), owed: Sequence[OwedRow] = (), links: Sequence[LinkRow] = ()
) -> None:
    """Insert what an action noted; nothing where nothing was.

    Args:
        entries: of the activity report; each is noted as not yet sealed.
        owed: debts, due at once.
        links: whose users are there by now.
    """
    if not (entries or owed or links):
        return
    WRITE.run(
        connection,
        entries=_json([{name: getattr(entry, name) for name in ENTRY_FIELDS} for entry in entries]),
        owed=_json([{**_fields(row), "next_at": row.created_at} for row in owed]),
        links=_json([_fields(row) for row in links]),
    )


def _fields(row: OwedRow | LinkRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(rows, default=_as_json, ensure_ascii=False)


def _as_json(value: object) -> Any:
    """Return what JSON has no form for: a time as ISO 8601, bytes in hexadecimal, any mapping as an object."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} does not travel as JSON")
