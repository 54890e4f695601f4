"""Logging in: one answer for every failure, ways that the domain alone decides, new sessions, and where it leads."""

import re

import pytest

from provisioning.actions.users import delete_user, disable_user
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected
from tests.doors.console import ConsoleClient
from tests.factories import PASSWORD, key_caller, make_active, make_user

WRONG = "this is not the password"


def told(page) -> tuple:
    """What somebody who only looks can tell from an answer: all but the email they typed and random values."""
    text = page.response.get_data(as_text=True)
    for pattern in (r'name="csrf_token" value="[^"]+"', r'value="[^"]+@[^"]+"'):
        text = re.sub(pattern, "", text)
    cookies = sorted(header.partition("=")[0] for header in page.response.headers.getlist("Set-Cookie"))
    return page.status, page.code, cookies, text


def test_a_person_logs_in_and_out(browser, account):
    page = browser.log_in("root@acme.example", account.root_password)
    assert (page.status, page.path, page.title) == (200, "/users", "Users")
    page = browser.log_out()
    assert (page.path, page.notice) == ("/login", "You are logged out.")
    assert browser.get("/users").path == "/login"


def test_the_email_is_trimmed_and_compared_by_key(browser, account):
    assert browser.log_in("  ROOT@Acme.Example ", account.root_password).path == "/users"


def test_what_is_no_email_is_said_beside_the_field(browser):
    browser.get("/login")
    page = browser.submit("/login", email="nobody")
    assert (page.status, list(page.errors())) == (422, ["email"])
    assert page.tree.xpath("//input[@id='email']/@value") == ["nobody"]


def test_an_empty_password_is_said_beside_the_field(browser):
    browser.get("/login")
    browser.submit("/login", email="root@acme.example")
    page = browser.submit("/login", password="")
    assert (page.status, page.errors()) == (422, {"password": "Error: Enter your password."})


@pytest.mark.rule("LGN-1")
def test_every_failure_gets_the_same_page(app, caller, services, sql, account):
    def person(name):
        return make_user(caller, services, f"{name}@acme.example")

    person("pending")
    disable_user(caller, make_active(services, sql, person("disabled")).id, services)
    delete_user(caller, make_active(services, sql, person("deleted")).id, services)
    make_active(services, sql, person("wrong"))
    names = ("unknown", "pending", "disabled", "deleted", "wrong")
    passwords = dict.fromkeys(names, PASSWORD) | {"wrong": WRONG}
    pages = [ConsoleClient(app.test_client()).log_in(f"{name}@acme.example", passwords[name]) for name in names]
    assert pages[0].status == 403
    assert pages[0].code == "invalid_credentials"
    assert all(told(page) == told(pages[0]) for page in pages)
    assert "email or the password is wrong" in pages[0].text


@pytest.mark.rule("PWD-3", "LGN-1")
def test_under_enforce_only_master_admins_and_the_root_use_a_password(app, caller, services, sql, account, dana):
    make_active(services, sql, make_user(caller, services, "chief@acme.example", Role.MASTER_ADMIN))
    connection = connected(services, account, email_domains=("acme.example",))
    sql("update accounts set saml_enforced = true where id = %s", account.account.id)

    def attempt(email, password):
        return ConsoleClient(app.test_client()).log_in(email, password)

    assert attempt("chief@acme.example", PASSWORD).path == "/users"
    assert attempt("root@acme.example", account.root_password).path == "/users"
    refused, unknown = attempt("dana@acme.example", PASSWORD), attempt("nobody@acme.example", PASSWORD)
    assert told(refused) == told(unknown)
    assert f"/saml/{connection.id}/login" in refused.tree.xpath("//a/@href")


@pytest.mark.rule("LGN-1")
def test_the_organisation_is_offered_by_the_domain_alone(browser, services, account):
    connection = connected(services, account, email_domains=("acme.example",))
    address = f"/saml/{connection.id}/login?next=%2Fusers%2Finvite"
    pages = []
    for email in ("root@acme.example", "nobody@ACME.example"):
        browser.get("/login?next=/users/invite")
        pages.append(browser.submit("/login", email=email))
    assert all(page.tree.xpath("//a[contains(., 'Log in through Acme')]/@href") == [address] for page in pages)
    assert told(pages[0]) == told(pages[1])
    browser.get("/login")
    assert "Log in through" not in browser.submit("/login", email="root@other.example").text


def test_a_password_that_fits_in_two_accounts_asks_for_the_account(browser, services, sql, account, neighbour):
    for made in (account, neighbour):
        make_active(services, sql, make_user(key_caller(made), services, "twice@acme.example", Role.ADMIN))
    page = browser.log_in("twice@acme.example", PASSWORD)
    assert page.title == "Choose an account"
    assert page.tree.xpath("//button[@name='account']/text()") == ["Acme", "Neighbour"]
    page = browser.submit("/login/account", account=neighbour.account.id)
    assert page.path == "/users"
    assert "work in Neighbour" in page.text


def test_the_account_can_be_named_at_once(browser, services, sql, account, neighbour):
    for made in (account, neighbour):
        make_active(services, sql, make_user(key_caller(made), services, "twice@acme.example", Role.ADMIN))
    browser.get("/login")
    browser.submit("/login", email="twice@acme.example")
    assert "work in Neighbour" in browser.submit("/login", password=PASSWORD, account="Neighbour").text


@pytest.mark.parametrize("account_id", ["", "nope", "\0", "x" * 5000])
def test_a_choice_that_was_not_offered_is_refused(browser, services, sql, account, neighbour, account_id):
    for made in (account, neighbour):
        make_active(services, sql, make_user(key_caller(made), services, "twice@acme.example"))
    browser.log_in("twice@acme.example", PASSWORD)
    page = browser.submit("/login/account", account=account_id)
    assert (page.status, page.code) == (403, "invalid_credentials")
    assert browser.session is None


def test_a_choice_in_another_browser_is_refused(browser, second_browser, services, sql, account, neighbour):
    for made in (account, neighbour):
        make_active(services, sql, make_user(key_caller(made), services, "twice@acme.example"))
    browser.log_in("twice@acme.example", PASSWORD)
    second_browser.get("/login")
    token = second_browser.page.forms("/login")[0].fields["csrf_token"]
    page = second_browser.post("/login/account", {"csrf_token": token, "account": account.account.id})
    assert (page.status, page.code) == (403, "invalid_credentials")


@pytest.mark.rule("SES-3")
def test_a_login_gives_a_new_session_and_ends_the_one_before(browser, second_browser, account, dana):
    browser.log_in("dana@acme.example", PASSWORD)
    first = browser.session
    token = browser.get("/profile").forms("/logout")[0].fields["csrf_token"]
    typed = {"csrf_token": token, "email": "root@acme.example", "password": account.root_password}
    page = browser.post("/login", typed)
    assert page.path == "/users"
    assert browser.session != first
    second_browser.client.set_cookie("gatelodge_session", first, domain="127.0.0.1")
    assert second_browser.get("/profile").path == "/login"


@pytest.mark.rule("SES-3")
def test_a_planted_cookie_never_becomes_a_session(browser, account):
    planted = "A" * 43
    browser.client.set_cookie("gatelodge_session", planted, domain="127.0.0.1")
    assert browser.log_in("root@acme.example", account.root_password).path == "/users"
    assert browser.session != planted
    browser.client.set_cookie("gatelodge_session", planted, domain="127.0.0.1")
    assert browser.get("/users").path == "/login"


@pytest.mark.rule("SES-5")
def test_cookies_are_http_only_lax_and_for_the_whole_host(app, account):
    client = app.test_client()
    browser = ConsoleClient(client)
    browser.log_in("root@acme.example", account.root_password)
    shown = client.get("/login", base_url="http://127.0.0.1:8080")
    assert shown.status_code == 303
    fresh = app.test_client().get("/login", base_url="http://127.0.0.1:8080")
    cookies = [*fresh.headers.getlist("Set-Cookie"), *browser.page.response.history[0].headers.getlist("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} >= {"gatelodge_form", "gatelodge_session"}
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


EVIL = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/%5cevil.example",
    "/%2fevil.example",
    "javascript:alert(1)",
    "/users\r\nSet-Cookie: a=b",
    "/users/../../x",
    "/ users",
    "/nowhere",
    "/login",
    "/logout",
    "/link",
    "/link/AAAA",
    "/static/x/console.css",
    "/scim/v2/Users",
    "/healthz",
    "/users" + "x" * 600,
]


@pytest.mark.rule("WEB-3")
@pytest.mark.parametrize("path", EVIL)
def test_a_login_never_leads_where_it_was_not_meant_to(browser, account, path):
    browser.get("/login", query_string={"next": path})
    assert browser.page.forms("/login")[0].fields["next"] == "/"
    browser.submit("/login", email="root@acme.example", next=path)
    page = browser.submit("/login", password=account.root_password, next=path)
    assert (page.status, page.path) == (200, "/users")


@pytest.mark.rule("WEB-3")
@pytest.mark.parametrize("path", ["/users/invite", "/users?q=a%20b&status=pending", "/profile"])
def test_a_login_leads_back_to_the_page_that_was_asked_for(browser, account, path):
    page = browser.get(path)
    assert page.path == "/login"
    browser.submit("/login", email="root@acme.example")
    page = browser.submit("/login", password=account.root_password)
    assert page.response.request.full_path.removesuffix("?") == path


def test_who_is_logged_in_is_not_asked_again(as_root):
    assert as_root.get("/login?next=/profile").path == "/profile"


def test_people_without_user_management_get_a_page_of_their_own(as_dana):
    page = as_dana.get("/")
    assert (page.path, page.title) == ("/profile", "My Profile")
    assert "dana@acme.example" in page.text
    assert "Users" not in page.tree.xpath("//nav//a/text()")
