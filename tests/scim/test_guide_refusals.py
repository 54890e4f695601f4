"""What docs/guides/README.md says of refusals is what the door answers: each row of its table, provoked."""

import re
from pathlib import Path

import pytest

from provisioning.actions.scim_tokens import create_scim_token
from provisioning.actions.users import create_user
from provisioning.domain.keys import Terms
from provisioning.domain.users import NewUser
from tests.doors.scim import ACCOUNT, ScimClient

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "README.md"


def rows() -> dict[str, int]:
    """Code -> status, as the guide's table of refusals has them."""
    text = GUIDE.read_text(encoding="utf-8").partition("| what you see | code |")[2].partition("\n\n")[0]
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
