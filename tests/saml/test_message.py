"""The limits of a message, each just kept and just broken (XML-1), and what counts as text (XML-5)."""

import base64

import pytest

from saml.errors import SamlCode, SamlError
from saml.message import METADATA, decode, only, parse, text_of

KIB = 1024


def refused(data: bytes) -> str:
    with pytest.raises(SamlError) as refusal:
        parse(data)
    assert refusal.value.code is SamlCode.UNREADABLE
    return refusal.value.check


@pytest.mark.rule("XML-1")
def test_a_document_at_every_limit_is_read() -> None:
    attributes = " ".join(f'a{number}=""' for number in range(64))
    namespaces = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(64))
    assert len(parse(b"<a>" + b"<b/>" * 19_999 + b"</a>")) == 19_999
    assert parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"
    assert len(parse(f"<a {attributes}/>".encode()).attrib) == 64
    assert len(parse(f"<a {namespaces}/>".encode()).nsmap) == 64
    assert parse(f'<a xmlns="urn:{"x" * 508}"/>'.encode()).tag
    assert parse(b"<a>" + b" " * (256 * KIB - 7) + b"</a>").tag == "a"


@pytest.mark.rule("XML-1")
def test_one_more_of_anything_is_refused() -> None:
    attributes = " ".join(f'a{number}=""' for number in range(65))
    namespaces = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(65))
    assert refused(b"<a>" + b"<b/>" * 20_000 + b"</a>") == "element_count"
    assert refused(b"<a>" * 65 + b"</a>" * 65) == "depth"
    assert refused(f"<a {attributes}/>".encode()) == "attribute_count"
    assert refused(f"<a {namespaces}/>".encode()) == "namespace_count"
    assert refused(f'<a xmlns="urn:{"x" * 509}"/>'.encode()) == "namespace_length"
    assert refused(b"<a>" + b" " * (256 * KIB - 6) + b"</a>") == "message_size"


@pytest.mark.rule("XML-1")
def test_namespaces_count_only_while_they_are_in_scope() -> None:
    siblings = "".join(f'<b xmlns:n="urn:{number}"/>' for number in range(500))
    assert len(parse(f"<a>{siblings}</a>".encode())) == 500


@pytest.mark.rule("XML-1")
@pytest.mark.parametrize("name", ["x", "foo/bar", "//host/path", "#x", "?x", "1a:b", "../x", ":x"])
def test_a_relative_namespace_name_is_refused(name: str) -> None:
    assert refused(f'<a xmlns:q="{name}"/>'.encode()) == "absolute_namespace"
    assert refused(f'<a xmlns="{name}"/>'.encode()) == "absolute_namespace"


@pytest.mark.rule("XML-1")
def test_an_undeclared_default_namespace_is_allowed() -> None:
    assert parse(b'<a xmlns="urn:x"><b xmlns=""/></a>')[0].tag == "b"


@pytest.mark.rule("XML-1", "XML-5")
@pytest.mark.parametrize(
    ("data", "check"),
    [
        (b"<!DOCTYPE a><a/>", "no_doctype"),
        (b"<!DOCTYPE a [<!ELEMENT a EMPTY>]><a/>", "no_doctype"),
        (b"<a><!-- x --></a>", "no_comment"),
        (b"<a/><!-- x -->", "no_comment"),
        (b"<!-- x --><a/>", "no_comment"),
        (b"<a><?x y?></a>", "no_processing_instruction"),
        (b"<a/><?x y?>", "no_processing_instruction"),
        (b"<a>\x00</a>", "no_nul"),
        (b"<a>\xed\xa0\x80</a>", "utf8"),
        (b"", "well_formed"),
        (b"<a>&x;</a>", "well_formed"),
        (b'<a b="1" b="2"/>', "well_formed"),
        (b"<a>&#0;</a>", "well_formed"),
        (b"<a/>x", "well_formed"),
        (b"x<a/>", "well_formed"),
        (b'<?xml version="1.0" encoding="windows-1252"?><a/>', "xml_declaration"),
    ],
)
def test_what_no_message_has_is_refused_by_name(data: bytes, check: str) -> None:
    assert refused(data) == check


@pytest.mark.rule("XML-1")
def test_comments_in_metadata_are_left_out_and_instructions_refused() -> None:
    root = parse(b"<!-- x --><a>b<!-- x -->c</a>", METADATA)
    assert text_of(root) == "bc"
    with pytest.raises(SamlError):
        parse(b"<a><?x y?></a>", METADATA)


@pytest.mark.rule("XML-1")
@pytest.mark.parametrize("text", ["YQ", "YQ=", "YQ==YQ==", "=YQ=", "Y Q = =x", "Y-_w", "YQ==\x0b", "ＹＱ=="])
def test_base64_is_strict(text: str) -> None:
    with pytest.raises(SamlError) as refusal:
        decode(text)
    assert refusal.value.check == "base64"


@pytest.mark.rule("XML-1")
def test_white_space_in_base64_is_allowed_and_the_size_is_known_before_decoding() -> None:
    assert decode(" Y\tQ\r\n= = ") == b"a"
    assert len(decode(base64.b64encode(bytes(256 * KIB)).decode())) == 256 * KIB
    with pytest.raises(SamlError) as refusal:
        decode("%" * 400_000)
    assert refusal.value.check == "message_size"


@pytest.mark.rule("XML-5")
def test_text_is_the_whole_text_of_an_element_without_elements() -> None:
    assert text_of(parse(b"<a>x &amp; <![CDATA[<y>]]></a>")) == "x & <y>"
    assert text_of(None) == ""
    with pytest.raises(SamlError):
        text_of(parse(b"<a>x<b/>y</a>"))


def test_one_of_a_kind_is_one() -> None:
    root = parse(b"<a><b/><c/><b/></a>")
    assert only(root, "d") is None
    assert only(root, "c") is not None
    with pytest.raises(SamlError):
        only(root, "b")
