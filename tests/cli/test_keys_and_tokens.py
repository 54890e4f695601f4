"""`gatelodge key`, `scim-connection`, `scim-token`: shown once, stored hashed, dead when revoked."""

from datetime import datetime, timedelta

import pytest

from provisioning.actions.keys import find_key_caller
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.domain.errors import Refusal


@pytest.mark.rule("API-1", "KEY-1", "KEY-2")
def test_a_key_works_from_its_making_to_its_revoking_and_is_shown_once(gatelodge, account_id, services, sql) -> None:
    made = gatelodge.json("key", "create", "--account", account_id, "--name", "ci", "--role", "admin")
    caller = find_key_caller(made["key"], made["secret"], None, services)
    assert (caller.account, caller.role, caller.name) == (account_id, "admin", "ci")
    listed = gatelodge.run("key", "list", "--account", account_id, "--json")
    assert made["key"] in listed.out
    assert made["secret"] not in listed.out
    assert made["secret"] not in str(sql("select t::text from account_keys t"))
    assert gatelodge.json("key", "revoke", "--account", account_id, made["key"])["revoked_at"]
    with pytest.raises(Refusal):
        find_key_caller(made["key"], made["secret"], None, services)


@pytest.mark.rule("API-2", "KEY-2")
def test_a_token_belongs_to_its_connection_and_dies_when_revoked(gatelodge, account_id, services, sql) -> None:
    gatelodge.json("scim-connection", "create", "--account", account_id, "--name", "okta", "--set", "profile=okta")
    made = gatelodge.json("scim-token", "create", "--account", account_id, "--connection", "okta")
    caller = find_scim_caller(made["token"], None, services)
    assert (caller.connection.name, caller.connection.profile) == ("okta", "okta")
    listed = gatelodge.json("scim-token", "list", "--account", account_id, "--connection", "okta")
    assert [each["id"] for each in listed] == [made["id"]]
    assert made["token"] not in str(listed) + str(sql("select t::text from scim_tokens t"))
    gatelodge.json("scim-token", "revoke", "--account", account_id, made["id"])
    with pytest.raises(Refusal):
        find_scim_caller(made["token"], None, services)


@pytest.mark.rule("KEY-5")
def test_keys_tokens_and_connections_of_another_account_are_not_found(
    gatelodge, account_id, account, neighbour, services, state
) -> None:
    theirs = neighbour.token.token
    before = state()
    for command in (
        ("key", "revoke", neighbour.key.key.id),
        ("scim-token", "revoke", theirs.id),
        ("scim-connection", "show", theirs.connection_id),
        ("scim-connection", "update", theirs.connection_id, "--set", "enabled=false"),
        ("scim-connection", "delete", theirs.connection_id),
        ("scim-token", "create", "--connection", theirs.connection_id),
        ("key", "revoke", "nobody"),
    ):
        assert gatelodge.refused(*command, "--account", account_id) == "not_found"
    assert state() == before
    assert find_scim_caller(neighbour.token.text, None, services).account == neighbour.account.id


@pytest.mark.rule("SCM-1", "SCM-2")
def test_a_connection_is_changed_setting_by_setting_and_printed_whole(gatelodge, account_id) -> None:
    made = gatelodge.json("scim-connection", "create", "--account", account_id, "--name", "entra")
    presets = {
        "name": "entra", "profile": "generic", "saml_connection": None, "email_domains": [], "enabled": True,
        "allow_master_admin": False, "default_role": "media_library_user",
        "role_cap": ["media_library_admin", "media_library_user", "reports", "technical_admin"],
    }  # fmt: skip
    assert {key: made[key] for key in presets} == presets
    settings = (
        "profile=entra", "email_domains=Acme.example, acme.test", "role_cap=admin,media_library_user",
        "default_role=admin", "allow_master_admin=yes", "enabled=off", "name=Entra ID",
    )  # fmt: skip
    options = [part for setting in settings for part in ("--set", setting)]
    changed = gatelodge.json("scim-connection", "update", "entra", "--account", account_id, *options)
    assert changed == gatelodge.json("scim-connection", "show", "--name", "Entra ID", "--account", account_id)
    assert changed["email_domains"] == ["acme.example", "acme.test"]
    assert (changed["profile"], changed["default_role"], changed["enabled"]) == ("entra", "admin", False)
    assert gatelodge.json("scim-connection", "delete", "Entra ID", "--account", account_id)["deleted"] is True


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("nothing", "invalid_value"),
        ("nothing=1", "invalid_value"),
        ("enabled=maybe", "invalid_value"),
        ("profile=unknown", "invalid_value"),
        ("role_cap=king", "invalid_value"),
        ("default_role=master_admin", "invalid_value"),
        ("email_domains=not a domain", "invalid_value"),
        ("saml_connection=unknown", "not_found"),
        ("name=", "invalid_value"),
    ],
)
def test_settings_that_are_refused_change_nothing(gatelodge, account_id, state, setting, code) -> None:
    before = state()
    command = ("--account", account_id, "--set", setting)
    assert gatelodge.refused("scim-connection", "update", "default", *command) == code
    assert state() == before


@pytest.mark.rule("SCM-2")
def test_a_name_is_taken_once(gatelodge, account_id, state) -> None:
    before = state()
    assert gatelodge.refused("scim-connection", "create", "--account", account_id) == "connection_name_taken"
    assert state() == before


@pytest.mark.rule("KEY-2", "KEY-4", "API-1", "API-2")
@pytest.mark.parametrize("noun", ["key", "scim-token"])
def test_keys_and_tokens_have_terms_rotate_and_are_switched_off_on_and_kept(gatelodge, account_id, noun) -> None:
    act = lambda verb, *more: gatelodge.json(noun, verb, "--account", account_id, *more)
    made = act("create", "--expires-in", "90d", "--address-range", "203.0.113.0/24", "--address-range", "192.0.2.1")
    name = made.get("key") or made["id"]
    assert lifetime(made) == timedelta(days=90)
    assert made["address_ranges"] == ["203.0.113.0/24", "192.0.2.1/32"]
    rotated = act("rotate", name, "--overlap", "2h")
    assert rotated["address_ranges"] == made["address_ranges"]
    listed = {each.get("key") or each["id"]: each for each in act("list")}
    assert listed[name]["replaced_by"] == (rotated.get("key") or rotated["id"])
    assert timedelta(hours=2) <= lifetime(listed[name]) < timedelta(hours=3)
    assert lifetime(rotated) == timedelta(days=90)
    assert act("disable", name)["disabled_at"]
    assert act("enable", name)["disabled_at"] is None
    assert act("keep", name)["review"] is None
    for refused in (("rotate", name), ("rotate", "nobody"), ("create", "--address-range", "x")):
        code = gatelodge.refused(noun, refused[0], "--account", account_id, *refused[1:])
        assert code in ("credential_not_rotatable", "not_found", "invalid_value")
    for text in ("90", "d", "-1d", "1w", "9999999999d"):
        assert gatelodge.run(noun, "create", "--account", account_id, "--expires-in", text).status == 2


def lifetime(shown) -> timedelta:
    """From making to end, as it is printed."""
    return datetime.fromisoformat(shown["expires_at"]) - datetime.fromisoformat(shown["created_at"])
