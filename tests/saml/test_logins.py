"""Logins at the SAML door: binding, replay, what changed meanwhile, and the question before a session goes (SAM)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from provisioning.actions.accounts import MadeAccount, set_seats
from provisioning.actions.services import Services
from provisioning.actions.sso_settings import update_connection
from provisioning.actions.users import disable_user
from provisioning.domain.caller import operator
from provisioning.domain.sso import Connection
from tests.doors.idp import FakeIdp
from tests.doors.saml import SamlBrowser, code_of
from tests.factories import key_caller
from tests.saml.attacks.corpus import CORPUS
from tests.saml.edits import DATA, RESPONSE, drop
from tests.saml.world import World

ADA = "ada@example.com"
EVE = {"name_id": "eve@example.com", "attributes": {"email": ["eve@example.com"]}}


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


@pytest.mark.rule("SAM-5")
def test_before_somebody_elses_session_is_replaced_a_page_asks(unsolicited: SamlBrowser) -> None:
    browser = unsolicited
    browser.arrive()
    before = browser.session()
    response = browser.arrive(**EVE)
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
    action, fields = browser.asked(browser.arrive(**EVE))
    assert action == browser.url("continue")
    response = browser.client.post(action, data=fields, headers={"Sec-Fetch-Site": "same-origin"})
    assert response.status_code == 303
    session = browser.session()
    assert session is not None
    assert session.user.email == "eve@example.com"
    browser.client.set_cookie("gatelodge_session", old or "")
    assert browser.session() is None


@pytest.mark.rule("SAM-5", "WEB-1")
@pytest.mark.parametrize(
    ("token", "headers", "code"),
    [
        (None, {"Sec-Fetch-Site": "same-origin"}, "invalid_value"),
        ("wrong", {"Sec-Fetch-Site": "same-origin"}, "invalid_value"),
        ("right", {"Sec-Fetch-Site": "cross-site"}, "not_allowed"),
        ("right", {"Sec-Fetch-Site": "same-site"}, "not_allowed"),
        ("right", {"Origin": "https://evil.example"}, "not_allowed"),
    ],
)
def test_the_answer_to_the_question_counts_from_our_own_page_only(
    unsolicited: SamlBrowser, token: str | None, headers: dict[str, str], code: str
) -> None:
    browser = unsolicited
    browser.arrive()
    action, fields = browser.asked(browser.arrive(**EVE))
    if token != "right":
        fields["csrf_token"] = token or ""
    response = browser.client.post(action, data=fields, headers=headers)
    assert code_of(response) == code
    assert response.status_code in (400, 403)
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
    assert browser.log_in(**EVE).status_code == 303
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
def test_the_corpus_is_refused_on_every_path(unsolicited: SamlBrowser, world: World, path: str) -> None:
    """The whole corpus, with a login pending and with a good token of our own form: never a 5xx, never a session."""
    browser = unsolicited
    browser.arrive()
    before = browser.cookie("gatelodge_session")
    _, fields = browser.asked(browser.arrive(**EVE))
    begun = browser.begin()
    for case in CORPUS:
        at_door = replace(world, login=browser.login(begun.request_id), connection=browser.connection)
        form = {**fields, "SAMLResponse": case.attack(at_door)}
        response = browser.client.post(browser.url(path), data=form, headers={"Sec-Fetch-Site": "same-origin"})
        assert response.status_code in (400, 403, 413), case.attack.__name__
        assert (code_of(response) or "").startswith(("saml_", "body_too_large")), case.attack.__name__
        assert browser.cookie("gatelodge_session") == before


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


@pytest.mark.rule("SAM-10", "WEB-3")
def test_a_login_leads_to_the_page_it_was_begun_for(unsolicited: SamlBrowser, browse: Any) -> None:
    assert unsolicited.log_in("/users").location == "/users"
    assert browse(unsolicited.connection).arrive("/users?page=2").location == "/users?page=2"
    for public in ("/login", "/healthz", unsolicited.url("login")):
        assert browse(unsolicited.connection).log_in(public).location == "/"
