"""Encrypted assertions that are accepted, and what a connection may allow and demand (XML-7)."""

import base64
from typing import Any

import pytest
import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from saml.errors import PAGES, SamlCode, SamlError
from tests.doors.idp import FakeIdp, encrypt_for
from tests.saml.attacks.corpus import CORPUS
from tests.saml.world import World

T = xmlsec.constants
GCM = [T.TransformAes128Gcm, T.TransformAes192Gcm, T.TransformAes256Gcm]
CBC = [T.TransformAes128Cbc, T.TransformAes256Cbc, T.TransformDes3Cbc]
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
OAEP_11 = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
MGF_SHA256 = "http://www.w3.org/2009/xmlenc11#mgf1sha256"


@pytest.mark.rule("XML-7")
@pytest.mark.parametrize("sign", [("assertion",), ("response",), ("assertion", "response")], ids="+".join)
@pytest.mark.parametrize("content", GCM, ids=str)
def test_an_encrypted_assertion_signed_inside_or_around_is_accepted(
    world: World, content: Any, sign: tuple[str, ...]
) -> None:
    encrypt = encrypt_for(world.sp.certificate_pem, content)
    assert world.read(world.respond(sign=sign, encrypt=encrypt)).name_id == "ada@example.com"


@pytest.mark.rule("XML-7")
@pytest.mark.parametrize("content", CBC, ids=str)
def test_cbc_is_accepted_only_where_allowed_and_the_response_is_signed(world: World, content: Any) -> None:
    value = world.respond(sign=("response",), encrypt=encrypt_for(world.sp.certificate_pem, content))
    assert world.read(value, allow_cbc=True).name_id == "ada@example.com"
    with pytest.raises(SamlError) as refusal:
        world.read(value)
    assert refusal.value.code is SamlCode.DECRYPTION


@pytest.mark.rule("XML-7")
def test_another_prefix_inside_than_around_does_no_harm(world: World) -> None:
    """The toolkit refuses this valid form, because it renames prefixes in its own tree."""

    def encrypt(plain: bytes) -> etree._Element:
        return encrypt_for(world.sp.certificate_pem)(_signed_anew(world, plain))

    value = world.respond(sign=("response",), encrypt=encrypt)
    assert world.read(value, want_signed_assertion=True).name_id == "ada@example.com"


def _signed_anew(world: World, plain: bytes) -> bytes:
    renamed = plain.replace(b"saml:", b"q:").replace(b"xmlns:saml=", b"xmlns:q=")
    root = etree.fromstring(renamed)
    world.idp.sign(root)
    return etree.tostring(root)


@pytest.mark.rule("XML-7")
@pytest.mark.parametrize("beside", [False, True])
def test_oaep_with_sha256_and_the_key_beside_the_data_is_read(world: World, beside: bool) -> None:
    """The newer form of OAEP, made by another library, with the EncryptedKey inside or beside EncryptedData."""
    plain = etree.tostring(etree.fromstring(base64.b64decode(world.respond())).find("{*}Assertion"), with_tail=False)
    key, nonce = AESGCM.generate_key(256), b"n" * 12
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    wrapped = base64.b64encode(world.sp.key.public_key().encrypt(key, oaep)).decode()
    sealed = base64.b64encode(nonce + AESGCM(key).encrypt(nonce, plain, None)).decode()
    encrypted_key = (
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{OAEP_11}"><ds:DigestMethod Algorithm="{SHA256}"/>'
        f'<e11:MGF xmlns:e11="http://www.w3.org/2009/xmlenc11#" Algorithm="{MGF_SHA256}"/></xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{wrapped}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>"
    )
    text = _encrypted_assertion(encrypted_key, sealed, beside)

    def replace(root: etree._Element) -> None:
        root.replace(root.find("{*}Assertion"), etree.fromstring(text))

    assert world.read(world.respond(sign=(), edit=replace)).name_id == "ada@example.com"


def _encrypted_assertion(encrypted_key: str, sealed: str, beside: bool) -> str:
    info = "" if beside else f"<ds:KeyInfo>{encrypted_key}</ds:KeyInfo>"
    return (
        '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        '<xenc:EncryptedData><xenc:EncryptionMethod Algorithm="http://www.w3.org/2009/xmlenc11#aes256-gcm"/>'
        f"{info}<xenc:CipherData><xenc:CipherValue>{sealed}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        f"{encrypted_key if beside else ''}</saml:EncryptedAssertion>"
    )


@pytest.mark.rule("XML-7")
def test_a_connection_that_wants_encryption_refuses_a_plain_assertion(world: World) -> None:
    assert world.read(world.respond(encrypt=encrypt_for(world.sp.certificate_pem)), want_encrypted=True)
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(), want_encrypted=True)
    assert refusal.value.code is SamlCode.NOT_ENCRYPTED


@pytest.mark.rule("XML-7")
def test_every_failure_of_decryption_looks_the_same_from_outside(world: World) -> None:
    """A changed cipher text, a changed key, a plain text that is no XML: one code, so one page and one status."""
    seen = set()
    for case in CORPUS:
        if case.code is SamlCode.DECRYPTION:
            with pytest.raises(SamlError) as refusal:
                world.read(case.attack(world), **case.settings)
            seen.add(PAGES[refusal.value.code])
    assert len(seen) == 1


@pytest.mark.rule("XML-7")
def test_a_changed_cipher_text_and_a_changed_key_cannot_be_told_apart_by_their_detail(world: World) -> None:
    details = set()
    for case in CORPUS:
        if case.attack.__name__ in ("cipher_text_flipped", "wrapped_key_flipped", "encrypted_for_somebody_else"):
            with pytest.raises(SamlError) as refusal:
                world.read(case.attack(world))
            details.add(refusal.value.admin_detail)
    assert [detail.partition(";")[0] for detail in details] == ["decrypted"]


@pytest.mark.rule("XML-7")
def test_whichever_of_our_two_keys_a_message_is_encrypted_for_opens_it(world: World) -> None:
    """While our key is replaced, identity providers know the old one or the new one (saml.md 7)."""
    ours_next = FakeIdp("https://gate.example")
    both = {"sp_next_certificate": ours_next.certificate_pem, "sp_next_private_key": ours_next.key_pem}
    for recipient in (world.sp, ours_next):
        value = world.respond(encrypt=encrypt_for(recipient.certificate_pem))
        assert world.read(value, **both).name_id == "ada@example.com"
    with pytest.raises(SamlError) as refusal:
        world.read(world.respond(encrypt=encrypt_for(world.stranger.certificate_pem)), **both)
    assert (refusal.value.code, refusal.value.check) == (SamlCode.DECRYPTION, "decrypted")
    with pytest.raises(SamlError):
        world.read(world.respond(encrypt=encrypt_for(ours_next.certificate_pem)))


@pytest.mark.rule("XML-7")
def test_a_decryption_key_of_ours_that_is_no_rsa_key_opens_nothing(world: World) -> None:
    with pytest.raises(SamlError) as refusal:
        world.read(
            world.respond(encrypt=encrypt_for(world.sp.certificate_pem)), sp_private_key=FakeIdp(key="ec").key_pem
        )
    assert refusal.value.check == "our_key_is_rsa"
