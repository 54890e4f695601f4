"""Sessions: opened at a login, checked at every request, ended by their owner or by force (OUT, SES)."""

from dataclasses import dataclass
from datetime import datetime

from provisioning.actions.access import end_access, raise_epoch
from provisioning.actions.links import new_secret
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import lock_other
from provisioning.actions.users import require_verb
from provisioning.domain import policy
from provisioning.domain.accounts import Account
from provisioning.domain.caller import Caller, Credential, WayIn, nobody
from provisioning.domain.errors import Code, Refusal, not_found
from provisioning.domain.events import Event
from provisioning.domain.keys import secret_hash
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
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
        time_zone=user.time_zone,
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
            unit.record(Event("session.logged_out", "user", caller.id, caller.name, {"session": caller.session}))


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


def own_sessions(caller: Caller, services: Services) -> list[Session]:
    """Return the caller's own good sessions, newest first (OUT-4)."""
    with services.read(caller) as unit:
        user = unit.users.get(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        return [session for session in unit.sessions.of_user(user.id) if is_good(session, unit.now)]


@repeated
def end_session(caller: Caller, session_id: str, services: Services) -> None:
    """End one of the caller's own sessions (OUT-4).

    Raises:
        Refusal: not found, for an unknown one, one that ended, and one of somebody else alike (TEN-2, KEY-5).
    """
    with services.unit(caller) as unit:
        user = unit.users.lock(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        session = unit.sessions.get(session_id)
        if session is None or session.user.id != user.id or not is_good(session, unit.now):
            raise not_found("Session")
        unit.sessions.end(session.id, unit.now, EndReason.BY_OWNER.value, caller.id)
        unit.record(Event("session.ended", "user", user.id, user.name, {"session": session.id}))


@repeated
def end_other_sessions(caller: Caller, services: Services) -> OpenedSession:
    """End all sessions of the caller but this one, which goes on under a new value (OUT-4, SES-3).

    Raises:
        Refusal: PROOF_NEEDED (SES-4).
    """
    with services.unit(caller) as unit:
        user = unit.users.lock(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        require_fresh(caller, unit.now)
        return keep_only_this_session(unit, user, user, EndReason.BY_OWNER, services)


def keep_only_this_session(
    unit: Unit, before: User, after: User, reason: EndReason, services: Services
) -> OpenedSession:
    """Save the user with the epoch raised, so that every session is dead but the caller's, which moves along.

    Args:
        unit: the open transaction.
        before: as locked.
        after: with whatever else changes.
        reason: why the others end.
        services: from outside.
    """
    session = _this_session(unit, before)
    saved = unit.users.save(before, raise_epoch(unit, after, reason))
    return _renewed(unit, session, saved, services)


def renew_session(unit: Unit, user: User, services: Services) -> OpenedSession:
    """Give the caller's session a new value, the proof of this moment, and the user's present epoch (SES-3).

    Its end and its id stay; the value that the browser had so far is dead. The user is locked.

    Raises:
        Refusal: CREDENTIAL_INVALID where the session ended in between.
    """
    return _renewed(unit, _this_session(unit, user), user, services)


def _this_session(unit: Unit, user: User) -> Session:
    """Return the caller's session if it is still good now that its user is locked: nothing brings a dead one back."""
    session = unit.sessions.get(unit.caller.session or "")
    if session is None or session.user.id != user.id or not is_good(session, unit.now):
        raise Refusal(Code.CREDENTIAL_INVALID)
    return session


def _renewed(unit: Unit, session: Session, user: User, services: Services) -> OpenedSession:
    secret = new_secret(services)
    unit.sessions.renew(session.id, secret_hash(secret), user.epoch, unit.now)
    return OpenedSession(secret, session.id, user, session.expires_at)


def sessions_of(caller: Caller, user_id: str, services: Services) -> list[Session]:
    """Return the good sessions of a user, newest first."""
    with services.read(caller) as unit:
        if caller.id != user_id:
            policy.require(caller, Permission.ACCOUNT_USERS_READ)
        unit.users.get(user_id)
        return [session for session in unit.sessions.of_user(user_id) if is_good(session, unit.now)]
