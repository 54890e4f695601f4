"""Users and groups in one list: `GET /` with a filter and `POST /.search` (RFC 7644 sections 3.4.2.1 and 3.4.3)."""

import pytest

from tests.doors.scim import CORE_USER, ENTERPRISE, fault

CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture
def people(idp, foreign_idp) -> dict[str, str]:
    """Name -> id of two people and two groups; the neighbour has its own of the same names."""
    ids = {}
    for client in (foreign_idp, idp):
        ids = {
            "jan": client.user("jan", displayName="Jansen", emails=[{"value": "jan@a.example", "type": "work"}])["id"],
            "kim": client.user("kim", displayName="Kim", externalId="Z")["id"],
        }
        ids["Janitors"] = client.group("Janitors", ids["kim"], externalId="A")["id"]
        ids["Readers"] = client.group("Readers")["id"]
    return ids


def name_of(resource: dict) -> str:
    return resource["userName"].partition("@")[0] if "userName" in resource else resource["displayName"]


def names(answer) -> list[str]:
    assert answer.status_code == 200, answer.text
    body = answer.get_json()
    assert body["totalResults"] >= body["itemsPerPage"] == len(body["Resources"])
    return [name_of(resource) for resource in body["Resources"]]


EVERYBODY = {"root", "jan", "kim", "Janitors", "Readers"}

FILTERS = (
    ('displayName sw "jan"', {"jan", "Janitors"}),
    ('meta.resourceType eq "User"', {"root", "jan", "kim"}),
    ('meta.resourceType eq "Group"', {"Janitors", "Readers"}),
    ('meta.resourceType eq "User" and displayName sw "jan"', {"jan"}),
    ("externalId pr", {"kim", "Janitors"}),
    # What only one type has counts as unassigned in the other.
    ('userName eq "JAN"', {"jan"}),
    ('userName ne "jan"', EVERYBODY - {"jan"}),
    ('not (userName eq "jan")', EVERYBODY - {"jan"}),
    ("userName pr", {"root", "jan", "kim"}),
    ("not (userName pr)", {"Janitors", "Readers"}),
    ("userName eq null", {"Janitors", "Readers"}),
    ("userName ne null", {"root", "jan", "kim"}),
    ("members pr", {"Janitors"}),
    ("not (members pr)", EVERYBODY - {"Janitors"}),
    ("members pr or active eq false", {"Janitors"}),
    ('emails[type eq "work" and value co "jan"]', {"jan"}),
    ('not (emails[type eq "work" and value co "jan"])', EVERYBODY - {"jan"}),
    ('emails[type eq "work"].value ne "jan@a.example"', EVERYBODY - {"jan"}),
    ('members[type eq "User"].value pr', {"Janitors"}),
    (f'{CORE_USER}:displayName eq "kim"', {"kim"}),
    (f'{CORE_GROUP}:displayName eq "readers"', {"Readers"}),
    (f"{ENTERPRISE}:department pr", set()),
    (f'schemas eq "{CORE_GROUP}"', {"Janitors", "Readers"}),
)  # fmt: skip


@pytest.mark.rule("SCM-7", "TEN-1")
def test_one_filter_finds_users_and_groups_of_the_account_by_get_and_by_post(idp, people, subtests):
    for text, expected in FILTERS:
        with subtests.test(text):
            assert sorted(names(idp.find("/", text))) == sorted(expected)
            assert sorted(names(idp.post("/.search", {"filter": text}))) == sorted(expected)


@pytest.mark.rule("SCM-7")
@pytest.mark.parametrize(
    "text",
    ['unknown eq "x"', 'userName eq "x" or unknown pr', 'password eq "x"', f'{CORE_GROUP}:userName eq "x"', "",
     'emails[members eq "x"]', "userName gt true", "active gt true", 'members[value sw 1]', "meta eq 1"],
)  # fmt: skip
def test_what_no_type_has_or_what_means_nothing_is_refused(idp, text):
    fault(idp.find("/", text), 400, "invalidFilter")
    fault(idp.post("/.search", {"filter": text}), 400, "invalidFilter")


def test_each_result_is_shown_as_at_its_own_address(idp, people):
    found = idp.find("/", "displayName pr").get_json()["Resources"]
    assert found == [idp.get(resource["meta"]["location"].partition("/scim/v2")[2]).get_json() for resource in found]
    assert names(idp.get("/")) == names(idp.post("/.search", {}))
    assert set(names(idp.get("/"))) == EVERYBODY
    assert idp.get("").get_json() == idp.get("/").get_json()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"sortBy": "displayName"}, ["Janitors", "jan", "kim", "Readers", "root"]),
        ({"sortBy": "displayName", "sortOrder": "descending"}, ["root", "Readers", "kim", "jan", "Janitors"]),
        ({"sortBy": "externalId"}, ["Janitors", "kim", "root", "jan", "Readers"]),
        ({"sortBy": "userName"}, ["jan", "kim", "root", "Janitors", "Readers"]),
        ({"sortBy": "members"}, ["Janitors", "root", "jan", "kim", "Readers"]),
        ({"sortBy": "meta.created"}, ["root", "jan", "kim", "Janitors", "Readers"]),
        ({}, ["root", "jan", "kim", "Janitors", "Readers"]),
    ],
)
def test_both_types_stand_in_one_order_and_are_paged_and_walked_together(idp, people, asked, expected):
    assert names(idp.post("/.search", asked)) == expected
    by_number = [names(idp.post("/.search", {**asked, "startIndex": start, "count": 2})) for start in (1, 3, 5, 7)]
    assert by_number == [expected[:2], expected[2:4], expected[4:], []]
    walked, cursor = [], ""
    while cursor is not None:
        answer = idp.post("/.search", {**asked, "cursor": cursor, "count": 2})
        walked += names(answer)
        cursor, before = answer.get_json().get("nextCursor"), answer.get_json().get("previousCursor")
    assert walked == expected
    assert names(idp.post("/.search", {**asked, "cursor": before, "count": 2})) == expected[2:4]


def test_projections_hold_for_both_types_and_members_are_read_only_where_they_are_shown(idp, people, statements):
    shown = idp.post("/.search", {"attributes": ["userName", f"{CORE_GROUP}:displayName"]}).get_json()["Resources"]
    assert {tuple(sorted(set(each) - {"schemas", "id"})) for each in shown} == {("userName",), ("displayName",)}
    statements.clear()
    idp.get("/", query_string={"excludedAttributes": "members,groups"})
    assert not any("group_members" in statement for statement in statements)
    fault(idp.post("/.search", {"attributes": ["id"], "excludedAttributes": ["id"]}), 400, "invalidSyntax")


def test_a_count_of_none_tells_the_total_alone(idp, people):
    assert idp.get("/", query_string={"count": "0"}).get_json()["totalResults"] == len(EVERYBODY)
    assert names(idp.get("/", query_string={"count": "0"})) == []
