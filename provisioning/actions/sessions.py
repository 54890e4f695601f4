"""Sessions: opened at a login, checked at every request, ended by their owner or by force (OUT, SES)."""

from dataclasses import dataclass
from datetime import datetime

from provisioning.actions.access import end_access
from provisioning.actions.links import new_secret
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import lock_other
from provisioning.actions.users import require_verb
from provisioning.domain import policy
from provisioning.domain.accounts import Account
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.events import Event
from provisioning.domain.keys import secret_hash
from provisioning.domain.permissions import Permission
from provisioning.domain.sessions import SEEN_EVERY, EndReason, Method, Session, ends_at, is_good
from provisioning.domain.users import User, UserView, Verb
from provisioning.store.engine import Unavailable
from provisioning.store.sessions import SessionRow, find_session
from provisioning.store.unit_of_work import Unit

LONGEST_USER_AGENT = 400


@dataclass(frozen=True, slots=True)
class Browser:
    """What is known of the browser that logs in; `device` is the secret of its device cookie (LGN-2)."""

    address: str | None
    user_agent: str | None
    device: str | None = None


@dataclass(frozen=True, slots=True)
class SamlSession:
    """What a SAML login adds to its session: the connection, the subject's name, its end, its proof if any."""

    connection_id: str
    name_id: str
    session_index: str | None
    ends_at: datetime | None
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just opened: the cookie's value, shown once, and whose it is.

    `device` is the new value of the device cookie, None where the browser is not remembered.
    """

    secret: str
    session_id: str
    user: User
    expires_at: datetime
    device: str | None = None


def open_session(
    unit: Unit,
    account: Account,
    user: User,
    method: Method,
    browser: Browser,
    services: Services,
    saml: SamlSession | None = None,
) -> OpenedSession:
    """Open a session inside the transaction of a login (SES-1, OUT-5); the cookie holds 256 random bits.

    Args:
        unit: the login's transaction.
        account: gives the absolute limit.
        user: locked, and allowed to log in.
        method: the way of this login.
        browser: kept so that the owner recognises the session.
        services: from outside.
        saml: for SAML logins.
    """  # fmt: skip
    secret = new_secret(services)
    expires_at = ends_at(unit.now, account.session_max_seconds, saml.ends_at if saml else None)
    row = SessionRow(
        account_id=user.account_id,
        id=unit.new_id(),
        secret_hash=secret_hash(secret),
        user_id=user.id,
        epoch=user.epoch,
        method=method,
        created_at=unit.now,
        expires_at=expires_at,
        connection_id=saml.connection_id if saml else None,
        name_id=saml.name_id if saml else None,
        session_index=saml.session_index if saml else None,
        address=browser.address,
        user_agent=(browser.user_agent or "")[:LONGEST_USER_AGENT] or None,
        # A password is a proof; the organisation's word is one only where it was asked for (SES-4).
        proved_at=saml.proved_at if saml else unit.now,
    )
    unit.sessions.add(row)
    unit.users.touch_login(user.id, unit.now, user.epoch)
    unit.record(Event("login.succeeded", "user", user.id, user.name, {"method": method.value, "session": row.id}))
    return OpenedSession(secret, row.id, user, expires_at)


def check_session(secret: str, services: Services) -> Session | None:
    """Return the session of a cookie if it is good now, from the database at every request (OUT-2, SES-1)."""
    with services.read(nobody(WayIn.CONSOLE, None)) as unit:
        session = find_session(unit.connection, secret_hash(secret))
        now = unit.now
    if session is None or not is_good(session, now):
        return None
    if now - session.last_seen_at >= SEEN_EVERY:
        note_seen(session, services)
    return session


def note_seen(session: Session, services: Services) -> None:
    """Renew when a session was last used, once a minute."""
    caller = nobody(WayIn.CONSOLE, None, session.account_id)
    try:
        with services.unit(caller) as unit:
            unit.sessions.touch(session.id, unit.now)
    except Unavailable:
        # The session is good; only its idle clock was not renewed. The next request tries again.
        return


def caller_of(session: Session, address: str | None) -> Caller:
    """Return the caller that a good session makes, with the user's role as it is now (AUZ-5)."""
    user = session.user
    return Caller(
        account=session.account_id,
        way_in=WayIn.CONSOLE,
        credential=Credential.SESSION,
        id=user.id,
        name=user.email or user.name,
        role=user.role,
        is_root=user.is_root,
        address=address,
        session=session.id,
        proved_at=session.proved_at,
    )


def introspect(caller: Caller, session_id: str, services: Services) -> Session | None:
    """Return a session of the caller's account by its public id if it is good now; an unknown or foreign one is not.

    Args:
        caller: a key of the account, or the session itself.
        session_id: public id.
        services: from outside.
    """
    with services.read(caller) as unit:
        if caller.session != session_id:
            policy.require(caller, Permission.ACCOUNT_USERS_READ)
        session = unit.sessions.get(session_id)
        return session if session is not None and is_good(session, unit.now) else None


def log_out(caller: Caller, services: Services) -> None:
    """End the caller's own session."""
    with services.unit(caller) as unit:
        if caller.session is not None:
            unit.sessions.end(caller.session, unit.now, EndReason.LOG_OUT.value, caller.id)
            unit.record(Event("session.logged_out", "user", caller.id, caller.name))


@repeated
def force_logout(caller: Caller, user_id: str, services: Services) -> UserView:
    """End every session of a user at once, whatever it logged in with (OUT-1, OUT-2).

    Raises:
        Refusal: the root user, not found, above one's own role, not allowed.
    """
    with services.unit(caller) as unit:
        before = lock_other(unit, user_id)
        require_verb(unit.caller, before, Verb.FORCE_LOGOUT)
        saved = unit.users.save(before, end_access(unit, before, EndReason.FORCE_LOGOUT))
        return unit.users.views([saved])[0]


def sessions_of(caller: Caller, user_id: str, services: Services) -> list[Session]:
    """Return the good sessions of a user, newest first."""
    with services.read(caller) as unit:
        if caller.id != user_id:
            policy.require(caller, Permission.ACCOUNT_USERS_READ)
        unit.users.get(user_id)
        return [session for session in unit.sessions.of_user(user_id) if is_good(session, unit.now)]
