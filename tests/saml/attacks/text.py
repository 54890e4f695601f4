"""Text that parsers read differently, elements that nobody knows, and what is too much."""

import base64
from typing import Any

from lxml import etree

from tests.doors.idp import DS, NS, SAML, SAMLP, encoded, sign_element
from tests.saml.attacks.common import ASSERTION, EVE, NAME_ID, as_eve, decoded, posted, text_of_valid


def comment_in_name_id(w: Any) -> str:
    """CVE-2017-11427: signed with the comment, read up to it."""
    return w.respond(edit=lambda root: _comment_inside(root.find(f".//{NAME_ID}")))


def comment_in_digest_value(w: Any) -> str:
    """CVE-2025-29775."""
    return w.respond(tamper=lambda root: _comment_inside(root.find(f".//{{{DS}}}DigestValue")))


def comment_before_the_root(w: Any) -> str:
    return posted("<!-- hello -->" + text_of_valid(w))


def comment_after_the_root(w: Any) -> str:
    return posted(text_of_valid(w) + "<!-- hello -->")


def processing_instruction(w: Any) -> str:
    return posted("<?php echo 1?>" + text_of_valid(w))


def instruction_in_name_id(w: Any) -> str:
    return posted(text_of_valid(w).replace("ada@", "ada<?x y?>@"))


def _comment_inside(element: etree._Element) -> None:
    text = element.text or ""
    comment = etree.Comment("x")
    element.text, comment.tail = text[:3], text[3:]
    element.insert(0, comment)


def element_in_name_id(w: Any) -> str:
    def edit(root: etree._Element) -> None:
        etree.SubElement(root.find(f".//{NAME_ID}"), "{urn:x}b").tail = ".evil.example"

    return w.respond(edit=edit)


def doctype(w: Any) -> str:
    return posted("<!DOCTYPE r>" + text_of_valid(w))


def entity_in_name_id(w: Any) -> str:
    text = text_of_valid(w).replace("ada@example.com", "&who;")
    return posted(f'<!DOCTYPE r [<!ENTITY who "{EVE}">]>' + text)


def external_entity(w: Any) -> str:
    text = text_of_valid(w).replace("ada@example.com", "&who;")
    return posted('<!DOCTYPE r [<!ENTITY who SYSTEM "file:///etc/passwd">]>' + text)


def external_dtd(w: Any) -> str:
    return posted('<!DOCTYPE r SYSTEM "http://127.0.0.1:1/evil.dtd">' + text_of_valid(w))


def billion_laughs(w: Any) -> str:
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    return posted(f'<!DOCTYPE r [<!ENTITY a0 "lol">{lines}]><r>&a11;</r>')


def unknown_entity(w: Any) -> str:
    return posted(text_of_valid(w).replace("ada@", "&ada;@"))


def relative_namespace(w: Any) -> str:
    return posted(text_of_valid(w).replace("<samlp:Response", '<samlp:Response xmlns:q="foo/bar"', 1))


def relative_namespace_inside(w: Any) -> str:
    return posted(text_of_valid(w).replace("<saml:Subject>", '<saml:Subject xmlns:q="x">', 1))


def undeclared_prefix(w: Any) -> str:
    return posted(text_of_valid(w).replace("<saml:Subject>", "<q:x/><saml:Subject>", 1))


def too_large(w: Any) -> str:
    return posted(text_of_valid(w).replace("</samlp:Response>", " " * 262144 + "</samlp:Response>"))


def far_too_large(w: Any) -> str:
    return "A" * 4_000_000


def too_deep(w: Any) -> str:
    return posted("<a>" * 65 + "</a>" * 65)


def bottomless(w: Any) -> str:
    return posted("<a>" * 60_000)


def too_many_elements(w: Any) -> str:
    return posted("<a>" + "<b/>" * 20_001 + "</a>")


def too_many_attributes(w: Any) -> str:
    return posted("<a " + " ".join(f'a{n}=""' for n in range(65)) + "/>")


def too_many_namespaces(w: Any) -> str:
    return posted("<a " + " ".join(f'xmlns:a{n}="urn:{n}"' for n in range(65)) + "/>")


def long_namespace(w: Any) -> str:
    return posted(f'<a xmlns="urn:{"x" * 600}"/>')


def not_base64(w: Any) -> str:
    return w.respond()[:-8] + "%%%%"


def base64_with_a_tail(w: Any) -> str:
    return posted("<a/>") + "=" + posted("<b/>")


def url_safe_base64(w: Any) -> str:
    return base64.urlsafe_b64encode(b"<a>\xc3\xbf\xc3\xbe??>>~~</a>").decode()


def not_ascii(w: Any) -> str:
    return "é" * 40


def nothing(w: Any) -> str:
    return ""


def only_white_space(w: Any) -> str:
    return " \r\n\t "


def utf16(w: Any) -> str:
    return posted(text_of_valid(w).encode("utf-16"))


def utf16_without_mark(w: Any) -> str:
    return posted(text_of_valid(w).encode("utf-16-le"))


def latin1(w: Any) -> str:
    return posted(b'<?xml version="1.0" encoding="ISO-8859-1"?>' + text_of_valid(w).encode())


def utf7(w: Any) -> str:
    return posted('<?xml version="1.0" encoding="utf-7"?><a>+ADw-b/+AD4-</a>')


def bad_utf8(w: Any) -> str:
    return posted(b"<a>\xff\xfe\xfa</a>")


def overlong_utf8(w: Any) -> str:
    return posted(b"<a>\xc0\xbc</a>")


def nul(w: Any) -> str:
    return posted(text_of_valid(w) + "\x00")


def xml_1_1(w: Any) -> str:
    return posted('<?xml version="1.1"?>' + text_of_valid(w))


def two_documents(w: Any) -> str:
    return posted(text_of_valid(w) * 2)


def json_text(w: Any) -> str:
    return posted('{"a": 1}')


def cut_short(w: Any) -> str:
    return posted(text_of_valid(w)[:-20])


def no_xml_at_all(w: Any) -> str:
    return posted(b"\x89PNG\r\n\x1a\n" + b"\x01" * 64)


def unknown_condition(w: Any) -> str:
    def edit(root: etree._Element) -> None:
        etree.SubElement(root.find(".//saml:Conditions", NS), "{urn:x}OnlyOnSundays")

    return w.respond(edit=edit)


def encrypted_id(w: Any) -> str:
    def edit(root: etree._Element) -> None:
        name_id = root.find(".//saml:NameID", NS)
        name_id.tag = f"{{{SAML}}}EncryptedID"

    return w.respond(edit=edit)


def response_in_lower_case(w: Any) -> str:
    return w.respond(tamper=lambda root: setattr(root, "tag", f"{{{SAMLP}}}response"))


def response_of_saml1(w: Any) -> str:
    return w.respond(tamper=lambda root: setattr(root, "tag", "{urn:oasis:names:tc:SAML:1.0:protocol}Response"))


def signature_by_another_prefix_and_key(w: Any) -> str:
    """Eve's assertion signed by Eve, in a Response signed by nobody, beside nothing else."""
    root = decoded(w.respond(sign=()))
    evil = as_eve(root.find(ASSERTION))
    root.replace(root.find(ASSERTION), evil)
    sign_element(evil, w.stranger.key_pem)
    return encoded(root)
