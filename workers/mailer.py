"""Where mail goes: a Maildir or an SMTP server, by the one setting MAIL_URL (NET-3, INV-3).

    maildir:/folder                     one file a mail, named after the outbox row, so a repeat is no second file
    smtp://user:password@host:587       STARTTLS, required; on loopback not asked for
    smtps://user:password@host:465      TLS from the first byte
    ?tls=required  ?tls=none            says for smtp:// which of the two, whatever the host

Certificates are checked against the machine's authorities; the environment's `SSL_CERT_FILE` names others.
"""

import os
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from workers.jobs.owed import PaymentFault

SMTP_SECONDS = 10.0
PORTS = {"smtp": 587, "smtps": 465}
TLS_CHOICES = ("required", "none")
SUBFOLDERS = ("tmp", "new", "cur")


class MailUrlError(ValueError):
    """MAIL_URL cannot be used; the text says how to mend it and holds nothing of the URL."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, complete.

    Attributes:
        name: unique to the debt and the same for each repeat; letters, digits and `-`.
        sender, recipient: for the envelope.
        content: headers and text as they go over the wire, lines ended by CR LF.
    """

    name: str
    sender: str
    recipient: str
    content: bytes


class Post(Protocol):
    """An open way for mails: one for all mails of a job."""

    def send(self, mail: Mail) -> None:
        """Hand a mail over; PaymentFault where it was not taken."""


class Mailer(Protocol):
    """A place where mail goes."""

    def open(self) -> AbstractContextManager[Post]:
        """Open the way for the mails of one job; nothing is connected before the first mail."""

    def check(self) -> None:
        """Try the way without a mail; PaymentFault where none could be handed over."""


@dataclass(frozen=True, slots=True)
class MaildirMailer:
    """A Maildir: each mail is one file in `new/`, whole or not there (maildir(5))."""

    folder: Path

    @contextmanager
    def open(self) -> Iterator[Post]:
        """Open the folder, made where it is missing."""
        self.check()
        yield self

    def check(self) -> None:
        """Make the folder where it is missing; PaymentFault where it cannot be written to."""
        try:
            for name in SUBFOLDERS:
                (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise PaymentFault("maildir_not_writable") from fault

    def send(self, mail: Mail) -> None:
        """Write the file under a draft's name and link it into `new/`: of two that try, one makes the file (INV-3)."""
        name = f"{mail.name}.gatelodge"
        # A reader that has seen a mail moves it to cur/ and adds flags to its name.
        if any(file.startswith(name) for file in os.listdir(self.folder / "cur")):
            return
        draft = self.folder / "tmp" / f"{name}.{os.getpid()}"
        lines = mail.content.replace(b"\r\n", b"\n")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, self.folder / "new" / name)
            draft.unlink()
            self._keep_entry()
        except OSError as fault:
            raise PaymentFault("maildir_not_writable") from fault

    def _keep_entry(self) -> None:
        """Bring the new entry of the folder to the disk: without that a crash of the machine could lose the file."""
        descriptor = os.open(self.folder / "new", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """An SMTP server (RFC 5321).

    Attributes:
        tls: `implicit`, `starttls` or `none`.
        user, password: '' where the server asks for none.
    """

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)

    @contextmanager
    def open(self) -> Iterator[Post]:
        """Open a post that connects at its first mail and says goodbye at the end."""
        post = SmtpPost(self)
        try:
            yield post
        finally:
            post.close()

    def check(self) -> None:
        """Connect, with TLS and login as for a mail; PaymentFault with the kind of what failed."""
        self.connect("localhost").quit()

    def connect(self, our_name: str) -> smtplib.SMTP:
        """Return a connection that mails can be sent on.

        Args:
            our_name: for EHLO; given, as looking our own name up may take a name server's time.

        Raises:
            PaymentFault: never permanent, as the next attempt may meet a server that was mended.
        """
        try:
            return self._connected(our_name)
        except (smtplib.SMTPException, OSError) as fault:
            raise PaymentFault(CONNECT_WORDS.get(type(fault)) or word_of_smtp(fault)) from fault

    def _connected(self, our_name: str) -> smtplib.SMTP:
        connection: smtplib.SMTP
        if self.tls == "implicit":
            connection = smtplib.SMTP_SSL(
                self.host, self.port, our_name, timeout=SMTP_SECONDS, context=ssl.create_default_context()
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, our_name, timeout=SMTP_SECONDS)
        try:
            if self.tls == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user:
                connection.login(self.user, self.password)
        except BaseException:
            connection.close()
            raise
        return connection


class SmtpPost:
    """One connection for the mails of a job; after a fault the next mail gets a new one."""

    def __init__(self, mailer: SmtpMailer) -> None:
        self._mailer = mailer
        self._connection: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> None:
        """Hand a mail to the server; PaymentFault with its code where it was not accepted."""
        if self._connection is None:
            self._connection = self._mailer.connect(mail.sender.rpartition("@")[2])
        # RFC 6531: only a local part beyond ASCII needs the extension.
        options = () if mail.recipient.isascii() else ("SMTPUTF8",)
        try:
            self._connection.sendmail(mail.sender, [mail.recipient], mail.content, options)
        except (smtplib.SMTPException, OSError) as fault:
            self._connection.close()
            self._connection = None
            raise PaymentFault(word_of_smtp(fault), permanent=_is_refused_for_good(fault)) from fault

    def close(self) -> None:
        """Say goodbye, where there is somebody to say it to."""
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()
            self._connection = None


CONNECT_WORDS: dict[type[Exception], str] = {
    smtplib.SMTPNotSupportedError: "smtp_without_tls_or_login",
    ssl.SSLCertVerificationError: "smtp_certificate_not_trusted",
}


def word_of_smtp(fault: Exception) -> str:
    """Return the kind of a fault of SMTP: its code where the server gave one; never its text."""
    code = _code_of(fault)
    return f"smtp_{code}" if code is not None else f"smtp_{type(fault).__name__}"


def _code_of(fault: Exception) -> int | None:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return next(int(code) for code, _ in fault.recipients.values())
    return int(fault.smtp_code) if isinstance(fault, smtplib.SMTPResponseException) else None


def _is_refused_for_good(fault: Exception) -> bool:
    return isinstance(fault, smtplib.SMTPNotSupportedError) or (_code_of(fault) or 0) // 100 == 5


def open_mailer(url: str, is_loopback: Callable[[str], bool]) -> Mailer:
    """Return the mailer that MAIL_URL names.

    Args:
        url: as described at the top of this module.
        is_loopback: whether a host is this machine.

    Raises:
        MailUrlError: no such kind of URL, or a password would travel in clear (NET-3).
    """
    try:
        parts = urlsplit(url)
        makers = {"maildir": _maildir, "smtp": _smtp, "smtps": _smtp}
        if parts.scheme not in makers:
            raise MailUrlError("MAIL_URL begins with maildir:/, smtp:// or smtps://.")
        return makers[parts.scheme](parts, is_loopback)
    except MailUrlError:
        raise
    except ValueError:
        raise MailUrlError("MAIL_URL is malformed.") from None


def _maildir(parts: SplitResult, _: Callable[[str], bool]) -> Mailer:
    if parts.netloc or not parts.path.startswith("/"):
        raise MailUrlError("MAIL_URL names a Maildir by its absolute path: maildir:/var/mail/gatelodge.")
    return MaildirMailer(Path(unquote(parts.path)))


def _smtp(parts: SplitResult, is_loopback: Callable[[str], bool]) -> Mailer:
    if not parts.hostname or parts.path.strip("/"):
        raise MailUrlError("MAIL_URL names a server and no path: smtp://user:password@host:587.")
    is_local = is_loopback(parts.hostname)
    tls = _tls_of(parts, is_local)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if user and tls == "none" and not is_local:
        raise MailUrlError("MAIL_URL has a password and tls=none: it would travel in clear. Use TLS, or no password.")
    return SmtpMailer(parts.hostname, parts.port or PORTS[parts.scheme], tls, user, password)


def _tls_of(parts: SplitResult, is_local: bool) -> str:
    if parts.scheme == "smtps":
        return "implicit"
    chosen = parse_qs(parts.query, strict_parsing=bool(parts.query)).get("tls", ["none" if is_local else "required"])[
        -1
    ]
    if chosen not in TLS_CHOICES:
        raise MailUrlError("MAIL_URL takes ?tls=required or ?tls=none.")
    return "starttls" if chosen == "required" else "none"
