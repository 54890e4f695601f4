"""Small edits of a message's tree, named by XPath; each returns a function for the provider's `edit` or `tamper`."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

from lxml import etree

from tests.doors.idp import NS, stamp

Edit = Callable[[etree._Element], None]

ASSERTION = "//saml:Assertion"
CONDITIONS = "//saml:Conditions"
DATA = "//saml:SubjectConfirmationData"
CONFIRMATION = "//saml:SubjectConfirmation"
STATEMENT = "//saml:AuthnStatement"
RESTRICTION = "//saml:AudienceRestriction"
AUDIENCE = "//saml:Audience"
NAME_ID = "//saml:NameID"
ISSUER_OF_ASSERTION = "//saml:Assertion/saml:Issuer"
ISSUER_OF_RESPONSE = "/samlp:Response/saml:Issuer"
RESPONSE = "/samlp:Response"
STATUS_CODE = "//samlp:StatusCode"


def found(root: etree._Element, path: str) -> list[etree._Element]:
    nodes = root.getroottree().xpath(path, namespaces=NS)
    assert nodes, path
    return nodes


def put(path: str, name: str, value: str) -> Edit:
    """Set an attribute."""
    return lambda root: [node.set(name, value) for node in found(root, path)] and None


def drop(path: str, name: str) -> Edit:
    """Remove an attribute."""
    return lambda root: [node.attrib.pop(name) for node in found(root, path)] and None


def text(path: str, value: str | None) -> Edit:
    """Replace the text."""

    def edit(root: etree._Element) -> None:
        for node in found(root, path):
            node.text = value

    return edit


def remove(path: str) -> Edit:
    """Remove the element."""
    return lambda root: [node.getparent().remove(node) for node in found(root, path)] and None


def double(path: str) -> Edit:
    """Put a copy beside the element."""
    return lambda root: [node.addnext(copy.deepcopy(node)) for node in found(root, path)] and None


def beside(path: str, xml: str) -> Edit:
    """Put another element after the first one."""
    return lambda root: found(root, path)[0].addnext(_element(xml))


def inside(path: str, xml: str) -> Edit:
    """Put another element into the first one."""
    return lambda root: found(root, path)[0].append(_element(xml))


def _element(xml: str) -> etree._Element:
    declared = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in NS.items())
    return etree.fromstring(f"<x {declared}>{xml}</x>")[0]


def at(path: str, name: str, now: datetime, seconds: float) -> Edit:
    """Set a time attribute to so many seconds from now."""
    return put(path, name, stamp(now + timedelta(seconds=seconds)))


def all_of(*edits: Edit) -> Edit:
    """Several edits, in order."""

    def edit(root: etree._Element) -> None:
        for one in edits:
            one(root)

    return edit
