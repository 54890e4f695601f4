"""The SAML door on the real application: metadata, begun logins, responses, refusals (SAM-1 to SAM-7, SAM-10)."""

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from flask import Flask
from lxml import etree

from provisioning.actions.accounts import MadeAccount
from provisioning.actions.services import Services
from provisioning.actions.sso_settings import update_connection
from provisioning.app import create_app
from provisioning.observe import set_up_logs
from provisioning.settings import Settings
from provisioning.wiring import services_from
from saml.door import STATE
from saml.names import POST_BINDING
from saml.pace import Pace
from tests.doors.saml import SamlBrowser, code_of
from tests.factories import key_caller
from tests.saml.edits import at
from tests.saml.world import World

ADA = "ada@example.com"


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
@pytest.mark.parametrize("what", ["metadata", "login", "acs"])
def test_an_unknown_connection_is_not_found(browser: SamlBrowser, what: str) -> None:
    for unknown in ("00000000-0000-4000-8000-000000000000", "1", "%27"):
        path = f"/saml/{unknown}/{what}"
        response = browser.client.post(path, data={"SAMLResponse": "x"}) if what == "acs" else browser.client.get(path)
        assert (response.status_code, code_of(response)) == (404, "not_found")


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
    app.extensions[STATE] = replace(app.extensions[STATE], pace=Pace(3))
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


@pytest.fixture
def log_settings() -> Iterator[None]:
    """Whatever a test sets up for logs is gone after it."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.rule("AUD-2")
@pytest.mark.usefixtures("log_settings")
def test_logs_name_the_attempt_and_hold_nothing_of_the_message(browser: SamlBrowser, capsys: Any) -> None:
    set_up_logs()
    begun = browser.begin()
    login = browser.login(begun.request_id)
    value = browser.idp.respond(login)
    browser.post(value, begun.relay_state)
    browser.post(browser.idp.respond(browser.login("_x", name_id="planted\nname"), sign=()))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    accepted, refused = [line for line in lines if line["event"].startswith("saml")]
    assert (accepted["outcome"], accepted["message_id"]) == ("accepted", login.assertion_id)
    assert accepted["fingerprint"] == browser.idp.fingerprint
    assert (refused["outcome"], refused["check"]) == ("saml_not_signed", "signature_over_assertion_or_response")
    text = json.dumps(lines)
    for secret in (ADA, "planted", "Lovelace", begun.relay_state, browser.cookie("gatelodge_saml"), value[:60]):
        assert secret not in text


@pytest.mark.rule("SES-5")
def test_on_https_the_binding_cookie_crosses_sites_and_the_session_cookie_does_not(
    settings: Settings, clock: Any, account: MadeAccount, connect_to: Any, world: World
) -> None:
    """The identity provider's page posts from another site; browsers send it only cookies with SameSite=None."""
    public = replace(settings, public_url="https://gate.example")
    services = services_from(public, now=clock)
    client = create_app(services, public).test_client()
    connection = connect_to(account)
    begun = client.get(f"/saml/{connection.id}/login", base_url="https://gate.example")
    binding = begun.headers["Set-Cookie"]
    assert binding.startswith("__Host-gatelodge_saml=")
    for part in ("Secure", "HttpOnly", "SameSite=None", "Path=/", "Max-Age=600"):
        assert part in binding
    assert "Domain" not in binding
    there = SamlBrowser(client, world.idp, connection, services)
    request_id = etree.fromstring(_inflated(begun.location)).get("ID")
    value = world.idp.respond(there.login(request_id))
    answer = client.post(there.url("acs"), data={"SAMLResponse": value}, base_url="https://gate.example")
    assert answer.status_code == 303
    session = next(cookie for cookie in answer.headers.getlist("Set-Cookie") if "session" in cookie)
    assert session.startswith("__Host-gatelodge_session=")
    assert "SameSite=Lax" in session
    services.database.close()


def _inflated(url: str) -> bytes:
    sent = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return zlib.decompress(base64.b64decode(sent), -15)
