"""Sessions, mail links and pending logins as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)

from provisioning.domain.invitations import Purpose
from provisioning.domain.sessions import Method, Session
from provisioning.store.statements import Statement
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.sessions import links, pending_logins, sessions
from provisioning.store.tables.sso import saml_connections
from provisioning.store.tables.users import users
from provisioning.store.users import USER_COLUMNS, user_of

SESSION_FIELDS = (
    "id", "account_id", "epoch", "connection_id", "created_at", "last_seen_at", "expires_at", "ended_at",
    "proved_at", "address", "user_agent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What is stored when a session is opened."""

    account_id: str
    id: str
    secret_hash: str
    user_id: str
    epoch: int
    method: Method
    created_at: datetime
    expires_at: datetime
    connection_id: str | None = None
    name_id: str | None = None
    session_index: str | None = None
    address: str | None = None
    user_agent: str | None = None
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A mail link: for one purpose, one user, one account, one address (LNK-1)."""

    account_id: str
    id: str
    secret_hash: str
    purpose: Purpose
    user_id: str
    address: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    ended_at: datetime | None = None


def session_of(row: Row[Any]) -> Session:
    """Return a row of `_select_sessions` as the domain's value."""
    values = {name: row._mapping[f"session_{name}"] for name in SESSION_FIELDS}
    return Session(
        **values,
        method=Method(row.session_method),
        idle_seconds=row.session_idle_seconds,
        account_open=row.cancelled_at is None,
        connection_open=row.connection_open,
        user=user_of(row),
    )


def _select_sessions() -> Select[Any]:
    """Return the statement that reads a session with the present state of user, account and SAML connection."""
    columns = [sessions.c[name].label(f"session_{name}") for name in (*SESSION_FIELDS, "method")]
    connection_open = case(
        (sessions.c.method != Method.SAML.value, True), else_=func.coalesce(saml_connections.c.enabled, False)
    ).label("connection_open")
    same_user = and_(users.c.account_id == sessions.c.account_id, users.c.id == sessions.c.user_id)
    same_connection = and_(
        saml_connections.c.account_id == sessions.c.account_id, saml_connections.c.id == sessions.c.connection_id
    )
    return (
        select(*USER_COLUMNS, *columns, connection_open, accounts.c.session_idle_seconds, accounts.c.cancelled_at)
        .select_from(sessions)
        .join(users, same_user)
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .outerjoin(saml_connections, same_connection)
    )


FIND_SESSION = Statement(_select_sessions().where(sessions.c.secret_hash == bindparam("secret_hash")))
ADD_LINK = Statement(insert(links))
FIND_LINK = Statement(select(links).where(links.c.secret_hash == bindparam("of_secret")))


def find_session(connection: Connection, secret_hash: str) -> Session | None:
    """Return the session of a cookie's hash with the state it is checked against, in one indexed read (SES-1)."""
    row = FIND_SESSION.run(connection, secret_hash=secret_hash).one_or_none()
    return session_of(row) if row is not None else None


def find_link(connection: Connection, secret_hash: str) -> LinkRow | None:
    """Return the link of a token's hash, whatever its state; None for an unknown one."""
    row = FIND_LINK.run(connection, of_secret=secret_hash).one_or_none()
    return _link_of(row) if row is not None else None


def _link_of(row: Row[Any]) -> LinkRow:
    return LinkRow(**{**row._mapping, "purpose": Purpose(row.purpose)})


class Sessions:
    """Sessions and links of one account, and pending logins of any.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement but those on pending logins is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def add(self, row: SessionRow) -> None:
        """Insert a session."""
        values = {name: getattr(row, name) for name in row.__dataclass_fields__}
        self._connection.execute(
            insert(sessions).values(**{**values, "method": row.method.value, "last_seen_at": row.created_at})
        )

    def get(self, session_id: str) -> Session | None:
        """Return a session of the account by its public id, whatever its state."""
        statement = _select_sessions().where(self._mine(), sessions.c.id == session_id)
        row = self._connection.execute(statement).one_or_none()
        return session_of(row) if row is not None else None

    def of_user(self, user_id: str) -> list[Session]:
        """Return the sessions of a user that have not ended by themselves, newest first."""
        statement = _select_sessions().where(
            self._mine(),
            sessions.c.user_id == user_id,
            sessions.c.ended_at.is_(None),
            sessions.c.epoch == users.c.epoch,
        )
        return [session_of(row) for row in self._connection.execute(statement.order_by(sessions.c.id.desc()))]

    def end(self, session_id: str, now: datetime, reason: str, ended_by: str) -> None:
        """End one session and keep when, why and by whom (SES-7)."""
        statement = update(sessions).where(self._mine(), sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        self._connection.execute(statement.values(ended_at=now, end_reason=reason, ended_by=ended_by))

    def end_below(self, user_id: str, epoch: int, now: datetime, reason: str, ended_by: str) -> int:
        """Mark the rows of a user's sessions below an epoch, dead since it rose; returns how many."""
        statement = update(sessions).where(
            self._mine(), sessions.c.user_id == user_id, sessions.c.epoch < epoch, sessions.c.ended_at.is_(None)
        )
        return self._connection.execute(statement.values(ended_at=now, end_reason=reason, ended_by=ended_by)).rowcount

    def end_all(self, now: datetime, reason: str, ended_by: str) -> int:
        """End every session and open link of the account (ACC-3); returns how many sessions."""
        open_links = (links.c.account_id == self._account_id, links.c.used_at.is_(None), links.c.ended_at.is_(None))
        self._connection.execute(update(links).where(*open_links).values(ended_at=now))
        statement = update(sessions).where(self._mine(), sessions.c.ended_at.is_(None))
        return self._connection.execute(statement.values(ended_at=now, end_reason=reason, ended_by=ended_by)).rowcount

    def renew(self, session_id: str, secret_hash: str, epoch: int, now: datetime) -> bool:
        """Give a session another secret and the proof of this moment; the old value is dead (SES-3, SES-4)."""
        statement = update(sessions).where(self._mine(), sessions.c.id == session_id, sessions.c.ended_at.is_(None))
        values = {"secret_hash": secret_hash, "epoch": epoch, "proved_at": now, "last_seen_at": now}
        return self._connection.execute(statement.values(values)).rowcount == 1

    def touch(self, session_id: str, now: datetime) -> None:
        """Note that a session was used."""
        statement = update(sessions).where(self._mine(), sessions.c.id == session_id)
        self._connection.execute(statement.values(last_seen_at=now))

    def add_link(self, row: LinkRow) -> None:
        """Insert a link."""
        values = {name: getattr(row, name) for name in row.__dataclass_fields__}
        ADD_LINK.run(self._connection, **{**values, "purpose": row.purpose.value})

    def open_link(self, user_id: str, purpose: Purpose, now: datetime) -> LinkRow | None:
        """Return the user's link for a purpose that could be used now, None where there is none."""
        statement = select(links).where(
            links.c.account_id == self._account_id,
            links.c.user_id == user_id,
            links.c.purpose == purpose.value,
            links.c.used_at.is_(None),
            links.c.ended_at.is_(None),
            links.c.expires_at > now,
        )
        row = self._connection.execute(statement.order_by(links.c.id.desc()).limit(1)).one_or_none()
        return _link_of(row) if row is not None else None

    def end_links(self, user_id: str, now: datetime, purpose: Purpose | None = None) -> int:
        """End a user's open links, of one purpose or of all (INV-2, OUT-3); returns how many."""
        conditions = [links.c.account_id == self._account_id, links.c.user_id == user_id]
        conditions += [links.c.used_at.is_(None), links.c.ended_at.is_(None)]
        if purpose is not None:
            conditions.append(links.c.purpose == purpose.value)
        return self._connection.execute(update(links).where(*conditions).values(ended_at=now)).rowcount

    def use_link(self, link_id: str, now: datetime) -> bool:
        """Use a link up; of many that try at once one is told True (LNK-1)."""
        statement = update(links).where(
            links.c.account_id == self._account_id,
            links.c.id == link_id,
            links.c.used_at.is_(None),
            links.c.ended_at.is_(None),
            links.c.expires_at > now,
        )
        return self._connection.execute(statement.values(used_at=now)).rowcount == 1

    def add_pending(self, secret_hash: str, choices: object, now: datetime, expires_at: datetime) -> None:
        """Insert a pending login."""
        self._connection.execute(
            insert(pending_logins).values(
                secret_hash=secret_hash, choices=choices, created_at=now, expires_at=expires_at
            )
        )

    def use_pending(self, secret_hash: str, now: datetime) -> object | None:
        """Use a pending login up and return what it proved; None where it is unknown, used or too old."""
        statement = update(pending_logins).where(
            pending_logins.c.secret_hash == secret_hash,
            pending_logins.c.used_at.is_(None),
            pending_logins.c.expires_at > now,
        )
        return self._connection.execute(
            statement.values(used_at=now).returning(pending_logins.c.choices)
        ).scalar_one_or_none()

    def _mine(self) -> ColumnElement[bool]:
        return sessions.c.account_id == self._account_id
