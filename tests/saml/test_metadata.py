"""Metadata: ours says what we need, theirs is hostile input (saml.md 4; SAM-2, SAM-9)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from provisioning.domain.errors import Code, Refusal
from saml.errors import SamlCode, SamlError
from saml.metadata import Endpoint, https_only, identity_provider, is_address, read_idp_metadata, sp_metadata
from saml.names import POST_BINDING, REDIRECT_BINDING
from saml.schema import SCHEMAS
from tests.doors.idp import FakeIdp, key_descriptor
from tests.saml.world import NOW, World, acs_url, entity_id

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
OTHER_ROLE = '<md:AttributeAuthorityDescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/>'


def service(kind: str, binding: str, url: str) -> str:
    return f'<md:{kind} Binding="{binding}" Location="{url}"/>'


def read(text: str, **how: Any) -> Any:
    return read_idp_metadata(text.encode(), NOW, **how)


def refusal(text: str | bytes, **how: Any) -> SamlError:
    with pytest.raises(SamlError) as caught:
        read_idp_metadata(text.encode() if isinstance(text, str) else text, NOW, **how)
    assert caught.value.code is SamlCode.METADATA
    return caught.value


@pytest.mark.rule("XML-7")
def test_ours_is_valid_and_always_publishes_an_encryption_key(world: World) -> None:
    connection = world.connection
    root = etree.fromstring(sp_metadata(connection, acs_url(connection), entity_id(connection)))
    schema = etree.XMLSchema(etree.parse(str(SCHEMAS / "saml-schema-metadata-2.0.xsd")))
    assert schema.validate(root), schema.error_log
    assert root.get("entityID") == entity_id(connection)
    assert {node.get("use") for node in root.iter(f"{{{MD}}}KeyDescriptor")} == {"signing", "encryption"}
    consumer = root.find(f".//{{{MD}}}AssertionConsumerService")
    assert (consumer.get("Location"), consumer.get("Binding")) == (acs_url(connection), POST_BINDING)


def test_ours_says_what_the_connection_signs_and_wants_signed_and_holds_no_secret(world: World) -> None:
    connection = replace(world.connection, sign_requests=True, want_signed_assertion=True)
    octets = sp_metadata(connection, acs_url(connection), entity_id(connection))
    role = etree.fromstring(octets).find(f"{{{MD}}}SPSSODescriptor")
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    assert b"PRIVATE" not in octets
    assert connection.sp_private_key.splitlines()[1].encode() not in octets


def test_theirs_gives_entity_addresses_and_certificates(world: World) -> None:
    services = (
        service("SingleLogoutService", POST_BINDING, "https://idp.example/slo")
        + service("SingleSignOnService", POST_BINDING, "https://idp.example/post")
        + service("SingleSignOnService", REDIRECT_BINDING, "https://idp.example/redirect?a=1&amp;b=2")
        + service("SingleSignOnService", "urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "http://inner.example/soap")
    )
    found = read(world.idp.metadata(services=services, role='WantAuthnRequestsSigned="true"'))
    assert found.entity_id == world.idp.entity_id
    assert found.sso == Endpoint("https://idp.example/redirect?a=1&b=2", REDIRECT_BINDING)
    assert found.slo == Endpoint("https://idp.example/slo", POST_BINDING)
    assert found.certificates == (world.idp.certificate_text,)
    assert found.wants_signed_requests
    assert (found.valid_until, found.cache_for) == (None, None)


def test_a_provider_that_offers_only_post_is_asked_by_post(world: World) -> None:
    only_post = service("SingleSignOnService", POST_BINDING, "https://idp.example/post")
    assert read(world.idp.metadata(services=only_post)).sso.binding == POST_BINDING


@pytest.mark.rule("SAM-2")
def test_a_key_without_use_counts_for_signing_and_one_for_encryption_does_not(world: World) -> None:
    text = world.idp.certificate_text
    assert read(world.idp.metadata(keys=key_descriptor(text))).certificates == (text,)
    assert refusal(world.idp.metadata(keys=key_descriptor(text, 'use="encryption"'))).check == "usable_signing_key"


@pytest.mark.rule("SAM-2", "XML-6")
def test_metadata_without_a_usable_key_is_refused_as_a_whole(world: World) -> None:
    for keys in (
        "",
        key_descriptor(""),
        key_descriptor("bm9uZQ=="),
        key_descriptor(FakeIdp(bits=1024).certificate_text),
    ):
        assert refusal(world.idp.metadata(keys=keys)).check == "usable_signing_key"


@pytest.mark.rule("SAM-2")
def test_several_keys_are_kept_and_unusable_ones_left_out(world: World) -> None:
    texts = [world.idp.certificate_text, "bm9uZQ==", world.stranger.certificate_text, world.idp.certificate_text]
    keys = "".join(key_descriptor(text, 'use="signing"') for text in texts)
    assert read(world.idp.metadata(keys=keys)).certificates == (texts[0], texts[2])


def test_a_certificate_may_be_folded_and_have_comments_around(world: World) -> None:
    text = world.idp.certificate_text
    folded = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    assert read(world.idp.metadata(keys=f"<!-- key -->{key_descriptor(folded)}")).certificates == (text,)


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example/sso",
        "javascript:alert(1)",
        "//idp.example/sso",
        "/sso",
        "",
        "https://",
        "https://user:word@idp.example/sso",
        "https://idp.example/s so",
        "https://idp.example/\tsso",
        "https://ídp.example/sso",
        "https://[::1/sso",
        "https://idp.example/" + "a" * 2048,
    ],
)
def test_an_address_that_no_browser_may_be_sent_to_refuses_the_metadata(world: World, url: str) -> None:
    assert not is_address(url)
    services = service("SingleSignOnService", REDIRECT_BINDING, url)
    assert refusal(world.idp.metadata(services=services)).check == "address_is_allowed"


def test_which_other_addresses_are_allowed_is_handed_in(world: World) -> None:
    services = service("SingleSignOnService", REDIRECT_BINDING, "http://127.0.0.1:8080/sso")
    found = read(world.idp.metadata(services=services), may_use=lambda url: url.startswith("http://127.0.0.1:"))
    assert found.sso.url == "http://127.0.0.1:8080/sso"
    assert not https_only(found.sso.url)


def test_without_an_address_to_log_in_the_metadata_is_refused(world: World) -> None:
    assert refusal(world.idp.metadata(services="")).check == "login_address"


def test_of_several_providers_one_must_be_named(world: World) -> None:
    other = FakeIdp("https://other.example/metadata", key=world.stranger.key)
    both = (
        f'<md:EntitiesDescriptor xmlns:md="{MD}" ID="_all">{world.idp.metadata()}'
        f"{other.metadata().replace('_metadata-1', '_metadata-2')}</md:EntitiesDescriptor>"
    )
    assert refusal(both).check == "one_identity_provider"
    assert refusal(both, entity_id="https://nobody.example").check == "one_identity_provider"
    assert read(both, entity_id="https://other.example/metadata").certificates == (other.certificate_text,)


def test_expired_metadata_is_refused_and_the_nearest_end_and_cache_count(world: World) -> None:
    assert refusal(world.idp.metadata(root='validUntil="2026-05-01T12:00:00Z"')).check == "still_valid"
    assert refusal(world.idp.metadata(root='validUntil="tomorrow"')).check == "valid_until"
    assert refusal(world.idp.metadata(root='cacheDuration="a while"')).check == "cache_duration"
    found = read(
        world.idp.metadata(
            root='validUntil="2026-06-01T00:00:00Z" cacheDuration="P1D"',
            role='validUntil="2026-05-20T00:00:00Z" cacheDuration="PT1H"',
        )
    )
    assert (found.valid_until, found.cache_for) == (datetime(2026, 5, 20, tzinfo=UTC), timedelta(hours=1))


@pytest.mark.rule("SAM-9")
def test_a_pinned_certificate_must_have_signed(world: World) -> None:
    signed = signed_metadata(world.idp)
    pinned = world.idp.certificate_pem
    assert read(signed, pinned_certificate=pinned).entity_id == world.idp.entity_id
    assert refusal(world.idp.metadata(), pinned_certificate=pinned).check == "metadata_is_signed"
    assert refusal(signed, pinned_certificate=world.stranger.certificate_pem).check == "signature_value"
    assert (
        refusal(signed.replace("idp.example/sso", "evil.example/sso"), pinned_certificate=pinned).check
        == "digest_value"
    )
    assert refusal(signed.replace("rsa-sha256", "rsa-sha1"), pinned_certificate=pinned).check == "signature_method"
    assert read(signed.replace("idp.example/sso", "other.example/sso")).sso.url == "https://other.example/sso"


def signed_metadata(idp: FakeIdp) -> str:
    root = etree.fromstring(idp.metadata().encode())
    idp.sign(root, at=0)
    return etree.tostring(root, encoding="unicode")


@pytest.mark.rule("XML-1")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "no xml",
        "<a/>",
        f'<md:EntityDescriptor xmlns:md="{MD}" entityID="x"/>',
        f'<md:EntityDescriptor xmlns:md="{MD}" entityID="x">{OTHER_ROLE}</md:EntityDescriptor>',
        f'<md:EntitiesDescriptor xmlns:md="{MD}"/>',
        "<!DOCTYPE a><a/>",
        f'<md:EntityDescriptor xmlns:md="{MD}" entityID="x"><?x y?></md:EntityDescriptor>',
        "<a>" * 100,
        " " * (1024 * 1024 + 1),
    ],
    ids=range(10),
)
def test_what_is_no_metadata_is_refused(text: str) -> None:
    assert refusal(text)


@pytest.mark.rule("XML-1")
def test_doctype_and_entities_in_metadata_are_refused(world: World) -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>' + world.idp.metadata()
    assert refusal(bomb).check == "no_doctype"
    assert refusal(world.idp.metadata().encode("utf-16")).check in ("no_nul", "utf8")


@pytest.mark.parametrize("entity", ["", " ", "x" * 1025, "a&#10;b"])
def test_an_entity_id_must_be_there_and_readable(world: World, entity: str) -> None:
    text = world.idp.metadata().replace(f'entityID="{world.idp.entity_id}"', f'entityID="{entity}"')
    assert refusal(text).check == "entity_id"


def test_two_saml2_roles_are_unclear(world: World) -> None:
    text = world.idp.metadata()
    begin, end = text.index("<md:IDPSSODescriptor"), text.index("</md:EntityDescriptor>")
    assert refusal(text[:end] + text[begin:end] + text[end:]).check == "one_saml2_role"
    saml1 = text.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol")
    assert refusal(saml1).check == "one_saml2_role"


def test_what_a_toolkit_schema_would_refuse_in_a_real_federation_document_is_passed_over(world: World) -> None:
    """Entra's document has RoleDescriptors of a type that no SAML schema knows."""
    role = (
        '<md:RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="urn:fed" '
        'xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="urn:fed"><fed:Anything/>'
        "</md:RoleDescriptor>"
    )
    text = world.idp.metadata().replace("<md:IDPSSODescriptor", f"{role}<md:IDPSSODescriptor", 1)
    assert read(text).entity_id == world.idp.entity_id


def test_the_actions_get_a_provider_or_a_refusal_of_the_domain(world: World) -> None:
    found = identity_provider(world.idp.metadata().encode(), NOW, metadata_url="https://idp.example/m")
    assert (found.entity_id, found.sso_url, found.slo_url) == (world.idp.entity_id, world.idp.sso_url, None)
    assert found.metadata_url == "https://idp.example/m"
    with pytest.raises(Refusal) as caught:
        identity_provider(b"<a/>", NOW)
    assert caught.value.code is Code.INVALID_METADATA
