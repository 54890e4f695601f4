"""Signature wrapping, numbered as in the literature (Somorovsky et al. 2012), and what is like it."""

from typing import Any

from lxml import etree

from tests.doors.idp import DS, SAML, SAMLP, encoded
from tests.saml.attacks.common import ASSERTION, as_eve, decoded, without_signature


def xsw1(w: Any) -> str:
    """An evil Response carries the signature, and the signature carries the signed Response."""
    original, signature = without_signature(decoded(w.respond(sign=("response",))))
    evil = as_eve(original)
    signature.append(original)
    evil.insert(1, signature)
    return encoded(evil)


def xsw2(w: Any) -> str:
    """As 1, with the signed Response beside the signature."""
    original, signature = without_signature(decoded(w.respond(sign=("response",))))
    evil = as_eve(original)
    evil.insert(1, signature)
    evil.insert(1, original)
    return encoded(evil)


def xsw3(w: Any) -> str:
    """An evil assertion before the signed one."""
    root = decoded(w.respond())
    root.insert(2, as_eve(root.find(ASSERTION)))
    return encoded(root)


def xsw4(w: Any) -> str:
    """The signed assertion inside an evil one."""
    root = decoded(w.respond())
    signed = root.find(ASSERTION)
    evil = as_eve(signed)
    root.replace(signed, evil)
    evil.append(signed)
    return encoded(root)


def xsw5(w: Any) -> str:
    """An evil assertion carries the signature; the signed one stands behind, bare."""
    root = decoded(w.respond())
    bare, signature = without_signature(root.find(ASSERTION))
    evil = as_eve(root.find(ASSERTION))
    evil.insert(1, signature)
    root.replace(root.find(ASSERTION), evil)
    root.append(bare)
    return encoded(root)


def xsw6(w: Any) -> str:
    """As 5, with the signed one inside the signature."""
    root = decoded(w.respond())
    bare, signature = without_signature(root.find(ASSERTION))
    evil = as_eve(root.find(ASSERTION))
    signature.append(bare)
    evil.insert(1, signature)
    root.replace(root.find(ASSERTION), evil)
    return encoded(root)


def xsw7(w: Any) -> str:
    """An evil assertion inside samlp:Extensions."""
    root = decoded(w.respond())
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(as_eve(root.find(ASSERTION)))
    root.insert(1, extensions)
    return encoded(root)


def xsw8(w: Any) -> str:
    """The signed assertion inside a ds:Object of the signature on an evil one."""
    root = decoded(w.respond())
    bare, signature = without_signature(root.find(ASSERTION))
    evil = as_eve(root.find(ASSERTION))
    etree.SubElement(signature, f"{{{DS}}}Object").append(bare)
    evil.insert(1, signature)
    root.replace(root.find(ASSERTION), evil)
    return encoded(root)


def evil_first_with_the_same_id(w: Any) -> str:
    root = decoded(w.respond())
    root.insert(2, as_eve(root.find(ASSERTION), new_id=None))
    return encoded(root)


def assertion_of_another_namespace(w: Any) -> str:
    root = decoded(w.respond())
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    etree.SubElement(extensions, "{urn:other}Assertion")
    root.insert(1, extensions)
    return encoded(root)


def nested_response(w: Any) -> str:
    """A signed Response, its assertion and all, inside an unsigned one."""
    inner = decoded(w.respond(sign=("response",)))
    outer = as_eve(inner, "_outer")
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(inner)
    outer.insert(1, extensions)
    return encoded(outer)


def evil_in_advice(w: Any) -> str:
    """An unsigned evil assertion around the signed one, as its Advice."""
    root = decoded(w.respond())
    signed = root.find(ASSERTION)
    evil = as_eve(signed)
    advice = etree.Element(f"{{{SAML}}}Advice")
    evil.insert(3, advice)
    root.replace(signed, evil)
    advice.append(signed)
    return encoded(root)
