"""The one HTTP client for what we ask of others: identity providers' metadata, and webhooks that we tell (NET-1).

An address comes from an administrator or from a document, so it may point inwards: at the database, at the cloud's
metadata service, at ourselves. Therefore: https only, one look-up of the name, every address it has must be public, the
connection goes to the very address that was checked (a second look-up could answer otherwise), the certificate is
checked for the name, redirects are not followed, and time and size end. Operators name exceptions in
GATELODGE_OUTGOING_ALLOW; where we ourselves are reached by plain http on loopback, so may what we fetch.
"""

import http.client
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from provisioning.domain.webhooks import LONGEST_EXCERPT, Answer
from provisioning.settings import LOOPBACK_NAMES, Settings

CONNECT_SECONDS = 5.0
WHOLE_SECONDS = 10.0
MOST_BYTES = 1024 * 1024
LONGEST_URL = 2048
PORTS = {"https": 443, "http": 80}
REDIRECTS = frozenset({301, 302, 303, 307, 308})
OWN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "Gatelodge", "Connection": "close"}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
T = TypeVar("T")

HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?")
# What Python's registry of addresses calls global and is not, or is public only by its number (Azure's host).
INNER_NETWORKS: tuple[Network, ...] = (
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocol assignments, a cloud's metadata among them (RFC 6890)
    ipaddress.IPv4Network("168.63.129.16/32"),
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible (RFC 4291 section 2.5.5.1)
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # a network's own NAT64 (RFC 8215)
    ipaddress.IPv6Network("fec0::/10"),  # site-local (RFC 3879)
    ipaddress.IPv6Network("2001::/23"),  # Teredo and other protocol assignments
    ipaddress.IPv6Network("5f00::/16"),  # segment routing (RFC 9602)
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
LAST_32_BITS = 0xFFFFFFFF


class OutgoingRefused(Exception):
    """An address that may not be reached, or an answer that is not taken; the text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is allowed beyond public addresses by https.

    Attributes:
        names: host names, in lower case.
        networks: addresses.
        loopback: whether plain http to loopback is.
    """

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was taken apart and may be asked for."""

    host: str
    port: int
    path: str
    is_https: bool


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of an address."""

    method: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


def allowed_by(settings: Settings) -> Allowed:
    """Return what the configuration allows: names and networks in GATELODGE_OUTGOING_ALLOW, and loopback (NET-1)."""
    names, networks = set(), []
    for word in filter(None, (part.strip().lower() for part in settings.outgoing_allow.split(","))):
        try:
            networks.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            names.add(word)
    loopback = settings.is_loopback and not settings.is_https
    return Allowed(frozenset(names), tuple(networks), loopback)


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a name by the system's resolver.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Outgoing:
    """The client.

    Args:
        allowed: exceptions.
        resolve: (host, port) -> addresses; asked once for each request.
        context: how TLS is checked; preset by the machine's authorities.
    """

    def __init__(self, allowed: Allowed, resolve: Resolve = look_up, context: ssl.SSLContext | None = None) -> None:
        self._allowed = allowed
        self._resolve = resolve
        self._context = context

    def may_name(self, url: str) -> bool:
        """Return whether an address is one that people or we may be sent to: https, or plain http where allowed."""
        try:
            self.target(url)
        except OutgoingRefused:
            return False
        return True

    def refusal(self, url: str) -> str | None:
        """Return why an address is none that we would send to, None where it may be; its name is not looked up."""
        try:
            target = self.target(url)
        except OutgoingRefused as refused:
            return str(refused)
        literal = _literal(target.host)
        if literal is not None and not self._may_reach(target, literal):
            return "The address is an inner one, which is not sent to."
        return None

    def get(self, url: str) -> bytes:
        """Return the body behind an address.

        Args:
            url: `https://host/path`, at most 2,048 characters.

        Raises:
            OutgoingRefused: the address, what is behind its name, or the answer is not taken.
        """
        return self._ask(url, Request("GET"), _body)

    def tell(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """Post a body and return what was answered; an address that is not reached or refused is an answer too."""
        try:
            return self._ask(url, Request("POST", headers, body.encode()), _answer)
        except OutgoingRefused as refused:
            return Answer(None, fault=str(refused))

    def _ask(self, url: str, request: Request, read: Callable[[http.client.HTTPResponse], T]) -> T:
        """Ask an address and read its answer within 10 s in all, whatever it sends."""
        deadline = time.monotonic() + WHOLE_SECONDS
        target = self.target(url)
        addresses = self._checked_addresses(target)
        connection = self._connect(target, addresses, deadline)
        cutter = connection.dup()
        cut = threading.Timer(max(deadline - time.monotonic(), 0), _cut, [cutter])
        cut.daemon = True
        cut.start()
        try:
            return self._exchange(target, connection, request, read)
        except (OSError, ValueError, http.client.HTTPException) as fault:
            late = time.monotonic() >= deadline
            raise OutgoingRefused(_said("took too long" if late else "did not answer as it should", fault)) from fault
        finally:
            cut.cancel()
            cut.join()
            cutter.close()
            connection.close()

    def target(self, url: str) -> Target:
        """Take an address apart.

        Raises:
            OutgoingRefused: its form is none that we ask for.
        """
        parts = _split(url)
        host, is_https = (parts.hostname or "").lower(), parts.scheme == "https"
        literal = _literal(host)
        if literal is None and not HOST.fullmatch(host):
            raise OutgoingRefused("The address names no host.")
        if not is_https and not self._may_be_plain(host, literal):
            raise OutgoingRefused("Only https addresses are fetched.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(host, parts.port or PORTS[parts.scheme], path, is_https)

    def _may_be_plain(self, host: str, literal: Address | None) -> bool:
        on_loopback = host in LOOPBACK_NAMES or (literal is not None and literal.is_loopback)
        in_network = literal is not None and any(literal in network for network in self._allowed.networks)
        return host in self._allowed.names or in_network or (self._allowed.loopback and on_loopback)

    def _checked_addresses(self, target: Target) -> list[Address]:
        """Look the name up once; every address that it has must be allowed, or somebody else chooses which we take."""
        try:
            found = [ipaddress.ip_address(text.partition("%")[0]) for text in self._look_up(target)]
        except (OSError, UnicodeError, ValueError) as fault:
            raise OutgoingRefused(_said(f"The host {target.host} has no address", fault)) from fault
        if not found:
            raise OutgoingRefused(f"The host {target.host} has no address.")
        for address in found:
            if not self._may_reach(target, address):
                raise OutgoingRefused(f"The host {target.host} is at an inner address, which is not fetched from.")
        return found

    def _look_up(self, target: Target) -> Sequence[str]:
        """Ask the resolver in a thread of its own, as it knows no time limit."""
        answered: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answered.put(self._resolve(target.host, target.port))
            except Exception as fault:
                answered.put(fault)

        threading.Thread(target=ask, daemon=True).start()
        try:
            found = answered.get(timeout=CONNECT_SECONDS)
        except queue.Empty:
            raise OSError("the name server took too long") from None
        if isinstance(found, Exception):
            raise found
        return found

    def _may_reach(self, target: Target, address: Address) -> bool:
        if target.host in self._allowed.names or any(address in network for network in self._allowed.networks):
            return True
        if self._allowed.loopback and target.host in LOOPBACK_NAMES | {str(address)} and address.is_loopback:
            return True
        return is_public(address)

    def _connect(self, target: Target, addresses: Sequence[Address], deadline: float) -> socket.socket:
        """Connect to the first of the checked addresses that answers, all within 5 s."""
        until = min(time.monotonic() + CONNECT_SECONDS, deadline)
        fault: OSError = OSError("no address")
        for address in addresses:
            seconds = until - time.monotonic()
            if seconds <= 0:
                break
            try:
                return socket.create_connection((str(address), target.port), timeout=seconds)
            except OSError as refused:
                fault = refused
        raise OutgoingRefused(_said(f"The host {target.host} cannot be reached", fault)) from fault

    def _exchange(
        self,
        target: Target,
        connection: socket.socket,
        request: Request,
        read: Callable[[http.client.HTTPResponse], T],
    ) -> T:
        connection.settimeout(WHOLE_SECONDS)
        kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
        if target.is_https:
            kind = http.client.HTTPSConnection
            context = self._context or ssl.create_default_context()
            connection = context.wrap_socket(connection, server_hostname=target.host.rstrip("."))
        client = kind(target.host, target.port)
        client.sock = connection
        try:
            client.request(request.method, target.path, request.body, {**request.headers, **OWN_HEADERS})
            return read(client.getresponse())
        finally:
            client.close()


def is_public(address: Address) -> bool:
    """Return whether an address is public; one that carries an IPv4 address is judged by that (NET-1)."""
    inside = _inside(address)
    if inside is not None:
        return is_public(inside)
    if any(address in network for network in INNER_NETWORKS if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one carries (mapped, 6to4, NAT64), None where it carries none."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & LAST_32_BITS)
    return address.ipv4_mapped or address.sixtofour


def _split(url: str) -> SplitResult:
    """Return the parts of an address, refused where two readers of URLs could read it differently."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(" #\\<>\"'`{}|^"):
        raise OutgoingRefused("The address is too long or holds characters that no address has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise OutgoingRefused("The address cannot be read.") from fault
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise OutgoingRefused("Only https addresses with a host are fetched.")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc or "%" in parts.netloc:
        raise OutgoingRefused("The address holds a user name or an escaped host.")
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _body(answer: http.client.HTTPResponse) -> bytes:
    """Return the body of an answer that is a plain 200 of at most 1 MiB."""
    if answer.status in REDIRECTS:
        raise OutgoingRefused("The address answers with a redirect, which is not followed. Give the final address.")
    if answer.status != 200:
        raise OutgoingRefused(f"The address answers with status {answer.status}.")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise OutgoingRefused("The address answers in a compressed form.")
    body = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise OutgoingRefused("The answer is larger than 1 MiB.")
    return body


def _answer(answer: http.client.HTTPResponse) -> Answer:
    """Return the status of an answer and the beginning of its body, which nobody has to send."""
    data = b""
    with suppress(OSError, ValueError, http.client.HTTPException):
        data = answer.read(LONGEST_EXCERPT)
    excerpt = "".join(each if each.isprintable() else " " for each in data.decode("utf-8", "replace"))
    fault = "The address answers with a redirect, which is not followed." if answer.status in REDIRECTS else None
    return Answer(answer.status, excerpt, fault)


def _cut(connection: socket.socket) -> None:
    """End a connection whose time is over, whatever it waits for."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _said(what: str, fault: Exception) -> str:
    """Return a sentence on a fault; the words of a certificate's fault help, those of others may quote the answer."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"The certificate is not accepted: {fault.verify_message}."
    head = what if what.startswith("The ") else f"The address {what}"
    return f"{head} ({type(fault).__name__})."
