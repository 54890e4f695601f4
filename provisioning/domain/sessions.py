"""OUT: when a session is still good, decided from the present state at every request (OUT-2, OUT-5, SES-1, SES-6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from provisioning.domain.users import User

IDLE_SECONDS = 12 * 3600
MOST_SECONDS = 7 * 24 * 3600
# Shorter ones would end while somebody fills a form in.
LEAST_SECONDS = 300
# How old `last_seen_at` may become before a request renews it: fewer writes, and the idle limit stays exact enough.
SEEN_EVERY = timedelta(seconds=60)
# So long an ended session tells when, why and by whom it ended (SES-7).
KEPT_FOR = timedelta(days=90)


class Method(StrEnum):
    """The way a session was opened."""

    PASSWORD = "password"  # noqa: S105 - a method, not a password.
    SAML = "saml"
    GOOGLE = "google"
    GITHUB = "github"


class EndReason(StrEnum):
    """Why a session ended, kept for 90 days (SES-7)."""

    LOG_OUT = "log_out"
    FORCE_LOGOUT = "force_logout"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason, not a password.
    DISABLED = "disabled"
    DELETED = "deleted"
    REPLACED = "replaced"
    BY_OWNER = "by_owner"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason, not a password.
    SECOND_FACTOR_RESET = "second_factor_reset"
    ACCOUNT_CANCELLED = "account_cancelled"


@dataclass(frozen=True, slots=True)
class Session:
    """One session row together with the state it is checked against, read in one query.

    Attributes:
        id: public id (the cookie's value is another secret).
        epoch: the user's epoch when the session was opened.
        expires_at: absolute end: account's cap, SAML SessionNotOnOrAfter and connection's cap, the earliest.
        idle_seconds: the account's idle limit now.
        account_open: the account is not cancelled.
        connection_open: the SAML connection behind the session is on; True for other methods.
        proved_at: when the person last proved who they are (SES-4): a login by password does, one through the
            organisation only where a fresh proof was asked for; None where they have not.
        address, user_agent: of the browser that logged in, so that its owner recognises it (OUT-4).
        user: the user's present state.
    """

    id: str
    account_id: str
    epoch: int
    method: Method
    connection_id: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    proved_at: datetime | None
    idle_seconds: int
    account_open: bool
    connection_open: bool
    address: str | None
    user_agent: str | None
    user: User


def is_good(session: Session, now: datetime) -> bool:
    """Return whether the session is still good at `now`; every condition is read afresh, none is cached."""
    user = session.user
    return (
        session.ended_at is None
        and session.epoch == user.epoch
        and not user.is_inactive
        and not user.is_disabled
        and session.account_open
        and session.connection_open
        and now < session.expires_at
        and now < session.last_seen_at + timedelta(seconds=session.idle_seconds)
    )


def ends_at(now: datetime, most_seconds: int, *caps: datetime | None) -> datetime:
    """Return the absolute end of a session opened now: the account's limit or any earlier cap (OUT-5)."""
    return min([now + timedelta(seconds=most_seconds), *(cap for cap in caps if cap is not None)])
