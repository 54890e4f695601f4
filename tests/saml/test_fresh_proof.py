"""SES-4: a fresh proof through the organisation: forced by our request, and believed only with a new AuthnInstant."""

import base64
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from tests.doors.saml import SamlBrowser
from tests.saml.edits import at

STATEMENT = "//saml:AuthnStatement"


def forced(url: str) -> bool:
    """Whether a request asks for a fresh proof."""
    sent = parse_qs(urlsplit(url).query)["SAMLRequest"][0]
    return etree.fromstring(zlib.decompress(base64.b64decode(sent), -15)).get("ForceAuthn") == "true"


def prove(browser: SamlBrowser, age: int | None = None, **query: str) -> None:
    """Log in with a request for a proof; the identity provider says that its person proved themself some time ago."""
    begun = browser.begin(**query)
    edit: Any = None if age is None else at(STATEMENT, "AuthnInstant", browser.services.now(), -age)
    response = browser.post(browser.idp.respond(browser.login(begun.request_id), edit=edit), begun.relay_state)
    assert response.status_code == 303, response.text


@pytest.mark.rule("SES-4")
def test_a_login_that_nobody_forced_is_no_proof(browser: SamlBrowser) -> None:
    assert not forced(browser.begin().url)
    browser.log_in()
    session = browser.session()
    assert session is not None
    assert session.proved_at is None


@pytest.mark.rule("SES-4", "SES-3")
def test_a_forced_login_with_a_new_instant_is_a_proof_in_a_new_session(browser: SamlBrowser, clock: Any) -> None:
    browser.log_in()
    before, old = browser.session(), browser.cookie("gatelodge_session")
    assert before is not None
    assert forced(browser.begin(proof="fresh").url)
    prove(browser, proof="fresh", next="/profile/email")
    session = browser.session()
    assert session is not None
    assert session.proved_at == clock.now
    assert session.id != before.id
    assert browser.client.get("/profile/email").status_code == 200
    browser.client.set_cookie("gatelodge_session", old or "")
    assert browser.session() is None, "the session before is over"


@pytest.mark.rule("SES-4")
@pytest.mark.parametrize(("age", "believed"), [(0, True), (59, True), (61, False), (3600, False)])
def test_an_old_instant_is_asked_again(browser: SamlBrowser, age: int, believed: bool) -> None:
    prove(browser, age, proof="fresh")
    session = browser.session()
    assert session is not None
    assert (session.proved_at is not None) is believed
    answer = browser.client.get("/profile/email")
    assert answer.status_code == (200 if believed else 303)


@pytest.mark.rule("SES-4")
def test_the_page_of_the_proof_leads_to_the_organisation_and_back(
    browser: SamlBrowser, browse: Callable[..., SamlBrowser]
) -> None:
    browser.log_in()
    page = browser.client.get("/profile/email", follow_redirects=True)
    (address,) = etree.HTML(page.text).xpath("//main//a[contains(@href, '/saml/')]/@href")
    assert address == browser.url("login") + "?proof=fresh&next=%2Fprofile%2Femail"
    assert not etree.HTML(page.text).xpath("//form[@action='/profile/proof']"), "there is no password to give"
    asked = browser.client.get(address)
    assert forced(asked.location)


@pytest.mark.rule("SES-4", "SAM-5")
def test_a_login_begun_at_the_identity_provider_is_no_proof(unsolicited: SamlBrowser) -> None:
    unsolicited.arrive()
    session = unsolicited.session()
    assert session is not None
    assert session.proved_at is None
