"""Groups over the wire: names, members in every provider's shape, and answers that do not grow with the group."""

import pytest

from provisioning.scim.groups import MOST_MEMBERS_SHOWN
from tests.doors.scim import ScimClient, fault

COPIES = """
    insert into users select copy.* from users person, generate_series(1, %s) number, lateral jsonb_populate_record(
        person, jsonb_build_object('id', 'u' || number, 'user_name_key', 'k' || number, 'email_key', null,
                                   'external_id', null)) copy
    where person.id = %s
"""


@pytest.fixture
def people(idp) -> list[str]:
    """Ids of ada, bob and cy."""
    return [idp.user(name, displayName=name.title())["id"] for name in ("ada", "bob", "cy")]


def members(idp: ScimClient, group: dict) -> list[str]:
    """Ids of a group's members as the service shows them now."""
    return [member["value"] for member in idp.get(f"/Groups/{group['id']}").get_json().get("members", [])]


def test_a_group_is_made_with_members_that_the_server_describes(idp, people):
    made = idp.post("/Groups", {"displayName": "Engineers", "externalId": "G-1", "members": [{"value": people[0]}]})
    body = made.get_json()
    assert made.status_code == 201
    assert (made.headers["Location"], made.headers["ETag"]) == (body["meta"]["location"], body["meta"]["version"])
    location = f"http://127.0.0.1:8080/scim/v2/Users/{people[0]}"
    assert body["members"] == [{"value": people[0], "$ref": location, "type": "User", "display": "Ada"}]
    assert idp.get(f"/Groups/{body['id']}").get_json() == body
    shown = idp.get(f"/Users/{people[0]}").get_json()["groups"]
    assert shown == [{"value": body["id"], "$ref": body["meta"]["location"], "display": "Engineers", "type": "direct"}]


def test_no_other_name_stands_in_for_a_members_display_name(idp):
    nameless = idp.user("dee", name={"givenName": "Dee", "familyName": "Ray"})
    assert "display" not in idp.group("Engineers", nameless["id"])["members"][0]


@pytest.mark.rule("GRP-5", "SCM-5")
def test_a_name_or_external_id_is_taken_once(idp):
    idp.group("Engineers", externalId="G-1")
    fault(idp.post("/Groups", {"displayName": "ENGINEERS"}), 409, "uniqueness")
    fault(idp.post("/Groups", {"displayName": "Other", "externalId": "G-1"}), 409, "uniqueness")
    other = idp.group("Other")
    fault(idp.patch(f"/Groups/{other['id']}", {"op": "replace", "path": "displayName", "value": "engineers"}), 409,
          "uniqueness")  # fmt: skip
    assert idp.get(f"/Groups/{other['id']}").get_json() == other


@pytest.mark.rule("SCM-6", "GRP-5")
def test_members_come_and_go_in_every_shape(idp, people):
    ada, bob, cy = people
    group = idp.group("Engineers")
    path = f"/Groups/{group['id']}"
    walk = [
        ({"op": "Add", "path": "members", "value": [{"value": ada}, {"value": bob}]}, [ada, bob]),
        ({"op": "add", "path": "members", "value": [{"value": ada}]}, [ada, bob]),
        ({"op": "Remove", "path": "members", "value": [{"value": ada}]}, [bob]),
        ({"op": "Remove", "path": f'members[value eq "{cy}"]'}, [bob]),
        ({"op": "add", "value": {"members": [{"$ref": f"../Users/{cy}"}]}}, [bob, cy]),
        ({"op": "remove", "path": 'members[display sw "b" and type eq "User"]'}, [cy]),
        ({"op": "replace", "path": "members", "value": [{"value": ada}, {"value": bob}]}, [ada, bob]),
        ({"op": "replace", "value": {"displayName": "Makers"}}, [ada, bob]),
        ({"op": "remove", "path": "members"}, []),
    ]
    for operation, expected in walk:
        answer = idp.patch(path, operation)
        assert answer.status_code == 200
        assert [member["value"] for member in answer.get_json().get("members", [])] == expected
        assert members(idp, group) == expected


@pytest.mark.rule("SCM-6")
def test_a_selection_meets_what_earlier_operations_left(idp, people):
    ada, bob, cy = people
    group = idp.group("Engineers", ada, bob)
    path = f"/Groups/{group['id']}"
    add, choose = {"op": "add", "path": "members", "value": [{"value": cy}]}, 'members[not (display eq "Bob")]'
    assert idp.patch(path, add, {"op": "remove", "path": choose}).status_code == 200
    assert members(idp, group) == [bob]
    fault(idp.patch(path, add, {"op": "remove", "path": 'members[display eq "Nobody"]'}), 400, "noTarget")
    assert members(idp, group) == [bob]


@pytest.mark.rule("SCM-6")
def test_a_refused_operation_leaves_every_member_where_it_was(idp, people):
    group = idp.group("Engineers", *people)
    path = f"/Groups/{group['id']}"
    remove_all = {"op": "remove", "path": "members"}
    for wrong, scim_type in (
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "remove", "path": "members", "value": [{"display": "x"}]}, "invalidValue"),
        ({"op": "remove", "path": 'members[value eq "x"'}, "invalidPath"),
        ({"op": "replace", "path": "displayName", "value": ""}, "invalidValue"),
        ({"op": "remove"}, "noTarget"),
    ):
        fault(idp.patch(path, remove_all, wrong), 400, scim_type)
    assert members(idp, group) == people


def test_a_put_is_the_whole_group(idp, people):
    group = idp.group("Engineers", *people[:2], externalId="G-1")
    path = f"/Groups/{group['id']}"
    put = idp.put(path, {"displayName": "Makers", "members": [{"value": people[2]}, {"value": people[1]}]}).get_json()
    assert put["displayName"] == "Makers"
    assert "externalId" not in put
    assert members(idp, group) == people[1:]
    assert "members" not in idp.put(path, {"displayName": "Makers"}).get_json()
    assert members(idp, group) == []


@pytest.mark.rule("GRP-5")
def test_a_deleted_group_is_gone_and_its_members_stay(idp, people):
    group = idp.group("Engineers", *people)
    assert idp.delete(f"/Groups/{group['id']}").status_code == 204
    fault(idp.get(f"/Groups/{group['id']}"), 404)
    assert "groups" not in idp.get(f"/Users/{people[0]}").get_json()


def test_a_deleted_user_leaves_its_groups(idp, people):
    group = idp.group("Engineers", *people)
    idp.delete(f"/Users/{people[0]}")
    assert members(idp, group) == people[1:]
    assert idp.get(f"/Groups/{group['id']}").headers["ETag"] != group["meta"]["version"]


def test_a_group_in_a_group_is_kept_and_shown(idp, people):
    inner = idp.group("Inner", people[0])
    outer = idp.group("Outer", inner["id"])
    assert [(member["value"], member["type"]) for member in outer["members"]] == [(inner["id"], "Group")]
    assert [group["display"] for group in idp.get(f"/Users/{people[0]}").get_json()["groups"]] == ["Inner"]
    idp.delete(f"/Groups/{inner['id']}")
    assert members(idp, outer) == []


def test_members_are_shown_only_where_asked_for(idp, people):
    group = idp.group("Engineers", *people)
    excluded = {"filter": 'displayName eq "engineers"', "excludedAttributes": "members"}
    assert "members" not in idp.get("/Groups", query_string=excluded).get_json()["Resources"][0]
    assert "members" not in idp.get(f"/Groups/{group['id']}", query_string={"attributes": "displayName"}).get_json()
    parts = idp.get(f"/Groups/{group['id']}", query_string={"attributes": "members.value"}).get_json()
    assert parts["members"] == [{"value": member_id} for member_id in people]


@pytest.mark.rule("SCM-7")
def test_membership_is_tested_by_filter(idp, people):
    group = idp.group("Engineers", people[0])

    def is_member(user_id: str) -> bool:
        found = idp.find("/Groups", f'id eq "{group["id"]}" and members eq "{user_id}"', excludedAttributes="members")
        return bool(found.get_json()["totalResults"])

    assert is_member(people[0])
    assert not is_member(people[1])


def test_a_patch_of_a_large_group_is_answered_without_its_members(idp, sql):
    group = idp.group("Everybody")
    ada = idp.user("ada")["id"]
    sql(COPIES, MOST_MEMBERS_SHOWN, ada)
    path = f"/Groups/{group['id']}"
    everybody = [{"value": f"u{number}"} for number in range(1, MOST_MEMBERS_SHOWN + 1)]
    shown = idp.patch(path, {"op": "add", "path": "members", "value": everybody})
    assert (shown.status_code, len(shown.get_json()["members"])) == (200, MOST_MEMBERS_SHOWN)
    add = {"op": "add", "path": "members", "value": [{"value": ada}]}
    silent = idp.patch(path, add)
    assert (silent.status_code, silent.data) == (204, b"")
    assert silent.headers["ETag"] == idp.get(path).headers["ETag"]
    assert idp.patch(path, add, query_string={"attributes": "displayName"}).get_json()["displayName"] == "Everybody"
    assert len(members(idp, group)) == MOST_MEMBERS_SHOWN + 1


@pytest.mark.rule("SCM-6", "TEN-3")
def test_a_strict_connection_refuses_members_that_are_not_there(idp, foreign_idp, people, sql):
    sql("update scim_connections set profile = 'strict'")
    group = idp.group("Engineers", people[0])
    path = f"/Groups/{group['id']}"
    for stranger in ("01a20a00-0000-7000-8000-000000000000", foreign_idp.user("bob")["id"], group["id"]):
        some = [{"value": people[1]}, {"value": stranger}]
        fault(idp.patch(path, {"op": "add", "path": "members", "value": some}), 400, "invalidValue")
        fault(idp.put(path, {"displayName": "Engineers", "members": some}), 400, "invalidValue")
        if stranger != group["id"]:
            fault(idp.post("/Groups", {"displayName": "Makers", "members": some}), 400, "invalidValue")
        fault(idp.patch(path, {"op": "remove", "path": f'members[value eq "{stranger}"]'}), 400, "noTarget")
        fault(idp.patch(path, {"op": "remove", "path": "members", "value": some}), 400, "noTarget")
    assert idp.get(path).get_json() == group
    assert idp.find("/Groups", 'displayName eq "Makers"').get_json()["totalResults"] == 0
