"""Mail links: opened without harm, used once, moved out of the address at once; and asking for one (LNK, PWD-2)."""

import pytest

from provisioning.actions.users import delete_user, disable_user, edit_user
from provisioning.domain.users import UserChanges
from tests.actions.forgotten import pay_resets
from tests.actions.saml_world import connected
from tests.doors.console import ORIGIN, ConsoleClient
from tests.factories import PASSWORD, link_secret, make_active, make_user, person

NEW = "seven quiet lanterns swim"


@pytest.fixture
def pending(caller, services):
    return make_user(caller, services)


@pytest.mark.rule("INV-2", "LGN-7")
def test_an_invitation_is_accepted_by_setting_a_password(browser, services, sql, pending):
    page = browser.get(f"/link/{link_secret(services, sql, pending)}")
    assert (page.status, page.title) == (200, "Set your password")
    assert "invited to Acme" in page.text
    assert page.tree.xpath("//input[@id='email']/@value") == ["dana@acme.example"]
    page = browser.submit("/link", password=NEW)
    assert (page.path, page.notice) == ("/login", "Your password is set. Log in with it.")
    assert browser.session is None
    assert browser.log_in("dana@acme.example", NEW).path == "/profile"


@pytest.mark.rule("LNK-1")
def test_a_link_works_once(browser, second_browser, services, sql, pending):
    secret = link_secret(services, sql, pending)
    browser.get(f"/link/{secret}")
    second_browser.get(f"/link/{secret}")
    browser.submit("/link", password=NEW)
    page = second_browser.submit("/link", password="another eight quiet words")
    assert (page.status, page.code) == (410, "link_invalid")
    assert browser.log_in("dana@acme.example", NEW).path == "/profile"
    assert second_browser.get(f"/link/{secret}").status == 410


@pytest.mark.rule("LNK-4")
def test_opening_a_link_uses_nothing_up(app, services, sql, pending):
    secret = link_secret(services, sql, pending)
    before = sql("select * from links order by id")
    for _ in range(5):
        ConsoleClient(app.test_client()).get(f"/link/{secret}")
        app.test_client().head(f"/link/{secret}", base_url=ORIGIN)
    assert sql("select * from links order by id") == before
    browser = ConsoleClient(app.test_client())
    browser.get(f"/link/{secret}")
    assert browser.submit("/link", password=NEW).path == "/login"


@pytest.mark.rule("LNK-4")
def test_the_token_leaves_the_address_at_once_and_stands_on_no_page(app, services, sql, pending):
    secret = link_secret(services, sql, pending)
    client = app.test_client()
    response = client.get(f"/link/{secret}", base_url=ORIGIN)
    assert (response.status_code, response.headers["Location"]) == (303, "/link")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert secret not in response.text
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"gatelodge_link={secret};")
    assert "HttpOnly" in cookie
    assert "Max-Age=1800" in cookie
    page = client.get("/link", base_url=ORIGIN)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert secret not in page.text
    assert "http://" not in page.text.replace("http://www.w3.org", "")
    assert "https://" not in page.text


@pytest.mark.rule("LNK-2", "LNK-6")
def test_a_link_is_dead_after_its_time(browser, services, sql, pending, clock):
    secret = link_secret(services, sql, pending)
    clock.advance(days=7, seconds=-1)
    assert browser.get(f"/link/{secret}").status == 200
    clock.advance(seconds=1)
    assert browser.get("/link").status == 410
    page = browser.get(f"/link/{secret}")
    assert (page.status, page.code, page.title) == (410, "link_invalid", "This link does not work any more")


@pytest.mark.rule("LNK-2", "INV-2")
@pytest.mark.parametrize("end", [disable_user, delete_user])
def test_the_link_of_a_disabled_or_deleted_user_is_dead(browser, caller, services, sql, pending, end):
    browser.get(f"/link/{link_secret(services, sql, pending)}")
    end(caller, pending.id, services)
    page = browser.submit("/link", password=NEW)
    assert (page.status, page.code) == (410, "link_invalid")


@pytest.mark.rule("LNK-2", "INV-2")
def test_a_newer_invitation_ends_the_earlier_one(browser, as_root, services, sql, pending):
    earlier = link_secret(services, sql, pending)
    assert as_root.do(pending.id, "invitation").notice == "A new invitation is on its way to Dana Roe."
    newer = link_secret(services, sql, pending)
    assert newer != earlier
    assert browser.get(f"/link/{earlier}").status == 410
    assert browser.get(f"/link/{newer}").status == 200


@pytest.mark.rule("LNK-3")
@pytest.mark.parametrize("place", [0, 20, 42])
def test_a_changed_link_is_refused(browser, services, sql, pending, place):
    secret = link_secret(services, sql, pending)
    other = "A" if secret[place] != "A" else "B"
    assert browser.get(f"/link/{secret[:place]}{other}{secret[place + 1 :]}").status == 410


@pytest.mark.rule("LNK-3")
@pytest.mark.parametrize("token", ["x", "a" * 42, "a" * 44, "a" * 4000, "%F0%9F%98%80", "a;b=c", "..", "%0d%0aX: y"])
def test_what_is_no_token_is_refused_without_a_cookie(app, token):
    response = app.test_client().get(f"/link/{token}", base_url=ORIGIN)
    assert response.status_code in (400, 404, 410)
    assert not any("gatelodge_link=a" in cookie for cookie in response.headers.getlist("Set-Cookie"))


@pytest.mark.rule("LNK-3")
def test_nothing_sent_with_the_form_changes_whose_password_is_set(browser, account, services, sql, pending):
    browser.get(f"/link/{link_secret(services, sql, pending)}")
    browser.submit("/link", password=NEW, email="root@acme.example", user_id=account.root.id, account="Neighbour")
    assert browser.log_in("root@acme.example", NEW).status == 403
    assert browser.log_in("dana@acme.example", NEW).path == "/profile"


@pytest.mark.rule("PWD-4", "LGN-5")
@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("", "Enter"),
        ("short", "15"),
        ("x" * 257, "256"),
        ("dana@acme.example!!", "name"),
        ("password12345678", "common"),
    ],
)
def test_a_password_that_is_refused_leaves_the_link_good(browser, services, sql, pending, password, word):
    browser.get(f"/link/{link_secret(services, sql, pending)}")
    page = browser.submit("/link", password=password)
    assert page.status == 422
    assert word in page.errors()["password"]
    assert browser.submit("/link", password=NEW).path == "/login"


@pytest.mark.rule("PWD-2", "LGN-1")
def test_forgot_password_answers_the_same_whether_or_not_the_address_is_known(app, services, sql, dana):
    texts = []
    for email in ("dana@acme.example", "nobody@acme.example"):
        browser = ConsoleClient(app.test_client())
        browser.get("/forgot-password")
        page = browser.submit("/forgot-password", email=email)
        texts.append((page.status, page.text.replace(email, "")))
    assert texts[0] == texts[1]
    assert "a mail with a link is on its way" in texts[0][1]
    pay_resets(services)
    assert sql("select count(*) from outbox where kind = 'password_reset'") == [(1,)]


@pytest.mark.rule("PWD-2")
def test_the_old_password_works_until_the_new_one_is_set_and_then_all_sessions_end(
    browser, as_dana, services, sql, dana
):
    browser.get("/forgot-password")
    browser.submit("/forgot-password", email="dana@acme.example")
    assert browser.log_in("dana@acme.example", PASSWORD).path == "/profile"
    assert as_dana.get("/profile").path == "/profile"
    browser.get(f"/link/{link_secret(services, sql, dana)}")
    assert "Choose a new password" in browser.page.text
    browser.submit("/link", password=NEW)
    assert as_dana.get("/profile").path == "/login"
    assert as_dana.log_in("dana@acme.example", PASSWORD).status == 403
    assert as_dana.log_in("dana@acme.example", NEW).path == "/profile"


def test_forgot_password_says_what_is_no_email(browser):
    browser.get("/forgot-password")
    page = browser.submit("/forgot-password", email="dana")
    assert (page.status, list(page.errors())) == (422, ["email"])


@pytest.mark.rule("PWD-3")
def test_under_enforce_a_link_to_set_a_password_is_dead(browser, account, services, sql, pending):
    secret = link_secret(services, sql, pending)
    connected(services, account)
    sql("update accounts set saml_enforced = true where id = %s", account.account.id)
    assert browser.get(f"/link/{secret}").status == 410


def test_a_page_for_a_link_without_one_is_refused(browser):
    assert browser.get("/link").status == 410


def test_another_person_in_the_browser_stays_logged_in(as_root, services, sql, pending):
    as_root.get(f"/link/{link_secret(services, sql, pending)}")
    as_root.submit("/link", password=NEW)
    assert as_root.get("/users").path == "/users"


@pytest.mark.rule("LNK-5")
def test_links_lead_to_the_configured_address_whatever_the_host_says(app, services, sql, dana):
    for headers in ({"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        browser = ConsoleClient(app.test_client())
        browser.get("/forgot-password", headers=headers)
        browser.submit("/forgot-password", email="dana@acme.example", headers={**headers, "Origin": ORIGIN})
    assert app.test_client().post("/forgot-password", headers={"Host": "evil.example"}).status_code == 421
    assert make_active(services, sql, dana, NEW).has_password


@pytest.mark.rule("USR-4", "LNK-4")
def test_a_new_email_is_confirmed_by_a_form_and_works_from_then_on(browser, services, sql, account, caller):
    dana = make_active(services, sql, make_user(caller, services))
    edit_user(person(account.root), dana.id, lambda _: UserChanges(email="new@acme.example"), services)
    page = browser.get(f"/link/{link_secret(services, sql, dana)}")
    assert page.title == "Confirm your email"
    assert "new@acme.example" in page.text
    assert sql("select email from users where id = %s", dana.id) == [("dana@acme.example",)], "opening changes nothing"
    page = browser.submit("/link/email")
    assert (page.path, page.notice) == ("/login", "Your email is confirmed. Log in with it from now on.")
    assert browser.log_in("new@acme.example", PASSWORD).path == "/profile"
    assert browser.get("/link").code == "link_invalid"


@pytest.mark.rule("LNK-1")
def test_the_form_of_the_other_purpose_does_nothing_with_a_link(browser, services, sql, account, caller, pending):
    browser.get(f"/link/{link_secret(services, sql, pending)}")
    page = browser.post("/link/email", {"csrf_token": browser.page.tree.xpath("//input[@name='csrf_token']/@value")})
    assert (page.status, page.code) == (410, "link_invalid")
    assert sql("select accepted_at from users where id = %s", pending.id) == [(None,)]
