"""Provisioning: SCIM connections and their tokens, made, changed, rotated and removed (API-2)."""

import pytest

from provisioning.actions.scim_connections import list_scim_connections
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.users import create_user
from provisioning.domain.errors import Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import Profile, ScimConnection
from provisioning.domain.users import NewUser
from tests.actions.saml_world import connected
from tests.factories import PASSWORD, make_active, make_user


def token_on(page) -> str:
    return page.tree.xpath("//input[@id='token']/@value")[0]


@pytest.mark.rule("API-2", "SCM-1", "KEY-2")
def test_a_connection_is_made_and_its_token_works_is_rotated_and_revoked(as_root, caller, services, clock):
    as_root.get("/provisioning/new")
    page = as_root.submit(
        "/provisioning/new",
        name="Entra",
        profile="entra",
        email_domains="acme.example, Acme.Test",
        default_role="reports",
    )
    assert (page.title, page.notice) == ("Entra", "The connection was made. Make a token for it below.")
    path = page.path
    assert page.tree.xpath("//input[@id='base-url']/@value") == ["http://127.0.0.1:8080/scim/v2"]
    as_root.get(f"{path}/tokens/new")
    text = token_on(as_root.submit(f"{path}/tokens/new", days="30"))
    found = find_scim_caller(text, None, services)
    assert found.connection.name == "Entra"
    assert found.connection.email_domains == ("acme.example", "acme.test")
    page = as_root.get(path)
    assert text not in page.response.text
    assert "Works" in page.text
    rotate = f"/provisioning/tokens/{found.id}/rotate"
    as_root.get(rotate)
    newer = token_on(as_root.submit(rotate, overlap="0"))
    with pytest.raises(Refusal):
        find_scim_caller(text, None, services)
    newer_id = find_scim_caller(newer, None, services).id
    for slug, notice in (("disable", "It was switched off."), ("enable", "It was switched on and works again.")):
        as_root.get(f"/provisioning/tokens/{newer_id}/{slug}")
        assert as_root.submit(f"/provisioning/tokens/{newer_id}/{slug}").notice == notice
    as_root.get(f"/provisioning/tokens/{newer_id}/revoke")
    page = as_root.submit(f"/provisioning/tokens/{newer_id}/revoke")
    assert (page.path, page.notice) == (path, "It was revoked and works no more.")
    with pytest.raises(Refusal):
        find_scim_caller(newer, None, services)


@pytest.mark.rule("SCM-1")
def test_settings_are_changed_and_a_connection_is_removed_after_its_numbers_were_said(
    as_root, account, caller, services, scim
):
    create_user(scim, NewUser(user_name="pushed@acme.example"), services)
    path = f"/provisioning/{scim.connection.id}"
    as_root.get(path)
    page = as_root.submit(path, name="Okta", profile="okta", enabled=None)
    assert (page.title, page.notice) == ("Okta", "The settings of the connection were changed.")
    assert "Switched off" in page.text
    page = as_root.submit(path, enabled="true")
    assert list_scim_connections(caller, services)[0].enabled
    page = as_root.get(f"{path}/delete")
    assert "1 token stops working now." in page.text
    assert "1 user that it manages stay as they are" in page.text
    page = as_root.submit(f"{path}/delete")
    assert page.notice == "The connection was removed. Tokens that stopped working: 1."
    assert list_scim_connections(caller, services) == []


@pytest.mark.rule("SCM-1", "IDN-3")
def test_every_setting_is_on_the_page_and_can_be_changed(as_root, account, caller, services, scim):
    partner = connected(services, account)
    path = f"/provisioning/{scim.connection.id}"
    as_root.get(path)
    typed = "Developers = technical_admin\nCN=Staff,OU=x = Media Library user"
    page = as_root.submit(
        path,
        saml_connection=partner.id,
        role_map=typed,
        manage_environments="true",
        manage_media_library="true",
        allow_master_admin="true",
        create_on_replace=None,
    )
    assert page.notice == "The settings of the connection were changed."
    after = list_scim_connections(caller, services)[0]
    assert after.saml_connection == partner.id
    assert after.role_map == {"Developers": Role.TECHNICAL_ADMIN, "CN=Staff,OU=x": Role.MEDIA_LIBRARY_USER}
    assert (after.manage_environments, after.manage_media_library, after.allow_master_admin) == (True, True, True)
    assert not after.create_on_replace
    assert page.tree.xpath("//select[@id='saml_connection']/option[@selected]/@value") == [partner.id]
    shown = page.tree.xpath("string(//textarea[@id='role_map'])").strip().splitlines()
    assert shown == ["Developers = technical_admin", "CN=Staff,OU=x = media_library_user"]
    settings = {name for name in ScimConnection.__dataclass_fields__ if name not in ("id", "account_id")}
    assert settings <= set(page.tree.xpath("//form//@name"))
    page = as_root.submit(path, saml_connection="", role_map="")
    after = list_scim_connections(caller, services)[0]
    assert (after.saml_connection, after.role_map) == (None, {})


def test_nothing_typed_is_lost_where_one_field_is_wrong(as_root):
    as_root.get("/provisioning/new")
    page = as_root.submit("/provisioning/new", name="Entra", profile="entra", role_map="nonsense",
                          manage_environments="true", email_domains="acme.example")  # fmt: skip
    assert page.tree.xpath("//select[@id='profile']/option[@selected]/@value") == ["entra"]
    assert page.tree.xpath("//input[@name='manage_environments']/@checked")
    assert page.tree.xpath("string(//textarea[@id='role_map'])").strip() == "nonsense"
    assert page.tree.xpath("//input[@id='email_domains']/@value") == ["acme.example"]


@pytest.mark.rule("API-2", "KEY-2")
@pytest.mark.parametrize("profile", sorted(Profile))
def test_the_values_to_paste_have_the_names_that_the_provider_gives_them(as_root, services, account, profile):
    path = f"/provisioning/{account.token.token.connection_id}"
    assert "Never" in as_root.get("/provisioning").text
    find_scim_caller(account.token.text, None, services)
    assert "Never" not in as_root.get("/provisioning").text
    as_root.get(path)
    page = as_root.submit(path, profile=profile.value)
    names = {Profile.ENTRA: ("Tenant URL", "Secret token"), Profile.OKTA: ("SCIM connector base URL", "Authorization")}
    address, token = names.get(profile, ("Base URL", "Token"))
    assert page.tree.xpath("//label[@for='base-url']/text()") == [address]
    assert len(page.tree.xpath("//section[@aria-labelledby='paste']//button[@data-copies]")) == 3
    as_root.get(f"{path}/tokens/new")
    secret = as_root.submit(f"{path}/tokens/new", days="30")
    assert secret.tree.xpath("//label[@for='token']/text()")[0].startswith(token)
    assert secret.tree.xpath("//button[@data-copies='token']")


@pytest.mark.parametrize(
    ("field", "value", "beside"),
    [
        ("name", "", "name"),
        ("name", "DEFAULT", "name"),
        ("profile", "x", "profile"),
        ("email_domains", "a b@c", "email_domains"),
        ("email_domains", "a\0b", "email_domains"),
        ("default_role", "admin", "default_role"),
        ("role_cap", ["emperor"], "role_cap"),
        ("role_map", "Developers", "role_map"),
        ("role_map", "Developers = emperor", "role_map"),
        ("role_map", "A = reports\nA = reports", "role_map"),
        ("role_map", "A = reports\na = reports", "role_map"),
        ("role_map", "Bosses = Master admin", "role_map"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(as_root, caller, services, scim, field, value, beside):
    as_root.get("/provisioning/new")
    page = as_root.submit("/provisioning/new", **{"name": "Entra", field: value})
    assert page.status in (409, 422)
    assert list(page.errors()) == [beside]
    assert len(list_scim_connections(caller, services)) == 1


@pytest.mark.rule("TEN-3", "AUZ-2")
def test_connections_of_another_account_are_not_found_and_others_see_none(
    as_root, second_browser, caller, services, sql, neighbour
):
    foreign, token_id = neighbour.token.token.connection_id, neighbour.token.token.id
    as_root.get("/provisioning")
    token = as_root.page.forms("/logout")[0].fields["csrf_token"]
    for path in (
        f"/provisioning/{foreign}",
        f"/provisioning/{foreign}/delete",
        f"/provisioning/{foreign}/tokens/new",
        f"/provisioning/tokens/{token_id}/rotate",
        f"/provisioning/tokens/{token_id}/revoke",
    ):
        assert as_root.get(path).status == 404
        assert as_root.post(path, {"csrf_token": token, "name": "x", "overlap": "0"}).status == 404
    make_active(services, sql, make_user(caller, services, "ada@acme.example", Role.ADMIN))
    second_browser.log_in("ada@acme.example", PASSWORD)
    assert second_browser.get("/provisioning").status == 403
