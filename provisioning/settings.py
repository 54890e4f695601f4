"""Configuration, read once from the environment into one frozen value; unsafe combinations do not start (OPS-1).

Each field's text below is its manual: `docs/configuration.md` is generated from it, and a test fails when they differ.
"""

import base64
import binascii
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
KEY_BYTES = 32
EXAMPLE_KEYS = frozenset({b"\0" * KEY_BYTES, b"changeme" * 4})


class SettingsError(Exception):
    """The configuration cannot be used; the text says which variable and how to mend it."""


def setting(variable: str, text: str, default: object = None, *, required: bool = False) -> object:
    """Return a dataclass field that is read from an environment variable, with its manual."""
    metadata = {"variable": variable, "text": text, "required": required}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is configured."""

    database_url: str = setting(  # type: ignore[assignment]
        "DATABASE_URL",
        "PostgreSQL as the service's role, `postgresql://role:password@host:port/database`.",
        required=True,
    )
    redis_url: str = setting(  # type: ignore[assignment]
        "REDIS_URL",
        "Redis or Valkey, `redis://:password@host:port/0`. It only rings the bell for jobs; its loss loses no promise.",
        required=True,
    )
    mail_url: str = setting(  # type: ignore[assignment]
        "MAIL_URL",
        "Where mail goes: `maildir:/folder`, `smtp://user:password@host:587` or `smtps://…:465`. TLS is required but "
        "on loopback; `?tls=none` switches it off for a mail catcher.",
        required=True,
    )
    public_url: str = setting(  # type: ignore[assignment]
        "GATELODGE_PUBLIC_URL",
        "The address by which people and identity providers reach the service, without a path: "
        "`https://id.example.com`. All links and SAML addresses are made from it. Plain http is for loopback only.",
        required=True,
    )
    secret_key: str = setting(  # type: ignore[assignment]
        "GATELODGE_SECRET_KEY",
        "Keys for secrets at rest, newest first: `2:<base64 of 32 bytes>,1:<base64 of 32 bytes>`. The first encrypts, "
        "all decrypt. Make one with `openssl rand -base64 32`.",
        required=True,
    )
    migrate_url: str | None = setting(  # type: ignore[assignment]
        "GATELODGE_MIGRATE_URL",
        "PostgreSQL as the role that owns the schema, for `gatelodge migrate` alone. Without it DATABASE_URL counts.",
    )
    metrics_address: str | None = setting(  # type: ignore[assignment]
        "GATELODGE_METRICS_ADDRESS",
        "Address and port of `/metrics`, `127.0.0.1:9090`. Without it there are no metrics.",
    )
    mail_from: str = setting(  # type: ignore[assignment]
        "GATELODGE_MAIL_FROM", "Sender of all mails.", "Gatelodge <no-reply@localhost>"
    )
    server: str = setting(  # type: ignore[assignment]
        "GATELODGE_SERVER", "The web server: `gunicorn` or `granian`.", "gunicorn"
    )
    web_workers: int = setting(  # type: ignore[assignment]
        "GATELODGE_WEB_WORKERS", "Number of web processes.", 2
    )
    web_threads: int = setting(  # type: ignore[assignment]
        "GATELODGE_WEB_THREADS", "Number of threads in each web process.", 8
    )
    prepared_statements: bool = setting(  # type: ignore[assignment]
        "GATELODGE_PREPARED_STATEMENTS",
        "`false` behind pgbouncer in transaction mode, which cannot keep prepared statements.",
        True,
    )
    trusted_proxies: int = setting(  # type: ignore[assignment]
        "GATELODGE_TRUSTED_PROXIES",
        "Number of proxies in front whose `X-Forwarded-For` is believed for the caller's address. Links never use it.",
        0,
    )
    password_hash_memory: int = setting(  # type: ignore[assignment]
        "GATELODGE_PASSWORD_HASH_MEMORY", "Memory of one Argon2id hash in KiB.", 65536
    )
    request_rate: int = setting(  # type: ignore[assignment]
        "GATELODGE_REQUEST_RATE",
        "Most requests a second of one key or token; an account's together may make four times as many.",
        300,
    )
    request_burst: int = setting(  # type: ignore[assignment]
        "GATELODGE_REQUEST_BURST", "Requests that one key or token may make at once after a rest.", 3000
    )
    saml_rate: int = setting(  # type: ignore[assignment]
        "GATELODGE_SAML_RATE", "Most SAML logins a minute from one address to one connection.", 1200
    )
    outgoing_allow: str = setting(  # type: ignore[assignment]
        "GATELODGE_OUTGOING_ALLOW",
        "Inner hosts that outgoing requests (metadata) may reach, by name or network, separated by commas.",
        "",
    )
    log_people: bool = setting(  # type: ignore[assignment]
        "GATELODGE_LOG_PEOPLE",
        "`false` hides names, email addresses and network addresses in the logs.",
        True,
    )
    debug: bool = setting(  # type: ignore[assignment]
        "GATELODGE_DEBUG", "`true` shows errors in full; refused unless the public address is on loopback.", False
    )

    @property
    def is_https(self) -> bool:
        """Whether people reach the service by https; cookies then carry `__Host-` and Secure."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """Host name of the public address."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the public address is on loopback."""
        return is_loopback(self.public_host)

    def encryption_keys(self) -> dict[str, bytes]:
        """Return the keys for secrets at rest, version -> 32 bytes, newest first."""
        return parse_keys(self.secret_key)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is on this machine only."""
    if host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def parse_keys(text: str) -> dict[str, bytes]:
    """Return versioned keys; refuse what is missing, short, an example, or of no version (OPS-1).

    Raises:
        SettingsError: with the sentence.
    """
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        version, colon, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not colon or not version.isdigit() or len(key) != KEY_BYTES:
            raise SettingsError("GATELODGE_SECRET_KEY holds '<number>:<base64 of 32 bytes>', separated by commas.")
        if key in EXAMPLE_KEYS or len(set(key)) < KEY_BYTES // 4:
            raise SettingsError("GATELODGE_SECRET_KEY is an example or too regular; make one of random bytes.")
        keys[version] = key
    return keys


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
    except KeyError:
        raise ValueError("is true or false") from None


READERS: dict[object, Callable[[str], object]] = {bool: _boolean, int: int}


def load(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment.

    Args:
        environment: such as `os.environ`.

    Raises:
        SettingsError: a variable is missing, malformed, or the combination is unsafe (OPS-1).
    """
    values: dict[str, object] = {}
    for each in fields(Settings):
        text = environment.get(each.metadata["variable"], "").strip()
        if not text:
            if each.metadata["required"]:
                raise SettingsError(f"{each.metadata['variable']} is not set. {each.metadata['text']}")
            continue
        try:
            values[each.name] = READERS.get(each.type, str)(text)
        except ValueError as fault:
            raise SettingsError(f"{each.metadata['variable']} {fault}: {text!r}") from fault
    return checked(Settings(**values))  # type: ignore[arg-type]


def checked(settings: Settings) -> Settings:
    """Return the settings; refuse unsafe combinations (OPS-1)."""
    parts = urlsplit(settings.public_url)
    faults = (
        (not settings.database_url.startswith("postgresql://"), "DATABASE_URL begins with postgresql://."),
        (not settings.redis_url.startswith(("redis://", "rediss://")), "REDIS_URL begins with redis:// or rediss://."),
        (parts.scheme not in ("http", "https") or not parts.hostname, "GATELODGE_PUBLIC_URL begins with https://."),
        (bool(parts.path.strip("/") or parts.query or parts.fragment), "GATELODGE_PUBLIC_URL has no path."),
        (parts.scheme == "http" and not settings.is_loopback, "Plain http is taken on loopback only; use https."),
        (settings.debug and not settings.is_loopback, "GATELODGE_DEBUG cannot be on with a public address."),
        (settings.server not in ("gunicorn", "granian"), "GATELODGE_SERVER is gunicorn or granian."),
        (settings.request_rate < 1 or settings.request_burst < 1, "GATELODGE_REQUEST_RATE and _BURST are 1 or more."),
        (settings.web_workers < 1 or settings.web_threads < 1, "The web needs at least one process and one thread."),
    )
    for holds, sentence in faults:
        if holds:
            raise SettingsError(sentence)
    parse_keys(settings.secret_key)
    return settings
