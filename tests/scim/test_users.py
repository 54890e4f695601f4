"""Users over the wire: made, read, replaced, patched, deleted; each answer as RFC 7644 and the domain's rules say."""

import pytest

from tests.doors.scim import ACCOUNT, ENTERPRISE

WORK = {"value": "ada@corp.example", "type": "work", "primary": True}


@pytest.fixture
def ada(idp) -> dict:
    return idp.user("ada", externalId="x-1", name={"givenName": "Ada", "familyName": "Byron"}, emails=[WORK])


@pytest.mark.rule("USR-11", "SCM-5")
def test_a_user_is_made_whole_with_address_and_tag(idp):
    made = idp.post("/Users", {
        "userName": "Ada", "externalId": "x-1", "name": {"givenName": "Ada", "familyName": "Byron"},
        "emails": [WORK], "active": True, "title": "Countess", ENTERPRISE: {"department": "Engines"},
    })  # fmt: skip
    body = made.get_json()
    assert made.status_code == 201
    assert made.content_type == "application/scim+json"
    assert made.headers["Location"] == body["meta"]["location"]
    assert made.headers["ETag"] == body["meta"]["version"]
    assert body["userName"] == "Ada"
    assert body["name"] == {"givenName": "Ada", "familyName": "Byron"}
    assert body["emails"] == [WORK]
    assert body["active"] is True
    assert body[ENTERPRISE] == {"department": "Engines"}
    assert body["schemas"][1:] == [ENTERPRISE, ACCOUNT]
    assert body[ACCOUNT]["status"] == "pending"
    assert idp.get(f"/Users/{body['id']}").get_json() == body


@pytest.mark.rule("SCM-5")
def test_a_repeated_create_is_refused_and_changes_nothing(idp, ada):
    again = idp.post("/Users", {"userName": "ADA", "title": "Impostor"})
    assert (again.status_code, again.get_json()["scimType"]) == (409, "uniqueness")
    assert again.headers["Gatelodge-Error"] == "user_name_taken"
    same_external_id = idp.post("/Users", {"userName": "other", "externalId": "x-1"})
    assert (same_external_id.status_code, same_external_id.get_json()["scimType"]) == (409, "uniqueness")
    assert idp.get(f"/Users/{ada['id']}").get_json() == ada


@pytest.mark.rule("USR-5")
def test_a_put_replaces_all_but_active(idp, ada):
    idp.patch(f"/Users/{ada['id']}", {"op": "replace", "value": {"active": False, "title": "Countess"}})
    put = idp.put(f"/Users/{ada['id']}", {"userName": "ada", "nickName": "A"})
    body = put.get_json()
    assert put.status_code == 200
    assert body["nickName"] == "A"
    assert "title" not in body
    assert "name" not in body
    assert "externalId" not in body
    assert body["active"] is False


@pytest.mark.rule("USR-5")
@pytest.mark.parametrize("value", [{"active": False}, {"active": "False"}, {"ACTIVE": "false"}])
def test_deactivation_without_a_path_in_all_spellings(idp, ada, value):
    off = idp.patch(f"/Users/{ada['id']}", {"op": "Replace", "value": value})
    assert off.get_json()["active"] is False
    assert off.get_json()[ACCOUNT]["status"] == "disabled"
    on = idp.patch(f"/Users/{ada['id']}", {"op": "replace", "path": "active", "value": "True"})
    assert on.get_json()["active"] is True


@pytest.mark.rule("USR-6")
def test_a_deleted_user_is_gone_for_every_method(idp, ada):
    path = f"/Users/{ada['id']}"
    gone = idp.delete(path)
    assert (gone.status_code, gone.data) == (204, b"")
    assert idp.get(path).status_code == 404
    assert idp.put(path, {"userName": "ada"}).status_code == 404
    assert idp.patch(path, {"op": "replace", "value": {"active": True}}).status_code == 404
    assert idp.delete(path).status_code == 404
    assert idp.find("/Users", 'userName eq "ada"').get_json()["totalResults"] == 0
