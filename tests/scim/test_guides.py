"""docs/guides/: what they say of refusals is what the door answers, and what they give to paste is understood."""

import json
import re
from pathlib import Path

import pytest
import yaml

from provisioning.actions.scim_tokens import create_scim_token
from provisioning.actions.users import create_user
from provisioning.domain.errors import Code
from provisioning.domain.keys import Terms
from provisioning.domain.users import NewUser
from provisioning.scim.errors import ANSWERS
from tests.doors.scim import ACCOUNT, ScimClient

FOLDER = Path(__file__).parents[2] / "docs" / "guides"
GUIDES = sorted(FOLDER.glob("[a-z]*.md"))
CHAPTERS = ("Values to paste", "Steps", "How to see that it works", "The commonest faults",
            "Rotating the token, leaving", "Sources")  # fmt: skip


def rows() -> dict[str, int]:
    """Code -> status, as the guide's table of refusals has them."""
    text = (
        (FOLDER / "README.md").read_text(encoding="utf-8").partition("| what you see | code |")[2].partition("\n\n")[0]
    )
    found = re.findall(r"^\| (\d{3})[^|]* \| ([^|]+) \|", text, re.MULTILINE)
    return {code: int(status) for status, codes in found for code in re.findall(r"`(\w+)`", codes)}


@pytest.fixture
def elsewhere(app, caller, services) -> ScimClient:
    """An identity provider whose token is good from another network only."""
    made = create_scim_token(caller, "default", services, Terms(address_ranges=("203.0.113.0/24",)))
    return ScimClient(app, made.text)


@pytest.fixture
def by_hand(caller, services) -> str:
    """The id of somebody whom an administrator made."""
    return create_user(
        caller, NewUser(email="hand@corp.example", first_name="Hand", last_name="Made"), services
    ).user.id


@pytest.mark.rule("SCM-1", "SCM-4", "SCM-5", "SCM-6", "LIM-7")
def test_every_refusal_of_the_guide_looks_as_it_says(app, account, idp, elsewhere, by_hand, sql):
    idp.user("dana", externalId="x-1", emails=[{"value": "dana@corp.example"}])
    idp.group("Engineers")
    root = idp.find("/Users", f"{ACCOUNT}:root eq true").get_json()["Resources"][0]
    answers = [
        ScimClient(app, account.token.text[:-1] + "x").get("/Users"),
        elsewhere.get("/Users"),
        idp.post("/Users", {"userName": "DANA"}),
        idp.post("/Users", {"userName": "d2", "emails": [{"value": "Dana@corp.example"}]}),
        idp.post("/Users", {"userName": "d3", "externalId": "x-1"}),
        idp.post("/Groups", {"displayName": "engineers"}),
        idp.patch(f"/Users/{by_hand}", {"op": "replace", "path": "active", "value": False}),
        idp.patch(f"/Users/{root['id']}", {"op": "replace", "path": "active", "value": False}),
        idp.post("/Users", {"userName": "d4", "roles": [{"value": "master_admin"}]}),
        idp.post("/Users", {"name": {"givenName": "Nobody"}}),
        idp.patch(f"/Users/{by_hand}", {"op": "replace", "path": "shoeSize", "value": 43}),
        idp.find("/Users", 'shoeSize eq "43"'),
        idp.get("/Users/0190c0de-0000-7000-8000-000000000000"),
    ]
    sql("update seats set plan_seats = 3")
    answers.append(idp.post("/Users", {"userName": "d5"}))
    said = {answer.headers["Gatelodge-Error"]: answer.status_code for answer in answers}
    assert said == rows()
    assert {answer.get_json()["status"] for answer in answers} == {str(status) for status in said.values()}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_has_every_chapter_and_the_profile_of_its_transcript(guide):
    text = guide.read_text()
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == CHAPTERS
    transcript = yaml.safe_load((Path(__file__).parent / "transcripts" / f"{guide.stem}.yaml").read_text())
    assert f"| here: profile of the connection | `{transcript['profile']}` |" in text
    assert f"tests/scim/transcripts/{guide.stem}.yaml" in text
    assert "<https://" in text.partition("## Sources")[2]
    assert f"({guide.name})" in (FOLDER / "README.md").read_text()


def test_guides_name_statuses_and_codes_as_the_door_answers_them():
    text = "".join(path.read_text() for path in sorted(FOLDER.glob("*.md")))
    named = re.findall(r"\b(4\d\d) \|? ?`([a-z_]+)`(?:(?:, | or )`([a-z_]+)`)?", text)
    rows = {(int(status), Code(code)) for status, *codes in named for code in codes if code}
    assert len(rows) > 12
    assert {(status, code) for status, code in rows if ANSWERS[code].status != status} == set()


def test_what_a_guide_gives_to_paste_makes_a_person(idp):
    template = (FOLDER / "onelogin.md").read_text().partition("```json\n")[2].partition("```")[0]
    filled = {"scimusername": "dana", "firstname": "Dana", "lastname": "Roe", "display_name": "Dana Roe",
              "email": "dana@corp.example", "department": "Engines"}  # fmt: skip
    body = json.loads(re.sub(r"\{\$\w+\.(\w+)\}", lambda found: filled[found[1]], template))
    made = idp.post("/Users", body)
    assert made.status_code == 201, made.text
    assert {name: made.get_json()[name] for name in body if name != "schemas"} == {
        name: value for name, value in body.items() if name != "schemas"
    }
    assert set(body["schemas"]) <= set(made.get_json()["schemas"])
