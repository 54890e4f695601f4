"""What the mails say: text and HTML from templates, headers by construction (INV-1, NET-3, WEB-4).

Nothing that a person or a directory chose stands in a header but the account's name in the subject, brought to one
line; the address header is built from its parts, and the email package refuses line breaks in any header. In HTML
everything is escaped; names are brought to one line of bounded length in both parts, so that no name can look like a
paragraph of ours.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from css_inline import CSSInliner
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from provisioning.domain.comparison import domain_key
from provisioning.domain.invitations import MailKind
from workers.mailer import Mail
from workers.notices import NOTICES
from workers.wire import mail_bytes

LONGEST_NAME = 80
# Joiners are format characters too, but some scripts cannot be written without them.
JOINERS = frozenset("\u200c\u200d")
SUBJECTS = {
    MailKind.INVITATION: "You are invited to {account}",
    MailKind.KEY_EXPIRING: "A key of {account} ends soon",
    MailKind.CONFIRMATION: "Your access to {account}",
    MailKind.PASSWORD_RESET: "Set a new password for {account}",
    MailKind.EMAIL_CHANGE: "Confirm your email for {account}",
    **{kind: notice.subject for kind, notice in NOTICES.items()},
}
NOTICE_TEMPLATE = "notice"


@dataclass(frozen=True, slots=True)
class Letter:
    """What one mail has to say.

    Attributes:
        row_id: of the debt; Message-ID and file name are made from it, so that a repeat is the same mail.
        recipient: stored address.
        name: of the person; '' where unknown.
        link: where to go.
        organisation: the link leads to the organisation's login, not to ours.
        expires_at: end of the link, None where it has none.
        written_at: when the debt was made.
        about: name of the thing that the mail is about, '' where there is none; ends_at: when it ends.
    """

    kind: MailKind
    row_id: str
    recipient: str
    name: str
    account: str
    link: str
    organisation: bool
    expires_at: datetime | None
    written_at: datetime
    about: str = ""
    ends_at: datetime | None = None


class Writer:
    """Makes mails of letters.

    Args:
        sender: the setting GATELODGE_MAIL_FROM, `Name <address>`.
        host: the public host, for Message-IDs.
    """

    def __init__(self, sender: str, host: str) -> None:
        self._sender = checked_sender(sender)
        self._host = host
        self._templates = Environment(
            loader=PackageLoader("workers"),
            autoescape=select_autoescape(("html",)),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._inliner = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)

    def mail(self, letter: Letter) -> Mail:
        """Return the mail of a letter, the same for the same letter."""
        recipient = envelope_address(letter.recipient)
        account = one_line(letter.account)
        fixed = {
            "From": str(self._sender),
            "Subject": SUBJECTS[letter.kind].format(account=account),
            "X-Gatelodge-Kind": letter.kind.value,
            # RFC 3834: nobody's holiday notice shall answer.
            "Auto-Submitted": "auto-generated",
        }
        facts = {
            "letter": letter, "name": one_line(letter.name), "account": account, "subject": fixed["Subject"],
            "about": one_line(letter.about),
            **_words(letter, account),
        }  # fmt: skip
        content = mail_bytes(
            fixed,
            Address("", *recipient.rsplit("@", 1)),
            f"{letter.row_id}@{self._host}",
            letter.written_at,
            self._rendered(letter, "txt", facts),
            self._inliner.inline(self._rendered(letter, "html", facts)),
        )
        return Mail(letter.row_id, self._sender.addr_spec, recipient, content)

    def _rendered(self, letter: Letter, ending: str, facts: dict[str, Any]) -> str:
        template = NOTICE_TEMPLATE if letter.kind in NOTICES else letter.kind.value
        return self._templates.get_template(f"{template}.{ending}").render(facts)


def _words(letter: Letter, account: str) -> dict[str, str]:
    """Return the words of a notice with the names filled in; none for the mails that have a template of their own."""
    notice = NOTICES.get(letter.kind)
    if notice is None:
        return {}
    names = {"account": account, "recipient": letter.recipient}
    return {name: getattr(notice, name).format_map(names) for name in ("happened", "advice", "action")}


def one_line(text: str) -> str:
    """Return a name fit for a sentence: no line breaks, no invisible characters, bounded (WEB-4)."""
    kept = "".join(character if _is_visible(character) else " " for character in text)
    line = " ".join(kept.split())
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1].rstrip() + "…"


def _is_visible(character: str) -> bool:
    return character in JOINERS or unicodedata.category(character)[0] not in "CZ"


def envelope_address(email: str) -> str:
    """Return an address as servers take it: the local part as stored, the domain in its A-label form."""
    local, _, domain = email.rpartition("@")
    return f"{local}@{domain_key(domain)}"


def checked_sender(text: str) -> Address:
    """Return the sender's address with its name.

    Raises:
        ValueError: the setting is no address.
    """
    header = EmailMessage(policy=SMTP)
    try:
        header["From"] = text
        addresses = header["From"].addresses
    except (ValueError, IndexError, AttributeError):
        addresses = ()
    if len(addresses) != 1 or not addresses[0].domain or not addresses[0].addr_spec.isascii():
        raise ValueError("GATELODGE_MAIL_FROM is one address: Gatelodge <no-reply@example.com>.")
    return Address(addresses[0].display_name, addresses[0].username, addresses[0].domain)
