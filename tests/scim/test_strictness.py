"""The profiles of a connection: `strict` refuses what the others put right; what is plain means the same in all."""

import pytest

from provisioning.actions.scim_connections import update_scim_connection
from provisioning.domain.caller import operator
from provisioning.domain.scim_connections import Profile
from tests.doors.scim import ACCOUNT, CORE_USER, ENTERPRISE, fault

ADDRESS = {"value": "a@x.example"}
# What is odd in a body of a user, what the other profiles make of it, what the refusal of the strict one names.
ODD = [
    ({"active": "False"}, ("active", False), "active"),
    ({"emails": ADDRESS}, ("emails", [ADDRESS]), "emails"),
    ({"emails": [ADDRESS | {"primary": "True"}]}, ("emails", [ADDRESS | {"primary": True}]), "primary"),
    ({ENTERPRISE: {"manager": "u1"}}, (ENTERPRISE, {"manager": {"value": "u1"}}), "manager"),
    ({ENTERPRISE: {"manager": [{"value": "u1"}]}}, (ENTERPRISE, {"manager": {"value": "u1"}}), "manager"),
    ({"nickname2": "A"}, ("nickname2", None), "nickname2"),
    ({"name": {"givenname2": "A", "givenName": "B"}}, ("name", {"givenName": "B"}), "givenname2"),
    ({ENTERPRISE: {"team": "x", "division": "y"}}, (ENTERPRISE, {"division": "y"}), "team"),
    ({"urn:example:ext:1.0:User": {"team": "x"}}, ("urn:example:ext:1.0:User", None), "urn:example"),
]
PLAIN = {
    "schemas": [CORE_USER, ENTERPRISE, ACCOUNT], "userName": "ada", "id": "ignored", "password": "ignored",
    "meta": {"resourceType": "User"}, "groups": [{"value": "ignored"}], "active": True, "NICKNAME": "A", "title": None,
    "emails": [{"value": "a@x.example", "primary": True, "type": "work"}], "name": {"givenName": "Ada"},
    ENTERPRISE: {"manager": {"value": "u1"}, "department": "Engines"}, ACCOUNT: {"role": "admin"},
}  # fmt: skip


@pytest.fixture
def profile_is(services, account):
    """Sets the profile of the connection."""

    def change(profile: Profile) -> None:
        connection_id = account.token.token.connection_id
        update_scim_connection(operator(account.account.id), connection_id, {"profile": profile}, services)

    return change


@pytest.mark.rule("SCM-6")
@pytest.mark.parametrize("profile", sorted(set(Profile) - {Profile.STRICT}))
def test_what_is_odd_is_put_right_or_left_out(idp, profile_is, profile, subtests):
    profile_is(profile)
    for odd, (name, meant), _ in ODD:
        with subtests.test(odd=odd):
            patched, put = idp.user("ada"), idp.user("bob")
            answer = idp.patch(f"/Users/{patched['id']}", {"op": "replace", "value": {"title": "Dr", **odd}})
            assert (answer.status_code, answer.get_json().get(name)) == (200, meant)
            idp.delete(f"/Users/{patched['id']}")
            answer = idp.put(f"/Users/{put['id']}", {"userName": "bob", **odd})
            assert (answer.status_code, answer.get_json().get(name)) == (200, meant)
            idp.delete(f"/Users/{put['id']}")
            answer = idp.post("/Users", {"userName": "cy", **odd})
            assert (answer.status_code, answer.get_json().get(name)) == (201, meant)
            idp.delete(f"/Users/{answer.get_json()['id']}")


@pytest.mark.rule("SCM-6")
def test_what_is_odd_is_refused_by_its_name_where_the_connection_is_strict(idp, profile_is, state, subtests):
    profile_is(Profile.STRICT)
    path = f"/Users/{idp.user('ada')['id']}"
    before = state()
    for odd, _, named in ODD:
        with subtests.test(odd=odd):
            for answer in (
                idp.patch(path, {"op": "replace", "value": {"title": "Dr", **odd}}),
                idp.put(path, {"userName": "ada", **odd}),
                idp.post("/Users", {"userName": "new", **odd}),
            ):
                assert answer.status_code == 400
                assert named in answer.get_json()["detail"]
            assert state() == before


@pytest.mark.parametrize("profile", sorted(Profile))
def test_what_is_plain_means_the_same_in_every_profile(idp, profile_is, profile):
    profile_is(profile)
    made = idp.post("/Users", PLAIN)
    assert made.status_code == 201, made.text
    path = f"/Users/{made.get_json()['id']}"
    assert idp.put(path, made.get_json()).get_json() == made.get_json()
    changed = idp.patch(
        path,
        {"op": "add", "path": "emails", "value": {"value": "b@x.example"}},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "c@x.example"},
        {"op": "replace", "value": {"schemas": [CORE_USER], "active": False, f"{ENTERPRISE}:department": "Looms"}},
        {"op": "replace", "value": {ENTERPRISE: {"costCenter": "7"}}},
        {"op": "replace", "path": ENTERPRISE, "value": {"division": "East"}},
        {"op": "remove", "path": "nickName"},
    )
    assert changed.status_code == 200, changed.text
    body = changed.get_json()
    assert [each["value"] for each in body["emails"]] == ["c@x.example", "b@x.example"]
    assert (body["active"], "nickName" in body) == (False, False)
    assert {"department": "Looms", "costCenter": "7", "division": "East"}.items() <= body[ENTERPRISE].items()


@pytest.mark.rule("SCM-6")
@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": "u1"},
        {"op": "replace", "path": "members", "value": {"value": "u1"}},
        {"op": "add", "path": "members", "value": [{"$ref": "../Users/u1"}]},
        {"op": "replace", "value": {"displayName": "New", "colour": "red"}},
        {"op": "replace", "path": "colour", "value": "red"},
        {"op": "add", "path": "members", "value": [{"value": "u1", "colour": "red"}]},
    ],
)
def test_groups_are_held_to_it_too(idp, profile_is, state, operation):
    team = idp.group("Engineers")
    profile_is(Profile.STRICT)
    before = state()
    assert idp.patch(f"/Groups/{team['id']}", operation).status_code == 400
    for body in ({"displayName": "New", "colour": "red"}, {"displayName": "New", "members": "u1"}):
        fault(idp.post("/Groups", body), 400, "invalidValue")
        fault(idp.put(f"/Groups/{team['id']}", body), 400, "invalidValue")
    assert state() == before
