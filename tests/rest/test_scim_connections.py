"""SCIM connections and their tokens through the API."""

import pytest

from provisioning.actions.keys import create_account_key
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.rest.scim_shapes import ScimConnectionMembers, ScimConnectionRecord
from tests.actions.saml_world import connected
from tests.doors.api import ApiClient, done, refusal
from tests.factories import key_caller


@pytest.fixture
def made(api):
    return done(api.post("/scim_connections", {"name": "Okta", "profile": "okta", "email_domains": ["Acme.example"]}))


def names(api):
    return [each["name"] for each in done(api.get("/scim_connections"))["scim_connections"]]


@pytest.mark.rule("SCM-1", "SCM-2")
def test_a_connection_is_made_shown_changed_and_removed(api, made, settings, services, account):
    assert list(made) == list(ScimConnectionRecord().fields)
    assert (made["base_url"], made["enabled"], made["allow_master_admin"]) == (
        f"{settings.public_url}/scim/v2", True, False)  # fmt: skip
    assert made["email_domains"] == ["acme.example"]
    assert "master_admin" not in made["role_cap"]
    assert names(api) == ["default", "Okta"]
    path = f"/scim_connections/{made['id']}"
    assert done(api.get(path)) == made
    partner = connected(services, account).id
    sent = {"name": "Entra", "profile": "entra", "saml_connection": partner, "role_cap": ["reports", "admin"],
            "default_role": "reports", "enabled": "false", "role_map": {"Staff": "reports"}, "create_on_replace": False,
            "manage_environments": True, "manage_media_library": True}  # fmt: skip
    changed = done(api.put(path, sent))
    assert changed == made | sent | {"enabled": False, "role_cap": ["admin", "reports"]}
    assert done(api.put(path, {"saml_connection": None, "name": None})) == changed | {"saml_connection": None}
    assert done(api.delete(path)) == {"message": "ok"}
    assert refusal(api.get(path)) == (404, "not_found")


def test_what_a_request_sets_is_what_an_answer_shows_and_nothing_else():
    settable = set(ScimConnectionMembers().fields)
    assert settable | ScimConnectionMembers.read_only == set(ScimConnectionRecord().fields)


@pytest.mark.rule("SCM-1", "IDN-3", "IDN-5", "LIM-3", "TEN-2")
def test_what_cannot_be_is_refused_and_changes_nothing(api, foreign_api, made, services, neighbour, subtests):
    path, foreign = f"/scim_connections/{made['id']}", connected(services, neighbour).id
    for members, answer in (
        ({"name": ""}, (400, "invalid_value")), ({"name": "x" * 257}, (400, "invalid_value")),
        ({"name": "DEFAULT"}, (409, "connection_name_taken")), ({"profile": "x"}, (400, "invalid_value")),
        ({"default_role": "admin"}, (400, "invalid_value")), ({"role_cap": []}, (400, "invalid_value")),
        ({"role_map": {"A": "king"}}, (400, "invalid_value")),
        ({"role_map": {"A": "master_admin"}}, (400, "invalid_value")),
        ({"role_map": {"": "reports"}}, (400, "invalid_value")), ({"role_map": {"A": 7}}, (400, "invalid_value")),
        ({"role_map": {"a\0b": "reports"}}, (400, "invalid_value")),
        ({"role_map": "A=reports"}, (400, "invalid_value")),
        ({"role_map": {"A": "reports", "a": "reports"}}, (400, "invalid_value")),
        ({"role_map": {str(each): "reports" for each in range(101)}}, (400, "invalid_value")),
        ({"manage_environments": "perhaps"}, (400, "invalid_value")),
        ({"role_cap": ["king"]}, (400, "invalid_value")), ({"role_cap": [None]}, (400, "invalid_value")),
        ({"email_domains": ["a b"]}, (400, "invalid_value")), ({"saml_connection": foreign}, (404, "not_found")),
        ({"saml_connection": ["x"]}, (400, "invalid_value")), ({"id": "x"}, (400, "mutability")),
        ({"base_url": "https://evil.example"}, (400, "mutability")), ({"account_id": "x"}, (400, "invalid_value")),
    ):  # fmt: skip
        with subtests.test(str(members)[:60]):
            assert refusal(api.put(path, members)) == answer
    assert refusal(api.post("/scim_connections", {"profile": "okta"})) == (400, "invalid_value")
    assert refusal(api.post("/scim_connections", {"name": "Two", "email_domains": "acme.EXAMPLE"})) == (
        409, "email_domain_taken")  # fmt: skip
    for method, sent in (("GET", None), ("PUT", {"enabled": False}), ("DELETE", None)):
        assert refusal(foreign_api.send(method, path, sent)) == (404, "not_found")
    assert done(api.get(path)) == made


@pytest.mark.rule("API-2", "KEY-1", "KEY-2", "KEY-4")
def test_a_token_is_shown_once_works_and_is_revoked(api, made, services, settings):
    token = done(
        api.post("/scim_tokens", {"connection": made["id"], "expires_in": 3600, "address_ranges": "10.0.0.0/8"})
    )
    assert (token["connection"], token["expires_at"], token["address_ranges"]) == (
        made["id"], "2026-11-23T10:00:00Z", ["10.0.0.0/8"])  # fmt: skip
    assert token["base_url"] == f"{settings.public_url}/scim/v2"
    assert find_scim_caller(token["token"], "10.1.2.3", services).connection.id == made["id"]
    listed = api.get("/scim_tokens", connection="Okta")
    assert [each["id"] for each in done(listed)["scim_tokens"]] == [token["id"]]
    assert token["token"] not in api.get("/scim_tokens").text
    assert len(done(api.get("/scim_tokens"))["scim_tokens"]) == 2
    assert done(api.delete(f"/scim_tokens/{token['id']}")) == {"message": "ok"}
    with pytest.raises(Refusal) as refused:
        find_scim_caller(token["token"], "10.1.2.3", services)
    assert refused.value.code is Code.CREDENTIAL_INVALID
    assert done(api.get("/scim_tokens", connection=made["id"]))["scim_tokens"][0]["revoked_at"] is not None
    assert done(api.post("/scim_tokens"))["connection"] != made["id"]


@pytest.mark.rule("TEN-1", "LIM-3", "IDN-5", "AUZ-1")
def test_tokens_that_cannot_be_are_refused(app, api, foreign_api, made, services, account, neighbour, subtests):
    foreign = neighbour.token.token
    for members, answer in (
        ({"connection": foreign.connection_id}, (404, "not_found")), ({"connection": "x"}, (404, "not_found")),
        ({"expires_in": 59}, (400, "invalid_value")), ({"expires_in": 5 * 365 * 86_400 + 1}, (400, "invalid_value")),
        ({"address_ranges": ["x"]}, (400, "invalid_value")), ({"token": "gst_x"}, (400, "mutability")),
        ({"expires_at": "2030-01-01T00:00:00Z"}, (400, "mutability")), ({"role": "admin"}, (400, "invalid_value")),
    ):  # fmt: skip
        with subtests.test(str(members)):
            assert refusal(api.post("/scim_tokens", members)) == answer
    assert refusal(api.delete(f"/scim_tokens/{foreign.id}")) == (404, "not_found")
    assert refusal(api.get("/scim_tokens", connection=foreign.connection_id)) == (404, "not_found")
    admin = ApiClient(app, account.account.id, create_account_key(key_caller(account), "a", Role.ADMIN, services))
    for method, path in (("GET", "/scim_tokens"), ("POST", "/scim_tokens"), ("GET", "/scim_connections"),
                         ("DELETE", f"/scim_tokens/{account.token.token.id}")):  # fmt: skip
        assert refusal(admin.send(method, path)) == (403, "not_allowed")
    assert find_scim_caller(account.token.text, None, services).account == account.account.id
