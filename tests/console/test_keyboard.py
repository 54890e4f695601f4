"""Every page by the keyboard alone, in a real Chromium: Tab reaches every control, the focus is seen, Enter submits."""

import pytest

from provisioning.actions.keys import list_account_keys
from provisioning.actions.security_settings import show_security
from provisioning.actions.webhooks import list_webhooks
from tests.console.conftest import WIDE

pytestmark = [pytest.mark.chromium, pytest.mark.long]
# What people can use: not hidden, not in a menu that is closed, of a group of radio buttons the one that Tab goes to.
CONTROLS = """() => {
    const shown = (each) => each.checkVisibility({visibilityProperty: true}) && !each.disabled && each.tabIndex >= 0;
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(shown);
    const group = (each) => `${each.form?.action} ${each.name}`;
    const checked = new Set(all.filter((each) => each.type === "radio" && each.checked).map(group));
    const tabbed = all.filter((each) => each.type !== "radio" || each.checked || !checked.has(group(each)));
    tabbed.forEach((each, number) => { each.dataset.number = number; });
    // Day, month, year and calendar of a date are stops of their own.
    return [tabbed.length, tabbed.length + 5 + 4 * tabbed.filter((each) => each.type === "date").length];
}"""
FOCUSED = """() => {
    const each = document.activeElement, style = getComputedStyle(each);
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return [each.dataset.number ?? "", ring || style.boxShadow !== "none", each.outerHTML.slice(0, 120)];
}"""


def faults_of(page) -> list[str]:
    """Press Tab through a page; returns the controls that it does not reach, and those whose focus is not seen."""
    number, stops = page.evaluate(CONTROLS)
    reached, unseen = set(), []
    for _ in range(stops):
        page.keyboard.press("Tab")
        found, is_seen, markup = page.evaluate(FOCUSED)
        reached.add(found)
        if found and not is_seen:
            unseen.append(f"focus not seen: {markup}")
    missed = [str(each) for each in range(number) if str(each) not in reached]
    if missed:
        query = f"document.querySelector('[data-number=\"{missed[0]}\"]').outerHTML.slice(0, 120)"
        return [f"not reached: {page.evaluate(query)}", *unseen]
    return unseen


@pytest.mark.rule("WEB-2")
def test_tab_reaches_every_control_of_every_page_and_the_focus_is_seen(open_tab, account, every_page):
    tab = open_tab(WIDE)
    tab.log_in("root@acme.example", account.root_password)
    faults = {}
    for path in every_page:
        tab.go(path)
        found = faults_of(tab.page)
        if found:
            faults[path] = found[:3]
    assert faults == {}


def type_into(page, label: str, text: str) -> None:
    """Press Tab until the focus is on the field of a label, empty it, and type."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.labels?.[0]?.innerText ?? '').trim()") == label:
            page.keyboard.press("Control+A")
            page.keyboard.type(text)
            return
    raise AssertionError(f"the keyboard does not reach {label!r}")


def test_enter_submits_the_forms_of_keys_webhooks_security_and_the_profile(open_tab, account, caller, services):
    tab = open_tab(WIDE)
    tab.log_in("root@acme.example", account.root_password)
    page = tab.page
    tab.go("/api-keys/new")
    type_into(page, "Name", "By keyboard")
    page.keyboard.press("Enter")
    page.get_by_label("API secret").wait_for()
    assert "By keyboard" in [key.name for key in list_account_keys(caller, services)]
    tab.go("/webhooks/new")
    type_into(page, "Address", "https://hooks.example/keyboard")
    page.keyboard.press("Enter")
    page.get_by_label("Secret").wait_for()
    assert [webhook.url for webhook in list_webhooks(caller, services)] == ["https://hooks.example/keyboard"]
    tab.go("/sign-in/settings")
    type_into(page, "A session ends when idle for (minutes)", "45")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert show_security(caller, services).session_idle_seconds == 45 * 60
    tab.go("/profile/names")
    type_into(page, "First name", "Ruth")
    page.keyboard.press("Enter")
    assert page.get_by_role("status").inner_text() == "Your names were changed."
    tab.go("/activity")
    page.get_by_label("What was done").focus()
    page.keyboard.type("created the user")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Show").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**kind=user.created**")
