"""Every JSON example of RFC 7643, 7644 and 9865: what a client sends is accepted, what a server answers has that shape.

The examples are data (`rfc_examples/`). Ids in them stand for what an example's `given` makes. An answer is compared
member by member: what only a server can know (an id, a date, an address, a sentence) by its type, all else by its
value. What we answer otherwise stands in the data with its reason, and what stands there must indeed be otherwise.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from scim2_server.utils import load_json_resource

from provisioning.actions.scim_connections import update_scim_connection
from provisioning.domain.scim_connections import Profile
from tests.scim.test_transcripts import at

DATA = sorted((Path(__file__).parent / "rfc_examples").glob("*.yaml"))
# Members whose value only a server knows.
SERVER_MADE = {
    "id", "created", "lastModified", "version", "location", "$ref", "detail", "description", "nextCursor",
    "previousCursor",
}  # fmt: skip


def examples(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load(path.read_text()))


def renamed(value: Any, ids: Mapping[str, str]) -> Any:
    """A value with ids of the example replaced by those of what was made."""
    text = json.dumps(value)
    for theirs, ours in ids.items():
        text = text.replace(theirs, ours)
    return json.loads(text)


def differences(example: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Paths at which an answer has not what the example has; what is there beyond it is no difference."""
    if isinstance(example, dict) and isinstance(ours, dict):
        for name, value in example.items():
            below = f"{path}.{name}" if path else name
            yield from differences(value, ours[name], below) if name in ours else [below]
    elif isinstance(example, list) and isinstance(ours, list):
        for place, value in enumerate(example):
            below = f"{path}.{place}"
            yield from differences(value, ours[place], below) if place < len(ours) else [below]
    elif type(example) is not type(ours) or (example != ours and not is_server_made(path, example)):
        yield path


def is_server_made(path: str, example: Any) -> bool:
    return path.rpartition(".")[2] in SERVER_MADE or example == "server-made"


class Example:
    """One example on the service: what is given, the request, the answer."""

    def __init__(self, idp, data: Mapping[str, Any]) -> None:
        self.idp, self.data, self.ids = idp, data, {}

    def prepare(self) -> None:
        """Make what is given, and send what comes before."""
        for theirs, made in self.data.get("given", {}).items():
            [(asked, body)] = made.items()
            answer = self.idp.post(asked.removeprefix("POST "), renamed(body, self.ids))
            assert answer.status_code == 201, answer.text
            self.ids[theirs] = answer.get_json()["id"]
        for asked, kept in self.data.get("before", {}).items():
            method, path = renamed(asked, self.ids).split(" ", 1)
            answer = self.idp.send(method, path)
            assert answer.status_code in (200, 204), answer.text
            self.ids |= {f"${{{name}}}": answer.get_json()[member] for name, member in kept.items()}

    def send(self) -> Any:
        """Send the request of the example."""
        if "filter" in self.data:
            return self.idp.find("/Users", self.data["filter"])
        method, path = renamed(self.data["send"], self.ids).split(" ", 1)
        headers = {}
        if "if_none_match" in self.data:
            known = self.idp.get(f"/Users/{renamed(self.data['if_none_match'], self.ids)}")
            headers = {"If-None-Match": known.headers["ETag"]}
        body = renamed(self.data.get("body"), self.ids)
        if "padded" in self.data:
            body = json.dumps(body).encode().ljust(self.data["padded"])
        return self.idp.send(method, path, body, headers=headers)

    def hold(self, answer: Any) -> None:
        """Compare the answer with the example's."""
        assert answer.status_code == self.data.get("status", 200), answer.text
        assert [name for name in self.data.get("headers", []) if name not in answer.headers] == []
        if "finds" in self.data:
            assert answer.get_json()["totalResults"] == self.data["finds"]
        if "answer" in self.data:
            example = self.data["body"] if self.data["answer"] == "same" else self.data["answer"]
            self.compare(example, answer.get_json(), self.data.get("otherwise", {}))
        body = answer.get_json(silent=True)
        assert [path for path in self.data.get("lacks", []) if at(body, path) is not None] == []
        if "follow" in self.data:
            found = self.idp.send(*self.data["follow"].split(" ", 1))
            self.compare(self.data["follow_answer"], found.get_json(), {})

    def compare(self, example: Any, ours: Any, otherwise: Mapping[str, str]) -> None:
        """Hold that an answer differs where it is said that it does, and nowhere else."""
        example = renamed(example, self.ids)
        unordered = self.data.get("unordered")
        if unordered:
            ours = ours | {unordered: in_order_of(example[unordered], ours[unordered])}
        assert set(differences(example, ours)) == set(otherwise), json.dumps(ours)


def in_order_of(example: list[Any], ours: list[Any]) -> list[Any]:
    """The elements of an unordered list, those of the example first and in its order."""
    names = [element.get("id", element.get("value")) for element in example]
    last = len(names)
    return sorted(ours, key=lambda element: next(
        (place for place, name in enumerate(names) if name in (element.get("id"), element.get("value"))), last
    ))  # fmt: skip


def emptied(idp) -> None:
    """Take away what an example made; the root user stays."""
    for kind in ("Groups", "Users"):
        for resource in idp.get(f"/{kind}?count=1000&attributes=id").get_json()["Resources"]:
            idp.delete(f"/{kind}/{resource['id']}")


@pytest.fixture(params=[Profile.GENERIC, Profile.STRICT])
def profile(request, caller, account, services) -> None:
    """The most and the least tolerant profile: what an RFC shows is plain in every one."""
    update_scim_connection(caller, account.token.token.connection_id, {"profile": request.param}, services)


@pytest.mark.rule("SCM-6", "SCM-7")
@pytest.mark.parametrize("path", DATA, ids=lambda path: path.stem)
@pytest.mark.usefixtures("profile")
def test_every_example_is_accepted_and_answered_in_that_shape(idp, subtests, path):
    for data in examples(path):
        with subtests.test(msg=f"{path.stem} section {data['section']}: {data['title']}"):
            example = Example(idp, data)
            example.prepare()
            example.hold(example.send())
        emptied(idp)


def test_what_we_answer_otherwise_has_a_reason():
    rows = [data for path in DATA for data in examples(path)]
    reasons = [reason for data in rows for reason in data.get("otherwise", {}).values()]
    reasons += [data["refused"] for data in rows if "refused" in data]
    assert len(reasons) > 20
    assert [reason for reason in reasons if len(reason) < 8] == []
    assert {data["section"].split(".")[0] for data in rows} == {"2", "3", "4", "8"}


# Characteristics of attributes that scim2-server's copy of RFC 7643 section 8.7.1 has otherwise than ours -> why.
PRINTED = "false is what section 8.7.1 prints; the copy follows section 2.3.7, by which references are exact"
SCHEMA_DEVIATIONS = {
    "User profileUrl caseExact": PRINTED,
    "User photos.value caseExact": PRINTED,
    "User password caseExact": "false is what section 8.7.1 prints; nothing compares it, as it is thrown away",
    "Group displayName uniqueness": "a name is taken once in an account (GRP-5); identity providers match groups by it",
    "Group members.display mutability": "it is the member's own displayName, so that it never grows old",
}


def characteristics(attributes: list[dict[str, Any]], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every characteristic of every attribute, `emails.type canonicalValues` -> its value; words apart."""
    for attribute in attributes:
        name = f"{above}{attribute['name']}"
        for key, value in attribute.items():
            if key not in ("name", "description", "subAttributes"):
                yield f"{name} {key}", sorted(value) if isinstance(value, list) else value
        yield from characteristics(attribute.get("subAttributes", []), f"{name}.")


def test_the_schemas_are_those_of_section_8_7_1(idp):
    ours = {each["id"]: each for each in idp.get("/Schemas").get_json()["Resources"]}
    found = set()
    for printed in load_json_resource("default-schemas.json"):
        published = dict(characteristics(ours[printed["id"]]["attributes"]))
        for what, value in characteristics(printed["attributes"]):
            if published.get(what) != value:
                found.add(f"{printed['id'].rpartition(':')[2]} {what}")
    assert found == set(SCHEMA_DEVIATIONS)
