"""AuthnRequests: what they say, and that the signature is over what is sent (saml.md 3)."""

import base64
import zlib
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import xmlsec
from lxml import etree

from saml.message import parse
from saml.names import FORMAT_TRANSIENT, POST_BINDING, SIGNATURE
from saml.request import LoginRequest, login_request, request_id
from saml.schema import follows_schema
from tests.doors.idp import NS
from tests.saml.world import NOW, World, acs_url, entity_id

ID = "_" + "ab" * 20


def ask(world: World, **settings: Any) -> LoginRequest:
    connection = replace(world.connection, **settings)
    return login_request(connection, acs_url(connection), entity_id(connection), ID, "token", NOW)


def sent_by_redirect(request: LoginRequest) -> tuple[etree._Element, dict[str, list[str]]]:
    query = parse_qs(urlsplit(request.url).query, strict_parsing=True)
    return parse(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)), query


def test_a_redirect_carries_the_request_and_the_relay_state(world: World) -> None:
    request = ask(world)
    root, query = sent_by_redirect(request)
    assert request.url.startswith("https://idp.example/sso?SAMLRequest=")
    assert not request.fields
    assert query["RelayState"] == ["token"]
    assert "Signature" not in query
    assert follows_schema(root)
    assert (root.get("ID"), root.get("IssueInstant")) == (ID, "2026-05-01T12:00:00Z")
    assert root.get("Destination") == "https://idp.example/sso"
    assert root.get("AssertionConsumerServiceURL") == "https://gate.example/saml/c-1/acs"
    assert root.get("ProtocolBinding") == POST_BINDING
    assert root.get("ForceAuthn") is None
    assert root.findtext("saml:Issuer", namespaces=NS) == "https://gate.example/saml/c-1/metadata"
    policy = root.find("samlp:NameIDPolicy", NS)
    assert (policy.get("AllowCreate"), policy.get("Format", "").rpartition(":")[2]) == ("true", "unspecified")


def test_no_authentication_context_is_asked_for(world: World) -> None:
    """Asking for a password locks out people with passkeys (AADSTS75011)."""
    root, _ = sent_by_redirect(ask(world))
    assert root.find("samlp:RequestedAuthnContext", NS) is None


def test_settings_of_the_connection_are_said(world: World) -> None:
    root, _ = sent_by_redirect(ask(world, force_authn=True, name_id_format=FORMAT_TRANSIENT))
    assert root.get("ForceAuthn") == "true"
    assert root.find("samlp:NameIDPolicy", NS).get("Format") == FORMAT_TRANSIENT


def test_markup_in_an_address_stays_text(world: World) -> None:
    url = "https://idp.example/sso?a=1&b=%22%3E<x>'"
    request = ask(world, sso_url=url)
    root, query = sent_by_redirect(request)
    assert root.get("Destination") == url
    assert query["a"] == ["1"]
    assert request.url.startswith(f"{url}&SAMLRequest=")


def test_a_signed_redirect_is_signed_over_its_own_octets(world: World) -> None:
    request = ask(world, sign_requests=True)
    query = urlsplit(request.url).query
    octets, _, value = query.partition("&Signature=")
    assert [part.partition("=")[0] for part in octets.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    assert parse_qs(query)["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(world.sp.certificate_pem, xmlsec.constants.KeyDataFormatCertPem)
    signature = base64.b64decode(parse_qs(query)["Signature"][0])
    assert context.verify_binary(octets.encode(), xmlsec.constants.TransformRsaSha256, signature) is None
    assert value


@pytest.mark.parametrize("signed", [False, True])
def test_a_provider_that_speaks_post_gets_a_form(world: World, signed: bool) -> None:
    request = ask(world, sso_binding=POST_BINDING, sign_requests=signed)
    assert request.url == "https://idp.example/sso"
    assert request.fields["RelayState"] == "token"
    root = parse(base64.b64decode(request.fields["SAMLRequest"]))
    assert follows_schema(root)
    assert root.get("ID") == ID
    signature = root.find(SIGNATURE)
    assert (signature is not None) is signed
    if signature is not None:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(world.sp.certificate_pem, xmlsec.constants.KeyDataFormatCertPem)
        context.register_id(root, "ID")
        context.verify(signature)


def test_an_id_has_160_bits_and_begins_with_an_underscore() -> None:
    assert request_id(bytes(range(20))) == "_000102030405060708090a0b0c0d0e0f10111213"
    with pytest.raises(ValueError, match="random bytes"):
        request_id(bytes(15))
