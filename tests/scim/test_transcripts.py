"""What identity providers really send, request by request, as recorded in `transcripts/`."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.actions.users import create_user
from provisioning.domain.users import NewUser
from tests.factories import scim_caller_of

TRANSCRIPTS = sorted(Path(__file__).parent.glob("transcripts/*.yaml"))


def filled(value: Any, saved: dict[str, str]) -> Any:
    """A value with every ${name} put in."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: saved[found[1]], value)
    if isinstance(value, dict):
        return {name: filled(member, saved) for name, member in value.items()}
    return [filled(member, saved) for member in value] if isinstance(value, list) else value


def at(body: Any, path: str) -> Any:
    """The value at a dotted path; a URN is one step although it has dots. None where nothing is."""
    steps = re.findall(r"urn:[^ ]*?:(?:User|Group)|[^.]+", path)
    for step in steps:
        if isinstance(body, list):
            body = body[int(step)] if int(step) < len(body) else None
        else:
            body = (body or {}).get(step)
    return body


@pytest.mark.rule("SCM-6", "USR-5", "USR-11")
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_is_answered_as_the_provider_expects(idp, transcript):
    saved: dict[str, str] = {}
    for step in yaml.safe_load(transcript.read_text()):
        method, path = filled(step["send"], saved).split(" ", 1)
        answer = idp.send(method, path, filled(step.get("body"), saved))
        assert answer.status_code == step["status"], f"{step['title']}: {answer.text}"
        body = answer.get_json(silent=True)
        saved |= {name: at(body, where) for name, where in step.get("save", {}).items()}
        found = {where: at(body, where) for where in step.get("expect", {})}
        assert found == filled(step.get("expect", {}), saved), step["title"]
        assert [where for where in step.get("has", []) if at(body, where) is None] == [], step["title"]
        assert [where for where in step.get("lacks", []) if at(body, where) is not None] == [], step["title"]


def test_a_pushed_user_has_all_that_oktas_spec_test_reads(idp, account, services):
    caller = scim_caller_of(account, services)
    create_user(caller, NewUser(user_name="a@b.example", first_name="A", last_name="B",
                                attributes={"emails": [{"value": "a@b.example"}]}), services)  # fmt: skip
    user = idp.find("/Users", 'userName eq "a@b.example"').get_json()["Resources"][0]
    wanted = ("id", "name.givenName", "name.familyName", "userName", "active", "emails.0.value")
    assert all(at(user, path) is not None for path in wanted)
