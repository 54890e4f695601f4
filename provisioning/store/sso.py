"""SAML connections, begun logins, spent ids and subjects as rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from provisioning.domain.errors import not_found
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import Connection as SamlConnection
from provisioning.domain.sso import UnknownGroups
from provisioning.store.constraints import refusing
from provisioning.store.tables.keys import scim_connections
from provisioning.store.tables.sso import saml_connections, saml_links, saml_requests, saml_spent

# The fields of a connection that live in the JSON column `settings`; the others have columns of their own, and
# `enforce` is one switch of the account.
SETTING_FIELDS = tuple(
    name
    for name in SamlConnection.__dataclass_fields__
    if name not in ("id", "account_id", "enabled", "enforce", "sp_certificate", "sp_private_key", "succeeded_at")
)
TUPLES = ("certificates", "email_domains")


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """A login that was begun here, as stored: the browser's secret and the relay handle only as hashes."""

    id: str
    connection_id: str
    browser_hash: str
    relay_hash: str
    return_path: str
    created_at: datetime
    expires_at: datetime
    forced: bool = False


@dataclass(frozen=True, slots=True)
class UsedLogin:
    """A begun login that was just used up: where it leads, and when it asked for a fresh proof, if it did."""

    return_path: str
    forced_at: datetime | None


class SamlConnections:
    """The SAML connections of one account and what hangs on them.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
        decrypt, encrypt: the private key at rest, bound to the connection's id (OPS-2).
    """

    def __init__(
        self,
        connection: Connection,
        account_id: str,
        decrypt: Callable[[bytes, str], str],
        encrypt: Callable[[str, str], bytes],
    ) -> None:
        self._connection = connection
        self._account_id = account_id
        self._decrypt = decrypt
        self._encrypt = encrypt

    def get(self, connection_id: str, *, lock: bool = False) -> SamlConnection:
        """Return a connection of the account; refuse an unknown or foreign one alike (ACC-1)."""
        statement = select(saml_connections).where(self._mine(), saml_connections.c.id == connection_id)
        row = self._connection.execute(statement.with_for_update() if lock else statement).one_or_none()
        if row is None:
            raise not_found("SAML connection")
        return self._value(row)

    def hold(self, connection_id: str, *, alone: bool) -> None:
        """Hold a connection until the transaction ends, alone or together with others that do not hold it alone."""
        statement = select(saml_connections.c.id).where(self._mine(), saml_connections.c.id == connection_id)
        lock = statement.with_for_update(key_share=True) if alone else statement.with_for_update(read=True)
        self._connection.execute(lock)

    def all(self) -> list[SamlConnection]:
        """Return the connections of the account, in the order of making."""
        statement = (
            select(saml_connections).where(self._mine()).order_by(saml_connections.c.created_at, saml_connections.c.id)
        )
        return [self._value(row) for row in self._connection.execute(statement)]

    def add(self, connection: SamlConnection, now: datetime) -> None:
        """Insert a connection."""
        row = {**self._row(connection), "sp_private_key": self._encrypt(connection.sp_private_key, connection.id)}
        self._connection.execute(insert(saml_connections).values(**row, created_at=now))

    def save(self, connection: SamlConnection) -> None:
        """Write a changed connection, its private key apart."""
        statement = update(saml_connections).where(self._mine(), saml_connections.c.id == connection.id)
        self._connection.execute(statement.values(**self._row(connection)))

    def delete(self, connection_id: str) -> None:
        """Delete a connection with its begun logins, spent ids and subjects."""
        self._connection.execute(
            update(scim_connections)
            .where(
                scim_connections.c.account_id == self._account_id,
                scim_connections.c.saml_connection_id == connection_id,
            )
            .values(saml_connection_id=None)
        )
        self._connection.execute(delete(saml_connections).where(self._mine(), saml_connections.c.id == connection_id))

    def begin(self, login: BegunLogin) -> None:
        """Insert a begun login."""
        values = {name: getattr(login, name) for name in login.__dataclass_fields__}
        self._write(insert(saml_requests), [{"account_id": self._account_id, **values}])

    def use_begun(self, request_id: str, connection_id: str, browser_hash: str, now: datetime) -> UsedLogin | None:
        """Use a begun login up and return it; None where it is unknown, used, too old or another browser's."""
        statement = update(saml_requests).where(
            saml_requests.c.account_id == self._account_id,
            saml_requests.c.id == request_id,
            saml_requests.c.connection_id == connection_id,
            saml_requests.c.browser_hash == browser_hash,
            saml_requests.c.used_at.is_(None),
            saml_requests.c.expires_at > now,
        )
        returned = (saml_requests.c.return_path, saml_requests.c.forced, saml_requests.c.created_at)
        row = self._connection.execute(statement.values(used_at=now).returning(*returned)).one_or_none()
        return UsedLogin(row.return_path, row.created_at if row.forced else None) if row is not None else None

    def spend(self, connection_id: str, ids: Mapping[str, str], expires_at: datetime) -> None:
        """Remember the ids of a response and its assertion; one that is known already is refused (SAM-4)."""
        rows = [
            {
                "account_id": self._account_id,
                "connection_id": connection_id,
                "kind": kind,
                "value": value,
                "expires_at": expires_at,
            }
            for kind, value in sorted(ids.items())
        ]
        self._write(insert(saml_spent), rows)

    def user_id_of(self, connection_id: str, subject: str) -> str | None:
        """Return the id of the user behind a subject of a connection (IDN-2), also of a deleted user."""
        statement = select(saml_links.c.user_id).where(
            saml_links.c.account_id == self._account_id,
            saml_links.c.connection_id == connection_id,
            saml_links.c.subject == subject,
        )
        return self._connection.execute(statement).scalar_one_or_none()

    def link(self, connection_id: str, subject: str, user_id: str, now: datetime) -> None:
        """Insert the link of a subject to a user."""
        row = {"account_id": self._account_id, "connection_id": connection_id, "subject": subject}
        self._write(insert(saml_links), [{**row, "user_id": user_id, "created_at": now}])

    def linked_connections_of(self, user_id: str) -> list[str]:
        """Return the ids of the connections that a user is linked to, each once."""
        statement = select(saml_links.c.connection_id).where(
            saml_links.c.account_id == self._account_id, saml_links.c.user_id == user_id
        )
        return list(self._connection.execute(statement.distinct()).scalars())

    def unlink_user(self, user_id: str) -> None:
        """Take away every subject of a user, so that a new user of the same subject is made anew (USR-7)."""
        self._connection.execute(
            delete(saml_links).where(saml_links.c.account_id == self._account_id, saml_links.c.user_id == user_id)
        )

    def note_success(self, connection_id: str, now: datetime) -> None:
        """Remember that a login through the connection has succeeded (SSO-6)."""
        statement = update(saml_connections).where(
            self._mine(), saml_connections.c.id == connection_id, saml_connections.c.succeeded_at.is_(None)
        )
        self._connection.execute(statement.values(succeeded_at=now))

    def _mine(self) -> ColumnElement[bool]:
        return saml_connections.c.account_id == self._account_id

    def _row(self, connection: SamlConnection) -> dict[str, object]:
        settings = {name: getattr(connection, name) for name in SETTING_FIELDS}
        settings = {name: list(value) if name in TUPLES else value for name, value in settings.items()}
        return {
            "account_id": self._account_id,
            "id": connection.id,
            "settings": {**settings, "mapping": dict(connection.mapping)},
            "enabled": connection.enabled,
            "sp_certificate": connection.sp_certificate,
            "succeeded_at": connection.succeeded_at,
        }

    def _value(self, row: Row[Any]) -> SamlConnection:
        settings = {name: value for name, value in row.settings.items() if name in SETTING_FIELDS}
        settings |= {name: tuple(settings[name]) for name in TUPLES}
        settings["default_role"] = Role(settings["default_role"])
        settings["unknown_groups"] = UnknownGroups(settings["unknown_groups"])
        return SamlConnection(
            id=row.id,
            account_id=row.account_id,
            enabled=row.enabled,
            sp_certificate=row.sp_certificate,
            sp_private_key=self._decrypt(row.sp_private_key, row.id),
            succeeded_at=row.succeeded_at,
            **settings,
        )

    def _write(self, statement: Any, rows: list[dict[str, object]]) -> None:
        with refusing({}):
            self._connection.execute(statement, rows)


def account_of_connection(connection: Connection, connection_id: str) -> str | None:
    """Return the account of a SAML connection: the id in our own URL decides it, nothing in a message (SAM-1)."""
    statement = select(saml_connections.c.account_id).where(saml_connections.c.id == connection_id)
    return connection.execute(statement).scalar_one_or_none()
