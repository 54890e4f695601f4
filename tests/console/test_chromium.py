"""The Console in a real Chromium: the main paths, wide and narrow, by keyboard only, and without scripts."""

import re

import pytest

from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.users import delete_user, disable_user, show_user
from provisioning.domain.roles_legacy import Role
from tests.console.conftest import NARROW, WIDE
from tests.factories import PASSWORD, link_secret, make_active, make_user

pytestmark = pytest.mark.chromium
NEW_PASSWORD = "seven quiet lanterns swim"


@pytest.fixture
def people(caller, services, sql) -> dict:
    """A team with every status, groups and roles, as a real account has."""
    made = {}
    for first, last, role in (
        ("Dana", "Roe", Role.MEDIA_LIBRARY_USER),
        ("Amara", "Okafor", Role.MASTER_ADMIN),
        ("Björn", "Åkesson", Role.ADMIN),
        ("Chiara", "Lombardi", Role.TECHNICAL_ADMIN),
        ("Yuki", "Tanaka", Role.REPORTS),
        ("Omar", "Haddad", Role.MEDIA_LIBRARY_USER),
    ):
        email = f"{first.lower().replace('ö', 'o')}@acme.example"
        user = make_user(caller, services, email, role, display_name=f"{first} {last}")
        made[first] = user if first == "Yuki" else make_active(services, sql, user)
    create_group(caller, NewGroup(name="Design", member_ids=(made["Dana"].id, made["Omar"].id)), services)
    create_group(caller, NewGroup(name="Campaigns", member_ids=(made["Dana"].id,)), services)
    disable_user(caller, made["Chiara"].id, services)
    delete_user(caller, made["Omar"].id, services)
    return made


@pytest.mark.rule("USR-9", "ROOT-5")
@pytest.mark.parametrize(("size", "name"), [(WIDE, "users"), (NARROW, "users-narrow")])
def test_the_table_shows_everybody_on_wide_and_narrow_screens(open_tab, account, people, size, name):
    tab = open_tab(size)
    tab.log_in("root@acme.example", account.root_password)
    page = tab.page
    assert page.get_by_role("heading", name="Users", level=1).is_visible()
    assert page.get_by_text("Root user", exact=True).first.is_visible()
    for word in ("Active", "Pending", "Disabled"):
        assert page.locator(".status", has_text=word).first.is_visible()
    assert tab.fits()
    tab.keep_image(name)


def test_the_table_is_searched_as_one_types(open_tab, account, people):
    tab = open_tab()
    tab.log_in("root@acme.example", account.root_password)
    tab.page.get_by_label("Name or email").press_sequentially("tanak")
    tab.page.wait_for_url("**/users?q=tanak**")
    rows = tab.page.locator("tbody tr")
    assert rows.count() == 1
    assert "Yuki Tanaka" in rows.first.inner_text()
    assert tab.page.get_by_label("Name or email").input_value() == "tanak"
    tab.page.get_by_label("Name or email").fill("")
    tab.page.get_by_label("Status").select_option("Inactive")
    tab.page.wait_for_url("**status=inactive**")
    assert tab.page.locator("tbody tr .status").inner_text() == "Inactive"


@pytest.mark.rule("USR-9")
def test_the_filters_of_the_table_are_set_by_keyboard_and_keep_the_focus(open_tab, account, people):
    tab = open_tab()
    tab.log_in("root@acme.example", account.root_password)
    tab.page.get_by_label("Name or email").focus()
    for name, first_letters in (("status", "Act"), ("role", "Media Library user"), ("group", "Cam")):
        press(tab.page, "Tab")
        assert tab.page.evaluate("document.activeElement.id") == name
        tab.page.keyboard.type(first_letters)
        tab.page.wait_for_url(re.compile(rf"[?&]{name}=[^&]"))
        assert tab.page.evaluate("document.activeElement.id") == name
    tab.page.wait_for_function("document.querySelectorAll('tbody tr').length === 1")
    assert "Dana Roe" in tab.page.locator("tbody tr").inner_text()
    tab.page.reload()
    assert tab.page.get_by_label("Role").input_value() == "media_library_user"
    assert tab.page.locator("tbody tr").count() == 1


@pytest.mark.rule("USR-2", "INV-2", "LNK-1")
def test_somebody_is_invited_sets_a_password_and_logs_in(open_tab, account, caller, services, sql):
    admin, guest = open_tab(), open_tab(NARROW)
    admin.log_in("root@acme.example", account.root_password)
    admin.page.get_by_role("link", name="Invite users").click()
    admin.page.get_by_label("Email").first.fill("dana@acme.example")
    admin.page.get_by_label("First name").first.fill("Dana")
    admin.page.get_by_label("Last name").first.fill("Roe")
    admin.page.get_by_role("button", name="Add another person").click()
    admin.page.get_by_label("Email").nth(1).fill("omar@acme.example")
    admin.keep_image("invite")
    admin.page.get_by_role("button", name="Invite", exact=True).click()
    assert admin.page.get_by_role("status").inner_text() == "Invited: 2. Their mails are on the way."
    (user_id,) = sql("select id from users where email = 'dana@acme.example'")[0]
    guest.go(f"/link/{link_secret(services, sql, show_user(caller, user_id, services).user)}")
    assert guest.page.url == f"{guest.server}/link"
    guest.page.get_by_label("New password").fill(NEW_PASSWORD)
    guest.page.get_by_role("button", name="Show").click()
    assert guest.page.get_by_label("New password").get_attribute("type") == "text"
    assert guest.fits()
    guest.keep_image("set-password-narrow")
    guest.page.get_by_role("button", name="Set password").click()
    assert guest.page.get_by_role("status").inner_text() == "Your password is set. Log in with it."
    guest.log_in("dana@acme.example", NEW_PASSWORD)
    assert guest.page.get_by_role("heading", name="My Profile").is_visible()


@pytest.mark.rule("OUT-1", "OUT-2")
def test_a_second_browser_is_logged_out_by_force(open_tab, account, people):
    admin, other = open_tab(), open_tab(NARROW)
    other.log_in("dana@acme.example", PASSWORD)
    admin.log_in("root@acme.example", account.root_password)
    admin.page.get_by_label("Actions for Dana Roe").click()
    admin.page.get_by_role("link", name="Force logout").click()
    assert admin.page.get_by_text("Ends 1 session now.").is_visible()
    admin.keep_image("force-logout")
    admin.page.get_by_role("button", name="Force logout").click()
    assert "Ended sessions: 1" in admin.page.get_by_role("status").inner_text()
    other.page.reload()
    assert other.page.url.startswith(f"{other.server}/login")
    other.log_in("dana@acme.example", PASSWORD)
    assert other.page.get_by_role("heading", name="My Profile").is_visible()


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def reach(page, name: str) -> None:
    """Press Tab until the focus is on what has this name, as people do who see where it is."""
    for _ in range(60):
        if page.evaluate("(document.activeElement.ariaLabel || document.activeElement.innerText || '').trim()") == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {name!r}")


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_main_path_works_by_keyboard_only(open_tab, account, people, size):
    tab = open_tab(size)
    tab.go("/login")
    page = tab.page
    page.keyboard.type("root@acme.example")
    press(page, "Enter")
    page.get_by_label("Password", exact=True).wait_for()
    for _ in range(10):
        if page.evaluate("document.activeElement.id") == "password":
            break
        press(page, "Tab")
    page.keyboard.type(account.root_password)
    press(page, "Enter")
    page.wait_for_url("**/users")
    reach(page, "Actions for Dana Roe")
    press(page, "Enter")
    reach(page, "Disable")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    press(page, "Escape")
    assert page.evaluate("document.activeElement.ariaLabel") == "Actions for Dana Roe"
    press(page, "Enter")
    reach(page, "Disable")
    press(page, "Enter")
    page.wait_for_url("**/disable")
    reach(page, "Disable")
    press(page, "Enter")
    page.get_by_role("status").wait_for()
    assert "Dana Roe was disabled" in page.get_by_role("status").inner_text()


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_main_path_works_without_scripts(open_tab, account, people, services, sql, size):
    tab = open_tab(size, scripts=False)
    tab.log_in("root@acme.example", account.root_password)
    page = tab.page
    page.get_by_label("Name or email").fill("yuki")
    page.get_by_role("button", name="Search").click()
    assert page.locator("tbody tr").count() == 1
    page.get_by_role("link", name="Yuki Tanaka").click()
    page.get_by_role("link", name="Resend invitation").click()
    page.get_by_role("button", name="Resend invitation").click()
    assert page.get_by_role("status").inner_text() == "A new invitation is on its way to Yuki Tanaka."
    tab.go("/users/invite")
    assert page.get_by_label("Email").count() == 5
    page.get_by_label("Email").nth(4).fill("last@acme.example")
    page.get_by_role("button", name="Invite", exact=True).click()
    assert page.get_by_role("status").inner_text() == "Invited: 1. Their mails are on the way."
    if size == NARROW:
        page.get_by_text("Menu", exact=True).click()
    page.get_by_role("link", name="My Profile").locator("visible=true").click()
    assert page.get_by_role("heading", name="My Profile").is_visible()
    page.get_by_role("button", name="Log out").first.click()
    assert page.get_by_role("status").inner_text() == "You are logged out."


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("dark", [False, True])
def test_every_page_fits_its_screen(open_tab, account, people, sql, size, dark):
    sql("update users set display_name = %s where email = 'dana@acme.example'", "Donaudampfschifffahrt" * 12)
    tab = open_tab(size, dark=dark)
    tab.go("/login")
    tab.keep_image("login-dark" if dark else "login") if size == WIDE else None
    tab.log_in("root@acme.example", account.root_password)
    dana = people["Dana"].id
    for path in ("/users", f"/users/{dana}", f"/users/{dana}/delete", "/users/invite", "/user-limit", "/profile"):
        tab.go(path)
        assert tab.fits(), path


@pytest.mark.rule("WEB-2")
def test_a_form_of_another_site_is_not_taken(open_tab, account, people, sql):
    tab = open_tab()
    tab.log_in("root@acme.example", account.root_password)
    target = f"{tab.server}/users/{people['Dana'].id}/delete"
    tab.page.route(
        "https://evil.example/", lambda route: route.fulfill(body=TRAP.format(target=target), content_type="text/html")
    )
    tab.page.goto("https://evil.example/")
    with tab.page.expect_navigation():
        tab.page.get_by_role("button").click()
    tab.complaints.clear()
    assert sql("select inactive_at from users where id = %s", people["Dana"].id) == [(None,)]


TRAP = "<form method=post action='{target}'><input name=csrf_token value=x><button>Win</button></form>"
