"""Logging in by steps as people see it: code, recovery code, set-up where it is required, a longer password, pauses."""

import json
import re
from urllib.parse import urlsplit

import pytest

from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.passwords import forgot_password
from provisioning.actions.second_factor import remove_own
from provisioning.console.qr_code import qr_picture
from provisioning.guard.cookie import DEVICE, SESSION, STEP
from tests.actions.saml_world import connected
from tests.console.conftest import NARROW
from tests.doors.authenticator import code_of, with_app
from tests.doors.console import ConsoleClient
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, person

WRONG = "this is not the password"


@pytest.fixture
def app_of_dana(dana, services, clock):
    return with_app(dana, services, clock)


def cookie(browser: ConsoleClient, name: str) -> str | None:
    found = browser.client.get_cookie(name, domain="127.0.0.1")
    return found.value if found else None


@pytest.mark.rule("LGN-3", "SES-3", "2FA-1")
def test_after_the_password_the_code_and_each_step_has_a_new_cookie(browser, dana, app_of_dana):
    page = browser.log_in("dana@acme.example", PASSWORD, "/login?next=/profile")
    assert (page.title, page.path, browser.session) == ("Enter your code", "/login/step", None)
    step = cookie(browser, STEP)
    assert browser.get("/users").path == "/login"
    assert browser.get("/login/step").title == "Enter your code"
    page = browser.submit("/login/step/code", code=app_of_dana.wrong())
    assert (page.status, page.code) == (403, "second_factor_wrong")
    assert page.errors() == {"code": "Error: The code is wrong or was used already."}
    assert page.tree.xpath("//input[@id='code']/@value") == []
    page = browser.submit("/login/step/code", code=app_of_dana.code(), next="/profile")
    assert (page.title, page.path) == ("My Profile", "/profile")
    assert browser.session not in (None, step)
    assert cookie(browser, STEP) is None
    assert cookie(browser, DEVICE)
    browser.client.set_cookie(STEP, step, domain="127.0.0.1")
    page = browser.get("/login/step")
    assert "/login/step" not in page.path


@pytest.mark.rule("2FA-1")
def test_a_recovery_code_lets_in_where_the_phone_is_lost(browser, dana, app_of_dana):
    browser.log_in("dana@acme.example", PASSWORD)
    assert browser.submit("/login/step/code", code="").errors() == {
        "code": "Error: Enter the six digits that your app shows, or one of your recovery codes."
    }
    page = browser.submit("/login/step/code", code=app_of_dana.recovery_codes[0].lower())
    assert page.path == "/profile"


@pytest.mark.rule("LGN-3")
def test_after_five_wrong_codes_the_login_begins_anew(browser, dana, app_of_dana):
    browser.log_in("dana@acme.example", PASSWORD)
    for _ in range(4):
        assert browser.submit("/login/step/code", code="000000").title == "Enter your code"
    page = browser.submit("/login/step/code", code="000000")
    assert (page.path, page.title) == ("/login", "Log in")
    assert page.notice == "That login took too long or is over. Log in again."
    assert browser.get("/login/step").path == "/login"


@pytest.mark.rule("LGN-3", "LGN-7", "IDN-4")
@pytest.mark.parametrize("step", ["code", "set-up", "confirm", "password"])
@pytest.mark.parametrize("secret", [None, "", "A" * 43, "x" * 500])
def test_no_step_can_be_reached_without_the_one_before(browser, dana, app_of_dana, sql, step, secret):
    browser.get("/login")
    token = browser.page.forms("/login")[0].fields["csrf_token"]
    if secret is not None:
        browser.client.set_cookie(STEP, secret, domain="127.0.0.1")
    sent = {
        "csrf_token": token, "code": app_of_dana.code(), "password": "a password that nobody proved", "user": dana.id,
        "user_id": dana.id, "account": dana.account_id, "email": dana.email, "provider": "google", "subject": "123",
        "connection_id": "x", "proved": "code",
    }  # fmt: skip
    before = sql("select password_hash from users order by id")
    page = browser.post(f"/login/step/{step}", sent)
    assert (page.path, browser.session) == ("/login", None)
    assert sql("select count(*) from sessions") == [(0,)]
    assert sql("select count(*) from saml_links") == [(0,)]
    assert sql("select password_hash from users order by id") == before


@pytest.mark.rule("LGN-3")
def test_the_cookie_of_another_persons_login_is_that_login_and_no_other(browser, second_browser, dana, app_of_dana):
    """A planted cookie leads whoever has it to that person's code, and to nothing of their own."""
    second_browser.log_in("dana@acme.example", PASSWORD)
    browser.get("/login")
    browser.client.set_cookie(STEP, cookie(second_browser, STEP), domain="127.0.0.1")
    assert "dana@acme.example" in browser.get("/login/step").text


@pytest.mark.rule("2FA-4", "2FA-1", "LGN-6")
def test_where_it_is_required_people_set_it_up_on_their_way_in(browser, dana, clock, sql):
    sql("update accounts set two_factor = 'required'")
    page = browser.log_in("dana@acme.example", PASSWORD, "/login?next=/profile")
    assert page.title == "Set up a second factor"
    page = browser.submit("/login/step/set-up", next="/profile")
    seed = page.tree.xpath("//code[@class='seed']/text()")[0]
    picture = page.tree.xpath("//p[@class='qr']/img/@src")[0]
    assert picture.startswith("data:image/svg+xml")
    page = browser.submit("/login/step/confirm", code=code_of(seed, clock(), 9))
    assert page.errors() == {"code": "Error: The code is wrong or was used already."}
    assert seed not in page.response.get_data(as_text=True)
    assert browser.session is None
    page = browser.submit("/login/step/confirm", code=code_of(seed, clock()))
    assert page.title == "Your recovery codes"
    codes = page.tree.xpath("//ul[@class='codes']/li/code/text()")
    assert len(codes) == 10
    assert page.tree.xpath("//a[@class='button']/@href") == ["/profile"]
    assert browser.get("/profile").title == "My Profile"
    text = browser.page.response.get_data(as_text=True)
    assert seed not in text
    assert not any(code in text for code in codes)


@pytest.mark.rule("2FA-1", "WEB-2")
def test_the_picture_is_what_the_app_needs_and_no_script():
    address = "otpauth://totp/Gatelodge:dana%40acme.example?secret=AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHH&issuer=Gatelodge"
    picture = qr_picture(address)
    assert picture.startswith("data:image/svg+xml")
    assert "script" not in picture
    assert picture != qr_picture(address.replace("AAAA", "BBBB"))


@pytest.mark.rule("LGN-5")
def test_a_short_password_that_stands_alone_is_replaced_on_the_way_in(browser, services, sql, dana, app_of_dana, clock):
    forgot_password(dana.email, None, services)
    page = browser.get(f"/link/{link_secret(services, sql, dana)}")
    assert "At least 12 characters" in page.text
    browser.submit("/link", password="twelve chars")
    remove_own(person(dana, proved_at=clock()), services)
    page = browser.log_in("dana@acme.example", "twelve chars")
    assert (page.title, browser.session) == ("Choose a longer password", None)
    page = browser.submit("/login/step/password", password="fourteen chars")
    assert page.errors() == {"password": "Error: Choose a password of at least 15 characters."}
    assert browser.submit("/login/step/password", password="").errors() == {"password": "Error: Enter your password."}
    page = browser.submit("/login/step/password", password="a password that is long")
    assert (page.path, page.title) == ("/profile", "My Profile")


@pytest.mark.rule("LGN-2", "PWD-5", "LIM-4")
def test_who_has_to_wait_is_told_for_how_long(browser, dana, clock):
    for _ in range(10):
        page = browser.log_in("dana@acme.example", WRONG)
        if page.status == 429:
            clock.advance(seconds=int(page.response.headers["Retry-After"]))
    for _ in range(5):
        clock.advance(minutes=16)
        page = browser.log_in("dana@acme.example", WRONG)
        assert page.status == 403
        assert "Retry-After" not in page.response.headers
    page = browser.log_in("dana@acme.example", PASSWORD)
    assert (page.status, page.code) == (429, "too_many_requests")
    seconds = int(page.response.headers["Retry-After"])
    assert f"Wait {-(-seconds // 60)} minutes and try again" in page.text
    clock.advance(seconds=seconds)
    assert browser.log_in("dana@acme.example", PASSWORD).path == "/profile"


@pytest.mark.rule("LGN-2")
def test_a_browser_that_was_used_before_gets_in_while_others_wait(browser, second_browser, dana, clock):
    browser.log_in("dana@acme.example", PASSWORD)
    first = cookie(browser, DEVICE)
    browser.log_out()
    for _ in range(6):
        second_browser.log_in("dana@acme.example", WRONG)
    assert second_browser.log_in("dana@acme.example", PASSWORD).status == 429
    assert browser.log_in("dana@acme.example", PASSWORD).path == "/profile"
    assert cookie(browser, DEVICE) not in (None, first)


@pytest.mark.rule("PWD-5", "LGN-2")
def test_somebody_whose_tries_others_use_up_without_end_gets_in_by_a_new_password(
    browser, second_browser, services, sql, dana, clock
):
    def guess() -> None:
        while second_browser.log_in("dana@acme.example", WRONG).status != 429:
            pass

    for _ in range(20):
        clock.advance(minutes=14)
        guess()
    assert browser.log_in("dana@acme.example", PASSWORD).status == 429
    forgot_password(dana.email, None, services)
    browser.get(f"/link/{link_secret(services, sql, dana)}")
    browser.submit("/link", password="a password that is long")
    guess()
    assert browser.log_in("dana@acme.example", "a password that is long").path == "/profile"


@pytest.mark.rule("SES-5")
def test_the_cookies_of_the_steps_are_http_only_lax_and_for_the_whole_host(browser, dana, app_of_dana):
    browser.log_in("dana@acme.example", PASSWORD)
    headers = browser.page.response.history[0].headers.getlist("Set-Cookie")
    browser.submit("/login/step/code", code=app_of_dana.code())
    headers += browser.page.response.history[0].headers.getlist("Set-Cookie")
    assert {header.partition("=")[0] for header in headers} >= {STEP, DEVICE, SESSION}
    for header in headers:
        assert all(word in header for word in ("HttpOnly", "SameSite=Lax", "Path=/"))
        assert "Domain" not in header


@pytest.mark.rule("LGN-3")
def test_a_chosen_account_asks_for_what_it_wants(browser, services, sql, dana, app_of_dana, neighbour):
    make_active(services, sql, make_user(key_caller(neighbour), services))
    browser.log_in("dana@acme.example", PASSWORD)
    page = browser.submit("/login/account", account=dana.account_id)
    assert page.title == "Enter your code"
    assert browser.submit("/login/step/code", code=app_of_dana.code()).path == "/profile"


@pytest.mark.rule("LGN-6")
def test_no_answer_of_any_route_holds_a_seed_a_code_or_a_recovery_code(app, services, account, clock, caller, sql):
    """Root, with a second factor, goes to every page; a key reads every list; nothing planted comes back."""
    planted = with_app(account.root, services, clock)
    browser = ConsoleClient(app.test_client())
    browser.log_in(account.root.email, account.root_password)
    code = planted.code()
    browser.submit("/login/step/code", code=code)
    assert browser.session
    secrets = [planted.seed, code, account.root_password, *planted.recovery_codes]
    secrets += [each.replace("-", "") for each in planted.recovery_codes]
    addresses = {
        re.sub(r"<(?:\w+:)?account_id>", account.account.id, re.sub(r"<(?:\w+:)?user_id>", account.root.id, rule.rule))
        for rule in app.url_map.iter_rules() if "GET" in rule.methods
    }  # fmt: skip
    reached = 0
    for address in sorted(address for address in addresses if "<" not in address and address != "/logout"):
        answer = browser.client.get(address, base_url="http://127.0.0.1:8080")
        key = account.key
        for made in (answer, browser.client.get(address, auth=(key.key.id, key.secret))):
            text = made.get_data(as_text=True) + json.dumps(dict(made.headers))
            assert [secret for secret in secrets if secret in text] == [], address
            reached += made.status_code == 200
    assert reached > 25
    assert urlsplit(browser.get("/profile").path).path == "/profile"


@pytest.mark.rule("LGN-7", "IDN-4")
def test_a_user_without_a_login_method_gets_the_first_one_by_a_link_alone(app, browser, services, caller, sql, account):
    """Every public route that takes a form, with all that a browser could make up: nothing gives this user a way in."""
    user = make_user(caller, services, "fresh@acme.example")
    made_up = {
        "email": user.email, "password": "a password of somebody else", "code": "000000", "user_id": user.id,
        "account": account.account.id, "token": "A" * 43, "link": "A" * 43, "subject": "fresh",
        "connection": "x", "next": "/users",
    }  # fmt: skip
    forms = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods and rule.endpoint.startswith("console.")
    }
    tried = sorted(form for form in forms if "<" not in form)
    assert len(tried) > 8
    for form in tried:
        browser.client.delete_cookie(STEP, domain="127.0.0.1")
        browser.get("/login")
        token = browser.page.forms("/login")[0].fields["csrf_token"]
        browser.post(form, {"csrf_token": token, **made_up})
        assert browser.session is None, form
    assert sql("select password_hash, accepted_at from users where id = %s", user.id) == [(None, None)]
    assert sql("select count(*) from saml_links") == sql("select count(*) from second_factors") == [(0,)]
    set_password_by_link(link_secret(services, sql, user), PASSWORD, None, services)
    assert browser.log_in(user.email, PASSWORD).path == "/profile"


@pytest.mark.rule("2FA-2")
def test_a_way_through_the_organisation_is_offered_beside_and_asks_for_no_code(browser, services, account, dana):
    connection = connected(services, account, email_domains=("acme.example",))
    browser.get("/login")
    page = browser.submit("/login", email="dana@acme.example")
    assert f"/saml/{connection.id}/login" in page.tree.xpath("//a/@href")


@pytest.mark.rule("2FA-4", "2FA-1", "WEB-2")
def test_a_real_browser_shows_the_picture_and_leads_through_the_set_up(open_tab, dana, clock, sql):
    sql("update accounts set two_factor = 'required'")
    tab = open_tab(NARROW)
    tab.go("/login")
    tab.page.get_by_label("Email").fill("dana@acme.example")
    tab.page.get_by_role("button", name="Continue").click()
    tab.page.get_by_label("Password", exact=True).fill(PASSWORD)
    tab.page.get_by_role("button", name="Log in", exact=True).click()
    tab.page.get_by_role("button", name="Begin").click()
    picture = tab.page.get_by_alt_text("QR code to set up your authenticator app")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
    assert tab.fits()
    tab.keep_image("second-factor")
    tab.page.get_by_text("You cannot scan it?").click()
    seed = tab.page.locator("code.seed").text_content()
    tab.page.get_by_label("Code that the app shows").fill(code_of(seed, clock()))
    tab.page.get_by_role("button", name="Confirm").click()
    assert tab.page.locator("ul.codes li").count() == 10
    assert tab.fits()
    tab.page.get_by_role("link", name="I have kept them").click()
    tab.page.wait_for_url("**/profile")
