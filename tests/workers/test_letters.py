"""INV-1, WEB-4, NET-3: what mails say, in which headers, and what no name can make of them."""

from datetime import UTC, datetime
from email import message_from_string
from email.policy import SMTPUTF8
from html.parser import HTMLParser

import pytest

from provisioning.domain.invitations import MailKind
from workers.letters import LONGEST_NAME, Letter, Writer, checked_sender, envelope_address, one_line

LINK = "https://id.example.com/link/" + "x" * 43
WRITTEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=y>',
    "{{ letter.link }}{% raw %}",
    "Eve\r\nBcc: evil@example.com",
    "Eve\u2028Bcc: evil@example.com\x0b\x85\x00",
    "\u202egnp.exe\u2066",
    "=?utf-8?q?Bcc=3A?=",
    "x" * 5000,
)


def letter(kind: MailKind = MailKind.INVITATION, **changes: object) -> Letter:
    facts = {
        "kind": kind,
        "row_id": "0192",
        "recipient": "dana@acme.example",
        "name": "Dana Roe",
        "account": "Acme",
        "link": LINK,
        "organisation": False,
        "expires_at": WRITTEN,
        "written_at": WRITTEN,
        "about": "Terraform",
        "ends_at": WRITTEN,
    }
    return Letter(**{**facts, **changes})


def written(*args: object, **changes: object):
    mail = Writer("Gatelodge <no-reply@example.com>", "id.example.com").mail(letter(*args, **changes))
    return message_from_string(mail.content.decode(), policy=SMTPUTF8)


def parts(message) -> tuple[str, str]:
    text, html = (message.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    return text, html


class Page(HTMLParser):
    """What a mail program makes of the HTML: its elements, its links, its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.rule("INV-1", "NET-3")
@pytest.mark.parametrize("kind", MailKind)
def test_headers_are_complete_and_the_link_stands_in_text_and_button(kind):
    message = written(kind)
    assert message["From"] == "Gatelodge <no-reply@example.com>"
    assert message["To"] == "dana@acme.example"
    assert message["Message-ID"] == "<0192@id.example.com>"
    assert message["Date"].datetime == WRITTEN
    assert message["X-Gatelodge-Kind"] == kind.value
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = parts(message)
    assert f"\n{LINK}\n" in text
    assert Page(html).links == [LINK, LINK]
    assert "Acme" in message["Subject"]


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize(
    ("organisation", "words"),
    [(True, "Log in through your organisation"), (False, "login page")],
)
def test_confirmation_says_where_to_log_in(organisation, words):
    for part in parts(written(MailKind.CONFIRMATION, organisation=organisation, expires_at=None)):
        assert words in " ".join(part.split())
        assert "works once" not in part
        assert "Set your password" not in part


@pytest.mark.rule("WEB-4", "NET-3")
@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", MailKind)
def test_no_name_becomes_a_header_markup_or_a_paragraph(kind, hostile):
    plain, made = written(kind), written(kind, name=hostile, account=hostile)
    assert made.keys() == plain.keys()
    assert len(made["To"].addresses) == len(made["From"].addresses) == 1
    for (text, html), (usual_text, usual_html) in [(parts(made), parts(plain))]:
        assert len(text.splitlines()) == len(usual_text.splitlines())
        usual, page = Page(usual_html), Page(html)
        assert (page.elements, page.attributes, page.links) == (usual.elements, usual.attributes, usual.links)
        assert one_line(hostile)[:20] in page.text
    assert b"\r\nBcc" not in made.as_bytes()


@pytest.mark.parametrize("forbidden", ["script", "img", "link", "iframe", "form"])
def test_nothing_is_fetched_when_a_mail_is_opened(forbidden):
    for kind in MailKind:
        assert forbidden not in Page(parts(written(kind))[1]).elements


@pytest.mark.parametrize("recipient", ["dana@acme.example", "jörg@bücher.example", "o'neil+x@acme.example"])
def test_recipient_is_the_stored_address_and_the_wire_is_clean(recipient):
    message = written(recipient=recipient)
    assert message["To"].addresses[0].addr_spec == envelope_address(recipient)
    assert recipient in parts(message)[0]
    head, _, body = message.as_bytes().partition(b"\r\n\r\n")
    assert body.isascii()
    assert head.isascii() == recipient.isascii() or recipient == "jörg@bücher.example"


def test_domain_goes_over_the_wire_in_its_ascii_form():
    assert envelope_address("Dana.Roe@Bücher.Example") == "Dana.Roe@xn--bcher-kva.example"


@pytest.mark.rule("WEB-4")
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Dana  Roe ", "Dana Roe"),
        ("Dana\r\n\tRoe", "Dana Roe"),
        ("Dana\u2029Roe\u200b", "Dana Roe"),
        ("می‌خواهم", "می‌خواهم"),
        ("", ""),
        ("x" * (LONGEST_NAME + 1), "x" * (LONGEST_NAME - 1) + "…"),
    ],
)
def test_one_line_keeps_what_is_a_name(text, line):
    assert one_line(text) == line


@pytest.mark.rule("NET-3", "OPS-1")
@pytest.mark.parametrize(
    "text", ["", "nobody", "a@x.example, b@x.example", "Gate\r\nBcc: x@y.example <a@x.example>", "ü@x.example", "<>"]
)
def test_sender_that_is_no_single_address_does_not_start(text):
    with pytest.raises(ValueError, match="GATELODGE_MAIL_FROM"):
        checked_sender(text)
