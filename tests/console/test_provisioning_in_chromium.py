"""SCIM set-up in a real Chromium: by keyboard alone, on a narrow screen, without scripts, without a fault of axe."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from provisioning.actions.scim_connections import find_scim_connection, list_scim_connections
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.domain.roles_legacy import Role
from tests.console.conftest import NARROW, WIDE
from tests.console.test_accessible import STANDARDS

pytestmark = pytest.mark.chromium


def focus(page, name: str) -> None:
    """Press Tab until the control of that label has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if name in page.evaluate("[document.activeElement.textContent.trim(), document.activeElement.name]"):
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


@pytest.mark.rule("API-2", "KEY-2", "WEB-2")
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_connection_is_made_and_its_token_copied_by_keyboard_only(open_tab, account, services, caller, size):
    tab = open_tab(size)
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.log_in("root@acme.example", account.root_password)
    page = tab.page
    tab.go("/provisioning")
    focus(page, "New connection")
    page.keyboard.press("Enter")
    page.wait_for_url("**/provisioning/new")
    focus(page, "name")
    page.keyboard.type("Entra")
    focus(page, "profile")
    page.keyboard.type("Micro")
    focus(page, "role_map")
    page.keyboard.type("Developers = Technical admin")
    focus(page, "manage_environments")
    page.keyboard.press("Space")
    assert tab.fits()
    assert Axe().run(page, options=STANDARDS).response["violations"] == []
    focus(page, "Make connection")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    made = find_scim_connection(caller, "Entra", services)
    assert (made.profile.value, made.manage_environments) == ("entra", True)
    assert made.role_map == {"Developers": Role.TECHNICAL_ADMIN}
    assert page.get_by_label("Tenant URL").input_value().endswith("/scim/v2")
    assert tab.fits()
    assert Axe().run(page, options=STANDARDS).response["violations"] == []
    focus(page, "New token")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tokens/new")
    focus(page, "Make token")
    page.keyboard.press("Enter")
    shown = page.get_by_label("Secret token", exact=True)
    shown.wait_for()
    focus(page, "Copy Tenant URL")
    focus(page, "Copy Secret token")
    page.keyboard.press("Enter")
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text.startsWith('gst_'))")
    assert page.evaluate("navigator.clipboard.readText()") == shown.input_value()
    assert find_scim_caller(shown.input_value(), None, services).connection.id == made.id


@pytest.mark.rule("WEB-2")
def test_settings_are_changed_without_scripts(open_tab, account, services, caller):
    tab = open_tab(NARROW, scripts=False)
    tab.log_in("root@acme.example", account.root_password)
    tab.go("/provisioning")
    tab.page.get_by_role("link", name="default").click()
    tab.page.get_by_label("Roles for words of the directory").fill("Staff = reports")
    tab.page.get_by_role("button", name="Save").click()
    assert "were changed" in tab.page.get_by_role("status").inner_text()
    assert list_scim_connections(caller, services)[0].role_map == {"Staff": Role.REPORTS}
