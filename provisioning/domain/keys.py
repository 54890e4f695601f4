"""API: the shapes of keys and tokens, and whether one is good now (API-1, API-2, KEY-1, KEY-4).

A credential is `<prefix>_<id>` with a random secret and a checksum: scanners recognise it by its prefix, a mistyped
one is refused without a database, and only the hash of the secret is stored.
"""

import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from provisioning.domain.address_ranges import checked_ranges
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import HOLDERS, Role, grantable_by
from provisioning.domain.users import User

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUM_LENGTH = 6
RANDOM_BYTES = 32
RANDOM_LENGTH = 43
LIFETIME = timedelta(days=365)
SHORTEST_LIFETIME = timedelta(minutes=1)
LONGEST_LIFETIME = timedelta(days=5 * 365)
LONGEST_OVERLAP = timedelta(days=30)
OVERLAP_SECONDS = 24 * 3600
# Before the end of a key or token somebody is told this many days ahead, once each.
WARNED_BEFORE = (30, 7, 1)
USED_EVERY = timedelta(seconds=60)
ACCOUNT_KEY = "glk"
ACCOUNT_SECRET = "gls"  # noqa: S105 - a prefix.
SCIM_TOKEN = "gst"  # noqa: S105 - a prefix.


class Review(StrEnum):
    """Why somebody has to keep or end a key or token: what became of the person who answers for it (KEY-3)."""

    MAKER_DELETED = "maker_deleted"
    MAKER_DISABLED = "maker_disabled"
    MAKER_LOST_PERMISSION = "maker_lost_permission"


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a new key or token lives, and from where it may be used; no ranges means from everywhere (KEY-4)."""

    lifetime: timedelta = LIFETIME
    address_ranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What keys and tokens have in common, as shown in lists; never the secret.

    Attributes:
        made_by: id of the user or key that made it; `operator` for the shell.
        answerable: id of the user who answers for it: the maker, or who kept it when the maker was gone (KEY-3).
        address_ranges: where it may be used from; none means everywhere.
        disabled_at, revoked_at: since when it is refused: until it is switched on again, and for ever.
        replaced_by: id of the one that it was rotated to; then `expires_at` is the end of the overlap (KEY-2).
        maker: name of who answers for it, '' where nobody does or it was not looked up.
        review: why an administrator has to keep or end it, None where nobody has to, or it was not looked up.
    """

    account_id: str
    id: str
    made_by: str
    answerable: str | None
    address_ranges: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    disabled_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaced_by: str | None
    maker: str = ""
    review: Review | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey(Issued):
    """A Provisioning API key."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ScimToken(Issued):
    """A SCIM token of a connection."""

    connection_id: str


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


def is_usable(now: datetime, issued: Issued) -> bool:
    """Return whether a key or token is good at `now`: not revoked, not switched off, not expired (KEY-4)."""
    return issued.revoked_at is None and issued.disabled_at is None and now < issued.expires_at


def is_use_worth_noting(issued: Issued, now: datetime) -> bool:
    """Return whether a use is to be remembered: once a minute is enough for people, and writes little."""
    return issued.last_used_at is None or now - issued.last_used_at >= USED_EVERY


def checked_terms(terms: Terms) -> Terms:
    """Return terms with their ranges in shortest form; refuse an impossible lifetime or range (KEY-4)."""
    if not SHORTEST_LIFETIME <= terms.lifetime <= LONGEST_LIFETIME:
        raise invalid("expires_in", f"A key lives between one minute and {LONGEST_LIFETIME.days} days.")
    return Terms(terms.lifetime, checked_ranges(terms.address_ranges))


def require_rotatable(what: str, issued: Issued, now: datetime) -> None:
    """Refuse to rotate what is no longer good, or was rotated already (KEY-2).

    Raises:
        Refusal: CREDENTIAL_NOT_ROTATABLE with the reason.
    """
    reasons = (
        (issued.revoked_at is not None, "it was revoked."),
        (now >= issued.expires_at, "it has expired."),
        (issued.disabled_at is not None, "it is switched off."),
        (issued.replaced_by is not None, "it was rotated already."),
    )
    for holds, detail in reasons:
        if holds:
            raise Refusal(Code.CREDENTIAL_NOT_ROTATABLE, what=what, detail=detail)


def overlap_ends_at(issued: Issued, overlap_seconds: int, now: datetime) -> datetime:
    """Return until when a rotated key or token still works: for the overlap, and never longer than before (KEY-2).

    Raises:
        Refusal: INVALID_VALUE for an overlap below none or beyond 30 days.
    """
    if not 0 <= overlap_seconds <= LONGEST_OVERLAP.total_seconds():
        raise invalid("overlap", f"The overlap lies between 0 seconds and {LONGEST_OVERLAP.days} days.")
    return min(issued.expires_at, now + timedelta(seconds=overlap_seconds))


def warned_from_the_start(lifetime: timedelta) -> int | None:
    """Return the stretch, in days, that counts as warned of when a short-lived key is made; None for a long-lived one.

    Nobody who asks for a key of five days wants to hear at once that it ends within thirty.
    """
    return min((days for days in WARNED_BEFORE if timedelta(days=days) >= lifetime), default=None)


def warning_due(expires_at: datetime, warned_days: int | None, now: datetime) -> int | None:
    """Return the stretch, in days, of which a warning is due now: 30, 7 or 1; None where none is (KEY-4).

    Args:
        expires_at: the end.
        warned_days: the last stretch that was warned of.
        now: the time.
    """
    begun = [days for days in WARNED_BEFORE if now < expires_at <= now + timedelta(days=days)]
    if not begun or (warned_days is not None and min(begun) >= warned_days):
        return None
    return min(begun)


def review_of(issued: Issued, answerable: User | None) -> Review | None:
    """Return why somebody has to keep or end a key or token, None where nobody has to (KEY-3).

    Args:
        issued: the key or token.
        answerable: the user who answers for it, as it is now; None where nobody of the account does.
    """
    if answerable is None or issued.revoked_at is not None:
        return None
    table = (
        (Review.MAKER_DELETED, answerable.is_inactive),
        (Review.MAKER_DISABLED, answerable.is_disabled),
        (Review.MAKER_LOST_PERMISSION, not _still_holds(issued, answerable)),
    )
    return next((reason for reason, holds in table if holds), None)


def _still_holds(issued: Issued, user: User) -> bool:
    """Whether a user could make such a key or token today."""
    if user.is_root:
        return True
    if isinstance(issued, AccountKey):
        return user.role in HOLDERS[Permission.ACCOUNT_KEYS_MANAGE] and issued.role in grantable_by(user.role)
    return user.role in HOLDERS[Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE]
