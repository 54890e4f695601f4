"""A mail as it goes over the wire (RFC 5322, RFC 2046): text and HTML as alternatives, headers by the standard library.

`EmailMessage` parses and folds each header several times and counts the lines of each part in three ways, which takes
ten times as long as rendering what the mail says. Most headers are the same in every mail to an account, so the library
folds them once; the parts are encoded here. The same facts always give the same bytes, so a repeat is the same mail.
"""

from base64 import encodebytes
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from functools import lru_cache

LINE_END = "\r\n"
# RFC 5322 section 2.1.1, without the line's end.
LONGEST_LINE = 998
REMEMBERED_HEADERS = 1024
# No line of a part can be taken for one between parts: a body with this in it is sent as base64.
BOUNDARY = "=_"


def mail_bytes(
    fixed: dict[str, str], recipient: Address, message_id: str, written_at: datetime, text: str, html: str
) -> bytes:
    """Return a mail as bytes.

    Args:
        fixed: headers that stand in many mails alike, name to value.
        recipient: its domain in A-label form.
        message_id: unique to the mail, ASCII letters, digits, `-`, `.` and `@`.
        written_at: for the Date header.
        text, html: the two parts, lines ended by a line feed.

    Raises:
        ValueError: a header's value holds a line break.
    """
    is_ascii = recipient.addr_spec.isascii()
    boundary = f"{BOUNDARY}{message_id.partition('@')[0]}"
    lines = [
        *(header(name, value, is_ascii=is_ascii) for name, value in fixed.items()),
        _folded("To", recipient, is_ascii=is_ascii),
        f"Date: {format_datetime(written_at)}{LINE_END}",
        f"Message-ID: <{message_id}>{LINE_END}",
        f"MIME-Version: 1.0{LINE_END}",
        f'Content-Type: multipart/alternative; boundary="{boundary}"{LINE_END}{LINE_END}',
        *(f"--{boundary}{LINE_END}{_part(subtype, body)}" for subtype, body in (("plain", text), ("html", html))),
        f"--{boundary}--{LINE_END}",
    ]
    return "".join(lines).encode()


@lru_cache(REMEMBERED_HEADERS)
def header(name: str, value: str, *, is_ascii: bool) -> str:
    """Return a header, folded, with its line's end.

    Args:
        name: of the header.
        value: not encoded.
        is_ascii: False where the mail may hold UTF-8 in its headers (RFC 6531).

    Raises:
        ValueError: the value holds a line break.
    """
    return _folded(name, value, is_ascii=is_ascii)


def _folded(name: str, value: str | Address, *, is_ascii: bool) -> str:
    policy = SMTP if is_ascii else SMTPUTF8
    _, parsed = policy.header_store_parse(name, value)
    folded: str = policy.fold(name, parsed)
    return folded


def _part(subtype: str, body: str) -> str:
    """Return one part; its body is ASCII, as a server without 8BITMIME would have to change it on its way."""
    encoding, encoded = ("7bit", body) if _may_go_as_it_is(body) else ("base64", encodebytes(body.encode()).decode())
    head = f'Content-Type: text/{subtype}; charset="utf-8"{LINE_END}Content-Transfer-Encoding: {encoding}{LINE_END}'
    return head + LINE_END + encoded.replace("\n", LINE_END) + LINE_END


def _may_go_as_it_is(body: str) -> bool:
    return body.isascii() and BOUNDARY not in body and all(len(line) <= LONGEST_LINE for line in body.split("\n"))
