"""ACT: the activity report as a file, JSON Lines or CSV, whose last line is signed (ACT-2, AUD-3, WEB-4).

The last line tells how many entries stand above it, their hash, and the head of the chain when the file was made. Who
keeps the file holds a proof outside the database: entries cut, edited or put in later, and a chain rebuilt as a whole,
all differ from that line. The signature keeps the file itself from being edited.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from provisioning.domain.activity import Entry, as_mapping

COLUMNS = tuple(Entry.__dataclass_fields__)
# What a spreadsheet takes for a formula (WEB-4).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# The kind of the last line, which is no entry.
SIGNATURE = "activity.signature"
# Signs bytes: (version of the key, signature as text).
Sign = Callable[[bytes], tuple[str, str]]
IsSigned = Callable[[bytes, str, str], bool]


class Form(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Statement:
    """What the last line of an export says, once it was checked.

    Attributes:
        account_id: whose report it is.
        entries: number of entries above the line.
        number, digest: the head of the chain when the export was made; 0 and '' where nothing was sealed.
    """

    account_id: str
    entries: int
    number: int
    digest: str


class ExportFault(Exception):
    """A file is no export of ours, or not the one that was signed; the text is a sentence."""


def written(entries: Iterable[Entry], facts: Mapping[str, object], form: Form, sign: Sign) -> Iterator[str]:
    """Yield the text of an export, line by line, the signed one last.

    Args:
        entries: oldest first.
        facts: what the last line says besides the number and the hash of the lines above it: `account_id`, `made_at`,
            `filters`, `chain` with `number` and `digest`.
        form: JSON Lines or CSV.
        sign: with the operator's key.
    """
    line_of, number, digest = LINES[form], 0, hashlib.sha256()
    for line in _head(form):
        digest.update(line.encode())
        yield line
    for entry in entries:
        line = line_of(as_mapping(entry))
        digest.update(line.encode())
        number += 1
        yield line
    statement = {**facts, "entries": number, "sha256": digest.hexdigest()}
    version, signature = sign(canonical(statement))
    yield line_of(
        {"account_id": facts["account_id"], "at": facts["made_at"], "kind": SIGNATURE,
         "data": {**statement, "key": version, "signature": signature}}
    )  # fmt: skip


def checked(lines: Iterable[str], is_signed: IsSigned) -> Statement:
    """Return what a file's last line says, where the file is as it was signed.

    Args:
        lines: the file's lines with their ends.
        is_signed: whether a signature of the operator's keys fits: (bytes, version, signature).

    Raises:
        ExportFault: no signed line, a signature that does not fit, or other lines above it.
    """
    digest, last = hashlib.sha256(), ""
    for line in lines:
        digest.update(last.encode())
        last = line
    said = _read_last(last)
    version, signature = str(said.pop("key", "")), str(said.pop("signature", ""))
    if not is_signed(canonical(said), version, signature):
        raise ExportFault("the signature of the last line does not fit: it was changed, or is of another operator.")
    if said.get("sha256") != digest.hexdigest():
        raise ExportFault("the lines above the signed one are not those that were exported.")
    chain = said["chain"]
    return Statement(said["account_id"], said["entries"], chain["number"], chain["digest"])


def canonical(statement: Mapping[str, object]) -> bytes:
    """Return the bytes of the last line that are signed."""
    return json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def cell(value: object) -> str:
    """Return a value as the text of a CSV cell; one that a spreadsheet would run begins with an apostrophe (WEB-4)."""
    if value is None:
        return ""
    content = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{content}" if content.startswith(FORMULA_STARTS) else content


def csv_line(cells: Sequence[str]) -> str:
    """Return one record of RFC 4180 with its end."""
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _json_line(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False) + "\n"


def _csv_line(values: Mapping[str, object]) -> str:
    return csv_line([cell(values.get(name)) for name in COLUMNS])


LINES: Mapping[Form, Callable[[Mapping[str, object]], str]] = {Form.JSONL: _json_line, Form.CSV: _csv_line}


def _head(form: Form) -> list[str]:
    return [csv_line(COLUMNS)] if form is Form.CSV else []


def _read_last(line: str) -> dict[str, Any]:
    """Return the data of a signed line in either form."""
    try:
        values: dict[str, Any] = json.loads(line) if line.startswith("{") else _of_csv(line)
        data = values["data"]
        same = (values["account_id"], values["at"]) == (data["account_id"], data["made_at"])
        if values["kind"] != SIGNATURE or not same or not isinstance(data["chain"], dict):
            raise ValueError
    except (ValueError, KeyError, TypeError, csv.Error) as fault:
        raise ExportFault("the last line is not the signed line of an export.") from fault
    return dict(data)


def _of_csv(line: str) -> dict[str, Any]:
    values: dict[str, Any] = dict(zip(COLUMNS, next(csv.reader([line])), strict=True))
    return {**values, "data": json.loads(values["data"])}
