"""Section 9 of the profile: the ten pains that others have, each as what must not happen here."""

import pytest

from tests.doors.scim import ENTERPRISE, fault


def members(idp, group: dict) -> list[str]:
    return [member["value"] for member in idp.get(f"/Groups/{group['id']}").get_json().get("members", [])]


@pytest.fixture
def people(idp) -> list[str]:
    return [idp.user(name, displayName=name.title())["id"] for name in ("ada", "bob", "cy")]


@pytest.mark.rule("SCM-6")
def test_1_removing_one_member_never_empties_the_group(idp, people, subtests):
    ada, bob, cy = people
    group = idp.group("Engineers", *people)
    path = f"/Groups/{group['id']}"
    for operation in [
        {"op": "Remove", "path": "members", "value": [{"value": ada}]},
        {"op": "Remove", "path": f'members[value eq "{ada}"]'},
        {
            "op": "Remove",
            "path": "members",
            "value": [{"value": ada, "$ref": None, "display": "Somebody", "type": "User"}],
        },
        {"op": "remove", "path": "MEMBERS", "value": {"value": ada}},
        {"op": "remove", "path": "urn:ietf:params:scim:schemas:core:2.0:Group:members", "value": [{"value": ada}]},
    ]:
        with subtests.test(str(operation)[:60]):
            idp.patch(path, {"op": "add", "path": "members", "value": [{"value": ada}]})
            assert idp.patch(path, operation).status_code == 200
            assert members(idp, group) == [bob, cy]
    for harmless in [
        {"op": "Remove", "path": "members", "value": []},
        {"op": "replace", "value": {"displayName": "Engineers"}},
        {"op": "replace", "value": {"displayName": "Engineers", "externalId": None, "meta": {}}},
        {"op": "add", "path": "members", "value": None},
        {"op": "add", "value": {"members": []}},
    ]:
        with subtests.test(str(harmless)):
            assert idp.patch(path, harmless).status_code == 200
            assert members(idp, group) == [bob, cy]
    for wrong in [
        {"op": "replace", "path": "members", "value": [{}]},
        {"op": "replace", "path": "members", "value": [{"display": "Ada"}]},
        {"op": "replace", "path": "members", "value": [None]},
        {"op": "replace", "path": "members"},
        {"op": "remove", "path": "members", "value": [None]},
        {"op": "remove", "path": "members", "value": [{}]},
        {"op": "remove", "path": "members", "value": "x" * 3 and {"display": "Ada"}},
        {"op": "remove", "path": "members[]"},
    ]:
        with subtests.test(str(wrong)):
            assert idp.patch(path, wrong).status_code == 400
            assert members(idp, group) == [bob, cy]


@pytest.mark.rule("USR-5", "SCM-10")
def test_2_a_deactivation_in_any_form_deactivates_or_is_refused(idp, subtests):
    path = f"/Users/{idp.user('ada')['id']}"
    for off in ("False", "false", "FALSE", False):
        for operation in (
            {"op": "Replace", "path": "active", "value": off},
            {"op": "Add", "path": "active", "value": off},
            {"op": "replace", "value": {"active": off}},
            {"op": "replace", "value": {"urn:ietf:params:scim:schemas:core:2.0:User:active": off}},
            {"op": "replace", "path": "active", "value": [off]},
        ):
            with subtests.test(str(operation)):
                idp.patch(path, {"op": "replace", "path": "active", "value": True})
                answer = idp.patch(path, operation)
                is_off = idp.get(path).get_json()["active"] is False
                assert (answer.status_code, is_off) in ((200, True), (400, False))
        assert idp.put(path, {"userName": "ada", "active": off}).get_json()["active"] is False
    for wrong in ("no", "0", 0, "disabled", {}, "Fals"):
        fault(idp.patch(path, {"op": "replace", "path": "active", "value": wrong}), 400, "invalidValue")
        fault(idp.put(path, {"userName": "ada", "active": wrong}), 400, "invalidValue")


@pytest.mark.rule("SCM-6")
def test_3_a_value_path_that_finds_nothing_makes_what_it_describes(idp):
    path = f"/Users/{idp.user('ada')['id']}"
    shown = idp.patch(
        path,
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "ada@corp.example"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1"},
        {"op": "Replace", "path": 'addresses[type eq "work"].formatted', "value": "1 St"},
        {"op": "Replace", "path": 'addresses[type eq "work"].country', "value": "GB"},
    ).get_json()
    assert shown["emails"] == [{"type": "work", "value": "ada@corp.example"}]
    assert shown["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]
    assert shown["addresses"] == [{"type": "work", "formatted": "1 St", "country": "GB"}]


def test_4_names_with_their_schema_are_known_in_paths_keys_and_filters(idp):
    ada = idp.user("ada", **{ENTERPRISE: {"department": "A"}})
    path = f"/Users/{ada['id']}"
    for name in (f"{ENTERPRISE}:department", f"{ENTERPRISE.upper()}:DEPARTMENT", f"{ENTERPRISE.lower()}:department"):
        for number, operation in enumerate(({"path": name, "value": name}, {"value": {name: f"{name} 2"}})):
            shown = idp.patch(path, {"op": "replace"} | operation).get_json()
            assert shown[ENTERPRISE]["department"] == (f"{name} 2" if number else name)
        assert idp.find("/Users", f'{name} sw "URN:"').get_json()["totalResults"] == 1
    core = "urn:ietf:params:scim:schemas:core:2.0:User"
    assert idp.patch(path, {"op": "add", "path": f"{core}:name.givenName", "value": "A"}).get_json()["name"] == {
        "givenName": "A"
    }
    assert idp.find("/Users", f'{core}:userName eq "ADA"').get_json()["totalResults"] == 1


@pytest.mark.rule("IDN-1", "SCM-5")
def test_5_a_user_name_has_one_owner_in_any_letter_case_and_keeps_its_own(idp):
    made = idp.user("Straße@Corp.example")
    for same in ("straße@corp.example", "STRASSE@CORP.EXAMPLE", "Straße@CORP.example"):
        assert idp.find("/Users", f'userName eq "{same}"').get_json()["Resources"] == [made]
        fault(idp.post("/Users", {"userName": same}), 409, "uniqueness")
    bob = f"/Users/{idp.user('bob')['id']}"
    fault(idp.patch(bob, {"op": "replace", "path": "userName", "value": "STRAßE@corp.example"}), 409, "uniqueness")
    fault(idp.put(bob, {"userName": "strasse@corp.example"}), 409, "uniqueness")
    assert idp.patch(bob, {"op": "replace", "path": "userName", "value": "BOB"}).get_json()["userName"] == "BOB"
    assert made["userName"] == "Straße@Corp.example"


def test_6_a_large_group_is_whole_wherever_it_is_shown_and_answers_are_short(idp, sql):
    sql("update seats set plan_seats = 300")
    people = [idp.user(f"u{number}")["id"] for number in range(205)]
    group = idp.group("Everybody", *people)
    assert [member["value"] for member in group["members"]] == people
    assert members(idp, group) == people
    listed = idp.find("/Groups", 'displayName eq "everybody"').get_json()["Resources"][0]
    assert len(listed["members"]) == 205
    answer = idp.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{people[0]}"]'})
    assert (answer.status_code, answer.data) == (204, b"")
    same = idp.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "displayName", "value": "Everybody"})
    assert (same.status_code, same.headers["ETag"]) == (204, answer.headers["ETag"])
    for query in ({"attributes": "members"}, {"excludedAttributes": "displayName"}):
        shown = idp.patch(f"/Groups/{group['id']}", {"op": "replace", "value": {}}, query_string=query)
        assert (shown.status_code, len(shown.get_json()["members"])) == (200, 204)


def test_6_a_group_of_many_groups_is_a_large_one_too(idp):
    inner = [idp.group(f"Inner {number}")["id"] for number in range(201)]
    path = f"/Groups/{idp.group('Outer', *inner[:200])['id']}"
    one_more = {"op": "add", "path": "members", "value": [{"value": inner[200]}]}
    assert len(idp.patch(path, {"op": "replace", "value": {}}).get_json()["members"]) == 200
    answer = idp.patch(path, one_more)
    assert (answer.status_code, answer.data) == (204, b"")
    assert idp.patch(path, one_more, query_string={"attributes": "members"}).status_code == 200


@pytest.mark.rule("SCM-5", "SCM-6")
def test_8_what_is_there_already_is_no_fault_and_one_stranger_refuses_no_push(idp, people):
    group = idp.group("Engineers", people[0])
    path = f"/Groups/{group['id']}"
    again = {"op": "add", "path": "members", "value": [{"value": people[0]}]}
    assert idp.patch(path, again).get_json() == group
    push = {"op": "add", "path": "members", "value": [{"value": each} for each in (*people, "nobody")]}
    assert idp.patch(path, push).status_code == 200
    assert members(idp, group) == people
    assert idp.put(path, {"displayName": "Engineers", "members": push["value"]}).status_code == 200
    assert members(idp, group) == people


@pytest.mark.rule("USR-6", "SCM-5")
def test_10_a_record_deleted_and_pushed_again_is_made_again(idp):
    body = {"userName": "ada", "externalId": "x-1", "emails": [{"value": "ada@x.example"}]}
    first = idp.post("/Users", body).get_json()
    assert idp.delete(f"/Users/{first['id']}").status_code == 204
    second = idp.post("/Users", body)
    assert second.status_code == 201
    assert second.get_json()["id"] != first["id"]
    group = idp.post("/Groups", {"displayName": "G", "externalId": "g-1"}).get_json()
    assert idp.delete(f"/Groups/{group['id']}").status_code == 204
    assert idp.post("/Groups", {"displayName": "G", "externalId": "g-1"}).status_code == 201
