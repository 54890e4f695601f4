"""Verifies one enveloped signature and hands back what it covers, parsed anew (XML-3, XML-4, XML-6, XML-8).

Three steps on bytes that are held here. The canonical SignedInfo must be signed by a key of the connection. The digest
in those very bytes must be that of the canonical element. And those canonical bytes are parsed into a new tree, the
only one that anybody reads from. So there is no gap between what was verified and what is read, whatever libxml2 or
xmlsec think of the received tree; the answer is a value of its own type or an exception, never a library's return code.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import xmlsec
from lxml import etree

from saml import names as n
from saml.errors import SamlCode, SamlError
from saml.keys import USABLE, TrustedKey
from saml.message import CANONICAL, MESSAGE, Element, decode, only, parse, text_of

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MOST_KEPT_KEYS = 1024

# The checks of this step by name, in the order they are made, with what each demands and why.
DEMANDS: Mapping[str, str] = {
    "usable_key": USABLE,
    "signature_method": "RSA or ECDSA with SHA-256, 384 or 512; HMAC, DSA, SHA-1 and MD5 never, not even as an option.",
    "digest_method": "SHA-256, 384 or 512.",
    "signature_present": "What is to be verified carries a signature.",
    "canonicalised": "The signed element has a canonical form.",
    "canonical_form_is_not_empty": "That form is not empty; the digest of nothing is easy to sign.",
    "key_for_the_algorithm": "One of the connection's keys is of the method's kind. KeyInfo is never a source of keys.",
    "signature_value": "One of these keys signed SignedInfo.",
    "digest_value": "The digest in the bytes that were signed is that of the element's canonical bytes.",
    "reference_names_what_was_verified": "Those bytes, parsed anew, carry the ID that the signed reference names.",
    "signature_over_assertion_or_response": "The assertion, or the Response around it, is signed.",
    "response_is_signed": "The Response is signed, where the connection wants that.",
    "assertion_is_signed": "The assertion is signed, where the connection wants that.",
}


@dataclass(frozen=True, slots=True)
class Method:
    """A signature algorithm that is allowed: the kind of key it needs and xmlsec's name of it."""

    key_kind: str
    transform: Any


METHODS: Mapping[str, Method] = {
    f"{MORE}rsa-sha256": Method("RSA", xmlsec.constants.TransformRsaSha256),
    f"{MORE}rsa-sha384": Method("RSA", xmlsec.constants.TransformRsaSha384),
    f"{MORE}rsa-sha512": Method("RSA", xmlsec.constants.TransformRsaSha512),
    f"{MORE}ecdsa-sha256": Method("EC", xmlsec.constants.TransformEcdsaSha256),
    f"{MORE}ecdsa-sha384": Method("EC", xmlsec.constants.TransformEcdsaSha384),
    f"{MORE}ecdsa-sha512": Method("EC", xmlsec.constants.TransformEcdsaSha512),
}

DIGESTS: Mapping[str, str] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a signature of the connection's key covers.

    Attributes:
        element: root of a new tree, parsed from the verified bytes; without the signature itself.
        fingerprint: SHA-256 of the certificate whose key signed, in hexadecimal.
        algorithm: URI of the signature method.
    """

    element: Element
    fingerprint: str
    algorithm: str


def signature_of(element: Element) -> Element | None:
    """Return the Signature that is a direct child of the element, None where it is not signed."""
    return only(element, n.SIGNATURE)


def verify(element: Element, keys: Iterable[TrustedKey]) -> Verified:
    """Return what the element's own signature covers. Its shape has been looked at before (`shape.require_signature`).

    The signature is taken out of the received tree on the way, as the enveloped transform says.

    Args:
        element: the signed element, in the received tree.
        keys: the connection's keys.

    Raises:
        SamlError: ALGORITHM, NO_KEY or SIGNATURE.
    """
    signature = signature_of(element)
    if signature is None:
        raise unsigned("signature_present")
    received_info = signature[0]
    algorithm = _allowed_algorithm(received_info)
    info_bytes = _canonical(received_info, received_info[0])
    key = _key_that_signed(info_bytes, decode(text_of(signature[1])), algorithm, keys)
    info = parse(info_bytes)  # from here on only what the key has signed is read
    reference = info[2]
    _detach(element, signature)
    content = _canonical(element, reference[0][1])
    _require_digest(content, reference)
    anew = parse(content, CANONICAL)
    _require(reference.get("URI") == f"#{anew.get('ID')}", "reference_names_what_was_verified")
    return Verified(anew, key.fingerprint, algorithm)


def require_algorithms(signature: Element) -> None:
    """Refuse a signature by any method or digest but the allowed ones (XML-6), before anything is computed.

    Args:
        signature: its shape has been looked at before (`shape.require_signature`).

    Raises:
        SamlError: ALGORITHM.
    """
    info = signature[0]
    _allowed_algorithm(info)
    _allowed_digest(info[2])


def _allowed_algorithm(info: Element) -> str:
    algorithm = info[1].get("Algorithm") or ""
    if algorithm not in METHODS:
        raise SamlError(SamlCode.ALGORITHM, "signature_method", " ".join(METHODS), algorithm)
    return algorithm


def _allowed_digest(reference: Element) -> str:
    algorithm = reference[1].get("Algorithm") or ""
    if algorithm not in DIGESTS:
        raise SamlError(SamlCode.ALGORITHM, "digest_method", " ".join(DIGESTS), algorithm)
    return DIGESTS[algorithm]


def _canonical(element: Element, method: Element) -> bytes:
    """Return the exclusive canonical form of an element, with the method's inclusive prefix list; never empty."""
    inclusive = only(method, n.INCLUSIVE_NAMESPACES)
    prefixes = (inclusive.get("PrefixList") or "").split() if inclusive is not None else []
    try:
        octets = etree.tostring(
            element,
            method="c14n",
            exclusive=True,
            with_comments=False,
            with_tail=False,
            inclusive_ns_prefixes=prefixes or None,
        )
    except etree.C14NError as error:
        raise _invalid("canonicalised") from error
    _require(len(octets) > 0, "canonical_form_is_not_empty")
    return octets


def _key_that_signed(octets: bytes, value: bytes, algorithm: str, keys: Iterable[TrustedKey]) -> TrustedKey:
    method = METHODS[algorithm]
    fitting = [key for key in keys if key.kind == method.key_kind]
    if not fitting:
        raise SamlError(SamlCode.NO_KEY, "key_for_the_algorithm", f"a certificate with a {method.key_kind} key")
    for key in fitting:
        if _signed_by(key, octets, value, method):
            return key
    raise _invalid("signature_value", "the key of " + ", ".join(key.fingerprint for key in fitting))


def _signed_by(key: TrustedKey, octets: bytes, value: bytes, method: Method) -> bool:
    context = xmlsec.SignatureContext()
    context.key = _loaded(key.public_pem)
    try:
        context.verify_binary(octets, method.transform, value)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=MOST_KEPT_KEYS)
def _loaded(public_pem: bytes) -> Any:
    """A public key as xmlsec has it. It is kept by its own bytes, so a changed connection never meets an old one."""
    return xmlsec.Key.from_memory(public_pem, xmlsec.constants.KeyDataFormatPem, None)


def _require_digest(content: bytes, reference: Element) -> None:
    digest = hashlib.new(_allowed_digest(reference), content).digest()
    stated = decode(text_of(reference[2]), MESSAGE.most_bytes)
    _require(hmac.compare_digest(digest, stated), "digest_value")


def _detach(parent: Element, signature: Element) -> None:
    """Take the signature out of its parent and leave the white space behind it where it was."""
    before = signature.getprevious()
    tail = signature.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(signature)


def unsigned(check: str) -> SamlError:
    """Return the refusal of a message that lacks a signature; `check` is one of DEMANDS."""
    return SamlError(SamlCode.UNSIGNED, check, DEMANDS[check])


def _require(holds: bool, check: str) -> None:
    if not holds:
        raise _invalid(check)


def _invalid(check: str, expected: str = "") -> SamlError:
    return SamlError(SamlCode.SIGNATURE, check, expected or DEMANDS[check])
