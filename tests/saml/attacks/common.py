"""What all attacks start from: a valid message, read back, and copies of it that say Eve."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import xmlsec
from lxml import etree

from tests.doors.idp import DS, SAML

EVE = "eve@evil.example"
T = xmlsec.constants
NAME_ID = f"{{{SAML}}}NameID"
ASSERTION = f"{{{SAML}}}Assertion"
SIGNATURE = f"{{{DS}}}Signature"

Attack = Callable[[Any], str]


def decoded(value: str) -> etree._Element:
    return etree.fromstring(base64.b64decode(value))


def posted(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def text_of_valid(w: Any, sign: tuple[str, ...] = ("assertion",)) -> str:
    return base64.b64decode(w.respond(sign=sign)).decode()


def as_eve(element: etree._Element, new_id: str | None = "_evil") -> etree._Element:
    """A copy that says Eve, without its signatures; with the old ID where `new_id` is None."""
    evil = copy.deepcopy(element)
    evil.tail = None
    for signature in evil.findall(f".//{SIGNATURE}"):
        signature.getparent().remove(signature)
    for name_id in evil.iter(NAME_ID):
        name_id.text = EVE
    if new_id:
        evil.set("ID", new_id)
    return evil


def without_signature(element: etree._Element) -> tuple[etree._Element, etree._Element]:
    """A copy of the element without its own signature, and that signature."""
    bare = copy.deepcopy(element)
    signature = bare.find(SIGNATURE)
    bare.remove(signature)
    return bare, signature
