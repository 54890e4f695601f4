"""What identity providers really send, request by request, as recorded in `transcripts/`.

A transcript names its provider, the public pages that it was written from, the profile that its guide asks for, and its
steps: what is sent, what the answer must be, and what is true afterwards (`then`). Each provider shows every act of
ACTS, or says in `never` why it has none.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.actions.scim_connections import update_scim_connection
from provisioning.actions.users import create_user
from provisioning.domain.scim_connections import Profile
from provisioning.domain.users import NewUser
from tests.doors.scim import PATCH_OP
from tests.factories import scim_caller_of

TRANSCRIPTS = sorted(Path(__file__).parent.glob("transcripts/*.yaml"))
ACTS = {
    "connection test", "match", "create", "update", "deactivate", "reactivate", "delete",
    "group push", "member add", "member remove",
}  # fmt: skip
STEP = {"title", "act", "send", "body", "patch", "status", "save", "expect", "has", "lacks", "then"}


def filled(value: Any, saved: Mapping[str, str]) -> Any:
    """A value with every ${name} put in."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: saved[found[1]], value)
    if isinstance(value, dict):
        return {filled(name, saved): filled(member, saved) for name, member in value.items()}
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


def send(idp, step: Mapping[str, Any], saved: Mapping[str, str]) -> Any:
    """Send the request of a step; `patch` stands for a PATCH message of these operations."""
    method, path = filled(step["send"], saved).split(" ", 1)
    body = {"schemas": [PATCH_OP], "Operations": step["patch"]} if "patch" in step else step.get("body")
    return idp.send(method, path, filled(body, saved))


def hold_to(body: Any, expected: Mapping[str, Any], title: str) -> None:
    """Every path of a body has the value that is expected; None means that nothing is there."""
    assert {path: at(body, path) for path in expected} == expected, title


def hold_to_state(idp, asked: str, expected: Any, title: str) -> None:
    """A GET is answered with the status that is expected, or with a body of these values."""
    answer = idp.get(asked.removeprefix("GET "))
    if isinstance(expected, int):
        assert answer.status_code == expected, f"{title}: {answer.text}"
    else:
        hold_to(answer.get_json(), expected, f"{title}: {asked}")


def epoch_of(sql, user_id: str) -> int:
    """The number that every session of a user must have; a greater one ends all of them."""
    [(epoch,)] = sql("select epoch from users where id = %s", user_id)
    return int(epoch)


@pytest.mark.rule("SCM-3", "SCM-5", "SCM-6", "SCM-10", "USR-5", "USR-11")
@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_is_answered_as_the_provider_expects(idp, foreign_idp, caller, account, services, sql, transcript):
    recorded = yaml.safe_load(transcript.read_text())
    profile = {"profile": Profile(recorded["profile"])}
    update_scim_connection(caller, account.token.token.connection_id, profile, services)
    of_others = (foreign_idp.get("/Users").text, foreign_idp.get("/Groups").text)
    saved: dict[str, str] = {}
    for step in recorded["steps"]:
        title, ends_access = step["title"], step.get("act") == "deactivate"
        epoch = epoch_of(sql, saved["user"]) if ends_access else 0
        answer = send(idp, step, saved)
        assert answer.status_code == step["status"], f"{title}: {answer.text}"
        body = answer.get_json(silent=True)
        saved |= {name: at(body, where) for name, where in step.get("save", {}).items()}
        hold_to(body, filled(step.get("expect", {}), saved), title)
        assert [where for where in step.get("has", []) if at(body, where) is None] == [], title
        assert [where for where in step.get("lacks", []) if at(body, where) is not None] == [], title
        assert not ends_access or epoch_of(sql, saved["user"]) > epoch, title
        for asked, expected in filled(step.get("then", {}), saved).items():
            hold_to_state(idp, asked, expected, title)
    assert (foreign_idp.get("/Users").text, foreign_idp.get("/Groups").text) == of_others


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_names_its_sources_and_leaves_no_act_out(transcript):
    recorded = yaml.safe_load(transcript.read_text())
    assert [source for source in recorded["source"] if not source.startswith("https://")] == []
    assert set().union(*recorded["steps"]) <= STEP
    shown = {step["act"] for step in recorded["steps"] if "act" in step}
    assert shown | recorded.get("never", {}).keys() == ACTS
    assert not shown & recorded.get("never", {}).keys()


def test_a_pushed_user_has_all_that_oktas_spec_test_reads(idp, account, services):
    caller = scim_caller_of(account, services)
    create_user(caller, NewUser(user_name="a@b.example", first_name="A", last_name="B",
                                attributes={"emails": [{"value": "a@b.example"}]}), services)  # fmt: skip
    user = idp.find("/Users", 'userName eq "a@b.example"').get_json()["Resources"][0]
    wanted = ("id", "name.givenName", "name.familyName", "userName", "active", "emails.0.value")
    assert all(at(user, path) is not None for path in wanted)
