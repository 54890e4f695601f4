"""The SAML door on the real application: metadata, begun logins, responses, refusals (SAM-1 to SAM-7, SAM-10)."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from flask import Flask
from lxml import etree

from provisioning.actions.accounts import MadeAccount, set_seats
from provisioning.actions.services import Services
from provisioning.actions.sso_settings import update_connection
from provisioning.actions.users import disable_user
from provisioning.domain.caller import operator
from provisioning.domain.sso import Connection
from provisioning.observe import set_up_logs
from saml import views
from saml.names import POST_BINDING
from tests.doors.idp import FakeIdp
from tests.doors.saml import SamlBrowser
from tests.factories import key_caller
from tests.saml.attacks.corpus import CORPUS
from tests.saml.edits import DATA, RESPONSE, at, drop
from tests.saml.world import World

ADA = "ada@example.com"


def code_of(response: Any) -> str | None:
    return response.headers.get("Gatelodge-Error")


def test_metadata_is_served_with_its_own_media_type_and_may_be_cached(browser: SamlBrowser) -> None:
    response = browser.client.get(browser.url("metadata"))
    assert response.status_code == 200
    assert response.content_type == "application/samlmetadata+xml"
    assert "max-age" in response.headers["Cache-Control"]
    assert etree.fromstring(response.data).get("entityID") == browser.base + browser.url("metadata")


@pytest.mark.rule("LNK-5")
def test_addresses_come_from_the_configured_url_whatever_the_request_says(browser: SamlBrowser) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    response = browser.client.get(browser.url("metadata"), headers=headers)
    assert b"evil.example" not in response.data
    assert browser.client.get(browser.url("metadata"), headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.rule("SAM-1", "TEN-3")
@pytest.mark.parametrize("what", ["metadata", "login", "acs", "continue"])
def test_an_unknown_connection_is_not_found(browser: SamlBrowser, what: str) -> None:
    for unknown in ("00000000-0000-4000-8000-000000000000", "1", "a%00b", "%27"):
        send = browser.client.post if what in ("acs", "continue") else browser.client.get
        response = send(f"/saml/{unknown}/{what}", data={"SAMLResponse": "x"} if send == browser.client.post else None)
        assert (response.status_code, code_of(response)) == (404, "not_found")


@pytest.mark.rule("SAM-5")
def test_a_login_that_is_begun_here_ends_in_a_session(browser: SamlBrowser) -> None:
    begun = browser.begin()
    assert begun.url.startswith("https://idp.example/sso?SAMLRequest=")
    assert len(begun.relay_state) <= 80
    response = browser.post(browser.idp.respond(browser.login(begun.request_id)), begun.relay_state)
    assert (response.status_code, response.location) == (303, "/")
    session = browser.session()
    assert session is not None
    assert (session.user.email, session.method, session.connection_id) == (ADA, "saml", browser.connection.id)
    assert (session.user.first_name, session.user.last_name) == ("Ada", "Lovelace")


def test_the_person_is_made_once_and_found_again(browser: SamlBrowser) -> None:
    browser.log_in()
    first = browser.session()
    browser.log_in(attributes={"email": [ADA], "firstName": ["Augusta"]})
    second = browser.session()
    assert first is not None
    assert second is not None
    assert (second.user.id, second.user.first_name) == (first.user.id, "Augusta")


@pytest.mark.rule("SAM-5")
def test_several_logins_at_once_in_one_browser_all_work(browser: SamlBrowser) -> None:
    """Two tabs begin, then both finish, the second one first."""
    one, two = browser.begin(), browser.begin()
    for begun in (two, one):
        response = browser.post(browser.idp.respond(browser.login(begun.request_id)), begun.relay_state)
        assert response.status_code == 303


@pytest.mark.rule("SAM-5")
def test_a_response_to_another_browsers_request_is_refused(browser: SamlBrowser, browse: Any) -> None:
    """Login CSRF: the attacker begins, the victim's browser posts."""
    begun = browser.begin()
    victim = browse(browser.connection)
    response = victim.post(browser.idp.respond(browser.login(begun.request_id)), begun.relay_state)
    assert (response.status_code, code_of(response)) == (403, "saml_request_unknown")
    assert victim.session() is None
    victim.begin()
    again = victim.post(browser.idp.respond(browser.login(begun.request_id)), begun.relay_state)
    assert (again.status_code, code_of(again)) == (403, "saml_request_unknown")


@pytest.mark.rule("SAM-5")
def test_a_request_is_used_once_and_lives_ten_minutes(browser: SamlBrowser, clock: Any) -> None:
    begun = browser.begin()
    assert browser.post(browser.idp.respond(browser.login(begun.request_id))).status_code == 303
    assert code_of(browser.post(browser.idp.respond(browser.login(begun.request_id)))) == "saml_request_unknown"
    old = browser.begin()
    clock.advance(seconds=601)
    assert code_of(browser.post(browser.idp.respond(browser.login(old.request_id)))) == "saml_request_unknown"


@pytest.mark.rule("SAM-5", "SAM-1")
def test_a_request_of_another_connection_is_refused(
    browser: SamlBrowser, account: MadeAccount, neighbour: MadeAccount, connect_to: Any, world: World
) -> None:
    """The same browser has logins pending at two connections, of one account and of two."""
    for other in (connect_to(neighbour), connect_to(account)):
        there = SamlBrowser(browser.client, world.idp, other, browser.services)
        begun = there.begin()
        response = browser.post(browser.idp.respond(browser.login(begun.request_id)), begun.relay_state)
        assert code_of(response) == "saml_request_unknown"


@pytest.mark.rule("SAM-1", "TEN-5")
def test_a_valid_response_of_one_connection_opens_nothing_at_another(
    browser: SamlBrowser, neighbour: MadeAccount, connect_to: Any, browse: Any, world: World
) -> None:
    """Validly signed by B for B, posted to A's address, with A's login pending."""
    stranger = FakeIdp("https://idp.example/metadata", key=world.stranger.key)
    theirs = browse(connect_to(neighbour, stranger), stranger)
    begun = browser.begin()
    value = stranger.respond(theirs.login(begun.request_id))
    assert code_of(browser.post(value)) == "saml_signature_invalid"
    as_ours = stranger.respond(browser.login(begun.request_id))
    assert code_of(browser.post(as_ours)) == "saml_signature_invalid"
    assert browser.session() is None


@pytest.mark.rule("SAM-4")
def test_a_response_is_taken_once(browser: SamlBrowser, clock: Any) -> None:
    begun = browser.begin()
    login = browser.login(begun.request_id)
    value = browser.idp.respond(login)
    assert browser.post(value).status_code == 303
    assert code_of(browser.post(value)) == "saml_replayed"
    renewed = browser.begin()
    resigned = replace(login, in_response_to=renewed.request_id)
    assert code_of(browser.post(browser.idp.respond(resigned))) == "saml_replayed"
    clock.advance(seconds=login.lifetime.total_seconds() + browser.connection.clock_tolerance - 1)
    assert code_of(browser.post(browser.idp.respond(resigned))) == "saml_replayed"


@pytest.mark.rule("SAM-4", "TEN-5")
def test_the_same_ids_at_another_connection_are_its_own(
    browser: SamlBrowser, neighbour: MadeAccount, connect_to: Any, browse: Any
) -> None:
    there = browse(connect_to(neighbour))
    ids = {"response_id": "_same", "assertion_id": "_same-a"}
    assert browser.log_in(**ids).status_code == 303
    assert there.log_in(**ids).status_code == 303


@pytest.mark.rule("SAM-4")
def test_of_many_posts_of_one_response_one_wins(browser: SamlBrowser, app: Flask, sql: Any) -> None:
    begun = browser.begin()
    value = browser.idp.respond(browser.login(begun.request_id))
    secret = browser.cookie("gatelodge_saml")

    def post(_: int) -> int:
        client = app.test_client()
        client.set_cookie("gatelodge_saml", secret or "")
        return client.post(browser.url("acs"), data={"SAMLResponse": value}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(post, range(50)))
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 403, 429}
    assert sql("select count(*) from sessions where method = 'saml'") == [(1,)]


@pytest.mark.rule("SAM-5")
def test_an_unsolicited_response_needs_the_connections_word(
    browser: SamlBrowser, services: Services, account: MadeAccount
) -> None:
    assert code_of(browser.arrive()) == "saml_unsolicited"
    assert browser.session() is None
    update_connection(key_caller(account), browser.connection.id, {"allow_idp_initiated": True}, services)
    assert browser.arrive().status_code == 303
    assert browser.session() is not None


@pytest.mark.rule("SAM-10", "WEB-3")
@pytest.mark.parametrize(
    "relay_state",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%0d%0aX: y",
        "/scim/v2/Users",
        "/healthz",
        "nonsense",
        "x" * 3000,
    ],
)
def test_relay_state_never_leads_anywhere_but_to_our_pages(
    account: MadeAccount, connect_to: Any, browse: Any, relay_state: str
) -> None:
    browser = browse(connect_to(account, allow_idp_initiated=True))
    response = browser.arrive(relay_state)
    assert (response.status_code, response.location) == (303, "/")
    begun = browse(browser.connection)
    assert begun.log_in(relay_state).location == "/"


@pytest.fixture
def unsolicited(account: MadeAccount, connect_to: Any, browse: Any) -> SamlBrowser:
    return browse(connect_to(account, allow_idp_initiated=True))


@pytest.mark.rule("SAM-5")
def test_before_somebody_elses_session_is_replaced_a_page_asks(unsolicited: SamlBrowser) -> None:
    browser = unsolicited
    browser.arrive()
    before = browser.session()
    response = browser.arrive(name_id="eve@example.com", attributes={"email": ["eve@example.com"]})
    assert response.status_code == 200
    assert "Change user?" in response.text
    assert ADA in response.text
    assert "eve@example.com" in response.text
    after = browser.session()
    assert before is not None
    assert after is not None
    assert after.id == before.id


@pytest.mark.rule("SAM-5", "SES-3")
def test_who_says_yes_to_the_question_is_logged_in_and_the_old_session_is_dead(unsolicited: SamlBrowser) -> None:
    browser = unsolicited
    browser.arrive()
    old = browser.cookie("gatelodge_session")
    page = browser.arrive(name_id="eve@example.com", attributes={"email": ["eve@example.com"]})
    form = etree.HTML(page.text).find(".//form")
    assert form.get("action") == browser.url("continue")
    fields = {node.get("name"): node.get("value") for node in form.iter("input")}
    response = browser.client.post(form.get("action"), data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 303
    session = browser.session()
    assert session is not None
    assert session.user.email == "eve@example.com"
    browser.client.set_cookie("gatelodge_session", old or "")
    assert browser.session() is None


@pytest.mark.rule("SAM-5", "WEB-1")
@pytest.mark.parametrize(
    ("token", "headers"),
    [
        (None, {"Sec-Fetch-Site": "same-origin"}),
        ("wrong", {"Sec-Fetch-Site": "same-origin"}),
        ("right", {"Sec-Fetch-Site": "cross-site"}),
        ("right", {"Sec-Fetch-Site": "same-site"}),
        ("right", {"Origin": "https://evil.example"}),
    ],
)
def test_the_answer_to_the_question_counts_from_our_own_page_only(
    unsolicited: SamlBrowser, token: str | None, headers: dict[str, str]
) -> None:
    browser = unsolicited
    browser.arrive()
    page = browser.arrive(name_id="eve@example.com", attributes={"email": ["eve@example.com"]})
    form = etree.HTML(page.text).find(".//form")
    fields = {node.get("name"): node.get("value") for node in form.iter("input")}
    fields["token"] = fields["token"] if token == "right" else token or ""
    response = browser.client.post(browser.url("continue"), data=fields, headers=headers)
    assert (response.status_code, code_of(response)) == (403, "not_allowed")
    session = browser.session()
    assert session is not None
    assert session.user.email == ADA


def test_the_same_person_coming_again_is_not_asked(unsolicited: SamlBrowser) -> None:
    unsolicited.arrive()
    assert unsolicited.arrive().status_code == 303


@pytest.mark.rule("SES-3")
def test_a_login_that_was_begun_here_replaces_the_session_without_a_question(browser: SamlBrowser) -> None:
    browser.log_in()
    old = browser.cookie("gatelodge_session")
    assert browser.log_in(name_id="eve@example.com", attributes={"email": ["eve@example.com"]}).status_code == 303
    browser.client.set_cookie("gatelodge_session", old or "")
    assert browser.session() is None


Between = Callable[[Connection, MadeAccount, Services, Any], None]


def switched_off(connection: Connection, account: MadeAccount, services: Services, sql: Any) -> None:
    update_connection(key_caller(account), connection.id, {"enabled": False}, services)


def user_disabled(connection: Connection, account: MadeAccount, services: Services, sql: Any) -> None:
    ((user_id,),) = sql("select id from users where email = %s", ADA)
    disable_user(key_caller(account), user_id, services)


@pytest.mark.rule("SAM-6")
@pytest.mark.parametrize(
    ("between", "code"),
    [(switched_off, "connection_disabled"), (user_disabled, "user_disabled")],
    ids=["switched off", "disabled"],
)
def test_what_changed_since_the_login_began_counts(
    browser: SamlBrowser, account: MadeAccount, services: Services, sql: Any, between: Between, code: str
) -> None:
    browser.log_in()
    begun = browser.begin()
    between(browser.connection, account, services, sql)
    browser.client.delete_cookie("gatelodge_session")
    response = browser.post(browser.idp.respond(browser.login(begun.request_id)), begun.relay_state)
    assert (response.status_code, code_of(response)) == (403, code)
    assert browser.session() is None


@pytest.mark.rule("SAM-6")
def test_no_login_begins_at_a_connection_that_is_off(
    browser: SamlBrowser, account: MadeAccount, services: Services
) -> None:
    update_connection(key_caller(account), browser.connection.id, {"enabled": False}, services)
    response = browser.client.get(browser.url("login"))
    assert (response.status_code, code_of(response)) == (403, "connection_disabled")


@pytest.mark.rule("SAM-6", "SES-1")
def test_the_session_ends_with_its_connection(browser: SamlBrowser, account: MadeAccount, services: Services) -> None:
    browser.log_in()
    update_connection(key_caller(account), browser.connection.id, {"enabled": False}, services)
    assert browser.session() is None


def test_the_session_ends_when_the_provider_says(browser: SamlBrowser, clock: Any) -> None:
    browser.log_in(session_lifetime=timedelta(minutes=30))
    clock.advance(minutes=29)
    assert browser.session() is not None
    clock.advance(minutes=2)
    assert browser.session() is None


@pytest.mark.rule("SAM-7", "XML-8", "LIM-7")
@pytest.mark.parametrize("path", ["acs", "continue"])
def test_the_corpus_is_refused_on_every_path(browser: SamlBrowser, world: World, path: str) -> None:
    """The whole corpus, with a login pending: never a 5xx, never a session."""
    begun = browser.begin()
    for case in CORPUS:
        at_door = replace(world, login=browser.login(begun.request_id), connection=browser.connection)
        response = browser.post(case.attack(at_door), to=path)
        assert response.status_code in (400, 403, 413), case.attack.__name__
        assert browser.cookie("gatelodge_session") is None


@pytest.mark.rule("SAM-7")
def test_every_route_that_takes_a_response_is_known(app: Flask) -> None:
    """A new way in for responses must be added to the test above."""
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("saml.") and "POST" in (rule.methods or ())
    }
    assert posts == {"saml.acs", "saml.continue_"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_acs_knows_post_only(browser: SamlBrowser, method: str) -> None:
    response = browser.client.open(browser.url("acs"), method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"


@pytest.mark.rule("LIM-1")
def test_a_body_beyond_its_limit_is_refused_unread(browser: SamlBrowser) -> None:
    response = browser.post("A" * (512 * 1024 + 1))
    assert (response.status_code, code_of(response)) == (413, "body_too_large")


@pytest.mark.rule("WEB-1")
@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", "application/xml", ""]
)
def test_another_content_type_is_refused(browser: SamlBrowser, content_type: str) -> None:
    response = browser.client.post(browser.url("acs"), data=b"SAMLResponse=x", content_type=content_type)
    assert (response.status_code, code_of(response)) == (415, "media_type")


def test_a_form_without_its_field_or_with_it_twice_is_refused(browser: SamlBrowser) -> None:
    for body in ("", "RelayState=x", "SAMLResponse=x&SAMLResponse=y", "SAMLResponse=x&RelayState=a&RelayState=b"):
        response = browser.client.post(browser.url("acs"), data=body, content_type="application/x-www-form-urlencoded")
        assert (response.status_code, code_of(response)) == (400, "saml_message_unreadable")


def test_a_refusal_shows_words_and_a_reference_and_nothing_of_the_message(browser: SamlBrowser) -> None:
    begun = browser.begin()
    response = browser.post(
        browser.idp.respond(
            browser.login(begun.request_id), edit=at("//saml:Conditions", "NotOnOrAfter", browser.services.now(), -3600)
        )
    )
    assert response.status_code == 403
    assert "This login is too old, or a clock is wrong." in response.text
    assert response.headers["X-Request-Id"] in response.text
    for hidden in (ADA, "NotOnOrAfter", "idp.example", "Traceback", "saml_time"):
        assert hidden not in response.text


@pytest.mark.rule("AUD-1")
def test_a_refused_message_is_one_entry_a_minute_with_its_facts(browser: SamlBrowser, sql: Any, clock: Any) -> None:
    def entries() -> list[Any]:
        return sql("select data from activity where kind = 'login.refused' order by id")

    responses = [browser.post("nonsense") for _ in range(5)]
    ((data,),) = entries()
    assert (data["code"], data["count"]) == ("saml_message_unreadable", 1)
    assert data["check"]
    assert data["reference"] == responses[0].headers["X-Request-Id"]
    clock.advance(seconds=61)
    browser.post("nonsense")
    assert entries()[1][0]["count"] == 5


@pytest.mark.rule("LIM-6")
def test_too_many_requests_of_one_address_are_told_to_wait(browser: SamlBrowser, app: Flask, clock: Any) -> None:
    app.extensions[views.STATE] = views.State(views.Pace(3), views.Trace())
    for _ in range(3):
        assert browser.post("nonsense").status_code == 400
    response = browser.post("nonsense")
    assert (response.status_code, code_of(response)) == (429, "too_many_requests")
    assert 1 <= int(response.headers["Retry-After"]) <= 61
    clock.advance(seconds=61)
    assert browser.post("nonsense").status_code == 400


def test_a_provider_that_speaks_post_gets_a_form_that_may_go_there_only(
    browser: SamlBrowser, account: MadeAccount, services: Services
) -> None:
    update_connection(key_caller(account), browser.connection.id, {"sso_binding": POST_BINDING}, services)
    response = browser.client.get(browser.url("login"))
    assert response.status_code == 200
    assert "form-action https://idp.example;" in response.headers["Content-Security-Policy"]
    form = etree.HTML(response.text).find(".//form")
    assert form.get("action") == "https://idp.example/sso"
    assert {node.get("name") for node in form.iter("input")} == {"SAMLRequest", "RelayState"}
    script = etree.HTML(response.text).find(".//script").get("src")
    assert browser.client.get(script).mimetype == "text/javascript"
    assert browser.client.get(etree.HTML(response.text).find(".//link").get("href")).mimetype == "text/css"


@pytest.mark.rule("WEB-2", "SAM-8")
def test_markup_from_a_provider_is_text_on_every_page(unsolicited: SamlBrowser) -> None:
    unsolicited.arrive()
    page = unsolicited.arrive(
        name_id="<script>alert(1)</script>", attributes={"firstName": ["<b>"]}, relay_state='"><img src=x>'
    )
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;" in page.text


def test_an_address_that_may_not_be_used_begins_no_login(
    browser: SamlBrowser, account: MadeAccount, services: Services, sql: Any
) -> None:
    for url in ("http://idp.example/sso", "javascript:alert(1)", "ftp://idp.example/"):
        sql("update saml_connections set settings = jsonb_set(settings, '{sso_url}', to_jsonb(%s::text))", url)
        response = browser.client.get(browser.url("login"))
        assert (response.status_code, code_of(response)) == (400, "connection_incomplete")
    sql(
        "update saml_connections set settings = jsonb_set(settings, '{sso_url}', to_jsonb(%s::text))",
        "http://localhost:9/s",
    )
    assert browser.client.get(browser.url("login")).status_code == 303


@pytest.mark.rule("SES-5")
def test_the_binding_cookie_is_its_own_and_short_lived(browser: SamlBrowser) -> None:
    """On loopback http it is Lax; the https form is tested below."""
    response = browser.client.get(browser.url("login"))
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("gatelodge_saml=")
    assert "HttpOnly" in cookie
    assert "Max-Age=600" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


@pytest.mark.rule("SAM-2")
def test_an_unsigned_response_is_refused_whatever_the_message_lacks(unsolicited: SamlBrowser) -> None:
    response = unsolicited.post(unsolicited.idp.respond(unsolicited.login(None), sign=()))
    assert (response.status_code, code_of(response)) == (403, "saml_not_signed")
    half = unsolicited.idp.respond(
        unsolicited.login("_x"), edit=drop(DATA, "InResponseTo"), tamper=drop(RESPONSE, "InResponseTo")
    )
    assert unsolicited.post(half).status_code == 303


@pytest.mark.rule("SAM-6", "SEAT-3")
def test_the_last_seat_taken_meanwhile_refuses_and_spends_the_ids(
    browser: SamlBrowser, account: MadeAccount, services: Services, sql: Any
) -> None:
    begun = browser.begin()
    value = browser.idp.respond(browser.login(begun.request_id))
    set_seats(operator(account.account.id), 1, services)
    response = browser.post(value)
    assert (response.status_code, code_of(response)) == (403, "seat_limit_reached")
    assert sql("select count(*) from users where email = %s", ADA) == [(0,)]
    set_seats(operator(account.account.id), 5, services)
    assert code_of(browser.post(value)) == "saml_replayed"
    assert browser.log_in().status_code == 303


@pytest.mark.rule("SAM-6", "ACC-3")
def test_an_account_cancelled_meanwhile_lets_nobody_in(browser: SamlBrowser, account: MadeAccount, sql: Any) -> None:
    begun = browser.begin()
    sql("update accounts set cancelled_at = now() where id = %s", account.account.id)
    response = browser.post(browser.idp.respond(browser.login(begun.request_id)))
    assert (response.status_code, code_of(response)) == (403, "account_cancelled")


@pytest.mark.rule("SAM-8", "ROOT-6")
def test_no_attribute_makes_a_master_admin_or_reaches_the_root(
    browser: SamlBrowser, account: MadeAccount, connect_to: Any, browse: Any, sql: Any
) -> None:
    attributes = {"email": [ADA], "role": ["master_admin"], "groups": ["<b>no such group</b>"]}
    assert browser.log_in(attributes=attributes).status_code == 303
    assert sql("select role from users where email = %s", ADA) == [("media_library_user",)]
    claimed = browse(connect_to(account, email_domains=("acme.example",)))
    response = claimed.log_in(name_id="root@acme.example", attributes={"email": ["root@acme.example"]})
    assert (response.status_code, code_of(response)) == (403, "saml_root_refused")


@pytest.mark.rule("IDN-2")
def test_a_name_id_that_looks_like_an_id_or_the_roots_email_is_nobody_of_ours(
    browser: SamlBrowser, account: MadeAccount, browse: Any
) -> None:
    for number, name_id in enumerate(("1", account.root.id, account.account.id, "root@acme.example")):
        visitor = browse(browser.connection)
        email = f"person-{number}@elsewhere.example"
        visitor.log_in(
            name_id=name_id,
            name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            attributes={"email": [email]},
        )
        session = visitor.session()
        assert session is not None
        assert (session.user.email, session.user.is_root) == (email, False)


@pytest.fixture
def logs(capsys: Any) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Logs as they are written in production, read back a line at a time."""
    before = structlog.get_config()
    set_up_logs()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**before)


@pytest.mark.rule("AUD-2")
def test_logs_name_the_attempt_and_hold_nothing_of_the_message(browser: SamlBrowser, logs: Any) -> None:
    begun = browser.begin()
    login = browser.login(begun.request_id)
    value = browser.idp.respond(login)
    browser.post(value, begun.relay_state)
    browser.post(browser.idp.respond(browser.login("_x", name_id="planted\nname"), sign=()))
    lines = logs()
    accepted, refused = [line for line in lines if line["event"].startswith("saml")]
    assert (accepted["outcome"], accepted["message_id"]) == ("accepted", login.assertion_id)
    assert accepted["fingerprint"] == browser.idp.fingerprint
    assert (refused["outcome"], refused["check"]) == ("saml_not_signed", "signature_over_assertion_or_response")
    text = json.dumps(lines)
    for secret in (ADA, "planted", "Lovelace", begun.relay_state, browser.cookie("gatelodge_saml"), value[:60]):
        assert secret not in text
