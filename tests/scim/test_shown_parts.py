"""`attributes` and `excludedAttributes` over the wire (RFC 7644 sections 3.4.2.5, 3.9): what is shown and read."""

import pytest

from tests.doors.scim import ACCOUNT, CORE_GROUP, CORE_USER, ENTERPRISE, fault

PERSON = {
    "schemas": [CORE_USER, ENTERPRISE],
    "userName": "ada",
    "title": "Dr",
    "name": {"givenName": "Ada", "familyName": "Byron"},
    "emails": [{"value": "a@x.example", "type": "work", "primary": True}, {"type": "home"}],
    "phoneNumbers": [{"type": "work"}],
    ENTERPRISE: {"department": "Looms", "manager": {"value": "m1"}},
}


@pytest.fixture
def ada(idp) -> dict:
    made = idp.post("/Users", PERSON)
    assert made.status_code == 201, made.text
    idp.group("Weavers", made.get_json()["id"])
    return idp.get(f"/Users/{made.get_json()['id']}").get_json()


WANTED = (
    ("userName", {"userName": "ada"}),
    (" USERNAME , title ", {"userName": "ada", "title": "Dr"}),
    (f"{CORE_USER}:userName", {"userName": "ada"}),
    (f"{CORE_USER.upper()}:NAME.GIVENNAME", {"name": {"givenName": "Ada"}}),
    ("emails.value", {"emails": [{"value": "a@x.example"}]}),
    ("emails.type,emails.primary", {"emails": [{"type": "work", "primary": True}, {"type": "home"}]}),
    ("emails.value,emails", {"emails": PERSON["emails"]}),
    ("phoneNumbers.value", {}),
    ("groups.display", {"groups": [{"display": "Weavers"}]}),
    (ENTERPRISE, {ENTERPRISE: PERSON[ENTERPRISE]}),
    (ENTERPRISE.upper(), {ENTERPRISE: PERSON[ENTERPRISE]}),
    (f"{ENTERPRISE}:department", {ENTERPRISE: {"department": "Looms"}}),
    (f"{ENTERPRISE}:manager.value,title", {ENTERPRISE: {"manager": {"value": "m1"}}, "title": "Dr"}),
    (f"{ACCOUNT}:role", {ACCOUNT: {"role": "media_library_user"}}),
    ("nothing,password,urn:made:up:User:x", {}),
    ("id,schemas", {}),
)  # fmt: skip


def without(resource: dict, *names: str) -> dict:
    return {name: value for name, value in resource.items() if name not in names}


def test_only_what_is_asked_for_is_shown_with_id_and_schemas(idp, ada, subtests):
    for asked, shown in WANTED:
        with subtests.test(asked[:60]):
            expected = {"schemas": ada["schemas"], "id": ada["id"], **shown}
            assert idp.get(f"/Users/{ada['id']}", query_string={"attributes": asked}).get_json() == expected
            query = {"attributes": asked, "filter": 'userName eq "ada"'}
            assert idp.get("/Users", query_string=query).get_json()["Resources"] == [expected]
            assert idp.post("/Users/.search", query | {"attributes": asked.split(",")}).get_json()["Resources"] == [
                expected
            ]


def test_the_whole_core_schema_is_asked_for_by_its_urn(idp, ada):
    shown = idp.get(f"/Users/{ada['id']}", query_string={"attributes": CORE_USER}).get_json()
    assert shown == without(ada, "meta", ENTERPRISE, ACCOUNT)
    rest = idp.get(f"/Users/{ada['id']}", query_string={"excludedAttributes": CORE_USER}).get_json()
    assert rest == {name: ada[name] for name in ("schemas", "id", "meta", ENTERPRISE, ACCOUNT)}


def test_what_is_excluded_is_not_shown_and_all_else_is(idp, ada, subtests):
    def ask(asked: str) -> dict:
        found = idp.get(f"/Users/{ada['id']}", query_string={"excludedAttributes": asked}).get_json()
        listed = idp.post("/Users/.search", {"excludedAttributes": asked, "filter": 'userName eq "ada"'}).get_json()
        assert listed["Resources"] == [found]
        return found

    for asked, expected in (
        ("title , NAME", without(ada, "title", "name")),
        ("id,schemas,nothing", ada),
        (ENTERPRISE, without(ada, ENTERPRISE)),
        (f"{CORE_USER}:emails,groups", without(ada, "emails", "groups")),
        ("name.givenName", ada | {"name": {"familyName": "Byron"}}),
        ("emails.value,emails.primary", ada | {"emails": [{"type": "work"}, {"type": "home"}]}),
        ("phoneNumbers.type", without(ada, "phoneNumbers")),
        (f"{ENTERPRISE}:manager", ada | {ENTERPRISE: {"department": "Looms"}}),
        (f"{ENTERPRISE}:department,{ENTERPRISE}:manager.value", without(ada, ENTERPRISE)),
    ):
        with subtests.test(asked[:60]):
            assert ask(asked) == expected


def test_writes_show_what_they_are_asked_to_show(idp, ada):
    query = {"attributes": "title"}
    made = idp.post("/Users", {"userName": "bob", "title": "Mr"}, query_string=query)
    put = idp.put(f"/Users/{ada['id']}", {"userName": "ada", "title": "Ms"}, query_string=query)
    patched = idp.patch(f"/Users/{ada['id']}", {"op": "replace", "path": "title", "value": "Dr"}, query_string=query)
    for answer, title in ((made, "Mr"), (put, "Ms"), (patched, "Dr")):
        assert set(answer.get_json()) == {"schemas", "id", "title"}
        assert answer.get_json()["title"] == title
        assert answer.headers["ETag"]


def test_both_at_once_are_refused_everywhere_and_change_nothing(idp, ada, state):
    before, query = state(), {"attributes": "title", "excludedAttributes": "name"}
    path = f"/Users/{ada['id']}"
    for answer in (
        idp.get(path, query_string=query),
        idp.get("/Users", query_string=query),
        idp.get("/", query_string=query),
        idp.post("/Groups/.search", query),
        idp.post("/.search", query),
        idp.post("/Users", {"userName": "x"}, query_string=query),
        idp.put(path, {"userName": "x"}, query_string=query),
        idp.patch(path, {"op": "replace", "path": "title", "value": "x"}, query_string=query),
        idp.post("/Groups", {"displayName": "x"}, query_string=query),
    ):
        fault(answer, 400, "invalidSyntax")
    assert state() == before


def test_members_and_groups_are_read_only_where_they_are_shown(idp, ada, statements, subtests):
    group = idp.find("/Groups", 'displayName eq "Weavers"').get_json()["Resources"][0]
    for path, asked, reads in (
        ("/Groups", {"excludedAttributes": "members"}, False),
        ("/Groups", {"excludedAttributes": f"{CORE_GROUP}:MEMBERS"}, False),
        ("/Groups", {"attributes": "displayName"}, False),
        ("/Groups", {"attributes": "members.value"}, True),
        ("/Groups", {"excludedAttributes": "members.display"}, True),
        ("/Groups", {}, True),
        (f"/Groups/{group['id']}", {"excludedAttributes": "members"}, False),
        (f"/Groups/{group['id']}", {}, True),
        ("/Users", {"excludedAttributes": "groups"}, False),
        ("/Users", {"attributes": "userName"}, False),
        ("/Users", {}, True),
        ("/", {"attributes": "displayName"}, False),
    ):
        with subtests.test(f"{path} {asked}"):
            statements.clear()
            assert idp.get(path, query_string=asked).status_code == 200
            assert any("group_members" in statement for statement in statements) is reads


def test_a_list_takes_one_statement_whatever_it_asks(idp, ada, statements):
    for query in ({}, {"filter": "title pr", "sortBy": "userName", "startIndex": "2"}, {"cursor": "", "count": "1"}):
        statements.clear()
        idp.get("/Users", query_string=query)
        lists = [statement for statement in statements if "users" in statement and "scim_tokens" not in statement]
        assert len(lists) == 1, lists
