"""Bad input for every call that changes something, made from the document: whatever it can hold is tried at its worst.

Each request is refused in the API's form, and afterwards every row of the account is what it was before.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.doors.api import done, refusal
from tests.rest.things import body_of, calls, operation_of, path_of, rows_of, things_of

# What the product keeps of a user, a key or a connection and what no request may ever say (IDN-5).
NEVER = {
    "account_id": "x", "confirmed": True, "connection_id": "x", "epoch": 0, "has_password": True, "id": "x",
    "is_root": True, "made_by": "x", "password_hash": "x", "proved_at": "2026-01-01T00:00:00Z", "root": True,
    "secret_hash": "x", "status": "active", "succeeded_at": "2026-01-01T00:00:00Z", "verified": True, "version": 1,
}  # fmt: skip
CHANGED = {"string": "changed", "boolean": True, "integer": 7, "array": ["changed"], "object": {"changed": True}}
ODD = ("\0", "a\0b", "x" * 100_000)
OF_ANOTHER_TYPE = (5.5, -1, {"a": 1}, [[]], [{}], [None], "\u202e", "", " ", "null", "undefined", 10**40)
# Tables of what is noted of requests and refused ones too.
BESIDE = {"account_keys", "activity", "activity_unsealed", "login_tries"}
# Members whose type lets anything in.
TOO_MUCH = ("is longer than", "has more than", "is not between")
OPEN = {"custom_attributes"}


class Walk:
    """The calls that change something, with their shapes."""

    def __init__(self, app: Any, api: Any, ids: dict[str, str]) -> None:
        self.api, self.ids = api, ids
        self.schemas = api.contract.document["components"]["schemas"]
        self.writes = [(rule, method) for rule, method in calls(app) if method in ("POST", "PUT")]

    def send(self, rule: str, method: str, members: dict[str, Any]) -> Any:
        """Send the example of a call with other members beside it or in the place of its own."""
        body = {**(body_of(self.api, rule, method) or {}), **members}
        return self.api.send(method, path_of(rule, self.ids), json.dumps(body).encode())

    def body(self, rule: str, method: str) -> dict[str, Any]:
        """The members that a call reads, name -> schema."""
        return self._members(operation_of(self.api, rule, method).get("requestBody", {}))

    def answer(self, rule: str, method: str) -> dict[str, Any]:
        """The members that its answer shows."""
        return self._members(operation_of(self.api, rule, method)["responses"]["200"])

    def _members(self, described: dict[str, Any]) -> dict[str, Any]:
        content = described.get("content", {}).get("application/json")
        if content is None:
            return {}
        found = self.schemas[content["schema"]["$ref"].rpartition("/")[2]].get("properties", {})
        return {name: self._resolved(each) for name, each in found.items()}

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema = next((each for each in schema.get("allOf", ()) if "$ref" in each), schema)
        return self.schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def type_of(schema: dict[str, Any]) -> str:
    types = schema.get("type", "object")
    return str(types if isinstance(types, str) else types[0])


def words_of(length: int) -> str:
    """A text of two words, as a full name has."""
    return f"{'x' * (length // 2)} {'x' * (length - length // 2 - 1)}"


def beyond(schema: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """(value at a limit of a schema, one beyond it)."""
    if "maxLength" in schema:
        yield words_of(schema["maxLength"]), "x" * (schema["maxLength"] + 1)
    if "minimum" in schema:
        yield schema["minimum"], schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"], schema["maximum"] + 1
    if "maxItems" in schema:
        word = schema["items"].get("enum", ["x"])[0]
        yield [word] * schema["maxItems"], [word] * (schema["maxItems"] + 1)
    if "enum" in schema:
        yield schema["enum"][0], f"{schema['enum'][0]}x"
    if type_of(schema) == "array" and "maxLength" in schema["items"]:
        yield ["x" * schema["items"]["maxLength"]], ["x" * (schema["items"]["maxLength"] + 1)]


@pytest.fixture
def walk(app, api, account, services, foreign_api):
    return Walk(app, api, things_of(api, account, services))


@pytest.fixture
def unchanged(walk, sql, account, neighbour):
    """Every row of both accounts, but for when a key was last used and what was read; none is another afterwards."""

    def read():
        both = [rows_of(sql, each.account.id) for each in (account, neighbour)]
        return [{table: rows for table, rows in found.items() if table not in BESIDE} for found in both]

    before = read()
    yield
    assert read() == before


@pytest.mark.rule("IDN-5")
def test_what_is_shown_and_cannot_be_set_is_refused_on_every_call(walk, unchanged, subtests):
    tried = 0
    for rule, method in walk.writes:
        settable = walk.body(rule, method)
        shown = {name: CHANGED[type_of(each)] for name, each in walk.answer(rule, method).items()}
        for name, value in (NEVER | shown).items():
            if name not in settable:
                tried += 1
                with subtests.test(f"{method} {rule} {name}"):
                    status, code = refusal(walk.send(rule, method, {name: value}))
                    assert (status, code) in ((400, "mutability"), (400, "invalid_value"))
    assert tried > 450


@pytest.mark.rule("LIM-3", "LIM-7")
def test_each_value_is_taken_at_its_limit_and_refused_beyond(walk, unchanged, subtests):
    tried = 0
    for rule, method in walk.writes:
        for name, schema in walk.body(rule, method).items():
            for _, over in beyond(schema):
                tried += 1
                with subtests.test(f"{method} {rule} {name} {str(over)[:20]}"):
                    answer = walk.send(rule, method, {name: over})
                    assert refusal(answer) == (400, "invalid_value")
                    assert len(answer.get_json()["error"]["message"]) < 300
    assert tried > 60


@pytest.mark.rule("LIM-1", "LIM-3", "LIM-7")
def test_values_of_another_type_and_odd_texts_are_refused(walk, unchanged, subtests):
    for rule, method in walk.writes:
        for name, schema in walk.body(rule, method).items():
            wrong = [each for each in OF_ANOTHER_TYPE if type_of(schema) in ("boolean", "integer") or not is_text(each)]
            for value in (*wrong, *ODD) if name not in OPEN else ("x", 5, True, ["x"]):
                if type_of(schema) == "array" and value in ("", " "):
                    continue
                with subtests.test(f"{method} {rule} {name} {str(value)[:20]!r}"):
                    assert refusal(walk.send(rule, method, {name: value}))[0] == 400


def is_text(value: Any) -> bool:
    return isinstance(value, str)


@pytest.mark.rule("LIM-3", "LIM-7")
def test_at_their_limits_no_value_is_too_long_or_a_fault(walk, subtests):
    for rule, method in walk.writes:
        for name, schema in walk.body(rule, method).items():
            for at, _ in beyond(schema):
                with subtests.test(f"{method} {rule} {name} {str(at)[:20]}"):
                    answer = walk.send(rule, method, {name: at})
                    assert answer.status_code < 500
                    message = answer.get_json().get("error", {}).get("message", "")
                    assert not [words for words in TOO_MUCH if words in message]


@pytest.mark.rule("IDN-5", "TEN-2")
def test_a_whole_answer_sent_back_with_other_values_changes_nothing_of_what_it_may_not(walk, api, subtests):
    """As a script would that reads, edits and writes: what it may not set is refused, whatever else it sends."""
    for rule, method in walk.writes:
        if method == "PUT" and rule.endswith("_id>") and walk.ids.keys() >= {rule.rpartition("<")[2].rstrip(">")}:
            path = path_of(rule, walk.ids)
            read = api.get(path)
            if read.status_code != 200:
                continue
            with subtests.test(rule):
                assert refusal(api.put(path, done(read)))[0] == 400
                assert done(api.get(path)) == done(read)
