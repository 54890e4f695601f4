"""AUD-3, WEB-4: the file that an export makes, its signed line, and every way of changing it."""

import base64
import csv
import io
import json

import pytest

from provisioning.domain.activity_export import SIGNATURE, ExportFault, Form, cell, checked, written
from provisioning.encryption import Signer
from tests.domain.test_activity import an_entry

OURS, OLDER = Signer({"2": b"n" * 32, "1": b"o" * 32}), Signer({"1": b"o" * 32})
FACTS = {
    "account_id": "account-1",
    "made_at": "2026-11-23T09:00:00+00:00",
    "filters": {},
    "chain": {"number": 7, "digest": "ab"},
}
ENTRIES = [
    an_entry(1, target_name="=cmd|' /C calc'!A0"),
    an_entry(2, actor_name='@"a,b"\r\n-x', data={"name": "\n\u2028\t"}),
    an_entry(3, target_name="\tplain"),
]


def made(form: Form, signer: Signer = OURS) -> list[str]:
    return list(written(ENTRIES, FACTS, form, signer.sign))


def as_file(lines: list[str]) -> io.StringIO:
    return io.StringIO("".join(lines), newline="")


@pytest.mark.rule("AUD-3")
@pytest.mark.parametrize("form", Form)
def test_what_was_written_is_what_is_checked_also_under_an_older_key(form):
    for signer in (OURS, OLDER):
        said = checked(as_file(made(form, signer)), OURS.is_right)
        assert (said.account_id, said.entries, said.number, said.digest) == ("account-1", 3, 7, "ab")


@pytest.mark.rule("AUD-3")
@pytest.mark.parametrize("form", Form)
def test_every_change_of_a_file_is_found(form):
    lines = made(form)
    first = 1 if form is Form.CSV else 0
    tampered = {
        "cut": [*lines[:-2], lines[-1]],
        "edited": [line.replace("user-1", "user-9") for line in lines[:-1]] + lines[-1:],
        "inserted": [*lines[: first + 1], lines[first], *lines[first + 1 :]],
        "swapped": [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]],
        "without its line": lines[:-1],
        "another number": [*lines[:-1], lines[-1].replace("3", "4", 1)],
        "another head": [*lines[:-1], lines[-1].replace("ab", "cd")],
        "text behind": [*lines, "\n"],
        "empty": [],
        "only noise": ["{", "\n"],
    }
    for what, changed in tampered.items():
        assert "".join(changed) != "".join(lines), what
        with pytest.raises(ExportFault):
            checked(as_file(changed), OURS.is_right)


@pytest.mark.rule("AUD-3")
def test_a_line_of_another_operator_or_of_an_unknown_key_does_not_count():
    stranger = Signer({"2": b"x" * 32})
    with pytest.raises(ExportFault, match="another operator"):
        checked(as_file(made(Form.JSONL, stranger)), OURS.is_right)
    assert not OURS.is_right(b"data", "9", base64.b64encode(b"0" * 64).decode())
    assert not OURS.is_right(b"data", "2", "not base64")


@pytest.mark.rule("WEB-4", "ACT-2")
def test_csv_is_read_again_as_the_same_values_and_runs_no_formula():
    *rows, signed = csv.DictReader(as_file(made(Form.CSV)))
    assert [row["target_name"] for row in rows] == ["'=cmd|' /C calc'!A0", "Dana Roe", "'\tplain"]
    assert rows[1]["actor_name"] == '\'@"a,b"\r\n-x'
    assert json.loads(rows[1]["data"]) == {"name": "\n\u2028\t"}
    assert signed["kind"] == SIGNATURE
    assert not [value for row in (*rows, signed) for value in row.values() if value[:1] in tuple("=+-@\t\r\n")]


@pytest.mark.rule("WEB-4")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_cells_that_a_spreadsheet_would_run_get_an_apostrophe(start) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell("plain") == "plain"
    assert cell(None) == ""
    assert cell({"a": 1}) == '{"a": 1}'
