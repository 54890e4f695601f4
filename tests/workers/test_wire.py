"""NET-3, WEB-4: a mail as bytes is what a mail program reads again, and no value becomes a header of its own."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import SMTP

import pytest

from workers.wire import LONGEST_LINE, mail_bytes

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DANA = Address("", "dana", "acme.example")


def made(subject: str = "Hello", text: str = "Text\n", html: str = "<p>Text</p>\n") -> bytes:
    return mail_bytes({"From": "no-reply@example.com", "Subject": subject}, DANA, "0192@example.com", AT, text, html)


def bodies(content: bytes) -> list[str]:
    message = message_from_bytes(content, policy=SMTP)
    assert message.defects == []
    return [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]


@pytest.mark.parametrize("text", ["Text\n", "Zoë 🙂\n", "x" * (LONGEST_LINE + 1) + "\n", "--=_0192\n.\nFrom me\n"])
def test_both_parts_come_back_as_they_were_and_go_as_short_ascii_lines(text):
    content = made(text=text, html=f"<p>{text}</p>\n")
    assert bodies(content) == [text, f"<p>{text}</p>\n"]
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= LONGEST_LINE
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.rule("INV-3")
def test_the_same_mail_is_the_same_bytes():
    assert made() == made()


def test_a_long_subject_beyond_ascii_is_folded_and_read_again():
    subject = " ".join(["Zoë"] * 40)
    assert message_from_bytes(made(subject), policy=SMTP)["Subject"] == subject


@pytest.mark.rule("WEB-4")
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_line_break_in_a_header_is_refused(end):
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        made(f"Hello{end}Bcc: eve@evil.example")
