"""What holds on every page: headers, escaped names, labels, no script in the page, no change by looking."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.users import delete_user
from provisioning.app import create_app
from provisioning.console.assets import ASSETS, asset_url
from provisioning.console.errors import PLAIN_WORDS, STATUSES, error_page, sentence
from provisioning.console.invitation_form import EMAIL_TAKEN
from provisioning.domain.errors import REFUSALS, Code, Refusal
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected
from tests.doors.console import ConsoleClient, Page
from tests.factories import key_caller, link_secret, make_active, make_user

MARKUP = "<img src=x onerror=alert(1)>{{7777*7}}</title><script>alert(2)</script>\"'`"
# That somebody read the activity report is an entry of it (AUD-1), the one thing that looking leaves behind.
BUT_READINGS = {
    "activity": "kind <> 'activity.read'",
    "activity_unsealed": "entry_id not in (select id from activity where kind = 'activity.read')",
}
ANYWHERE = ["/login", "/forgot-password", "/nowhere", "/link", "/favicon.ico"]


def walk(browser: ConsoleClient, start: str = "/") -> Iterator[Page]:
    """Every page that can be reached by following links."""
    found, seen = [start], set()
    while found:
        path = found.pop()
        if path in seen or path.startswith(("/saml/", "/static/")):
            continue
        seen.add(path)
        page = browser.get(path)
        yield page
        found += [href for href in page.tree.xpath("//a/@href") if href.startswith("/")]


@pytest.fixture
def people(as_root, as_dana, caller, services, sql, account, dana):
    """An account with somebody of every kind, an open session, groups, environments and a login through SAML."""
    make_user(caller, services, "new@acme.example", Role.REPORTS)
    delete_user(caller, make_user(caller, services, "gone@acme.example").id, services)
    create_group(caller, NewGroup(name="Design", member_ids=(dana.id,)), services)
    create_environment(caller, NewEnvironment(name="Staging"), services)
    connected(services, account)
    return as_root


@pytest.mark.rule("WEB-2", "WEB-5")
def test_every_page_is_strict_and_whole(people):
    pages = [*walk(people), *walk(people, "/users?status=inactive"), *(people.get(path) for path in ANYWHERE[2:4])]
    assert len(pages) > 12
    for page in pages:
        headers = page.response.headers
        assert page.status in (200, 404, 410)
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert not page.tree.xpath("//script[not(@src)] | //style | //*[@style]")
        assert not [name for each in page.tree.iter() for name in each.attrib if name.startswith("on")]
        assert not page.tree.xpath("//*[@href[starts-with(., 'http')] | @src[starts-with(., 'http')]]")
        assert page.tree.xpath("//html/@lang") == ["en"]
        assert len(page.tree.xpath("//h1")) == 1
        assert len(page.tree.xpath("//main")) == 1


def test_every_field_has_a_label_and_every_table_its_headings(people):
    for page in walk(people):
        for each in page.tree.xpath("//input[not(@type='hidden')] | //select"):
            labelled = page.tree.xpath("//label[@for=$id]", id=each.get("id") or "-") or each.xpath("ancestor::label")
            assert labelled, (page.path, each.get("name"))
        for table in page.tree.xpath("//table"):
            assert table.xpath("caption")
            assert table.xpath("thead//th[@scope='col']")
        for described in page.tree.xpath("//@aria-describedby"):
            for name in described.split():
                assert page.tree.xpath("//*[@id=$name]", name=name), (page.path, name)


def test_ids_are_given_once(people):
    for page in walk(people):
        ids = page.tree.xpath("//@id")
        assert len(ids) == len(set(ids)), page.path


@pytest.mark.rule("WEB-1")
def test_looking_at_every_page_changes_nothing(people, services, sql, caller):
    tables = [row[0] for row in sql("select tablename from pg_tables where schemaname = 'public'")]
    secret = link_secret(services, sql, make_user(caller, services, "link@acme.example"))

    def state():
        return {
            name: sql(
                f"select count(*), md5(string_agg(t::text, '|' order by t::text)) from {name} t where "
                + BUT_READINGS.get(name, "true")
            )
            for name in tables
        }

    before = state()
    for page in [*walk(people), *walk(people, "/users?status=inactive&q=g")]:
        people.client.head(page.response.request.full_path)
    for path in (*ANYWHERE, f"/link/{secret}", "/link"):
        people.get(path)
    assert state() == before


@pytest.mark.rule("WEB-2")
def test_markup_in_every_name_is_only_text(people, caller, services, sql, account, dana):
    sql("update accounts set name = %s", MARKUP)
    sql("update groups set name = %s || id", MARKUP)
    sql("update environments set name = %s || id", MARKUP)
    sql("update scim_connections set name = %s || id", MARKUP)
    sql("update users set display_name = %s, first_name = %s, last_name = %s", MARKUP, MARKUP, MARKUP)
    sql(
        "update users set connection_id = c.id from scim_connections c "
        "where c.account_id = users.account_id and not is_root"
    )
    sql("update users set email = '<b>@x', email_key = '<b>@x' where id = %s", dana.id)
    shown = 0
    for page in [
        *walk(people),
        *walk(people, "/users?status=inactive"),
        people.get("/users", query_string={"q": MARKUP}),
    ]:
        text = page.response.get_data(as_text=True)
        assert "<img src=x" not in text
        assert "<script>alert" not in text
        assert "54439" not in text
        shown += MARKUP[:20] in page.text
    assert shown > 8


@pytest.mark.rule("WEB-2")
def test_markup_in_what_is_typed_is_only_text(as_root, browser):
    as_root.get("/users/invite")
    page = as_root.submit("/users/invite", email=[MARKUP], first_name=[MARKUP], last_name=[MARKUP])
    assert page.tree.xpath("//input[@id='email-0']/@value") == [MARKUP]
    assert "<img src=x" not in page.response.text
    as_root.log_out()
    page = browser.submit("/login", email=MARKUP, next=MARKUP)
    assert "<img src=x" not in page.response.text


@pytest.mark.rule("WEB-5")
def test_over_https_cookies_have_the_prefix_and_the_browser_is_told_to_stay(services, settings, account):
    app = create_app(services, replace(settings, public_url="https://id.example.com"))
    client = app.test_client()
    response = client.get("/login", base_url="https://id.example.com")
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-gatelodge_form=")
    assert "Secure" in cookie
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    token = re.search(r'name="csrf_token" value="([^"]+)"', response.text).group(1)
    values = {"csrf_token": token, "email": "root@acme.example", "password": account.root_password}
    headers = {"Origin": "https://id.example.com"}
    entered = client.post("/login", data=values, headers=headers, base_url="https://id.example.com")
    assert entered.status_code == 303
    cookie = next(each for each in entered.headers.getlist("Set-Cookie") if "gatelodge_session" in each)
    assert cookie.startswith("__Host-gatelodge_session=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


@pytest.mark.rule("LIM-7")
def test_an_unknown_address_gets_a_page_with_its_reference(browser):
    page = browser.get("/nowhere")
    assert (page.status, page.code, page.title) == (404, "not_found", "There is no such page")
    assert page.response.headers["X-Request-Id"] in page.text


@pytest.mark.rule("LIM-7")
def test_a_fault_of_ours_gets_a_page_that_tells_nothing(browser, caller, services, sql, account):
    browser.log_in("root@acme.example", account.root_password)
    make_user(caller, services)
    sql("update users set role = 'emperor' where not is_root")
    page = browser.get("/users")
    assert (page.status, page.title) == (500, "Something failed on our side")
    assert page.response.headers["X-Request-Id"] in page.text
    assert not re.search(r"emperor|ValueError|Traceback|sqlalchemy", page.response.text, re.I)


@pytest.mark.rule("AUZ-2")
@pytest.mark.parametrize(("path", "method"), [("/users", "DELETE"), ("/login", "PUT"), ("/logout", "GET")])
def test_another_method_is_refused_and_those_there_are_named(app, path, method):
    response = app.test_client().open(path, method=method)
    assert response.status_code in (405, 403)
    if response.status_code == 405:
        assert response.headers["Allow"]


def test_every_code_has_a_status_and_a_sentence_for_people(app):
    assert set(STATUSES) == set(Code)
    for code in Code:
        gaps = re.findall(r"{(\w+)}", REFUSALS[code].sentence + PLAIN_WORDS.get(code, ""))
        refusal = Refusal(code, **dict.fromkeys(gaps, "1"))
        assert "{" not in sentence(refusal)
        with app.test_request_context("/users"):
            response = error_page(refusal)
        assert response.status_code == STATUSES[code]
        assert 300 < response.status_code < 500 or code is Code.TOO_MANY_RESULTS
        assert response.headers["Gatelodge-Error"] == code.value


def test_a_taken_email_reads_the_same_wherever_it_is_found():
    assert sentence(Refusal(Code.EMAIL_TAKEN, email="x@y.example")) == EMAIL_TAKEN


def test_static_files_are_kept_for_ever_under_the_hash_of_their_content(app):
    client = app.test_client()
    assert {"console.css", "console.js", "icon.svg", "vendor/htmx.min.js", "vendor/pico.min.css"} <= set(ASSETS)
    for name in ASSETS:
        response = client.get(asset_url(name))
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert client.get(asset_url(name), headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
        assert client.get(f"/static/{'0' * 16}/{name}").status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/x/../blueprint.py", "/static/x/%2e%2e/blueprint.py", "/static/x/", "/static/"]
)
def test_nothing_but_static_files_is_answered_there(app, path):
    assert app.test_client().get(path).status_code in (400, 404)


def test_people_of_the_other_account_are_on_no_page(people, services, sql, neighbour):
    make_active(services, sql, make_user(key_caller(neighbour), services, "foreign@else.example"))
    for page in walk(people):
        assert "foreign@else.example" not in page.text
        assert "Neighbour" not in page.text


@pytest.mark.parametrize(
    "value", ["nonsense", "invited.x", "invited.-1", "invited.٣", "{name}.1", ".", "invited", "deleted."]
)
def test_a_notice_that_we_did_not_leave_says_nothing(as_root, value):
    as_root.client.set_cookie("gatelodge_notice", value, domain="127.0.0.1")
    page = as_root.get("/users")
    assert (page.status, page.notice) == (200, "")


def test_a_notice_is_said_once(as_root, dana):
    assert as_root.do(dana.id, "disable").notice
    assert as_root.get(f"/users/{dana.id}").notice == ""


@pytest.mark.parametrize("cookie", ["é", "x" * 5000, '"', "a b", "\\377"])
def test_cookies_that_are_not_ours_do_no_harm(app, cookie):
    client = app.test_client()
    for name in ("gatelodge_session", "gatelodge_form", "gatelodge_link", "gatelodge_choice", "gatelodge_notice"):
        for path in ("/", "/login", "/link"):
            response = client.get(path, headers={"Cookie": f"{name}={cookie}"})
            assert response.status_code < 500
