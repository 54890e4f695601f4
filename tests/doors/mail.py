"""What people find in their mailbox: a driver for the Maildir that the product writes to (MAIL_URL=maildir:/…)."""

import re
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

LINK = re.compile(r"^https?://\S+$", re.MULTILINE)
LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True)
class ReceivedMail:
    """One mail, as a mail program reads it."""

    message: EmailMessage
    file: str

    @property
    def kind(self) -> str:
        return self.message["X-Gatelodge-Kind"]

    @property
    def to(self) -> str:
        return self.message["To"].addresses[0].addr_spec

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content()

    @property
    def html(self) -> str:
        return self.message.get_body(("html",)).get_content()

    @property
    def link(self) -> str:
        """The one address that stands on a line of its own in the text."""
        links = LINK.findall(self.text)
        assert len(links) == 1, links
        return links[0]

    @property
    def secret(self) -> str:
        """The last part of the link: the secret of an invitation or a reset."""
        return self.link.rpartition("/")[2]


class MailFolder:
    """A Maildir to read from; it need not exist yet.

    Args:
        folder: what stands behind `maildir:`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def all(self) -> list[ReceivedMail]:
        """Every mail, in the order of their debts."""
        files = [file for name in ("new", "cur") for file in (self._folder / name).glob("*")]
        return [
            ReceivedMail(message_from_bytes(file.read_bytes(), policy=default), file.name)
            for file in sorted(files, key=lambda file: file.name)
        ]

    def to(self, address: str, kind: str | None = None) -> list[ReceivedMail]:
        """The mails for an address, of one kind or of all."""
        return [mail for mail in self.all() if mail.to == address and kind in (None, mail.kind)]

    def wait_for(self, address: str, kind: str | None = None, *, number: int = 1, seconds: float = 20) -> ReceivedMail:
        """The newest mail for an address, once there are `number` of them; for tests of running processes."""
        deadline = time.monotonic() + seconds
        while len(found := self.to(address, kind)) < number:
            assert time.monotonic() < deadline, f"no mail {kind or ''} for {address} within {seconds} s"
            time.sleep(LOOK_EVERY_SECONDS)
        return found[-1]
