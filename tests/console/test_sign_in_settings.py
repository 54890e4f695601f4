"""Sign-in & security: settings, SAML login enforced after it was said who stays outside, connections in steps."""

import pytest

from provisioning.actions.security_settings import show_security
from provisioning.actions.sso_settings import list_connections, update_connection
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected
from tests.factories import PASSWORD, make_active, make_user


@pytest.mark.rule("2FA-4", "OUT-5")
def test_second_factor_and_length_of_sessions_are_changed(as_root, caller, services):
    as_root.get("/sign-in/settings")
    page = as_root.submit(
        "/sign-in/settings", two_factor="required", session_idle_seconds="30", session_max_seconds="60"
    )
    assert (page.path, page.notice) == ("/sign-in", "The security settings were changed.")
    account = show_security(caller, services)
    assert (account.two_factor, account.session_idle_seconds) == (TwoFactor.REQUIRED, 1800)
    for name, value in (
        ("two_factor", "x"),
        ("session_idle_seconds", "1"),
        ("session_max_seconds", "99999"),
        ("session_max_seconds", "٣x"),
    ):
        as_root.get("/sign-in/settings")
        page = as_root.submit("/sign-in/settings", **{name: value})
        assert (page.status, list(page.errors())) == (422, [name])


@pytest.mark.rule("2FA-3")
def test_a_second_factor_beside_saml_provisioning_is_refused_beside_its_field(as_root, account, caller, services, sql):
    sql("update accounts set two_factor = 'disabled'")
    connection = connected(services, account)
    update_connection(caller, connection.id, {"provisioning": True}, services)
    as_root.get("/sign-in/settings")
    page = as_root.submit("/sign-in/settings", two_factor="optional")
    assert (page.status, list(page.errors())) == (409, ["two_factor"])


@pytest.mark.rule("SSO-6")
def test_saml_login_is_enforced_after_it_was_said_who_stays_able_to_log_in(as_root, account, caller, services, sql):
    connected(services, account)
    sql("update saml_connections set succeeded_at = null")
    page = as_root.get("/sign-in/enforce")
    assert "1 user could still log in with a password: Root User (root@acme.example)." in page.text
    assert as_root.submit("/sign-in/enforce").code == "enforce_needs_login"
    sql("update saml_connections set succeeded_at = now()")
    as_root.get("/sign-in/enforce")
    assert as_root.submit("/sign-in/enforce").notice == "SAML login is enforced now."
    as_root.get("/sign-in/enforce")
    assert as_root.submit("/sign-in/enforce").notice == "SAML login is not enforced any more."


@pytest.mark.rule("SSO-1", "TEN-3")
def test_a_connection_is_set_in_steps_and_removed(as_root, account, neighbour, caller, services):
    connection = connected(services, account)
    foreign = connected(services, neighbour)
    path = f"/sign-in/{connection.id}"
    page = as_root.get(path)
    assert page.tree.xpath("//input[@id='acs']/@value")[0].endswith(f"/saml/{connection.id}/acs")
    page = as_root.submit(path, email="mail", email_domains="acme.example", enabled="true")
    assert page.notice == "The settings of the connection were changed."
    (saved,) = list_connections(caller, services)
    assert (saved.mapping["email"], saved.email_domains) == ("mail", ("acme.example",))
    page = as_root.submit(path, email_domains="no domain!")
    assert list(page.errors()) == ["email_domains"]
    as_root.get("/sign-in/new")
    for values in ({}, {"document": "<x/>"}, {"metadata_url": "ftp://x"}):
        assert as_root.submit("/sign-in/new", **values).status == 422
    assert as_root.get(f"/sign-in/{foreign.id}").status == 404
    as_root.get(f"{path}/delete")
    assert as_root.submit(f"{path}/delete").notice == "The connection was removed."
    assert list_connections(caller, services) == []


@pytest.mark.rule("AUZ-2", "ROLE-1")
def test_admins_see_connections_and_not_the_settings(browser, caller, services, sql):
    make_active(services, sql, make_user(caller, services, "ada@acme.example", Role.ADMIN))
    browser.log_in("ada@acme.example", PASSWORD)
    assert browser.get("/sign-in").status == 200
    assert "/sign-in/settings" not in browser.page.tree.xpath("//a/@href")
    assert browser.get("/sign-in/settings").status == 403
