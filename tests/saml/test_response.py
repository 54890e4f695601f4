"""The forms of a message that are accepted, and what is read from them."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import xmlsec
from lxml import etree

from saml.assertion import Attribute
from saml.errors import SamlCode, SamlError
from saml.response import read_response
from tests.doors.idp import EMAIL_FORMAT, FakeIdp, encoded
from tests.saml.edits import put
from tests.saml.world import NOW, World, acs_url, entity_id

T = xmlsec.constants
FORMS = [("assertion",), ("response",), ("assertion", "response")]


@pytest.mark.rule("XML-3")
@pytest.mark.parametrize("sign", FORMS, ids="+".join)
def test_a_signature_over_assertion_or_response_is_enough(world: World, sign: tuple[str, ...]) -> None:
    read = world.read(world.respond(sign=sign))
    assert (read.name_id, read.name_id_format) == ("ada@example.com", EMAIL_FORMAT)
    assert (read.response_id, read.assertion_id) == ("_response-1", "_assertion-1")
    assert (read.in_response_to, read.session_index) == ("_request-1", "_session-1")
    assert read.session_not_on_or_after == NOW + timedelta(hours=8)
    assert read.authn_instant == read.issue_instant == NOW
    assert read.attributes[1] == Attribute("firstName", ("Ada",))
    assert read.fingerprint == world.idp.fingerprint
    assert read.algorithm.endswith("rsa-sha256")


@pytest.mark.rule("SAM-4")
@pytest.mark.parametrize(("lifetime", "kept"), [(timedelta(minutes=5), 3600), (timedelta(hours=3), 3 * 3600 + 120)])
def test_ids_are_remembered_beyond_any_time_they_could_be_accepted(
    world: World, lifetime: timedelta, kept: int
) -> None:
    login = replace(world.login, lifetime=lifetime)
    assert world.read(world.idp.respond(login)).valid_until == NOW + timedelta(seconds=kept)


@pytest.mark.rule("XML-6")
@pytest.mark.parametrize("method", ["Rsa", "Ecdsa"])
@pytest.mark.parametrize("size", [256, 384, 512])
def test_every_allowed_algorithm_verifies(world: World, method: str, size: int) -> None:
    idp = world.idp if method == "Rsa" else FakeIdp(key="ec")
    how: dict[str, Any] = {
        "method": getattr(T, f"Transform{method}Sha{size}"),
        "digest": getattr(T, f"TransformSha{size}"),
    }
    read = world.read(idp.respond(world.login, **how), certificates=(idp.certificate_text,))
    assert read.algorithm.endswith(f"{method.lower()}-sha{size}")


@pytest.mark.rule("XML-6")
def test_any_of_several_certificates_may_have_signed(world: World) -> None:
    certificates = (FakeIdp(key="ec").certificate_text, world.stranger.certificate_pem, world.idp.certificate_pem)
    assert world.read(world.respond(), certificates=certificates).fingerprint == world.idp.fingerprint


@pytest.mark.rule("SAM-2", "XML-6")
@pytest.mark.parametrize("certificates", [(), ("",), ("bm8gY2VydGlmaWNhdGU=",), ("-----BEGIN CERTIFICATE-----",)])
def test_a_connection_without_a_usable_key_refuses_everything(world: World, certificates: tuple[str, ...]) -> None:
    for sign in (("assertion",), ()):
        with pytest.raises(SamlError) as refusal:
            world.read(world.respond(sign=sign), certificates=certificates)
        assert refusal.value.code is SamlCode.NO_KEY


@pytest.mark.rule("XML-6", "SAM-2")
def test_a_weak_key_of_the_connection_counts_for_nothing(world: World) -> None:
    weak = FakeIdp(bits=1024)
    with pytest.raises(SamlError) as refusal:
        world.read(weak.respond(world.login), certificates=(weak.certificate_text,))
    assert refusal.value.code is SamlCode.NO_KEY


@pytest.mark.rule("XML-6")
def test_an_expired_certificate_still_carries_its_key(world: World) -> None:
    long_after = datetime(2045, 1, 1, tzinfo=UTC)
    login = replace(world.login, now=long_after)
    assert world.read(world.idp.respond(login), now=long_after).name_id == "ada@example.com"


@pytest.mark.rule("SAM-2", "XML-3")
@pytest.mark.parametrize(
    ("setting", "sign"), [("want_signed_response", ("assertion",)), ("want_signed_assertion", ("response",))]
)
def test_what_a_connection_wants_signed_must_be_signed(world: World, setting: str, sign: tuple[str, ...]) -> None:
    assert world.read(world.respond(sign=("assertion", "response")), **{setting: True})
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(sign=sign), **{setting: True})
    assert refusal.value.code is SamlCode.UNSIGNED


@pytest.mark.rule("XML-4")
def test_an_inclusive_prefix_list_is_canonicalised_as_signed(world: World) -> None:
    """The prefix xs stands in no name, only in values of xsi:type, and is declared outside of what is signed."""
    text = world.idp.text(world.login).replace(
        "<samlp:Response ", '<samlp:Response xmlns:xs="http://www.w3.org/2001/XMLSchema" ', 1
    )
    root = etree.fromstring(text.encode())
    for value in root.iter("{*}AttributeValue"):
        value.set("{http://www.w3.org/2001/XMLSchema-instance}type", "xs:string")
    world.idp.sign(root.find("{*}Assertion"), prefixes="xs")
    assert world.read(encoded(root)).name_id == "ada@example.com"


@pytest.mark.rule("XML-4")
def test_a_prefix_list_may_stand_at_the_canonicalisation_of_signed_info_too(world: World) -> None:
    assert world.read(world.respond(info_prefixes="xs saml")).name_id == "ada@example.com"


@pytest.mark.rule("XML-4")
@pytest.mark.parametrize("where", ["prefixes", "info_prefixes"])
def test_a_prefix_list_names_sixty_four_prefixes_at_most(world: World, where: str) -> None:
    """Each is looked for at each element: 40,000 prefixes over 10,000 elements would be a minute of work."""
    assert world.read(world.respond(**{where: " ".join(f"p{count}" for count in range(64))}))
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(**{where: " ".join(f"p{count}" for count in range(65))}))
    assert refusal.value.check == "prefix_lists_are_short"


@pytest.mark.rule("XML-3")
@pytest.mark.parametrize("at", [0, 1, 5])
def test_white_space_around_the_signature_stays_part_of_what_is_signed(world: World, at: int) -> None:
    """A signature elsewhere than second is against the schema, whatever it covers."""
    value = world.respond(at=at)
    if at == 1:
        assert world.read(value).name_id == "ada@example.com"
        return
    with pytest.raises(SamlError) as refusal:
        world.read(value)
    assert refusal.value.code is SamlCode.SHAPE


@pytest.mark.rule("XML-3")
def test_with_only_the_assertion_signed_the_envelope_can_refuse_and_never_say_who(world: World) -> None:
    """Whatever an attacker writes on the Response, the person and the ids that count come from the assertion."""
    read = world.read(world.respond(tamper=put("/samlp:Response", "ID", "_another")))
    assert (read.response_id, read.assertion_id, read.name_id) == ("_another", "_assertion-1", "ada@example.com")
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(sign=("response",), tamper=put("/samlp:Response", "ID", "_another")))
    assert refusal.value.code is SamlCode.SHAPE


def test_line_breaks_in_the_form_value_are_white_space(world: World) -> None:
    value = world.respond()
    folded = "\r\n".join(value[start : start + 76] for start in range(0, len(value), 76))
    assert world.read(folded + "\n").name_id == "ada@example.com"


def test_a_byte_order_mark_is_allowed(world: World) -> None:
    marked = b"\xef\xbb\xbf" + base64.b64decode(world.respond())
    assert world.read(base64.b64encode(marked).decode()).name_id == "ada@example.com"


def test_character_data_sections_are_text(world: World) -> None:
    text = base64.b64decode(world.respond()).replace(b">ada@example.com<", b"><![CDATA[ada@example.com]]><")
    assert world.read(base64.b64encode(text).decode()).name_id == "ada@example.com"


@pytest.mark.rule("SAM-8")
def test_attributes_of_one_name_are_put_together_and_elements_inside_are_no_text(world: World) -> None:
    def edit(root: Any) -> None:
        statement = root.find(".//{*}AttributeStatement")
        statement.append(_attribute("email", "<saml:AttributeValue>second@example.com</saml:AttributeValue>"))
        statement.append(_attribute("empty", ""))
        statement.append(_attribute("blank", "<saml:AttributeValue/>"))
        statement.append(_attribute("tree", "<saml:AttributeValue><saml:NameID>x</saml:NameID></saml:AttributeValue>"))

    read = {attribute.name: attribute.values for attribute in world.read(world.respond(edit=edit)).attributes}
    assert read["email"] == ("ada@example.com", "second@example.com")
    assert (read["empty"], read["blank"], read["tree"]) == ((), ("",), (None,))


def _attribute(name: str, values: str) -> Any:
    return etree.fromstring(
        f'<saml:Attribute xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Name="{name}">{values}</saml:Attribute>'
    )


@pytest.mark.rule("XML-8")
def test_a_fault_nobody_foresaw_is_a_refusal(world: World) -> None:
    """A connection whose key is no PEM at all is our own fault; the person is refused all the same."""
    broken = replace(world.connection, certificates=(5,))  # type: ignore[arg-type]
    with pytest.raises(SamlError) as refusal:
        read_response(world.respond(), broken, acs_url(broken), entity_id(broken), NOW)
    assert refusal.value.code in (SamlCode.UNREADABLE, SamlCode.NO_KEY)


@pytest.mark.rule("SAM-7")
def test_the_status_comes_before_anything_about_the_person(world: World) -> None:
    """An identity provider that says no sends no assertion, and its words are kept for administrators."""
    text = world.idp.text(world.login)
    begin, end = text.index("<saml:Assertion"), text.index("</saml:Assertion>") + len("</saml:Assertion>")
    refused = (text[:begin] + text[end:]).replace("status:Success", "status:Requester")
    refused = refused.replace(
        '"/></samlp:Status>', '"/><samlp:StatusMessage>no &lt;b&gt;way</samlp:StatusMessage></samlp:Status>'
    )
    with pytest.raises(SamlError) as refusal:
        world.read(base64.b64encode(refused.encode()).decode())
    assert refusal.value.code is SamlCode.STATUS
    assert refusal.value.received == "urn:oasis:names:tc:SAML:2.0:status:Requester / no <b>way"
