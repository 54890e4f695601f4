"""The navigation: entries for who may use their page, marked where one is, and none that leads nowhere."""

import pytest

from provisioning.console.navigation import CORNER, SIDE
from provisioning.domain.roles_legacy import Role
from provisioning.guard.require import declared
from tests.console.conftest import NARROW, WIDE
from tests.console.test_chromium import press, reach
from tests.factories import PASSWORD, make_active, make_user

ENTRIES = "//nav[@aria-label='Pages']//a"


@pytest.mark.rule("AUZ-2")
def test_an_entry_is_for_those_whom_its_page_lets_in(app):
    marks = declared(app)
    pages = {rule.rule: marks[rule.endpoint] for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    for entry in (*SIDE, *CORNER):
        if entry.path in pages and pages[entry.path] != "self:profile:manage":
            assert pages[entry.path] in entry.permissions, entry


@pytest.mark.rule("ROLE-1")
@pytest.mark.parametrize("role", list(Role))
def test_every_entry_that_somebody_sees_leads_to_a_page_for_them(browser, caller, services, sql, role):
    make_active(services, sql, make_user(caller, services, "rae@acme.example", role))
    browser.log_in("rae@acme.example", PASSWORD)
    page = browser.get("/profile")
    for path in {*page.tree.xpath(f"{ENTRIES}/@href"), "/profile"}:
        found = browser.get(path)
        assert found.status == 200, path
        assert path in found.tree.xpath("//a[@aria-current='page']/@href")


@pytest.mark.chromium
@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_group_is_made_and_deleted_by_keyboard_only(open_tab, account, size):
    tab = open_tab(size)
    tab.log_in("root@acme.example", account.root_password)
    page = tab.page
    if size == NARROW:
        reach(page, "Menu")
        press(page, "Enter")
    reach(page, "Groups")
    press(page, "Enter")
    page.wait_for_url("**/groups")
    reach(page, "New group")
    press(page, "Enter")
    page.wait_for_url("**/groups/new")
    while page.evaluate("document.activeElement.id") != "name":
        press(page, "Tab")
    page.keyboard.type("Design")
    press(page, "Enter")
    page.get_by_role("heading", name="Design", level=1).wait_for()
    reach(page, "Delete group")
    press(page, "Enter")
    page.wait_for_url("**/delete")
    reach(page, "Delete group")
    press(page, "Enter")
    page.get_by_role("status").wait_for()
    assert page.get_by_role("status").inner_text() == ("The group was deleted. Members who lost what it gave them: 0.")
