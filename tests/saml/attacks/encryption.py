"""Encrypted assertions that prove nothing or are not for us."""

import base64
import copy
from typing import Any

from lxml import etree

from tests.doors.idp import DS, NS, SAML, encoded, encrypt_for, replace_by_encrypted
from tests.saml.attacks.common import ASSERTION, SIGNATURE, T, as_eve, decoded, text_of_valid


def encrypted_unsigned(w: Any) -> str:
    """Anybody can encrypt to us; it proves nothing (Keycloak CVE-2026-2092)."""
    return w.respond(sign=(), encrypt=encrypt_for(w.sp.certificate_pem))


def encrypted_into_a_response_signed_before(w: Any) -> str:
    """An evil encrypted assertion exchanged inside a signed Response."""
    root = decoded(w.respond(sign=("response",), encrypt=encrypt_for(w.sp.certificate_pem)))
    evil = as_eve(etree.fromstring(text_of_valid(w).encode()).find(ASSERTION))
    encrypted = root.find(f"{{{SAML}}}EncryptedAssertion")
    encrypted[0].getparent().replace(encrypted[0], encrypt_for(w.sp.certificate_pem)(etree.tostring(evil)))
    return encoded(root)


def encrypted_and_signed_by_a_stranger(w: Any) -> str:
    return w.stranger.respond(w.login, encrypt=encrypt_for(w.sp.certificate_pem))


def encrypted_beside_plain(w: Any) -> str:
    root = decoded(w.respond())
    evil = copy.deepcopy(root)
    replace_by_encrypted(evil, encrypt_for(w.sp.certificate_pem))
    root.append(evil.find(f"{{{SAML}}}EncryptedAssertion"))
    return encoded(root)


def encrypted_for_somebody_else(w: Any) -> str:
    return w.respond(encrypt=encrypt_for(w.stranger.certificate_pem))


def encrypted_by_pkcs1(w: Any) -> str:
    return w.respond(encrypt=encrypt_for(w.sp.certificate_pem, transport=T.TransformRsaPkcs1))


def encrypted_by_cbc(w: Any) -> str:
    return w.respond(sign=("assertion", "response"), encrypt=_cbc(w))


def encrypted_by_cbc_in_an_unsigned_response(w: Any) -> str:
    return w.respond(encrypt=_cbc(w))


def _cbc(w: Any) -> Any:
    return encrypt_for(w.sp.certificate_pem, content=T.TransformAes256Cbc)


def cipher_text_flipped(w: Any) -> str:
    def tamper(root: etree._Element) -> None:
        value = root.findall(".//xenc:CipherValue", NS)[-1]
        octets = bytearray(base64.b64decode(value.text))
        octets[40] ^= 1
        value.text = base64.b64encode(octets).decode()

    return w.respond(encrypt=encrypt_for(w.sp.certificate_pem), tamper=tamper)


def wrapped_key_flipped(w: Any) -> str:
    def tamper(root: etree._Element) -> None:
        value = root.findall(".//xenc:EncryptedKey//xenc:CipherValue", NS)[0]
        value.text = base64.b64encode(bytes(256)).decode()

    return w.respond(encrypt=encrypt_for(w.sp.certificate_pem), tamper=tamper)


def cipher_text_emptied(w: Any) -> str:
    def tamper(root: etree._Element) -> None:
        root.findall(".//xenc:CipherValue", NS)[-1].text = ""

    return w.respond(encrypt=encrypt_for(w.sp.certificate_pem), tamper=tamper)


def cipher_reference(w: Any) -> str:
    """The cipher text lies at an address of the attacker's choice."""

    def tamper(root: etree._Element) -> None:
        data = root.findall(".//xenc:CipherData", NS)[-1]
        data.remove(data[0])
        etree.SubElement(data, f"{{{NS['xenc']}}}CipherReference", URI="file:///etc/passwd")

    return w.respond(encrypt=encrypt_for(w.sp.certificate_pem), tamper=tamper)


def no_wrapped_key(w: Any) -> str:
    def tamper(root: etree._Element) -> None:
        info = root.find(".//ds:KeyInfo", NS)
        info.remove(info[0])
        etree.SubElement(info, f"{{{DS}}}KeyName").text = "yours"

    return w.respond(encrypt=encrypt_for(w.sp.certificate_pem), tamper=tamper)


def encrypted_blank(w: Any) -> str:
    return _encrypted(w, b" ")


def encrypted_garbage(w: Any) -> str:
    return _encrypted(w, b"not xml at all")


def encrypted_doctype(w: Any) -> str:
    return _encrypted(w, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')


def encrypted_response(w: Any) -> str:
    return _encrypted(w, base64.b64decode(w.respond(sign=("response",))))


def encrypted_two_assertions(w: Any) -> str:
    """The plain text holds a second assertion inside the first."""
    assertion = decoded(w.respond()).find(ASSERTION)
    evil = as_eve(assertion)
    advice = etree.Element(f"{{{SAML}}}Advice")
    evil.insert(3, advice)
    advice.append(assertion)
    return _encrypted(w, etree.tostring(evil))


def _encrypted(w: Any, plain: bytes) -> str:
    encrypt = encrypt_for(w.sp.certificate_pem)
    return w.respond(encrypt=lambda _: encrypt(plain))


def retrieval_method(w: Any) -> str:
    """A signature's KeyInfo that asks to fetch a key."""

    def tamper(root: etree._Element) -> None:
        info = etree.SubElement(root.find(f".//{SIGNATURE}"), f"{{{DS}}}KeyInfo")
        etree.SubElement(info, f"{{{DS}}}RetrievalMethod", URI="http://127.0.0.1:1/key")

    return w.respond(tamper=tamper)
