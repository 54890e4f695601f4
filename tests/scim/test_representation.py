"""Views to bodies: what is stored, what is spliced in, what filters compare with, what a projection leaves."""

import json

import pytest

from provisioning.actions.groups import GroupView
from provisioning.domain.groups import Member
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import GroupName, UserView
from provisioning.scim.projection import EVERYTHING, read_projection
from provisioning.scim.representation import group_body, list_body, user_body, user_document, user_folded
from provisioning.scim.traits import ACCOUNT_GROUP, ACCOUNT_USER, CORE_GROUP, CORE_USER, ENTERPRISE_USER, GROUPS, USERS
from tests.scim.people import MOMENT, a_group, a_user

URL = "https://id.acme.example"
RICH = {
    "name": {"middleName": "K"}, "title": "Gräfin", "emails": [{"value": "Ada@Corp.example", "type": "Work"}],
    "x509Certificates": [{"value": "QUJD"}], ENTERPRISE_USER: {"department": "R&D", "manager": {"value": "M1"}},
}  # fmt: skip


def rendered(user):
    return type(user)(**{name: getattr(user, name) for name in user.__slots__} | {"document": user_document(user)})


def shown(view, projection=EVERYTHING) -> dict:
    return json.loads(user_body(view, URL, projection))


def test_a_user_is_shown_with_meta_and_groups_around_its_stored_document():
    user = rendered(a_user(attributes=RICH))
    body = shown(UserView(user, (GroupName("g1", 'Makers "&co"'),)))
    assert body["schemas"] == [CORE_USER, ENTERPRISE_USER, ACCOUNT_USER]
    assert body["name"] == {"middleName": "K", "givenName": "Ada", "familyName": "Byron"}
    assert body["title"] == "Gräfin"
    assert body["groups"] == [
        {"value": "g1", "$ref": f"{URL}/scim/v2/Groups/g1", "display": 'Makers "&co"', "type": "direct"}
    ]
    assert body["meta"] == {
        "resourceType": "User",
        "created": "2026-11-23T09:00:00.000000Z",
        "lastModified": "2026-11-23T09:00:00.000000Z",
        "location": f"{URL}/scim/v2/Users/u1",
        "version": 'W/"3"',
    }
    assert "groups" not in shown(UserView(user))


def test_the_stored_document_holds_nothing_of_other_rows_or_of_the_service():
    document = json.loads(user_document(a_user(attributes=RICH)))
    assert not {"meta", "groups"} & set(document)
    assert URL not in user_document(a_user())


def test_fields_of_the_product_win_over_what_was_sent():
    user = a_user(user_name="Ada", first_name="", attributes={"name": {"givenName": "Old", "formatted": "F"}})
    document = json.loads(user_document(user))
    assert (document["userName"], document["name"]) == ("Ada", {"formatted": "F", "familyName": "Byron"})


def test_an_extension_is_listed_exactly_when_its_data_is_there():
    assert json.loads(user_document(a_user()))["schemas"] == [CORE_USER, ACCOUNT_USER]
    assert json.loads(user_document(a_user(attributes={ENTERPRISE_USER: {}})))["schemas"] == [CORE_USER, ACCOUNT_USER]


def test_somebody_who_was_not_pushed_is_shown_with_the_login_email():
    person = json.loads(user_document(a_user(connection_id=None)))
    assert person["emails"] == [{"value": "ada@corp.example", "type": "work", "primary": True}]
    assert "emails" not in json.loads(user_document(a_user()))


def test_our_extension_shows_what_the_domain_has():
    user = a_user(role=Role.MEDIA_LIBRARY_USER, all_environments=False, environment_ids=("e1",), disabled_at=MOMENT,
                  media_library=frozenset({"create_proof"}))  # fmt: skip
    assert json.loads(user_document(user))[ACCOUNT_USER] == {
        "role": "media_library_user",
        "root": False,
        "status": "disabled",
        "allProductEnvironments": False,
        "mediaLibraryPermissions": {"createProof": True},
        "twoFactorEnrolled": False,
        "managedBy": "c1",
    }
    root = json.loads(user_document(a_user(role=None, is_root=True, connection_id=None)))[ACCOUNT_USER]
    assert root == {"root": True, "status": "active", "allProductEnvironments": True, "twoFactorEnrolled": False}


def test_the_folded_form_has_lower_names_and_keys_where_case_does_not_count():
    folded = user_folded(a_user(user_name="ADA", attributes=RICH))
    assert folded["username"] == "ada"
    assert folded["title"] == "gräfin"
    assert folded["emails"] == [{"value": "ada@corp.example", "type": "work"}]
    assert folded["x509certificates"] == [{"value": "QUJD"}]
    assert folded[ENTERPRISE_USER.lower()] == {"department": "r&d", "manager": {"value": "M1"}}
    assert folded["active"] is True
    assert not [name for name in folded if name != name.lower()]


def test_a_group_is_shown_with_its_members():
    members = (Member("u1", Member.USER, "Ada B", "a@b.example"), Member("g2", Member.GROUP, "Inner"))
    body = json.loads(group_body(GroupView(a_group(), members), URL, EVERYTHING))
    assert body["schemas"] == [CORE_GROUP, ACCOUNT_GROUP]
    assert body["members"] == [
        {"value": "u1", "$ref": f"{URL}/scim/v2/Users/u1", "type": "User", "display": "Ada B"},
        {"value": "g2", "$ref": f"{URL}/scim/v2/Groups/g2", "type": "Group", "display": "Inner"},
    ]
    assert body["meta"]["version"] == 'W/"2"'
    assert body[ACCOUNT_GROUP] == {"managedBy": "c1"}
    assert "members" not in json.loads(group_body(GroupView(a_group(connection_id=None)), URL, EVERYTHING))


def test_a_list_counts_what_is_in_it():
    body = json.loads(list_body(7, ['{"id":"a"}', '{"id":"b"}'], {"startIndex": 3}))
    assert (body["totalResults"], body["startIndex"], body["itemsPerPage"]) == (7, 3, 2)
    assert body["Resources"] == [{"id": "a"}, {"id": "b"}]
    assert json.loads(list_body(0, [], {"startIndex": 1}))["Resources"] == []


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("userName", {"userName"}),
        (" USERNAME , title ", {"userName", "title"}),
        (f"{CORE_USER}:userName", {"userName"}),
        (f"{ENTERPRISE_USER}:department", {ENTERPRISE_USER}),
        (ENTERPRISE_USER.lower(), {ENTERPRISE_USER}),
        ("emails.value", {"emails"}),
        ("meta", {"meta"}),
        ("nothing", set()),
        ("password", set()),
    ],
)
def test_a_projection_shows_what_is_asked_for(attributes, expected):
    view = UserView(rendered(a_user(attributes=RICH)))
    body = shown(view, read_projection(attributes, None, USERS))
    assert set(body) == {"schemas", "id"} | expected
    if attributes == "emails.value":
        assert body["emails"] == [{"value": "Ada@Corp.example"}]
    if attributes == f"{ENTERPRISE_USER}:department":
        assert body[ENTERPRISE_USER] == {"department": "R&D"}


@pytest.mark.parametrize(
    ("excluded", "missing"),
    [
        ("title", {"title"}),
        ("TITLE,emails", {"title", "emails"}),
        ("id,schemas", set()),
        (ENTERPRISE_USER, {ENTERPRISE_USER}),
    ],
)
def test_a_projection_leaves_out_what_is_excluded(excluded, missing):
    view = UserView(rendered(a_user(attributes=RICH)))
    assert set(shown(view)) - set(shown(view, read_projection(None, excluded, USERS))) == missing


def test_a_projection_leaves_out_parts():
    view = UserView(rendered(a_user(attributes=RICH)))
    body = shown(view, read_projection(None, f"emails.type,name.middleName,{ENTERPRISE_USER}:manager.value", USERS))
    assert body["emails"] == [{"value": "Ada@Corp.example"}]
    assert body["name"] == {"givenName": "Ada", "familyName": "Byron"}
    assert body[ENTERPRISE_USER] == {"department": "R&D"}


@pytest.mark.parametrize(
    ("attributes", "excluded", "is_shown"),
    [(None, None, True), ("members", None, True), ("members.value", None, True), ("displayName", None, False),
     (None, "members", False), (None, f"{CORE_GROUP}:Members", False), (None, "members.display", True)],
)  # fmt: skip
def test_members_are_read_only_where_they_are_shown(attributes, excluded, is_shown):
    assert read_projection(attributes, excluded, GROUPS).shows("members") is is_shown
