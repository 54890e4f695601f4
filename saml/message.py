"""Reads a SAML message: strict base64, one parse by one parser, and nothing that parsers were ever attacked with.

Every limit is kept by the parser's own events while it reads, so a bomb is refused at its first excess and no second
parser, pattern or string search ever looks at the text (XML-1, XML-5). Relative namespace names are refused because
libxml2 cannot canonicalise them, and a verifier that overlooks this digests nothing (CVE-2025-66568).
"""

import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from saml.errors import SamlCode, SamlError

Element = etree._Element

KIB = 1024
CHUNK = 4 * KIB
WHITE_SPACE = str.maketrans("", "", " \t\r\n")
ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:.+", re.DOTALL)
EVENTS: Any = ("start", "end", "start-ns", "end-ns", "comment", "pi")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a document may hold.

    Attributes:
        most_bytes: size of the text.
        ignores_comments: True leaves comments out (metadata), False refuses the document (messages).
        most_elements, most_depth, most_attributes, most_namespaces: counts; the last one of those in scope at once.
        longest_namespace: characters of a namespace name; canonicalisation repeats it, so it bounds that work.
    """

    most_bytes: int
    ignores_comments: bool = False
    most_elements: int = 20_000
    most_depth: int = 64
    most_attributes: int = 64
    most_namespaces: int = 64
    longest_namespace: int = 512


# The checks of this step by name, in the order they are made, with what each demands and why.
DEMANDS: Mapping[str, str] = {
    "message_size": "At most 256 KiB, known before anything is decoded (CVE-2025-25293, CVE-2025-54572).",
    "base64": "Base64 without a letter too many; only white space is passed over.",
    "no_nul": "No NUL, at which some parsers stop and others go on.",
    "utf8": "UTF-8 and nothing else, so that no other reading of the same octets exists.",
    "well_formed": "Well-formed XML with declared prefixes; nothing is repaired, and no entity is known.",
    "no_doctype": "No DOCTYPE, with which entities, bombs and files to be fetched begin.",
    "element_count": "At most 20,000 elements.",
    "depth": "At most 64 elements one in another.",
    "attribute_count": "At most 64 attributes on an element.",
    "namespace_count": "At most 64 namespaces in scope at once.",
    "namespace_length": "No namespace name longer than 512 characters, as canonicalisation repeats it.",
    "absolute_namespace": "Namespace names are absolute URIs; libxml2 canonicalises no others (CVE-2025-66568).",
    "no_comment": "No comment, which could cut a value in two (CVE-2017-11427, CVE-2025-29775).",
    "no_processing_instruction": "No processing instruction, which could do the same.",
    "xml_declaration": "XML 1.0 and UTF-8 where the document says what it is.",
    "no_unexpected_fault": "Whatever else goes wrong while a message is checked is a refusal too.",
}

MESSAGE = Limits(most_bytes=256 * KIB)
CANONICAL = Limits(most_bytes=1024 * KIB)  # the same content, with namespace declarations repeated
METADATA = Limits(most_bytes=1024 * KIB, ignores_comments=True)


def unreadable(check: str, expected: str = "", received: str = "") -> SamlError:
    """Return the refusal of a message that is not XML as we read it.

    Args:
        check: one of DEMANDS.
        expected: the limit, where it is a number of these Limits.
        received: what came instead.
    """
    return SamlError(SamlCode.UNREADABLE, check, expected or DEMANDS[check], received)


def decode(text: str, most_bytes: int = MESSAGE.most_bytes) -> bytes:
    """Return the octets of a base64 form value; white space is allowed, anything else that is not base64 is not.

    Args:
        text: the value as posted.
        most_bytes: limit of the result, kept before decoding.

    Raises:
        SamlError: UNREADABLE.
    """
    compact = text.translate(WHITE_SPACE)
    if len(compact) > most_bytes * 4 // 3 + 4:
        raise unreadable("message_size", f"at most {most_bytes} bytes")
    try:
        return binascii.a2b_base64(compact.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise unreadable("base64") from error


def parse(data: bytes, limits: Limits = MESSAGE) -> Element:
    """Return the root element of a document that keeps every limit (XML-1, XML-5).

    Args:
        data: UTF-8 text.
        limits: what the document may hold.

    Raises:
        SamlError: UNREADABLE.
    """
    _require_plain_text(data, limits)
    parser: Any = etree.XMLPullParser(
        events=EVENTS,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        collect_ids=False,
        remove_comments=limits.ignores_comments,
    )
    guard = _Guard(limits)
    try:
        for chunk in _chunks(data):
            parser.feed(chunk)
            guard.watch(parser)
        root: Element = parser.close()
    except etree.XMLSyntaxError as error:
        raise unreadable("well_formed", received=error.msg or "") from error
    guard.watch(parser)
    _require_utf8_declaration(root)
    return root


def _require_plain_text(data: bytes, limits: Limits) -> None:
    if len(data) > limits.most_bytes:
        raise unreadable("message_size", f"at most {limits.most_bytes} bytes", f"{len(data)} bytes")
    if b"\x00" in data:
        raise unreadable("no_nul")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unreadable("utf8") from error


def _require_utf8_declaration(root: Element) -> None:
    info = root.getroottree().docinfo
    encoding = (info.encoding or "UTF-8").upper()
    if encoding != "UTF-8" or info.xml_version != "1.0":
        raise unreadable("xml_declaration", received=f"{info.xml_version} {encoding}")


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]


class _Guard:
    """Counts what the parser reports and raises at the first thing that is beyond the limits."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._elements = self._depth = self._namespaces = 0
        self._on: dict[str, Callable[[Any], None]] = {
            "start": self._start,
            "end": self._end,
            "start-ns": self._start_namespace,
            "end-ns": self._end_namespace,
            "comment": self._refuse_comment,
            "pi": self._refuse_instruction,
        }

    def watch(self, parser: Any) -> None:
        """Look at everything that the parser has met since the last look."""
        for event, item in parser.read_events():
            self._on[event](item)

    def _start(self, element: Element) -> None:
        if self._elements == 0 and element.getroottree().docinfo.internalDTD is not None:
            raise unreadable("no_doctype")
        self._elements += 1
        self._depth += 1
        self._keep("element_count", self._elements, self._limits.most_elements)
        self._keep("depth", self._depth, self._limits.most_depth)
        self._keep("attribute_count", len(element.attrib), self._limits.most_attributes)

    def _end(self, _element: Element) -> None:
        self._depth -= 1

    def _start_namespace(self, declared: tuple[str, str]) -> None:
        prefix, name = declared
        self._namespaces += 1
        self._keep("namespace_count", self._namespaces, self._limits.most_namespaces)
        self._keep("namespace_length", len(name), self._limits.longest_namespace)
        undeclared = not prefix and not name
        if not undeclared and not ABSOLUTE_URI.fullmatch(name):
            raise unreadable("absolute_namespace", received=name)

    def _end_namespace(self, _nothing: None) -> None:
        self._namespaces -= 1

    def _refuse_comment(self, _comment: Any) -> None:
        raise unreadable("no_comment")

    def _refuse_instruction(self, _instruction: Any) -> None:
        raise unreadable("no_processing_instruction")

    def _keep(self, check: str, count: int, limit: int) -> None:
        if count > limit:
            raise unreadable(check, f"at most {limit}", str(count))


def children(element: Element, tag: str) -> list[Element]:
    """Return the direct children of that name, in order."""
    return list(element.iterchildren(tag))


def only(element: Element, tag: str) -> Element | None:
    """Return the one direct child of that name; None where there is none.

    Raises:
        SamlError: SHAPE, where there are several.
    """
    found = children(element, tag)
    if len(found) > 1:
        raise SamlError(SamlCode.SHAPE, "one_of_a_kind", "one element", local_name(found[0]))
    return found[0] if found else None


def text_of(element: Element | None) -> str:
    """Return the whole text of an element that has no child elements; '' for a missing one (XML-5).

    Raises:
        SamlError: SHAPE, where there are child elements, which would cut the text in two.
    """
    if element is None:
        return ""
    if len(element):
        raise SamlError(SamlCode.SHAPE, "text_without_elements", "text only", local_name(element))
    return element.text or ""


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return etree.QName(element).localname
