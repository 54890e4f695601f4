"""Every line of what an assertion must say (SAM-3): the part removed, emptied, doubled, or off by one second."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from lxml import etree

from saml.errors import SamlCode, SamlError
from saml.names import FORMAT_TRANSIENT
from saml.response import read_response
from tests.doors.idp import SAML
from tests.saml.edits import (
    ASSERTION,
    AUDIENCE,
    CONDITIONS,
    CONFIRMATION,
    DATA,
    ISSUER_OF_ASSERTION,
    ISSUER_OF_RESPONSE,
    NAME_ID,
    RESPONSE,
    RESTRICTION,
    STATEMENT,
    STATUS_CODE,
    Edit,
    all_of,
    at,
    beside,
    double,
    drop,
    inside,
    put,
    remove,
    text,
)
from tests.saml.world import NOW, World, acs_url, entity_id

C = SamlCode
LEEWAY = 60
HOUR = 3600
DAY = 24 * HOUR
OTHER = "https://other.example/saml"
NEIGHBOUR = "https://gate.example/saml/c-10"
SENDER_VOUCHES = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
KEY_INFO = "<ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo>"
WITHOUT_US = f"<saml:AudienceRestriction><saml:Audience>{OTHER}</saml:Audience></saml:AudienceRestriction>"
OURS_INSIDE = "https://e.example/?https://gate.example/saml/c-1/acs"
RESPONDER = "urn:oasis:names:tc:SAML:2.0:status:Responder"
BEARER_OF_ANOTHER = (
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData '
    f'Recipient="{OTHER}" NotOnOrAfter="2026-05-01T12:05:00Z" InResponseTo="_request-1"/></saml:SubjectConfirmation>'
)


def _turned_round(root: etree._Element) -> None:
    """The second confirmation goes before the first."""
    first, second = root.iter(f"{{{SAML}}}SubjectConfirmation")
    first.addprevious(second)


@dataclass(frozen=True)
class Wrong:
    """One way to be wrong: its name, the edit before signing, the code, and settings of the connection."""

    name: str
    edit: Edit
    code: SamlCode
    settings: Mapping[str, Any] = field(default_factory=dict)


WRONG: tuple[Wrong, ...] = (
    Wrong("response version", put(RESPONSE, "Version", "1.1"), C.SHAPE),
    Wrong("assertion version", put(ASSERTION, "Version", "2.1"), C.SHAPE),
    Wrong("assertion version empty", put(ASSERTION, "Version", ""), C.SHAPE),
    Wrong("response id long", put(RESPONSE, "ID", "_" + "r" * 512), C.SHAPE),
    Wrong("session index long", put(STATEMENT, "SessionIndex", "s" * 513), C.SHAPE),
    Wrong("status empty", put(STATUS_CODE, "Value", ""), C.STATUS),
    Wrong("status other", put(STATUS_CODE, "Value", RESPONDER), C.STATUS),
    Wrong("status with a blank", put(STATUS_CODE, "Value", "urn:oasis:names:tc:SAML:2.0:status:Success "), C.STATUS),
    Wrong("status inside another", beside(STATUS_CODE, "<samlp:StatusCode Value='x'/>"), C.SHAPE),
    Wrong("issuer of the assertion removed", remove(ISSUER_OF_ASSERTION), C.SHAPE),
    Wrong("issuer of the assertion empty", text(ISSUER_OF_ASSERTION, ""), C.ISSUER),
    Wrong("issuer of the assertion other", text(ISSUER_OF_ASSERTION, OTHER), C.ISSUER),
    Wrong("issuer with a slash more", text(ISSUER_OF_ASSERTION, "https://idp.example/metadata/"), C.ISSUER),
    Wrong("issuer in capitals", text(ISSUER_OF_ASSERTION, "https://IDP.example/metadata"), C.ISSUER),
    Wrong("issuer is no entity", put(ISSUER_OF_ASSERTION, "Format", FORMAT_TRANSIENT), C.ISSUER),
    Wrong("issuer doubled", double(ISSUER_OF_ASSERTION), C.SHAPE),
    Wrong("issuer of the response empty", text(ISSUER_OF_RESPONSE, ""), C.ISSUER),
    Wrong("issuer of the response other", text(ISSUER_OF_RESPONSE, OTHER), C.ISSUER),
    Wrong("destination empty", put(RESPONSE, "Destination", ""), C.DESTINATION),
    Wrong("destination of a neighbour", put(RESPONSE, "Destination", f"{NEIGHBOUR}/acs"), C.DESTINATION),
    Wrong("destination longer", put(RESPONSE, "Destination", "https://gate.example/saml/c-1/acs/x"), C.DESTINATION),
    Wrong("destination shorter", put(RESPONSE, "Destination", "https://gate.example/saml/c-1"), C.DESTINATION),
    Wrong("response from the future", at(RESPONSE, "IssueInstant", NOW, LEEWAY + 1), C.TIME),
    Wrong("assertion from the future", at(ASSERTION, "IssueInstant", NOW, LEEWAY + 1), C.TIME),
    Wrong("assertion an hour old", at(ASSERTION, "IssueInstant", NOW, -HOUR - LEEWAY - 1), C.TIME),
    Wrong("response an hour old", at(RESPONSE, "IssueInstant", NOW, -HOUR - LEEWAY - 1), C.TIME),
    Wrong("issue instant without a zone", put(ASSERTION, "IssueInstant", "2026-05-01T12:00:00"), C.TIME),
    Wrong("issue instant of another zone", put(ASSERTION, "IssueInstant", "2026-05-01T14:00:00+02:00"), C.TIME),
    Wrong("issue instant unreadable", put(ASSERTION, "IssueInstant", "yesterday"), C.SHAPE),
    Wrong("issue instant at 24 o'clock", put(ASSERTION, "IssueInstant", "2026-05-01T24:00:00Z"), C.TIME),
    Wrong("conditions removed", remove(CONDITIONS), C.CONDITIONS),
    Wrong("conditions doubled", double(CONDITIONS), C.SHAPE),
    Wrong("conditions unknown by type", beside(RESTRICTION, "<saml:Condition/>"), C.SHAPE),
    Wrong(
        "one time use twice",
        all_of(beside(RESTRICTION, "<saml:OneTimeUse/>"), beside(RESTRICTION, "<saml:OneTimeUse/>")),
        C.CONDITIONS,
    ),
    Wrong("not before removed", drop(CONDITIONS, "NotBefore"), C.CONDITIONS),
    Wrong("not before empty", put(CONDITIONS, "NotBefore", ""), C.SHAPE),
    Wrong("not before to come", at(CONDITIONS, "NotBefore", NOW, LEEWAY + 1), C.TIME),
    Wrong("not on or after removed", drop(CONDITIONS, "NotOnOrAfter"), C.CONDITIONS),
    Wrong("not on or after past", at(CONDITIONS, "NotOnOrAfter", NOW, -LEEWAY), C.TIME),
    Wrong("window over a day", at(CONDITIONS, "NotOnOrAfter", NOW, DAY - 29), C.TIME),
    Wrong(
        "window turned round",
        all_of(at(CONDITIONS, "NotBefore", NOW, 50), at(CONDITIONS, "NotOnOrAfter", NOW, 50)),
        C.TIME,
    ),
    Wrong("audience restriction removed", remove(RESTRICTION), C.AUDIENCE),
    Wrong("audience removed", remove(AUDIENCE), C.SHAPE),
    Wrong("audience empty", text(AUDIENCE, ""), C.AUDIENCE),
    Wrong("audience other", text(AUDIENCE, OTHER), C.AUDIENCE),
    Wrong("audience of a neighbour", text(AUDIENCE, f"{NEIGHBOUR}/metadata"), C.AUDIENCE),
    Wrong(
        "a second restriction without us",
        beside(RESTRICTION, WITHOUT_US),
        C.AUDIENCE,
    ),
    Wrong("subject removed", remove("//saml:Subject"), C.SUBJECT),
    Wrong("subject doubled", double("//saml:Subject"), C.SHAPE),
    Wrong("name id removed", remove(NAME_ID), C.SUBJECT),
    Wrong("name id empty", text(NAME_ID, ""), C.SUBJECT),
    Wrong("name id blank", text(NAME_ID, " \n "), C.SUBJECT),
    Wrong("name id long", text(NAME_ID, "x" * 513), C.SUBJECT),
    Wrong("name id doubled", double(NAME_ID), C.SHAPE),
    Wrong("name id for another", put(NAME_ID, "SPNameQualifier", OTHER), C.SUBJECT),
    Wrong("name id for nobody", put(NAME_ID, "SPNameQualifier", ""), C.SUBJECT),
    Wrong("confirmation removed", remove(CONFIRMATION), C.CONFIRMATION),
    Wrong("confirmation not bearer", put(CONFIRMATION, "Method", SENDER_VOUCHES), C.CONFIRMATION),
    Wrong("confirmation data removed", remove(DATA), C.CONFIRMATION),
    Wrong("recipient removed", drop(DATA, "Recipient"), C.CONFIRMATION),
    Wrong("recipient empty", put(DATA, "Recipient", ""), C.CONFIRMATION),
    Wrong("recipient of a neighbour", put(DATA, "Recipient", f"{NEIGHBOUR}/acs"), C.CONFIRMATION),
    Wrong("recipient holds ours", put(DATA, "Recipient", OURS_INSIDE), C.CONFIRMATION),
    Wrong("confirmation without an end", drop(DATA, "NotOnOrAfter"), C.CONFIRMATION),
    Wrong("confirmation past", at(DATA, "NotOnOrAfter", NOW, -LEEWAY), C.CONFIRMATION),
    Wrong("confirmation lasts over a day", at(DATA, "NotOnOrAfter", NOW, DAY + LEEWAY + 1), C.CONFIRMATION),
    Wrong("confirmation with a beginning", at(DATA, "NotBefore", NOW, -1), C.CONFIRMATION),
    Wrong("confirmation with something inside", inside(DATA, KEY_INFO), C.SHAPE),
    Wrong("answer missing in the confirmation", drop(DATA, "InResponseTo"), C.REQUEST_UNKNOWN),
    Wrong("answer missing in the response", drop(RESPONSE, "InResponseTo"), C.REQUEST_UNKNOWN),
    Wrong("answers differ", put(DATA, "InResponseTo", "_request-2"), C.REQUEST_UNKNOWN),
    Wrong("answer empty", put(DATA, "InResponseTo", ""), C.SHAPE),
    Wrong("unsolicited", all_of(drop(DATA, "InResponseTo"), drop(RESPONSE, "InResponseTo")), C.UNSOLICITED),
    Wrong(
        "answer on another confirmation",
        all_of(drop(DATA, "InResponseTo"), beside(CONFIRMATION, BEARER_OF_ANOTHER)),
        C.CONFIRMATION,
    ),
    Wrong("statement removed", remove(STATEMENT), C.AUTHENTICATION),
    Wrong("statement doubled", double(STATEMENT), C.AUTHENTICATION),
    Wrong("authentication instant removed", drop(STATEMENT, "AuthnInstant"), C.SHAPE),
    Wrong("authentication to come", at(STATEMENT, "AuthnInstant", NOW, LEEWAY + 1), C.TIME),
    Wrong(
        "authentication stale where forced",
        at(STATEMENT, "AuthnInstant", NOW, -601 - LEEWAY),
        C.AUTHENTICATION,
        {"force_authn": True},
    ),
    Wrong("session over", at(STATEMENT, "SessionNotOnOrAfter", NOW, 0), C.TIME),
    Wrong("session end without a zone", put(STATEMENT, "SessionNotOnOrAfter", "2026-05-01T20:00:00"), C.TIME),
)  # fmt: skip


@pytest.mark.rule("SAM-3", "SAM-1", "SAM-5")
@pytest.mark.parametrize("sign", [("assertion",), ("response",), ("assertion", "response")], ids="+".join)
@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_an_assertion_that_misses_a_condition_is_refused(world: World, wrong: Wrong, sign: tuple[str, ...]) -> None:
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(sign=sign, edit=wrong.edit), **wrong.settings)
    assert refusal.value.code is wrong.code, refusal.value.admin_detail


@dataclass(frozen=True)
class Right:
    """One thing at the edge of what is allowed."""

    name: str
    edit: Edit
    settings: Mapping[str, Any] = field(default_factory=dict)


RIGHT: tuple[Right, ...] = (
    Right("as it comes", all_of()),
    Right("response without issuer", remove(ISSUER_OF_RESPONSE)),
    Right(
        "issuer is an entity", put(ISSUER_OF_ASSERTION, "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:entity")
    ),
    Right("issued within the leeway to come", at(ASSERTION, "IssueInstant", NOW, LEEWAY)),
    Right("issued an hour and the leeway ago", at(ASSERTION, "IssueInstant", NOW, -HOUR - LEEWAY)),
    Right("with fractions of a second", put(ASSERTION, "IssueInstant", "2026-05-01T11:59:59.123456789Z")),
    Right("begins within the leeway", at(CONDITIONS, "NotBefore", NOW, LEEWAY)),
    Right(
        "ended within the leeway",
        all_of(at(CONDITIONS, "NotBefore", NOW, -HOUR), at(CONDITIONS, "NotOnOrAfter", NOW, -LEEWAY + 1)),
    ),
    Right("window of a day", at(CONDITIONS, "NotOnOrAfter", NOW, DAY - 30)),
    Right("one time use", beside(RESTRICTION, "<saml:OneTimeUse/>")),
    Right("proxy restriction", beside(RESTRICTION, "<saml:ProxyRestriction Count='0'/>")),
    Right("another audience beside us", beside(AUDIENCE, f"<saml:Audience>{OTHER}</saml:Audience>")),
    Right("two restrictions with us", double(RESTRICTION)),
    Right("name id for us", put(NAME_ID, "SPNameQualifier", "https://gate.example/saml/c-1/metadata")),
    Right("confirmation ended within the leeway", at(DATA, "NotOnOrAfter", NOW, -LEEWAY + 1)),
    Right("another confirmation beside ours", beside(CONFIRMATION, BEARER_OF_ANOTHER)),
    Right("another confirmation before ours", all_of(beside(CONFIRMATION, BEARER_OF_ANOTHER), _turned_round)),
    Right("authenticated within the leeway to come", at(STATEMENT, "AuthnInstant", NOW, LEEWAY)),
    Right("authenticated lately where forced", at(STATEMENT, "AuthnInstant", NOW, -600), {"force_authn": True}),
    Right("no end of the session", drop(STATEMENT, "SessionNotOnOrAfter")),
    Right("no session index", drop(STATEMENT, "SessionIndex")),
    Right("a tolerance of three minutes", at(CONDITIONS, "NotBefore", NOW, 180), {"clock_tolerance": 180}),
)


@pytest.mark.rule("SAM-3")
@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name)
def test_what_the_conditions_allow_is_accepted(world: World, right: Right) -> None:
    assert world.read(world.respond(edit=right.edit), **right.settings).name_id == "ada@example.com"


@pytest.mark.rule("SAM-3")
def test_no_connection_can_stretch_the_clock_beyond_three_minutes(world: World) -> None:
    value = world.respond(edit=at(CONDITIONS, "NotBefore", NOW, 181))
    with pytest.raises(SamlError) as refusal:
        world.read(value, clock_tolerance=100_000)
    assert refusal.value.code is C.TIME


@pytest.mark.rule("SAM-3")
def test_only_an_unsigned_response_may_go_without_destination(world: World) -> None:
    edit = drop(RESPONSE, "Destination")
    assert world.read(world.respond(edit=edit)).name_id == "ada@example.com"
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(sign=("response",), edit=edit))
    assert refusal.value.code is C.DESTINATION


@pytest.mark.rule("SAM-5")
def test_an_unsolicited_response_is_read_where_the_connection_allows_it(world: World) -> None:
    value = world.respond(edit=all_of(drop(DATA, "InResponseTo"), drop(RESPONSE, "InResponseTo")))
    assert world.read(value, allow_idp_initiated=True).in_response_to is None


@pytest.mark.rule("SAM-5", "SAM-3")
def test_half_an_unsolicited_response_is_refused_where_unsolicited_ones_are_allowed(world: World) -> None:
    for path in (DATA, RESPONSE):
        with pytest.raises(SamlError) as refusal:
            world.read(world.respond(edit=drop(path, "InResponseTo")), allow_idp_initiated=True)
        assert refusal.value.code is C.REQUEST_UNKNOWN


@pytest.mark.rule("SAM-1")
def test_a_response_for_one_connection_is_refused_by_its_neighbour(world: World) -> None:
    """Both accounts use one identity provider with one key; only our own URL tells them apart."""
    neighbour = world.neighbour
    with pytest.raises(SamlError) as refusal:
        read_response(world.respond(), neighbour, acs_url(neighbour), entity_id(neighbour), NOW)
    assert refusal.value.code is C.DESTINATION


@pytest.mark.rule("SAM-1")
def test_a_neighbours_provider_with_our_entity_id_is_refused(world: World) -> None:
    """The stranger calls itself by our provider's entity id; its key is not our connection's."""
    with pytest.raises(SamlError) as refusal:
        world.read(world.stranger.respond(world.login))
    assert refusal.value.code is C.SIGNATURE
