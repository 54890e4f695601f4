"""The outgoing client against real servers on loopback, tricky addresses, and a name server that changes its mind."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisioning import outgoing
from provisioning.outgoing import Allowed, Outgoing, OutgoingRefused, allowed_by, is_public
from provisioning.settings import Settings

pytestmark = pytest.mark.rule("NET-1")
HERE = Allowed(names=frozenset({"inner.example"}))


class Server:
    """A server on loopback that counts connections and says what it is told to."""

    def __init__(self, answer: bytes, *, context: ssl.SSLContext | None = None, pause: float = 0.0) -> None:
        self.answer, self.pause, self.context = answer, pause, context
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.requests.append(connection.recv(65536))
                for letter in (
                    [self.answer[i : i + 1] for i in range(len(self.answer))] if self.pause else [self.answer]
                ):
                    connection.sendall(letter)
                    time.sleep(self.pause)
            except OSError:
                pass
            finally:
                connection.close()

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def server(request) -> Iterator[Server]:
    made = Server(getattr(request, "param", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
    yield made
    made.close()


def client(address: str = "127.0.0.1", allowed: Allowed = HERE, **options: object) -> Outgoing:
    return Outgoing(allowed, lambda host, port: [address], **options)


TRICKY = [
    # loopback, in every spelling that some library understands
    "https://127.0.0.1/", "https://127.1/", "https://127.0.1/", "https://2130706433/", "https://0x7f000001/",
    "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://localhost/", "https://LOCALHOST/",
    "https://localhost./", "https://127.0.0.1./", "https://127.255.255.254/", "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/", "https://[64:ff9b:1::7f00:1]/", "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    # nowhere and everybody
    "https://0.0.0.0/", "https://0/", "https://[::]/", "https://255.255.255.255/", "https://224.0.0.1/",
    "https://[ff02::1]/",
    # private, shared and link-local
    "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/", "https://198.18.0.1/",
    "https://[fd00::1]/", "https://[fe80::1]/", "https://[fec0::1]/", "https://[::ffff:10.0.0.1]/",
    "https://[2002:0a00:0001::]/", "https://[64:ff9b::192.168.0.1]/",
    # metadata of clouds
    "https://169.254.169.254/latest/meta-data/", "https://[::ffff:169.254.169.254]/", "https://2852039166/",
    "https://[fd00:ec2::254]/", "https://100.100.100.200/", "https://192.0.0.192/", "https://168.63.129.16/",
    # schemes
    "http://93.184.216.34/", "file:///etc/passwd", "gopher://93.184.216.34/", "ftp://93.184.216.34/",
    "//93.184.216.34/",
    "https:/93.184.216.34/", "https:93.184.216.34", "javascript:alert(1)", "unix:///run/docker.sock",
    # two readers of one address
    "https://good.example@127.0.0.1/", "https://user:password@good.example/", "https://good.example\\@127.0.0.1/",
    "https://good.example#@127.0.0.1/", "https://[fe80::1%25eth0]/", "https://good.example%2f@127.0.0.1/",
    "https://good%2eexample/", "https://good.example:0/", "https://good.example:99999/", "https://good.example:x/",
    "https://", "https://:443/", "https://good example/", "https://good.example/\r\nHost: evil", "https://ⓛocalhost/",
    "https://127。0。0。1/", "https://good.example/" + "a" * 2100, "https://[::1/", "https://.../", "https://-/",
]  # fmt: skip


@pytest.mark.parametrize("url", TRICKY)
def test_tricky_addresses_are_refused_before_anything_is_sent(url, monkeypatch) -> None:
    def connect(*_args: object, **_options: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(outgoing.socket, "create_connection", connect)
    # The good name has a public address, so that only what the address itself says can refuse it.
    with pytest.raises(OutgoingRefused):
        Outgoing(
            Allowed(), lambda host, port: ["93.184.216.34"] if host == "good.example" else outgoing.look_up(host, port)
        ).get(url)


def test_there_are_sixty_of_them_and_none_twice() -> None:
    assert len(TRICKY) == len(set(TRICKY)) >= 60


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
)
def test_public_addresses_are_public(address) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_a_name_with_one_inner_address_among_public_ones_is_refused() -> None:
    with pytest.raises(OutgoingRefused, match="inner address"):
        Outgoing(Allowed(), lambda host, port: ["93.184.216.34", "10.0.0.1"]).get("https://mixed.example/")


def test_a_name_server_that_changes_its_mind_is_asked_once(server) -> None:
    answers = iter(["127.0.0.1", "10.9.8.7", "10.9.8.7"])
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return [next(answers)]

    allowed = Allowed(networks=(ipaddress.ip_network("127.0.0.0/8"),), names=frozenset())
    # Plain http to a name in no list is refused; so the name is allowed here, and the address alone decides.
    found = Outgoing(Allowed(frozenset({"flip.example"}), allowed.networks), rebinding).get(
        f"http://flip.example:{server.port}/x"
    )
    assert found == b"hello"
    assert asked == ["flip.example"]
    assert b"Host: flip.example" in server.requests[0]


def test_the_checked_address_is_the_one_connected_to(server, monkeypatch) -> None:
    connected = []
    real = socket.create_connection
    monkeypatch.setattr(
        outgoing.socket,
        "create_connection",
        lambda address, timeout: connected.append(address) or real(address, timeout),
    )
    assert client().get(f"http://inner.example:{server.port}/") == b"hello"
    assert connected == [("127.0.0.1", server.port)]


def test_listed_names_and_networks_may_be_inner_and_others_stay_refused(server) -> None:
    settings = Settings("", "", "", "https://id.example", "", outgoing_allow="idp.inner, 127.0.0.0/8")
    allowed = allowed_by(settings)
    assert not allowed.loopback
    assert client(allowed=allowed).get(f"http://idp.inner:{server.port}/") == b"hello"
    assert client(allowed=allowed).get(f"http://127.0.0.1:{server.port}/") == b"hello"
    with pytest.raises(OutgoingRefused, match="https"):
        client(allowed=allowed).get(f"http://other.inner:{server.port}/")
    with pytest.raises(OutgoingRefused, match="inner"):
        client("10.0.0.1", allowed=allowed).get("https://other.inner/")


def test_plain_http_to_loopback_only_where_we_are_there_ourselves(server) -> None:
    ours = allowed_by(Settings("", "", "", "http://127.0.0.1:8080", ""))
    assert client(allowed=ours).get(f"http://localhost:{server.port}/") == b"hello"
    with pytest.raises(OutgoingRefused):
        client(allowed=allowed_by(Settings("", "", "", "https://id.example", ""))).get(
            f"http://localhost:{server.port}/"
        )
    with pytest.raises(OutgoingRefused):
        client(allowed=ours).get(f"http://name-of-loopback.example:{server.port}/")


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", "redirect"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n" + b"x" * 1048577, "1 MiB"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "compressed"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "did not answer"),
        (b"", "did not answer"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "did not answer"),
    ],
    indirect=["server"],
)
def test_answers_that_are_not_taken(server, sentence) -> None:
    with pytest.raises(OutgoingRefused, match=sentence):
        client().get(f"http://inner.example:{server.port}/")


def test_an_answer_of_exactly_one_mebibyte_is_taken() -> None:
    body = b"x" * 1048576
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n" + body)
    assert client().get(f"http://inner.example:{server.port}/") == body
    server.close()


def test_a_slow_answer_ends_in_time(monkeypatch) -> None:
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.5)
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, pause=0.05)
    began = time.monotonic()
    with pytest.raises(OutgoingRefused, match="took too long"):
        client().get(f"http://inner.example:{server.port}/")
    assert time.monotonic() - began < 3
    server.close()


def test_a_slow_name_server_ends_in_time(monkeypatch) -> None:
    monkeypatch.setattr(outgoing, "CONNECT_SECONDS", 0.2)
    released = threading.Event()
    slow = Outgoing(HERE, lambda host, port: ["127.0.0.1"] * released.wait(5))
    with pytest.raises(OutgoingRefused, match="no address"):
        slow.get("https://inner.example/")
    released.set()


def test_nobody_there_is_said(monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(OutgoingRefused, match="cannot be reached"):
        client().get(f"http://inner.example:{port}/")


def certificate(name: str) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM), secret


@pytest.fixture
def tls_server(tmp_path) -> Iterator[tuple[Server, ssl.SSLContext]]:
    """A server with a certificate for inner.example, and a context that trusts it."""
    public, secret = certificate("inner.example")
    (tmp_path / "pem").write_bytes(secret + public)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", context=context)
    yield server, ssl.create_default_context(cadata=public.decode())
    server.close()


def test_https_checks_the_certificate_for_the_name_though_it_connects_to_an_address(tls_server) -> None:
    server, trusting = tls_server
    assert client(context=trusting).get(f"https://inner.example:{server.port}/a?b=c") == b"hello"
    assert server.requests[0].startswith(b"GET /a?b=c HTTP/1.1\r\nHost: inner.example:")
    with pytest.raises(OutgoingRefused, match="certificate"):
        client(allowed=Allowed(frozenset({"other.example"})), context=trusting).get(
            f"https://other.example:{server.port}/"
        )


def test_https_refuses_a_certificate_of_nobody_known(tls_server) -> None:
    server, _ = tls_server
    with pytest.raises(OutgoingRefused, match="certificate"):
        client().get(f"https://inner.example:{server.port}/")


def test_no_proxy_of_the_environment_is_used(server, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert client().get(f"http://inner.example:{server.port}/") == b"hello"


def test_a_kept_open_connection_of_the_server_does_not_make_us_wait() -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    began = time.monotonic()
    assert client().get(f"http://inner.example:{web.server_address[1]}/") == b"ok"
    assert time.monotonic() - began < 2
    web.shutdown()
    web.server_close()
