"""My Profile as its owner sees it: details, email, password, dates and mails, and one's sessions (USR-10, OUT-4)."""

import pytest

from provisioning.console.devices import device_name
from tests.console.conftest import WIDE
from tests.doors.console import ORIGIN, SAME_ORIGIN, ConsoleClient
from tests.factories import PASSWORD, link_secret, make_user

NEW = "seven quiet lanterns swim"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


@pytest.fixture
def third_browser(app) -> ConsoleClient:
    """Another device of Dana's."""
    return ConsoleClient(app.test_client())


@pytest.mark.rule("USR-10", "MAIL-1")
def test_names_dates_and_mails_are_changed_on_the_page(as_dana, dana, sql):
    as_dana.get("/profile")
    as_dana.get("/profile/names")
    page = as_dana.submit("/profile/names", first_name=" Dana ", last_name="Roe-Smith", display_name="<b>D</b>")
    assert (page.path, page.notice) == ("/profile", "Your names were changed.")
    assert "<b>D</b>" in page.text, "shown as text"
    page = as_dana.submit("/profile/preferences", time_zone="Europe/Vienna", share_mails=None)
    assert page.notice == "Saved."
    assert "10:00 CET" in page.text
    assert not page.tree.xpath("//input[@id='share_mails']/@checked")
    assert sql("select first_name, last_name, time_zone, share_mails from users where id = %s", dana.id) == [
        ("Dana", "Roe-Smith", "Europe/Vienna", False)
    ]
    page = as_dana.submit("/profile/preferences", time_zone="UTC", share_mails="yes")
    assert "09:00 UTC" in page.text
    assert page.tree.xpath("//input[@id='share_mails']/@checked")


@pytest.mark.rule("USR-10", "LIM-3")
def test_what_is_wrong_is_said_beside_its_field_and_nothing_changes(as_dana, sql):
    before = sql("select string_agg(t::text, '' order by id) from users t")
    as_dana.get("/profile")
    as_dana.get("/profile/names")
    page = as_dana.submit("/profile/names", first_name="x" * 257, last_name="Kept")
    assert (page.status, list(page.errors())) == (422, ["first_name"])
    assert page.tree.xpath("//input[@id='last_name']/@value") == ["Kept"]
    as_dana.get("/profile")
    page = as_dana.submit("/profile/preferences", time_zone="Europe/Nowhere")
    assert (page.status, list(page.errors())) == (422, ["time_zone"])
    for wrong in ({"share_mails": "maybe", "time_zone": "UTC"}, {}, {"time_zone": "../../etc/passwd"}):
        as_dana.get("/profile")
        token = as_dana.page.forms("/logout")[0].fields["csrf_token"]
        assert as_dana.post("/profile/preferences", {**wrong, "csrf_token": token}).status == 422
    assert sql("select string_agg(t::text, '' order by id) from users t") == before


@pytest.mark.rule("USR-4")
def test_a_new_email_is_asked_for_shown_with_the_old_one_and_withdrawn(as_dana, dana, services, sql, caller):
    make_user(caller, services, "eve@acme.example")
    as_dana.get("/profile/email")
    assert list(as_dana.submit("/profile/email", email="no address").errors()) == ["email"]
    assert list(as_dana.submit("/profile/email", email="eve@acme.example").errors()) == ["email"]
    page = as_dana.submit("/profile/email", email="new@acme.example")
    assert (page.path, "on its way to the new address" in page.notice) == ("/profile", True)
    assert "Waits to be confirmed: new@acme.example" in page.text
    assert "dana@acme.example" in page.text
    page = as_dana.submit("/profile/email/withdraw")
    assert (page.notice, "Waits to be confirmed" in page.text) == ("The new email was withdrawn.", False)
    as_dana.get("/profile/email")
    as_dana.submit("/profile/email", email="new@acme.example")
    as_dana.get(f"/link/{link_secret(services, sql, dana)}")
    page = as_dana.submit("/link/email")
    assert (page.path, "new@acme.example" in page.text) == ("/profile", True)


@pytest.mark.rule("LGN-5", "SES-3", "OUT-4")
def test_another_password_keeps_this_browser_and_no_other(as_dana, third_browser):
    third_browser.log_in("dana@acme.example", PASSWORD)
    before = as_dana.session
    as_dana.get("/profile/password")
    page = as_dana.submit("/profile/password", current_password="wrong", password=NEW)
    assert (page.status, list(page.errors())) == (403, ["current_password"])
    assert NEW not in page.response.text
    page = as_dana.submit("/profile/password", current_password=PASSWORD, password="too short")
    assert list(page.errors()) == ["password"]
    page = as_dana.submit("/profile/password", current_password=PASSWORD, password=NEW)
    assert page.notice == "Your password was changed. All your other sessions were ended."
    assert as_dana.session != before
    assert third_browser.get("/profile").path == "/login"
    assert third_browser.log_in("dana@acme.example", NEW).path == "/profile"


@pytest.mark.rule("OUT-4", "SES-3")
def test_sessions_are_shown_with_device_and_place_and_ended(as_dana, third_browser, as_root):
    third_browser.client.environ_base["HTTP_USER_AGENT"] = WINDOWS
    third_browser.log_in("dana@acme.example", PASSWORD)
    page = as_dana.get("/profile")
    rows = [" ".join(row.text_content().split()) for row in page.tree.xpath("//table/tbody/tr")]
    assert len(rows) == 2, "the root user's is not hers"
    assert rows[0].startswith("Chrome on Windows 127.0.0.1 Password")
    assert "This one" in rows[1]
    (form,) = [each for each in page.forms() if (each.action or "").endswith("/end")]
    assert as_dana.submit(form.action).notice == "The session was ended."
    assert third_browser.get("/profile").path == "/login"
    third_browser.log_in("dana@acme.example", PASSWORD)
    before = as_dana.session
    as_dana.get("/profile")
    assert as_dana.submit("/profile/sessions/end-others").notice == "All your other sessions were ended."
    assert as_dana.session != before
    assert third_browser.get("/profile").path == "/login"
    assert as_root.get("/profile").path == "/profile"


@pytest.mark.rule("OUT-4", "TEN-2")
def test_nobody_ends_a_session_of_somebody_else(as_dana, as_root, sql, account):
    as_dana.get("/profile")
    token = as_dana.page.forms("/logout")[0].fields["csrf_token"]
    theirs = sql("select id from sessions where user_id = %s", account.root.id)[0][0]
    answers = [as_dana.post(f"/profile/sessions/{each}/end", {"csrf_token": token}) for each in (theirs, "made-up")]
    assert [(each.status, each.code) for each in answers] == [(404, "not_found")] * 2
    assert as_root.get("/profile").path == "/profile"


@pytest.mark.rule("SES-3", "SES-4")
@pytest.mark.parametrize("path", ["/profile/email", "/profile/password", "/profile/second-factor"])
def test_a_page_with_a_grave_form_asks_first_and_leads_back(as_dana, clock, path):
    as_dana.get(path)
    assert as_dana.page.path == path
    clock.advance(minutes=11)
    page = as_dana.get(path)
    assert page.path == "/profile/proof"
    before = as_dana.session
    page = as_dana.submit("/profile/proof", password="wrong")
    assert page.errors() == {"password": "Error: This is not your password. Try again."}
    page = as_dana.submit("/profile/proof", password=PASSWORD)
    assert (page.path, as_dana.session != before) == (path, True)


@pytest.mark.rule("SES-4", "WEB-3")
def test_a_script_is_led_to_the_proof_too_and_nowhere_else(as_dana, clock):
    clock.advance(minutes=11)
    answer = as_dana.client.get("/profile/email?x=1", base_url=ORIGIN, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (
        204,
        "/profile/proof?next=%2Fprofile%2Femail%3Fx%3D1",
    )
    as_dana.get("/profile")
    token = as_dana.page.forms("/logout")[0].fields["csrf_token"]
    headers = {**SAME_ORIGIN, "HX-Request": "true"}
    answer = as_dana.client.post("/profile/sessions/end-others", base_url=ORIGIN, headers=headers,
                                 data={"csrf_token": token})  # fmt: skip
    assert answer.headers["HX-Redirect"] == "/profile/proof?next=%2Fprofile"
    as_dana.get("/profile/proof?next=//evil.example")
    assert as_dana.submit("/profile/proof", password=PASSWORD).path == "/profile"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (WINDOWS, "Chrome on Windows"),
        (WINDOWS + " Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1 Version/17.0 Safari/605.1", "Safari on Mac"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 CriOS/130.0 Safari/604.1",
         "Chrome on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("(Windows)", "A browser on Windows"),
        ("<script>", "Unknown device"),
        ("", "Unknown device"),
        (None, "Unknown device"),
    ],
)  # fmt: skip
@pytest.mark.rule("OUT-4")
def test_a_browser_is_called_what_its_owner_calls_it(user_agent, name):
    assert device_name(user_agent) == name


@pytest.mark.chromium
@pytest.mark.rule("USR-10", "SES-4")
def test_in_a_real_browser_by_keyboard_one_changes_the_password(open_tab, dana):
    tab = open_tab(WIDE)
    tab.log_in("dana@acme.example", PASSWORD)
    tab.go("/profile")
    page = tab.page
    assert tab.fits()
    page.get_by_role("link", name="Change password").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill(NEW)
    page.keyboard.press("Enter")
    page.get_by_text("Your password was changed.").wait_for()
    assert page.get_by_text("This one").is_visible()
