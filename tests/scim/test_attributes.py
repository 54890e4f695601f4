"""Section 2 of the profile over the wire: each rule on attributes of users and groups, tried on one resource."""

import pytest

from tests.doors.scim import ACCOUNT, CORE_GROUP, CORE_USER, ENTERPRISE, fault

URL = "http://127.0.0.1:8080/scim/v2"
# Every attribute of RFC 7643 section 4.1 and 4.3 that a client may set, with each of its sub-attributes.
FULL = {
    "userName": "Ada.B",
    "externalId": "X-1",
    "name": {
        "formatted": "Countess Ada K Byron III", "familyName": "Byron", "givenName": "Ada", "middleName": "K",
        "honorificPrefix": "Countess", "honorificSuffix": "III",
    },
    "displayName": "Ada B", "nickName": "A", "profileUrl": "https://x.example/ada", "title": "Dr",
    "userType": "Employee", "preferredLanguage": "en-GB", "locale": "en-GB", "timezone": "Europe/London",
    "active": True,
    "emails": [
        {"value": "ada@corp.example", "display": "Ada", "type": "work", "primary": True},
        {"value": "ada@home.example", "type": "cottage"},
    ],
    "phoneNumbers": [{"value": "+1", "type": "mobile", "display": "One", "primary": False}],
    "ims": [{"value": "ada", "type": "xmpp"}],
    "photos": [{"value": "https://x.example/a.png", "type": "photo"}],
    "addresses": [{
        "formatted": "1 St", "streetAddress": "1 St", "locality": "London", "region": "L", "postalCode": "W1",
        "country": "GB", "type": "work", "primary": True,
    }],
    "entitlements": [{"value": "e1", "display": "E", "type": "t"}],
    "roles": [{"value": "reports", "display": "R", "type": "t", "primary": True}, {"value": "anything"}],
    "x509Certificates": [{"value": "TUlJ", "display": "C", "type": "t"}],
    ENTERPRISE: {"employeeNumber": "7", "costCenter": "c", "organization": "o", "division": "d", "department": "e"},
}  # fmt: skip


@pytest.mark.rule("IDN-1")
def test_every_attribute_is_kept_as_it_was_sent(idp):
    made = idp.user("unused", **FULL)
    assert {name: made[name] for name in FULL} == FULL
    assert set(made) - set(FULL) == {"schemas", "id", "meta", ACCOUNT}
    assert idp.get(f"/Users/{made['id']}").get_json() == made
    same = idp.put(f"/Users/{made['id']}", made)
    assert same.get_json() == made, "what was read and is put back changes nothing"


def test_each_null_and_empty_list_means_unassigned(idp, subtests):
    ada = idp.user("unused", **FULL)
    path = f"/Users/{ada['id']}"
    for name in set(FULL) - {"userName", "active"}:
        for nothing in (None, [], {}) if name in ("name", ENTERPRISE) else (None, []):
            with subtests.test(f"{name} {nothing}"):
                idp.put(path, FULL)
                assert name not in idp.put(path, FULL | {name: nothing}).get_json()
                idp.put(path, FULL)
                if nothing != {}:
                    patched = idp.patch(path, {"op": "replace", "value": {name: nothing}})
                    assert name not in patched.get_json()
                idp.put(path, FULL)
                removed = idp.patch(path, {"op": "remove", "path": name})
                assert name not in removed.get_json()
                assert (ENTERPRISE in removed.get_json()["schemas"]) is (name != ENTERPRISE)


def test_schemas_lists_an_extension_exactly_when_its_data_is_there(idp):
    ada = idp.user("ada")
    path = f"/Users/{ada['id']}"
    assert ada["schemas"] == [CORE_USER, ACCOUNT]
    walk = [
        ({"op": "add", "path": f"{ENTERPRISE}:department", "value": "D"}, True),
        ({"op": "remove", "path": f"{ENTERPRISE}:department"}, False),
        ({"op": "add", "value": {ENTERPRISE: {"costCenter": "C", "manager": {"value": "m"}}}}, True),
        ({"op": "remove", "path": f"{ENTERPRISE}:costCenter"}, True),
        ({"op": "replace", "path": f"{ENTERPRISE}:manager", "value": ""}, False),
        ({"op": "add", "path": ENTERPRISE, "value": {"division": "D"}}, True),
        ({"op": "remove", "path": ENTERPRISE}, False),
    ]
    for operation, is_there in walk:
        shown = idp.patch(path, operation).get_json()
        assert (ENTERPRISE in shown["schemas"], ENTERPRISE in shown) == (is_there, is_there), operation
    assert (
        ENTERPRISE not in idp.put(path, {"schemas": [CORE_USER, ENTERPRISE], "userName": "ada"}).get_json()["schemas"]
    )
    assert ENTERPRISE not in idp.put(path, {"userName": "ada", ENTERPRISE: {"department": None}}).get_json()["schemas"]


@pytest.mark.rule("IDN-5")
def test_what_is_read_only_is_ignored_in_post_and_put_and_refused_in_patch(idp, subtests):
    ada = idp.user("ada")
    group = idp.group("Engineers", ada["id"])
    path = f"/Users/{ada['id']}"
    before = idp.get(path).get_json()
    tried = [
        ("id", "x"), ("meta", {"version": "x"}), ("meta.created", "2001-01-01T00:00:00Z"), ("schemas", ["urn:x"]),
        ("groups", []), ("groups", [{"value": "x"}]), (f'groups[value eq "{group["id"]}"]', None),
        (f"{ACCOUNT}:role", "admin"), (f"{ACCOUNT}:root", True), (f"{ACCOUNT}:managedBy", "x"), (ACCOUNT, None),
        (f"{ACCOUNT}:status", "active"), (f"{ENTERPRISE}:manager.displayName", "Boss"),
    ]  # fmt: skip
    for name, value in tried:
        with subtests.test(f"{name} {value}"):
            if name != ACCOUNT:
                fault(idp.patch(path, {"op": "remove", "path": name}), 400, "mutability")
            if value:
                for op in ("add", "replace"):
                    fault(idp.patch(path, {"op": op, "path": name, "value": value}), 400, "mutability")
            assert idp.get(path).get_json() == before
    for name, value in [("id", "x"), ("meta", {"version": "x"}), ("schemas", [CORE_GROUP])]:
        fault(idp.patch(f"/Groups/{group['id']}", {"op": "replace", "path": name, "value": value}), 400, "mutability")
    put = idp.put(path, {"userName": "ada", "id": "x", "meta": {"version": "x"}, "groups": []}).get_json()
    assert put == before


@pytest.mark.rule("USR-5")
def test_active_can_be_unassigned_and_only_an_explicit_value_ends_or_gives_access(idp):
    path = f"/Users/{idp.user('ada')['id']}"

    def status() -> str:
        return idp.get(path).get_json()[ACCOUNT]["status"]

    gone = idp.patch(path, {"op": "remove", "path": "active"})
    assert "active" not in gone.get_json()
    assert gone.headers["ETag"] != 'W/"1"'
    assert status() == "pending"
    assert "active" not in idp.patch(path, {"op": "add", "path": "title", "value": "Dr"}).get_json()
    assert "active" not in idp.put(path, {"userName": "ada", "title": "Dr"}).get_json()
    assert idp.patch(path, {"op": "add", "path": "active", "value": "False"}).get_json()["active"] is False
    assert status() == "disabled"
    again = idp.patch(path, {"op": "remove", "path": "active"})
    assert "active" not in again.get_json()
    assert status() == "disabled"
    assert idp.put(path, {"userName": "ada", "active": None}).status_code == 200
    assert status() == "disabled"
    assert idp.put(path, {"userName": "ada", "active": True}).get_json()["active"] is True
    assert status() == "pending"


def test_at_most_one_value_is_primary(idp, subtests):
    two = [{"value": "a@x.example", "primary": True}, {"value": "b@x.example", "primary": "True"}]
    fault(idp.post("/Users", {"userName": "x", "emails": two}), 400, "invalidValue")
    ada = idp.user("ada", emails=[{"value": "a@x.example", "type": "work", "primary": True}, {"value": "b@x.example"}])
    path = f"/Users/{ada['id']}"
    fault(idp.put(path, {"userName": "ada", "emails": two}), 400, "invalidValue")
    for operation in [
        {"op": "add", "path": "emails", "value": [{"value": "c@x.example", "primary": True}]},
        {"op": "replace", "path": 'emails[value eq "b@x.example"].primary', "value": "True"},
        {"op": "add", "path": 'emails[type eq "home"]', "value": {"value": "d@x.example", "primary": True}},
        {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "a@x.example", "primary": True}},
        {"op": "add", "value": {'emails[type eq "other"].primary': True}},
    ]:
        with subtests.test(str(operation)):
            shown = idp.patch(path, operation).get_json()["emails"]
            assert sum(each.get("primary") is True for each in shown) == 1
    for wrong in ("emails", "emails.primary"):
        value = True if wrong.endswith("primary") else two
        fault(idp.patch(path, {"op": "replace", "path": wrong, "value": value}), 400, "invalidValue")


@pytest.mark.rule("GRP-5")
def test_members_appear_once_and_a_group_in_a_group_gives_nothing(idp):
    ada = idp.user("ada", displayName="Ada")
    inner = idp.group("Inner", ada["id"], ada["id"])
    assert [member["value"] for member in inner["members"]] == [ada["id"]]
    outer = idp.group("Outer", inner["id"], inner["id"], ada["id"])
    path = f"/Groups/{outer['id']}"
    again = [{"value": inner["id"], "type": "User", "display": "x", "$ref": "https://evil.example/x"}] * 2
    put = idp.put(path, {"displayName": "Outer", "members": [*again, {"value": ada["id"], "type": "Group"}]})
    expected = [
        {"value": ada["id"], "$ref": f"{URL}/Users/{ada['id']}", "type": "User", "display": "Ada"},
        {"value": inner["id"], "$ref": f"{URL}/Groups/{inner['id']}", "type": "Group", "display": "Inner"},
    ]
    assert put.get_json()["members"] == expected
    assert put.get_json() == outer, "the same members again change nothing, not even the version"
    own = idp.patch(path, {"op": "add", "path": "members", "value": [{"value": outer["id"]}]})
    assert own.get_json() == outer, "no group is in itself"
    idp.patch(path, {"op": "remove", "path": f'members[value eq "{ada["id"]}"]'})
    assert [group["value"] for group in idp.get(f"/Users/{ada['id']}").get_json()["groups"]] == [inner["id"]]


def test_a_deleted_resource_is_out_of_every_group_and_their_versions_move(idp):
    ada, bob = idp.user("ada"), idp.user("bob")
    inner = idp.group("Inner", ada["id"])
    outers = [idp.group(f"Outer {number}", ada["id"], bob["id"], inner["id"]) for number in range(3)]
    for path, is_gone in ((f"/Users/{ada['id']}", ada["id"]), (f"/Groups/{inner['id']}", inner["id"])):
        before = [idp.get(f"/Groups/{outer['id']}").get_json() for outer in outers]
        assert idp.delete(path).status_code == 204
        for outer in before:
            now = idp.get(f"/Groups/{outer['id']}").get_json()
            assert is_gone not in [member["value"] for member in now["members"]]
            assert now["meta"]["version"] != outer["meta"]["version"]


def test_the_server_tells_of_a_manager_who_is_a_user_of_the_account(idp, foreign_idp, subtests):
    boss = idp.user("boss", displayName="The Boss")
    path = f"{ENTERPRISE}:manager"
    shown = {"value": boss["id"], "$ref": f"{URL}/Users/{boss['id']}", "displayName": "The Boss"}
    lie = {"value": boss["id"], "$ref": "https://evil.example/Users/x", "displayName": "Somebody"}
    ada = idp.user("ada", **{ENTERPRISE: {"manager": lie, "department": "D"}})
    assert ada[ENTERPRISE] == {"department": "D", "manager": shown}
    address = f"/Users/{ada['id']}"

    def manager(query: dict | None = None) -> dict:
        return idp.get(address, query_string=query or {}).get_json()[ENTERPRISE]["manager"]

    assert idp.get(address).get_json() == ada
    assert idp.find("/Users", 'userName eq "ada"').get_json()["Resources"] == [ada]
    assert idp.put(address, ada).get_json() == ada, "what was read and is put back changes nothing"
    assert manager({"attributes": f"{path}.displayName"}) == {"displayName": "The Boss"}
    assert manager({"excludedAttributes": f"{path}.displayName,{path}.$ref"}) == {"value": boss["id"]}
    for stranger in ("m", foreign_idp.user("boss", displayName="Foreign")["id"], idp.group("Group")["id"]):
        with subtests.test(stranger):
            answer = idp.patch(address, {"op": "replace", "path": path, "value": {"value": stranger, "$ref": None}})
            assert answer.get_json()[ENTERPRISE]["manager"]["value"] == stranger
            assert "displayName" not in manager()
    own = idp.patch(address, {"op": "replace", "path": path, "value": ada["id"]}).get_json()[ENTERPRISE]["manager"]
    assert own == {"value": ada["id"], "$ref": f"{URL}{address}"}, "no other name stands in"
    by_address = {"op": "replace", "path": f"{path}.$ref", "value": f"../Users/{boss['id']}"}
    assert idp.patch(address, by_address).get_json()[ENTERPRISE] == ada[ENTERPRISE]
    fault(idp.patch(address, by_address | {"value": 7}), 400, "invalidValue")
    fault(idp.patch(address, by_address | {"path": path, "value": {"$ref": 7}}), 400, "invalidValue")
    idp.patch(f"/Users/{boss['id']}", {"op": "replace", "path": "displayName", "value": "New"})
    assert manager() == shown | {"displayName": "New"}
    idp.delete(f"/Users/{boss['id']}")
    assert manager()["value"] == boss["id"]
    assert "displayName" not in manager()
    gone = idp.patch(address, {"op": "remove", "path": path}).get_json()
    assert gone[ENTERPRISE] == {"department": "D"}
