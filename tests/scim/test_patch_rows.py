"""Sections 4.1 to 4.4 of the profile over the wire: what each identity provider sends, and the state afterwards."""

import json

import pytest

from tests.doors.scim import ACCOUNT, CORE_GROUP, CORE_USER, ENTERPRISE, PATCH_OP, fault

EMAILS = [{"value": "ada@corp.example", "type": "work", "primary": True}, {"value": "ada@home.example", "type": "home"}]
START = {
    "userName": "ada", "displayName": "Ada", "title": "Dr", "name": {"givenName": "Ada", "familyName": "Byron"},
    "emails": EMAILS, "roles": [{"value": "x", "primary": True}, {"value": "y"}], "active": True,
    ENTERPRISE: {"department": "Engines", "employeeNumber": "7"},
}  # fmt: skip
MANAGER = f"{ENTERPRISE}:manager"
ROLE_OBJECT = '{"id":"1","value":"reports","displayName":"Reports"}'


def op(name: str, path: str | None, value: object = None) -> dict:
    made = {"op": name} | ({} if path is None else {"path": path})
    return made if name.lower() == "remove" and value is None else made | {"value": value}


# Row of the profile -> operations -> what of the resource is different then; None is 'not there'.
ROWS = [
    ("4.1 op in any case", [op("RePlAcE", "title", "Sir")], {"title": "Sir"}),
    ("4.1 plain keys", [op("add", None, {"TITLE": "Sir", "nickName": "A"})], {"title": "Sir", "nickName": "A"}),
    ("4.1 dotted keys", [op("replace", None, {"name.familyName": "L"})],
     {"name": {"givenName": "Ada", "familyName": "L"}}),
    ("4.1 no path, value path", [op("replace", None, {'emails[type eq "home"].value': "h@x.example"})],
     {"emails": [EMAILS[0], {"value": "h@x.example", "type": "home"}]}),
    ("4.1 no path, qualified", [op("replace", None, {f"{ENTERPRISE}:department": "Math", f"{CORE_USER}:title": "Sir"})],
     {ENTERPRISE: {"department": "Math", "employeeNumber": "7"}, "title": "Sir"}),
    ("4.1 no path, whole extension", [op("replace", None, {ENTERPRISE: {"costCenter": "c"}})],
     {ENTERPRISE: {"department": "Engines", "employeeNumber": "7", "costCenter": "c"}}),
    ("4.1 a whole schema as path", [op("replace", CORE_USER, {"title": "Sir"})], {"title": "Sir"}),
    ("4.1 in order", [op("remove", "title"), op("add", "title", "1"), op("replace", "title", "2")], {"title": "2"}),
    ("4.1 complex without filter", [op("replace", "name", {"familyName": "L", "middleName": "K"})],
     {"name": {"givenName": "Ada", "familyName": "L", "middleName": "K"}}),
    ("4.1 complex without filter", [op("add", "name", {"middleName": "K"})],
     {"name": {"givenName": "Ada", "familyName": "Byron", "middleName": "K"}}),
    ("4.1 add joins", [op("add", "roles", [{"value": "z"}, {"value": "y"}, {"value": "z"}])],
     {"roles": [*START["roles"], {"value": "z"}]}),
    ("4.1 a single object", [op("add", "roles", {"value": "z"})], {"roles": [*START["roles"], {"value": "z"}]}),
    ("4.1 primary", [op("add", "roles", {"value": "z", "primary": True})],
     {"roles": [{"value": "x", "primary": False}, {"value": "y"}, {"value": "z", "primary": True}]}),
    ("4.1 text in quotes", [op("add", 'ims[display eq "a]b:c.d and \\"e\\""].value', "v")],
     {"ims": [{"display": 'a]b:c.d and "e"', "value": "v"}]}),
    ("4.2 booleans as text", [op("Replace", "active", "False")], {"active": False}),
    ("4.2 booleans as text", [op("Replace", None, {"active": "false"})], {"active": False}),
    ("4.2 booleans as text", [op("Replace", 'emails[type eq "home"].primary', "True")],
     {"emails": [EMAILS[0] | {"primary": False}, EMAILS[1] | {"primary": True}]}),
    ("4.2 made by its filter", [op("Add", 'phoneNumbers[type eq "mobile"].value', "+1")],
     {"phoneNumbers": [{"type": "mobile", "value": "+1"}]}),
    ("4.2 made by its filter", [op("Replace", 'phoneNumbers[type eq "mobile" and display eq "d"].value', "+1")],
     {"phoneNumbers": [{"type": "mobile", "display": "d", "value": "+1"}]}),
    ("4.2 one address", [op("Add", f'addresses[type eq "work"].{part}', part) for part in ("locality", "region")],
     {"addresses": [{"type": "work", "locality": "locality", "region": "region"}]}),
    ("4.2 roles by primary", [op("Add", 'roles[primary eq "True"].value', "reports")],
     {"roles": [{"value": "reports", "primary": True}, {"value": "y"}]}),
    ("4.2 role objects in a text", [op("Add", "roles", [{"value": ROLE_OBJECT}])],
     {"roles": [*START["roles"], {"value": ROLE_OBJECT}]}),
    ("4.2 many in one replace", [op("replace", None, {"displayName": "B", "name.givenName": "B", "active": "True"})],
     {"displayName": "B", "name": {"givenName": "B", "familyName": "Byron"}}),
    ("4.2 nulls", [op("replace", None, {MANAGER: None, "title": None, "emails": None})],
     {"title": None, "emails": None}),
    ("4.2 meta in the body", [op("replace", None, {"meta": {"resourceType": "User"}, "title": "Sir"})],
     {"title": "Sir"}),
    ("4.3 deactivate", [op("replace", None, {"active": False})], {"active": False}),
    ("4.3 password beside", [op("replace", None, {"password": "geheim", "title": "Sir"})], {"title": "Sir"}),
    ("4.4 OneLogin", [op("replace", None, {"active": False}), op("replace", None, {"active": True})], {}),
    ("4.4 Google", [op("replace", "emails", [EMAILS[0]]), op("replace", "name.givenName", "A")],
     {"emails": EMAILS[:1], "name": {"givenName": "A", "familyName": "Byron"}}),
    ("4.4 SailPoint", [op("add", "entitlements", [{"value": "e1"}, {"value": "e2"}]),
                       op("remove", 'entitlements[value eq "e1"]')], {"entitlements": [{"value": "e2"}]}),
]  # fmt: skip
MANAGER_FORMS = [
    op("Add", MANAGER, "m"), op("Add", MANAGER, ["m"]), op("Replace", MANAGER, {"value": "m"}),
    op("Replace", MANAGER, [{"value": "m"}]), op("Add", f"{MANAGER}.value", "m"), op("add", None, {MANAGER: "m"}),
    op("add", None, {ENTERPRISE: {"manager": {"value": "m", "displayName": "Boss", "$ref": None}}}),
    op("replace", MANAGER, {"$ref": "../Users/m"}),
]  # fmt: skip
# Row -> operation -> code; all of them change nothing.
REFUSED_ROWS = [
    ("4.2 any other text", op("Replace", "active", "yes"), "invalidValue"),
    ("4.2 any other text", op("Replace", 'emails[type eq "work"].primary', "1"), "invalidValue"),
    ("4.2 any other filter", op("Add", 'phoneNumbers[type ne "x"].value', "+1"), "noTarget"),
    ("4.2 any other filter", op("Replace", 'phoneNumbers[type eq "x" or type eq "y"].value', "+1"), "noTarget"),
    ("5 bad path", op("add", "nothing", "x"), "invalidPath"),
    ("5 bad path", op("add", "emails[type eq]", "x"), "invalidPath"),
    ("5 remove without path", op("remove", None), "noTarget"),
    ("5 unmatched value path", op("remove", 'emails[type eq "other"]'), "noTarget"),
    ("5 read-only", op("replace", "meta.created", "2001-01-01T00:00:00Z"), "mutability"),
    ("5 required", op("remove", "userName"), "mutability"),
    ("5 empty userName", op("replace", "userName", ""), "invalidValue"),
    ("5 wrong type", op("replace", "title", 7), "invalidValue"),
    ("5 wrong type", op("replace", "emails", "not an address"), "invalidValue"),
    ("5 wrong shape", {"op": "move", "path": "title", "value": "x"}, "invalidSyntax"),
]


@pytest.mark.rule("SCM-6")
def test_each_row_leaves_the_state_that_the_profile_says(idp, subtests):
    path = f"/Users/{idp.user('ada')['id']}"
    for row, operations, expected in ROWS:
        with subtests.test(f"{row}: {operations}"):
            before = idp.put(path, START).get_json()
            shown = idp.patch(path, *operations)
            assert shown.status_code == 200, shown.text
            body = shown.get_json()
            wanted = {name: value for name, value in (START | expected).items() if value is not None}
            assert {name: body[name] for name in body if name in START | expected} == wanted
            assert shown.headers["ETag"] == body["meta"]["version"]
            assert (body["meta"]["version"] == before["meta"]["version"]) is (not expected)
            assert idp.get(path).get_json() == body


def test_a_manager_in_each_form(idp, subtests):
    path = f"/Users/{idp.user('ada')['id']}"
    for operation in MANAGER_FORMS:
        with subtests.test(str(operation)):
            idp.put(path, START)
            assert idp.patch(path, operation).get_json()[ENTERPRISE]["manager"]["value"] == "m"
            assert "manager" not in idp.patch(path, op("Remove", MANAGER)).get_json()[ENTERPRISE]


@pytest.mark.rule("SCM-6", "LIM-3")
def test_each_refused_row_changes_nothing_even_after_others_that_could(idp, state, subtests):
    path = f"/Users/{idp.user('ada')['id']}"
    idp.put(path, START)
    before = state()
    for row, operation, scim_type in REFUSED_ROWS:
        with subtests.test(f"{row}: {operation}"):
            fault(idp.patch(path, op("replace", "nickName", "N"), operation), 400, scim_type)
            assert state() == before


@pytest.mark.rule("SCM-6")
def test_what_changes_nothing_leaves_version_and_last_modified(idp, clock, subtests):
    user = idp.user("ada")
    path = f"/Users/{user['id']}"
    before = idp.put(path, START).get_json()
    clock.advance(minutes=5)
    for operation in [
        op("replace", "title", "Dr"), op("replace", None, {"active": "True", "displayName": "Ada"}),
        op("add", "emails", EMAILS), op("add", "roles", [{"value": "y"}]), op("add", "name", {}),
        op("add", "title", None),
        op("replace", 'emails[type eq "home"].value', "ada@home.example"), op("remove", "nickName"),
        op("replace", None, {"id": user["id"], "schemas": [CORE_USER]}), op("replace", "password", "geheim"),
        op("remove", "emails", [{"value": "nobody@x.example"}]), op("replace", "emails", EMAILS),
    ]:  # fmt: skip
        with subtests.test(str(operation)):
            same = idp.patch(path, operation)
            assert same.get_json() == before
            assert same.headers["ETag"] == before["meta"]["version"]
    assert idp.put(path, before).get_json() == before


def test_member_names_of_the_message_in_any_case(idp):
    path = f"/Users/{idp.user('ada')['id']}"
    body = {"SCHEMAS": [PATCH_OP.upper()], "operations": [{"OP": "Add", "PATH": "title", "Value": "Sir"}]}
    assert idp.send("PATCH", path, body).get_json()["title"] == "Sir"


@pytest.mark.rule("USR-5")
def test_entra_deactivates_restores_and_still_finds_the_user(idp):
    ada = idp.user("ada", externalId="x-1")
    path = f"/Users/{ada['id']}"
    for text, status in (("False", "disabled"), ("True", "pending")):
        shown = idp.patch(path, op("Replace", "active", text), query_string={"aadOptscim062020": ""})
        assert shown.get_json()[ACCOUNT]["status"] == status
        for condition in ('userName eq "ADA"', 'externalId eq "x-1"'):
            assert idp.find("/Users", condition).get_json()["Resources"] == [shown.get_json()]
    for active in ("False", "True"):
        put = idp.put(path, {"userName": "ada", "externalId": "x-1", "active": active})
        assert put.get_json()["active"] is (active == "True")
    assert idp.user("bob", active="False")["active"] is False


@pytest.mark.rule("SCM-3")
def test_okta_puts_back_the_whole_record_that_it_read(idp):
    ada = idp.user("Ada@x.example", name={"givenName": "Ada", "familyName": "B"}, emails=[{"value": "Ada@x.example"}])
    idp.group("Engineers", ada["id"])
    path = f"/Users/{ada['id']}"
    record = idp.get(path).get_json()
    put = idp.put(path, record | {"password": "t1meFlies!geheim"})
    assert put.get_json() == record
    assert idp.put(path, record | {"title": "Dr", "groups": [], "meta": None}).get_json()["title"] == "Dr"
    assert [group["display"] for group in idp.get(path).get_json()["groups"]] == ["Engineers"]
    shown = idp.get("/Users", query_string={"count": 1, "startIndex": 1}).get_json()["Resources"]
    assert len(shown) == 1
    fault(idp.post("/Users", {"userName": "ADA@X.EXAMPLE"}), 409, "uniqueness")
    assert idp.find("/Users", 'userName eq "ADA@X.EXAMPLE"').get_json()["Resources"][0]["userName"] == "Ada@x.example"


@pytest.mark.rule("GRP-5", "SCM-6")
def test_groups_as_each_provider_pushes_them(idp, subtests):
    ada, bob = idp.user("ada")["id"], idp.user("bob")["id"]
    microsoft = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
    group = idp.group("Engineers", schemas=[CORE_GROUP, microsoft], externalId="G", meta={"resourceType": "Group"})
    path = f"/Groups/{group['id']}"
    walk = [
        ("Entra", [op("Add", "members", [{"$ref": None, "value": ada}])], [ada]),
        ("Entra, old removal", [op("Remove", "members", [{"$ref": None, "value": bob}])], [ada]),
        ("Entra adds once more", [op("Add", "members", [{"value": ada}])], [ada]),
        ("Okta", [op("remove", f'members[value eq "{ada}"]'), op("add", "members", [{"value": bob}])], [bob]),
        ("Okta", [op("replace", None, {"id": group["id"], "displayName": "Engineers"})], [bob]),
        ("Okta, all", [op("replace", "members", [{"value": ada, "display": "ada"}, {"value": bob}])], [ada, bob]),
        ("OneLogin", [op("remove", f'members[value eq "{bob}"]')], [ada]),
        ("JumpCloud", [op("add", "members", [{"value": bob, "$ref": f"../Users/{bob}", "type": "User"}])], [ada, bob]),
        ("Keycloak", [op("remove", f'members[$ref eq "../Users/{ada}"]')], [bob]),
        ("authentik", [op("add", None, {"members": [{"value": ada}]})], [ada, bob]),
        ("a path of no members", [op("replace", None, {"displayName": "Makers", "members": [{"value": bob}]})], [bob]),
        ("two in one", [op("add", "members", [{"value": ada}]), op("remove", "members", [{"value": bob}])], [ada]),
        ("nothing named", [op("Remove", "members", [])], [ada]),
        ("gone and back", [op("remove", "members"), op("add", "members", [{"value": ada}])], [ada]),
    ]
    for who, operations, expected in walk:
        with subtests.test(who):
            before = idp.get(path).get_json()
            shown = idp.patch(path, *operations)
            assert shown.status_code == 200, shown.text
            body = shown.get_json()
            assert [member["value"] for member in body.get("members", [])] == expected
            unchanged = [each["value"] for each in before.get("members", [])] == expected
            same_name = body["displayName"] == before["displayName"]
            assert (body["meta"] == before["meta"]) is (unchanged and same_name)
            assert idp.get(path).get_json() == body
    assert "members" not in idp.put(path, {"displayName": "Makers", "externalId": "G"}).get_json()


@pytest.mark.rule("TEN-3", "SCM-6")
def test_a_member_that_is_nobody_here_is_left_out_and_the_rest_comes_in(idp, foreign_idp):
    ada = idp.user("ada")["id"]
    made_up = ["01a20a00-0000-7000-8000-000000000000", "x" * 900, "a'\r\nb"]
    strangers = [foreign_idp.user("bob")["id"], foreign_idp.group("G")["id"], *made_up]
    group = idp.group("Engineers", ada)
    path = f"/Groups/{group['id']}"
    for stranger in strangers:
        add = op("add", "members", [{"value": stranger}])
        assert idp.patch(path, add).get_json() == group, "nobody came in, nothing changed"
        assert idp.patch(path, op("remove", f"members[value eq {json.dumps(stranger)}]")).get_json() == group
        assert idp.patch(path, op("remove", "members", [{"value": stranger}])).get_json() == group
        replaced = idp.patch(path, op("replace", "members", [{"value": stranger}, {"value": ada}]))
        assert replaced.get_json() == group
        put = idp.put(path, {"displayName": "Engineers", "members": [{"value": stranger}, {"value": ada}]})
        assert put.get_json() == group
