"""Forms that change something: our own page, this browser, this session; everything else changes nothing (WEB-1)."""

import re

import pytest

from provisioning.guard.csrf import FIELD
from tests.doors.console import ORIGIN, ConsoleClient
from tests.factories import PASSWORD

# Every route that changes something, with values that would do it.
FORMS = {
    "/login": {"email": "root@acme.example", "password": PASSWORD},
    "/login/account": {"account": "x"},
    "/login/step/code": {"code": "000000"},
    "/login/step/confirm": {"code": "000000"},
    "/login/step/password": {"password": "seven quiet lanterns swim"},
    "/login/step/set-up": {},
    "/logout": {},
    "/forgot-password": {"email": "dana@acme.example"},
    "/link": {"password": "seven quiet lanterns swim"},
    "/users/invite": {"email": "x@acme.example", "first_name": "", "last_name": "", "role": "reports", "access": "all"},
    "/users/{dana}/delete": {},
    "/user-limit": {"additional": "3"},
    "/link/email": {},
    "/profile/names": {"first_name": "D", "last_name": "R", "display_name": ""},
    "/profile/preferences": {"time_zone": "Europe/Vienna"},
    "/profile/email": {"email": "new@acme.example"},
    "/profile/email/withdraw": {},
    "/profile/password": {"current_password": PASSWORD, "password": "seven quiet lanterns swim"},
    "/profile/sessions/end-others": {},
    "/profile/sessions/<session_id>/end": {},
    "/profile/proof": {"password": PASSWORD},
    "/profile/second-factor/set-up": {},
    "/profile/second-factor/confirm": {"code": "000000"},
    "/profile/second-factor/remove": {},
    "/profile/second-factor/recovery-codes": {},
    "/account/cancel": {},
    "/account/environments/<environment_id>": {},
    "/account/environments/<environment_id>/delete": {},
    "/account/environments/<environment_id>/disable": {},
    "/account/environments/<environment_id>/enable": {},
    "/account/environments/new": {},
    "/activity/export": {},
    "/api-keys/new": {},
    "/api-keys/{dana}/delete": {},
    "/groups/<group_id>": {},
    "/groups/<group_id>/delete": {},
    "/groups/<group_id>/members": {},
    "/groups/new": {},
    "/provisioning/<connection_id>": {},
    "/provisioning/<connection_id>/delete": {},
    "/provisioning/<connection_id>/tokens/new": {},
    "/provisioning/log/<request_id>/replay": {},
    "/provisioning/new": {},
    "/provisioning/tokens/{dana}/delete": {},
    "/sign-in/<connection_id>/delete": {},
    "/sign-in/<connection_id>/metadata": {},
    "/sign-in/<connection_id>/settings": {},
    "/sign-in/enforce": {},
    "/sign-in/new": {},
    "/sign-in/settings": {},
    "/users/<user_id>/edit": {},
    "/users/<user_id>/groups": {},
    "/webhooks/<webhook_id>/deliveries/<delivery_id>": {},
    "/webhooks/<webhook_id>/edit": {},
    "/webhooks/new": {},
    "/webhooks/{dana}/delete": {},
}
# Forms that a file can be chosen in are sent in the form that files need, and in no other.
FILE_TYPE = "multipart/form-data"
WITH_FILE = {"/sign-in/<connection_id>/metadata", "/sign-in/new"}
STATE = "select (select count(*) from sessions where ended_at is null), (select count(*) from outbox), \
 (select string_agg(t::text, '' order by id) from users t), (select string_agg(s::text, '') from seats s)"


@pytest.fixture
def token(as_root) -> str:
    return as_root.get("/users").forms("/logout")[0].fields[FIELD]


@pytest.fixture
def refused(as_root, sql, dana):
    """Send every form of the list as told; each must be refused by the same status and code, and change nothing."""

    def send(status: int, code: str, **how) -> None:
        before = sql(STATE)
        for path, values in FORMS.items():
            if path in how.get("but", ()):
                continue
            made = how["make"](values)
            options = how.get("options", {"content_type": FILE_TYPE} if path in WITH_FILE else {})
            page = as_root.post(path.format(dana=dana.id), made, headers=how.get("headers"), **options)
            assert (page.status, page.code) == (status, code), path
        assert sql(STATE) == before

    return send


def test_the_list_above_names_every_route_that_changes_something(app):
    rules = [
        rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.") and "POST" in rule.methods
    ]
    shown = {re.sub(r"<\w+>/<\w+>", "{dana}/delete", rule.rule) for rule in rules}
    assert shown == set(FORMS)
    assert not [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("console.") and rule.methods - {"GET", "HEAD", "OPTIONS", "POST"}
    ]


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "https://127.0.0.1:8080"},
    {"Origin": "http://127.0.0.1:8081"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:8080.evil.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
]


@pytest.mark.rule("WEB-1")
@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_from_elsewhere_is_refused_with_a_good_token_too(refused, token, headers):
    refused(403, "not_allowed", make=lambda values: {**values, FIELD: token}, headers=headers)


@pytest.mark.rule("WEB-1")
@pytest.mark.parametrize("bad", ["", "x", ".", "a.b", "ä.ö", "\0", "x" * 5000])
def test_a_form_without_our_token_is_refused(refused, as_root, bad):
    refused(422, "invalid_value", make=lambda values: {**values, FIELD: bad})
    assert "Load the page again" in as_root.page.text


@pytest.mark.rule("WEB-1")
def test_a_form_without_any_token_is_refused(refused):
    refused(422, "invalid_value", make=lambda values: {**values, "next": "/"})


@pytest.mark.rule("WEB-1")
@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", "", "x"])
def test_a_body_of_another_type_is_refused(refused, token, media_type):
    body = f"{FIELD}={token}&additional=3&email=x@acme.example"
    taken = WITH_FILE if media_type.startswith(FILE_TYPE) else ()
    refused(415, "media_type", make=lambda values: body, options={"content_type": media_type}, but=taken)


@pytest.mark.rule("WEB-1")
def test_a_form_with_a_file_is_taken_in_the_form_of_files_alone_and_never_without_its_token(as_root, token):
    for path in WITH_FILE:
        assert as_root.post(path, {FIELD: token}).code == "media_type"
        broken = f"{FIELD}={token}"
        for media_type in (FILE_TYPE, f"{FILE_TYPE}; boundary=x", f"{FILE_TYPE}; boundary={'x' * 5000}"):
            page = as_root.post(path, broken, content_type=media_type)
            assert (page.status, page.code) == (422, "invalid_value")


@pytest.mark.rule("WEB-1")
def test_the_token_of_another_session_is_worth_nothing(as_root, as_dana, sql, dana):
    theirs = as_dana.get("/profile").forms("/logout")[0].fields[FIELD]
    before = sql(STATE)
    assert as_root.post(f"/users/{dana.id}/delete", {FIELD: theirs}).code == "invalid_value"
    assert sql(STATE) == before


@pytest.mark.rule("WEB-1")
def test_the_token_from_before_a_login_is_dead_after_it(browser, account):
    browser.get("/login")
    early = browser.page.forms("/login")[0].fields[FIELD]
    browser.submit("/login", email="root@acme.example")
    browser.submit("/login", password=account.root_password)
    assert browser.post("/user-limit", {FIELD: early, "additional": "3"}).code == "invalid_value"


@pytest.mark.rule("WEB-1")
def test_the_token_of_one_browser_is_worth_nothing_in_another(browser, second_browser, account):
    browser.get("/login")
    second_browser.get("/login")
    typed = {"email": "root@acme.example", "password": account.root_password}
    theirs = browser.page.forms("/login")[0].fields[FIELD]
    assert second_browser.post("/login", {**typed, FIELD: theirs}).code == "invalid_value"
    assert browser.post("/login", {**typed, FIELD: theirs}).path == "/users"


def test_tokens_differ_at_each_showing_and_all_are_good(as_root):
    tokens = {as_root.get("/user-limit").forms("/user-limit")[0].fields[FIELD] for _ in range(3)}
    assert len(tokens) == 3
    for number, token in enumerate(tokens):
        assert as_root.post("/user-limit", {FIELD: token, "additional": str(number)}).status == 200


@pytest.mark.parametrize("headers", [{"Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin"}, {"User-Agent": "old"}])
def test_what_our_own_pages_send_is_taken(as_root, headers):
    as_root.get("/user-limit")
    assert as_root.submit("/user-limit", additional="3", headers=headers).notice == "The user limit is 53 now."


def test_a_form_after_a_force_logout_leads_to_the_login(as_root, as_dana, dana):
    as_dana.get("/profile")
    kept = as_dana.page
    as_root.do(dana.id, "force-logout")
    page = as_dana.submit("/logout", page=kept)
    assert page.path == "/login"


def test_a_body_that_is_too_large_is_refused(as_root, token):
    page = as_root.post("/users/invite", {FIELD: token, "email": "x" * 1_100_000})
    assert (page.status, page.code) == (413, "body_too_large")


def test_a_form_of_too_many_fields_or_broken_text_is_no_fault_of_ours(as_root, token):
    many = "&".join(f"email={number}" for number in range(2000))
    broken = f"{FIELD}={token}&email=%ff%fe&first_name=%ed%a0%80&last_name=%00&role=%ff&access=%zz"
    for body in (f"{FIELD}={token}&{many}", broken, f"{FIELD}={token}&email=a&email=b&role&&&="):
        page = as_root.post("/users/invite", body, content_type="application/x-www-form-urlencoded")
        assert 400 <= page.status < 500


def test_a_new_browser_is_given_a_cookie_for_its_form(app):
    browser = ConsoleClient(app.test_client())
    browser.get("/login")
    assert browser.client.get_cookie("gatelodge_form", domain="127.0.0.1")
    assert browser.submit("/login", email="root@acme.example").status == 200
