"""Fixtures of the workers: the run's real Valkey, emptied before each test; a relay and a worker in this process."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from embedded.folder import free_port
from provisioning.actions.services import Services
from provisioning.actions.sso_settings import connect as connect_saml
from provisioning.domain.caller import operator
from provisioning.domain.sso import IdentityProvider
from provisioning.settings import is_loopback
from provisioning.wiring import services_from
from tests.doors.mail import MailFolder
from tests.workers.keys import require_ours
from tests.workers.smtp import Habits, SmtpServer, make_certificate
from workers.jobs.mail import MailDesk
from workers.letters import Writer
from workers.mailer import open_mailer
from workers.main import bound_jobs
from workers.queues import connect, open_queue
from workers.relay import Relay
from workers.worker import Worker, take_over_logs


@pytest.fixture
def valkey(redis_url, request) -> Redis:
    """The run's Valkey, emptied; what a test leaves in it is looked through, unless it is marked `plants_keys`."""
    connection = connect(redis_url)
    connection.flushdb()
    yield connection
    if request.node.get_closest_marker("plants_keys") is None:
        require_ours(connection)
    connection.close()


@pytest.fixture
def queue(valkey):
    return open_queue(valkey)


@pytest.fixture
def relay(services, queue) -> Relay:
    return Relay(services, queue)


@pytest.fixture
def desk(services, settings) -> MailDesk:
    return MailDesk(
        services, Writer(settings.mail_from, settings.public_host), open_mailer(settings.mail_url, is_loopback)
    )


@pytest.fixture
def work(services, settings, valkey) -> Callable[[], None]:
    """Work off what is on the queue, in this process, as `gatelodge worker` does."""
    take_over_logs()

    def run() -> None:
        Worker(valkey, bound_jobs(services, settings), threading.Event()).work(burst=True, logging_level=None)

    return run


@pytest.fixture
def deliver(relay, work) -> Callable[[], None]:
    """Ring for what is due, and work it off."""

    def run() -> None:
        relay.ring()
        work()

    return run


@pytest.fixture
def mails(settings) -> MailFolder:
    return MailFolder(Path(urlsplit(settings.mail_url).path))


@pytest.fixture
def left(sql) -> Callable[[], int]:
    """How many rows of the outbox are still owed."""
    return lambda: sql("select count(*) from outbox where done_at is null")[0][0]


@pytest.fixture
def connected(account, services) -> str:
    """The id of a SAML connection of `account` that is on."""
    provider = IdentityProvider(
        entity_id="https://idp.example/saml",
        sso_url="https://idp.example/saml/sso",
        sso_binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        certificates=("unused here",),
    )
    return connect_saml(operator(account.account.id), provider, {}, services).id


class CapturingServer:
    """An HTTP server that notes what is asked of it."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        noted = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                noted.append(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def capturing_server() -> Iterator[CapturingServer]:
    server = CapturingServer()
    yield server
    server.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    return free_port()


class SmtpServers:
    """Makes SMTP servers; `made` are those of this test."""

    def __init__(self, certificate: Path) -> None:
        self._certificate = certificate
        self.made: list[SmtpServer] = []

    def __call__(self, **habits: object) -> SmtpServer:
        self.made.append(SmtpServer(Habits(**habits), self._certificate))
        return self.made[-1]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> Path:
    """A key and a self-signed certificate for 127.0.0.1."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


@pytest.fixture
def smtp_server(certificate) -> Iterator[SmtpServers]:
    servers = SmtpServers(certificate)
    yield servers
    for server in servers.made:
        server.stop()


@pytest.fixture
def trusted_authority(certificate, monkeypatch) -> None:
    """The machine trusts the certificate of our SMTP servers, as an operator says it: by SSL_CERT_FILE."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def in_real_time(settings) -> Iterator[Services]:
    """Services on the real clock, as other processes have."""
    made = services_from(settings)
    yield made
    made.database.close()
