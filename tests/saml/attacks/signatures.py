"""Signatures that cover something else or nothing, by other keys and by refused methods."""

import base64
import copy
import hashlib
from typing import Any

import xmlsec
from lxml import etree

from tests.doors.idp import DS, SAML, SAMLP, encoded
from tests.saml.attacks.common import (
    ASSERTION,
    EVE,
    NAME_ID,
    SIGNATURE,
    T,
    as_eve,
    decoded,
    posted,
    text_of_valid,
    without_signature,
)


def detached_signature(w: Any) -> str:
    """The assertion's signature stands beside it, not in it."""
    root = decoded(w.respond())
    bare, signature = without_signature(root.find(ASSERTION))
    root.replace(root.find(ASSERTION), as_eve(bare, None))
    root.insert(1, signature)
    return encoded(root)


def two_signatures_in_one(w: Any) -> str:
    root = decoded(w.respond())
    assertion = root.find(ASSERTION)
    assertion.insert(1, copy.deepcopy(assertion.find(SIGNATURE)))
    return encoded(root)


def duplicate_id(w: Any) -> str:
    """The Response takes the assertion's ID."""
    root = decoded(w.respond())
    root.set("ID", root.find(ASSERTION).get("ID"))
    return encoded(root)


def id_in_another_spelling(w: Any) -> str:
    """An element in Extensions has the assertion's ID as xml:id."""
    root = decoded(w.respond())
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    other = etree.SubElement(extensions, "{urn:other}thing")
    other.set("{http://www.w3.org/XML/1998/namespace}id", root.find(ASSERTION).get("ID"))
    root.insert(1, extensions)
    return encoded(root)


def reference_to_elsewhere(w: Any) -> str:
    """A signature of the provider's key over its Response, put into the assertion with Eve's name."""
    root = decoded(w.respond(sign=("response",)))
    bare, signature = without_signature(root)
    bare.find(ASSERTION).insert(1, signature)
    return encoded(bare)


def empty_reference(w: Any) -> str:
    """URI='' signs the whole document, whatever that will be."""
    return w.respond(sign=("response",), uri="")


def two_references(w: Any) -> str:
    root = decoded(w.respond())
    info = root.find(f".//{{{DS}}}SignedInfo")
    info.append(copy.deepcopy(info.find(f"{{{DS}}}Reference")))
    return encoded(root)


def two_signed_infos(w: Any) -> str:
    """CVE-2025-29774: which of the two was verified?"""
    root = decoded(w.respond())
    signature = root.find(f".//{SIGNATURE}")
    signature.insert(0, copy.deepcopy(signature[0]))
    return encoded(root)


def manifest(w: Any) -> str:
    root = decoded(w.respond())
    holder = etree.SubElement(root.find(f".//{SIGNATURE}"), f"{{{DS}}}Object")
    etree.SubElement(holder, f"{{{DS}}}Manifest")
    return encoded(root)


def name_changed(w: Any) -> str:
    root = decoded(w.respond())
    root.find(f".//{NAME_ID}").text = EVE
    return encoded(root)


def attribute_changed(w: Any) -> str:
    return posted(text_of_valid(w).replace(">Ada<", ">Eve<"))


def digest_renewed(w: Any) -> str:
    """Eve's name with a fitting digest under the old signature value."""
    root = decoded(w.respond())
    root.find(f".//{NAME_ID}").text = EVE
    bare, _ = without_signature(root.find(ASSERTION))
    digest = hashlib.sha256(etree.tostring(bare, method="c14n", exclusive=True)).digest()
    root.find(f".//{{{DS}}}DigestValue").text = base64.b64encode(digest).decode()
    return encoded(root)


def empty_signature_value(w: Any) -> str:
    root = decoded(w.respond())
    root.find(f".//{{{DS}}}SignatureValue").text = ""
    return encoded(root)


def empty_digest_value(w: Any) -> str:
    root = decoded(w.respond())
    root.find(f".//{{{DS}}}DigestValue").text = ""
    return encoded(root)


def empty_canonicalisation(w: Any) -> str:
    """Signed by a verifier's standards over nothing: a relative namespace that libxml2 cannot canonicalise."""
    root = etree.fromstring(text_of_valid(w).replace("<saml:Subject>", '<saml:Subject xmlns:r="r/el">').encode())
    empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    root.find(f".//{{{DS}}}DigestValue").text = empty
    return encoded(root)


def empty_canonicalisation_by_transform(w: Any) -> str:
    """An XPath that selects nothing."""
    return _with_transform(w, "http://www.w3.org/TR/1999/REC-xpath-19991116", "false()")


def nested_xpath(w: Any) -> str:
    """Costs a verifier that transforms first a minute of CPU; must be refused in milliseconds."""
    xpath = "count(//.[count(//.[count(//.[count(//. | //@*) > 0]) > 0]) > 0]) > 0"
    return _with_transform(w, "http://www.w3.org/TR/1999/REC-xpath-19991116", xpath)


def xslt_transform(w: Any) -> str:
    return _with_transform(w, "http://www.w3.org/TR/1999/REC-xslt-19991116", None)


def _with_transform(w: Any, algorithm: str, xpath: str | None) -> str:
    root = decoded(w.respond())
    transforms = root.find(f".//{{{DS}}}Transforms")
    node = etree.Element(f"{{{DS}}}Transform", Algorithm=algorithm)
    if xpath:
        etree.SubElement(node, f"{{{DS}}}XPath").text = xpath
    transforms.insert(1, node)
    return encoded(root)


def inclusive_transform(w: Any) -> str:
    return w.respond(transforms=(T.TransformEnveloped, T.TransformInclC14N))


def no_enveloped_transform(w: Any) -> str:
    return w.respond(transforms=(T.TransformExclC14N,))


def inclusive_signed_info(w: Any) -> str:
    return w.respond(canonicalisation=T.TransformInclC14N)


def unsigned(w: Any) -> str:
    return w.respond(sign=())


def signed_by_a_stranger(w: Any) -> str:
    return w.stranger.respond(w.login)


def key_in_the_message(w: Any) -> str:
    """The stranger sends its certificate along (Casdoor CVE-2026-9090)."""
    return w.stranger.respond(w.login, key_info=w.stranger.certificate_text)


def our_certificate_named_strangers_key(w: Any) -> str:
    return w.stranger.respond(w.login, key_info=w.idp.certificate_text)


def rsa_sha1(w: Any) -> str:
    return w.respond(method=T.TransformRsaSha1)


def rsa_md5(w: Any) -> str:
    return w.respond(method=T.TransformRsaMd5)


def sha1_digest(w: Any) -> str:
    return w.respond(digest=T.TransformSha1)


def md5_digest(w: Any) -> str:
    return w.respond(digest=T.TransformMd5)


def hmac_with_the_public_key(w: Any) -> str:
    """The provider's public certificate as an HMAC secret (SignXML CVE-2025-48994)."""
    return w.respond(method=T.TransformHmacSha256, key=_hmac_key(w))


def hmac_cut_to_one_bit(w: Any) -> str:
    root = decoded(w.respond(method=T.TransformHmacSha256, key=_hmac_key(w)))
    method = root.find(f".//{{{DS}}}SignatureMethod")
    etree.SubElement(method, f"{{{DS}}}HMACOutputLength").text = "1"
    return encoded(root)


def _hmac_key(w: Any) -> Any:
    return xmlsec.Key.from_binary_data(T.KeyDataHmac, w.idp.certificate_pem.encode())


def rsa_pss(w: Any) -> str:
    return _named_method(w, "http://www.w3.org/2007/05/xmldsig-more#rsa-pss")


def no_method(w: Any) -> str:
    return _named_method(w, "")


def ec_method_with_an_rsa_key(w: Any) -> str:
    return _named_method(w, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")


def _named_method(w: Any, algorithm: str) -> str:
    root = decoded(w.respond())
    root.find(f".//{{{DS}}}SignatureMethod").set("Algorithm", algorithm)
    return encoded(root)


def signature_of_the_metadata(w: Any) -> str:
    """The provider's signature over its metadata, moved to Eve's assertion (GHES CVE-2024-6800)."""
    metadata = etree.fromstring(w.idp.metadata().encode())
    w.idp.sign(metadata, at=0)
    root = decoded(w.respond(sign=()))
    assertion = as_eve(root.find(ASSERTION), metadata.get("ID"))
    assertion.insert(1, metadata.find(SIGNATURE))
    root.replace(root.find(ASSERTION), assertion)
    return encoded(root)


def metadata_itself(w: Any) -> str:
    metadata = etree.fromstring(w.idp.metadata().encode())
    w.idp.sign(metadata, at=0)
    return encoded(metadata)


def logout_request_itself(w: Any) -> str:
    root = etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_1" Version="2.0" '
        f'IssueInstant="2026-05-01T12:00:00Z"><saml:Issuer>{w.idp.entity_id}</saml:Issuer>'
        f"<saml:NameID>ada@example.com</saml:NameID></samlp:LogoutRequest>".encode()
    )
    w.idp.sign(root)
    return encoded(root)


def bare_assertion(w: Any) -> str:
    """The signed assertion as the whole document."""
    return encoded(decoded(w.respond()).find(ASSERTION))
