"""A real SMTP server (aiosmtpd) on loopback that answers as a test wants, with or without TLS."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from embedded.folder import free_port


@dataclass(frozen=True)
class Habits:
    """How a server behaves.

    Attributes:
        starttls, implicit: TLS when asked, or from the first byte.
        login: the one user and password; None asks for none.
        answers: stage (rcpt, data) -> the line it answers with.
        refused_recipients: whom the answer of the stage rcpt is for; () means everybody.
    """

    starttls: bool = False
    implicit: bool = False
    login: tuple[str, str] | None = None
    answers: dict[str, str] = field(default_factory=dict)
    refused_recipients: Sequence[str] = ()
    utf8: bool = True


class SmtpServer:
    """One server; `taken` is what it accepted, `logins` who tried."""

    host = "127.0.0.1"

    def __init__(self, habits: Habits, certificate: Path) -> None:
        self._habits = habits
        self.taken: list[dict[str, Any]] = []
        self.logins: list[tuple[str, bool]] = []
        self.connections = 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options: dict[str, Any] = {"enable_SMTPUTF8": habits.utf8}
        if habits.starttls:
            options |= {"tls_context": context, "require_starttls": True}
        if habits.implicit:
            options |= {"ssl_context": context}
        if habits.login:
            options |= {"authenticator": self._authenticate, "auth_required": True}
        self.port = free_port()
        self._controller = Controller(self, hostname=self.host, port=self.port, **options)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    def _authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login.decode(), data.password.decode()) == self._habits.login
        self.logins.append((data.login.decode(), session.ssl is not None))
        return AuthResult(success=good, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name.
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if session.ssl is None or self._habits.implicit:
            self.connections += 1
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        refused = self._habits.refused_recipients
        if "rcpt" in self._habits.answers and (not refused or address in refused):
            return self._habits.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "data" in self._habits.answers:
            return self._habits.answers["data"]
        self.taken.append(
            {
                "sender": envelope.mail_from,
                "recipients": envelope.rcpt_tos,
                "content": envelope.content,
                "tls": session.ssl is not None,
            }
        )
        return "250 OK"


def make_certificate(path: Path) -> Path:
    """Write a key and a self-signed certificate for 127.0.0.1 into one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
