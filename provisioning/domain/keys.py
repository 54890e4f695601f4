"""API: the shapes of keys and tokens, and whether one is good now (API-1, API-2, KEY-1, KEY-4).

A credential is `<prefix>_<id>` with a random secret and a checksum: scanners recognise it by its prefix, a mistyped
one is refused without a database, and only the hash of the secret is stored.
"""

import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from provisioning.domain.roles_legacy import Role

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUM_LENGTH = 6
RANDOM_BYTES = 32
RANDOM_LENGTH = 43
LIFETIME = timedelta(days=365)
USED_EVERY = timedelta(seconds=60)
ACCOUNT_KEY = "glk"
ACCOUNT_SECRET = "gls"  # noqa: S105 - a prefix.
SCIM_TOKEN = "gst"  # noqa: S105 - a prefix.


@dataclass(frozen=True, slots=True)
class AccountKey:
    """A Provisioning API key as shown in lists; never its secret."""

    account_id: str
    id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ScimToken:
    """A SCIM token as shown in lists; never its secret."""

    account_id: str
    id: str
    connection_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


def base62(data: bytes, length: int) -> str:
    """Return bytes as a base62 text of a fixed length."""
    number = int.from_bytes(data, "big")
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(BASE62[digit])
    return "".join(reversed(digits))


def checksum(text: str) -> str:
    """Return the checksum that ends every secret: CRC-32 in base62."""
    return base62(binascii.crc32(text.encode()).to_bytes(4, "big"), CHECKSUM_LENGTH)


def with_checksum(text: str) -> str:
    """Return `<text>_<checksum>`."""
    return f"{text}_{checksum(text)}"


def has_checksum(text: str) -> bool:
    """Return whether a credential ends in its own checksum."""
    body, _, end = text.rpartition("_")
    return text.isascii() and bool(body) and hmac.compare_digest(end, checksum(body))


def secret_hash(secret: str) -> str:
    """Return what is stored of a secret: its SHA-256 in hexadecimal (256 random bits need no slow hash)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same_hash(left: str, right: str) -> bool:
    """Compare two stored hashes in constant time (KEY-1)."""
    return hmac.compare_digest(left, right)


def is_usable(now: datetime, expires_at: datetime, revoked_at: datetime | None) -> bool:
    """Return whether a key or token is good at `now`: not revoked, not expired (KEY-4)."""
    return revoked_at is None and now < expires_at
