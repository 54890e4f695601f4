"""Account keys, SCIM connections and tokens as rows; look-ups by id are global, everything else is by account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, bindparam, delete, insert, or_, select, update

from provisioning.domain.comparison import comparison_key
from provisioning.domain.errors import not_found
from provisioning.domain.keys import WARNED_BEFORE, AccountKey, ScimToken, is_usable
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import Profile, ScimConnection
from provisioning.store.constraints import refusing
from provisioning.store.release import release_all
from provisioning.store.statements import Statement
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.keys import account_keys, scim_connections, scim_tokens

ISSUED_FIELDS = (
    "account_id", "id", "made_by", "answerable", "created_at", "expires_at", "disabled_at", "revoked_at",
    "last_used_at", "replaced_by",
)  # fmt: skip
KEY_FIELDS = (*ISSUED_FIELDS, "name")
TOKEN_FIELDS = (*ISSUED_FIELDS, "connection_id")
# What changes in the life of a key or token; the rest is as it was made.
CHANGED_FIELDS = ("answerable", "expires_at", "disabled_at", "revoked_at", "replaced_by")


@dataclass(frozen=True, slots=True)
class FoundKey:
    """An account key as found by its id, with what decides whether it is good."""

    key: AccountKey
    secret_hash: str
    account_open: bool


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A SCIM token as found by its id, with its connection and what decides whether it is good."""

    token: ScimToken
    secret_hash: str
    connection: ScimConnection
    account_open: bool


def key_of(row: Row[Any]) -> AccountKey:
    """Return a row of `account_keys` as the domain's value."""
    values = {name: row._mapping[name] for name in KEY_FIELDS}
    return AccountKey(**values, role=Role(row.role), address_ranges=tuple(row.address_ranges))


def token_of(row: Row[Any]) -> ScimToken:
    """Return a row of `scim_tokens` as the domain's value."""
    values = {name: row._mapping[name] for name in TOKEN_FIELDS}
    return ScimToken(**values, address_ranges=tuple(row.address_ranges))


def connection_of(row: Row[Any]) -> ScimConnection:
    """Return a row of `scim_connections` as the domain's value."""
    return ScimConnection(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        profile=Profile(row.profile),
        saml_connection=row.saml_connection_id,
        email_domains=tuple(row.email_domains),
        allow_master_admin=row.allow_master_admin,
        default_role=Role(row.default_role),
        role_cap=frozenset(Role(role) for role in row.role_cap),
        role_map={word: Role(role) for word, role in row.role_map.items()},
        create_on_replace=row.create_on_replace,
        manage_environments=row.manage_environments,
        manage_media_library=row.manage_media_library,
        enabled=row.enabled,
    )


FIND_KEY = Statement(
    select(account_keys, accounts.c.cancelled_at)
    .join(accounts, accounts.c.id == account_keys.c.account_id)
    .where(account_keys.c.id == bindparam("key_id"))
)
SHARE_KEY = Statement(
    select(account_keys)
    .where(account_keys.c.account_id == bindparam("of_account"), account_keys.c.id == bindparam("key_id"))
    .with_for_update(read=True)
)
FIND_TOKEN = Statement(
    select(
        scim_connections,
        *(scim_tokens.c[name].label(f"token_{name}") for name in (*TOKEN_FIELDS, "address_ranges", "secret_hash")),
        accounts.c.cancelled_at,
    )
    .select_from(scim_tokens)
    .join(
        scim_connections,
        and_(
            scim_connections.c.account_id == scim_tokens.c.account_id,
            scim_connections.c.id == scim_tokens.c.connection_id,
        ),
    )
    .join(accounts, accounts.c.id == scim_tokens.c.account_id)
    .where(scim_tokens.c.id == bindparam("token_id"))
)


def find_key(connection: Connection, key_id: str) -> FoundKey | None:
    """Return the account key of an id, whatever its account; None for an unknown one."""
    row = FIND_KEY.run(connection, key_id=key_id).one_or_none()
    return FoundKey(key_of(row), row.secret_hash, row.cancelled_at is None) if row is not None else None


def find_token(connection: Connection, token_id: str) -> FoundToken | None:
    """Return the SCIM token of an id with its connection, whatever its account; None for an unknown one."""
    row = FIND_TOKEN.run(connection, token_id=token_id).one_or_none()
    if row is None:
        return None
    values = {name: row._mapping[f"token_{name}"] for name in TOKEN_FIELDS}
    token = ScimToken(**values, address_ranges=tuple(row.token_address_ranges))
    return FoundToken(token, row.token_secret_hash, connection_of(row), row.cancelled_at is None)


def note_use(connection: Connection, account_id: str, credential_id: str, *, is_key: bool, now: datetime) -> None:
    """Remember when a key or token was last used."""
    table = account_keys if is_key else scim_tokens
    connection.execute(
        update(table).where(table.c.account_id == account_id, table.c.id == credential_id).values(last_used_at=now)
    )


@dataclass(frozen=True, slots=True)
class Expiring:
    """A key or token whose end is near: its account, its id, which of the two it is."""

    account_id: str
    id: str
    is_key: bool


def expiring(connection: Connection, now: datetime) -> list[Expiring]:
    """Return the keys and tokens of open accounts of whose end a warning may be due (KEY-4)."""
    found = []
    for table, is_key in ((account_keys, True), (scim_tokens, False)):
        statement = (
            select(table.c.account_id, table.c.id)
            .join(accounts, accounts.c.id == table.c.account_id)
            .where(accounts.c.cancelled_at.is_(None), table.c.revoked_at.is_(None), table.c.replaced_by.is_(None))
            .where(table.c.expires_at > now, _warning_waits(table, now))
            .order_by(table.c.expires_at)
        )
        found += [Expiring(row.account_id, row.id, is_key) for row in connection.execute(statement)]
    return found


def _warning_waits(table: Table, now: datetime) -> ColumnElement[bool]:
    """The condition that a stretch has begun of which nobody was warned."""
    begun = (
        and_(
            table.c.expires_at <= now + timedelta(days=days),
            or_(table.c.warned_days.is_(None), table.c.warned_days > days),
        )
        for days in WARNED_BEFORE
    )
    return or_(*begun)


class Keys:
    """Account keys, SCIM connections and tokens of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1, KEY-5).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def add_key(self, key: AccountKey, secret_hash: str, warned_days: int | None) -> None:
        """Insert an account key."""
        row = {name: getattr(key, name) for name in (*KEY_FIELDS, "address_ranges")}
        self._add(account_keys, {**row, "role": key.role.value}, secret_hash, warned_days)

    def all_keys(self) -> list[AccountKey]:
        """Return the account keys, in the order of making."""
        statement = (
            select(account_keys).where(self._in(account_keys)).order_by(account_keys.c.created_at, account_keys.c.id)
        )
        return [key_of(row) for row in self._connection.execute(statement)]

    def lock_key(self, key_id: str) -> AccountKey:
        """Return an account key of the account, locked; an unknown or foreign one is not found (KEY-5)."""
        return key_of(self._locked(account_keys, key_id, "Account key"))

    def share_good_key(self, key_id: str, now: datetime) -> AccountKey | None:
        """Return an account key that is good now, held so until the end of the transaction, or None."""
        row = SHARE_KEY.run(self._connection, of_account=self._account_id, key_id=key_id).one_or_none()
        key = key_of(row) if row is not None else None
        return key if key is not None and is_usable(now, key) else None

    def answerable_of_key(self, key_id: str) -> str | None:
        """Return the id of the user who answers for an account key, None where nobody does."""
        statement = select(account_keys.c.answerable).where(self._in(account_keys), account_keys.c.id == key_id)
        return self._connection.execute(statement).scalar_one_or_none()

    def warned_days(self, issued: AccountKey | ScimToken) -> int | None:
        """Return the last stretch before its end of which somebody was warned."""
        table = account_keys if isinstance(issued, AccountKey) else scim_tokens
        statement = select(table.c.warned_days).where(self._in(table), table.c.id == issued.id)
        warned: int | None = self._connection.execute(statement).scalar_one()
        return warned

    def set_warned(self, issued: AccountKey | ScimToken, days: int) -> None:
        """Note of which stretch before its end somebody was warned."""
        table = account_keys if isinstance(issued, AccountKey) else scim_tokens
        self._connection.execute(update(table).where(self._in(table), table.c.id == issued.id).values(warned_days=days))

    def save(self, issued: AccountKey | ScimToken) -> None:
        """Write what changed of a key or token."""
        table = account_keys if isinstance(issued, AccountKey) else scim_tokens
        statement = update(table).where(self._in(table), table.c.id == issued.id)
        self._connection.execute(statement.values({name: getattr(issued, name) for name in CHANGED_FIELDS}))

    def add_connection(self, scim_connection: ScimConnection, now: datetime) -> None:
        """Insert a SCIM connection; a taken name is refused."""
        self._write(insert(scim_connections).values(created_at=now), self._connection_row(scim_connection))

    def save_connection(self, scim_connection: ScimConnection) -> None:
        """Write a changed SCIM connection."""
        statement = update(scim_connections).where(
            self._in(scim_connections), scim_connections.c.id == scim_connection.id
        )
        self._write(statement, self._connection_row(scim_connection))

    def delete_connection(self, connection_id: str, now: datetime) -> None:
        """Delete a SCIM connection and its tokens; the people and groups that it made stay, held by nobody."""
        release_all(self._connection, self._account_id, connection_id, now)
        self._connection.execute(
            delete(scim_connections).where(self._in(scim_connections), scim_connections.c.id == connection_id)
        )

    def get_connection(self, connection_id: str) -> ScimConnection:
        """Return a SCIM connection of the account; an unknown or foreign one is not found."""
        return self._connection_where(scim_connections.c.id == connection_id)

    def lock_connection(self, connection_id: str) -> ScimConnection:
        """Return a SCIM connection of the account, locked; an unknown or foreign one is not found."""
        return self._connection_where(scim_connections.c.id == connection_id, lock=True)

    def get_connection_named(self, name: str) -> ScimConnection:
        """Return the SCIM connection of a name; an unknown one is not found."""
        return self._connection_where(scim_connections.c.name_key == comparison_key(name))

    def all_connections(self) -> list[ScimConnection]:
        """Return the SCIM connections, in the order of making."""
        statement = (
            select(scim_connections)
            .where(self._in(scim_connections))
            .order_by(scim_connections.c.created_at, scim_connections.c.id)
        )
        return [connection_of(row) for row in self._connection.execute(statement)]

    def partners_of(self, saml_connection_id: str) -> list[str]:
        """Return the ids of the SCIM connections that name a SAML connection as their partner (IDN-3)."""
        statement = select(scim_connections.c.id).where(
            self._in(scim_connections), scim_connections.c.saml_connection_id == saml_connection_id
        )
        return list(self._connection.execute(statement.order_by(scim_connections.c.id)).scalars())

    def add_token(self, token: ScimToken, secret_hash: str, warned_days: int | None) -> None:
        """Insert a SCIM token."""
        row = {name: getattr(token, name) for name in (*TOKEN_FIELDS, "address_ranges")}
        self._add(scim_tokens, row, secret_hash, warned_days)

    def all_tokens(self, connection_id: str | None = None) -> list[ScimToken]:
        """Return the SCIM tokens of the account or of one connection, in the order of making."""
        statement = (
            select(scim_tokens).where(self._in(scim_tokens)).order_by(scim_tokens.c.created_at, scim_tokens.c.id)
        )
        if connection_id is not None:
            statement = statement.where(scim_tokens.c.connection_id == connection_id)
        return [token_of(row) for row in self._connection.execute(statement)]

    def lock_token(self, token_id: str) -> ScimToken:
        """Return a SCIM token of the account, locked; an unknown or foreign one is not found (KEY-5)."""
        return token_of(self._locked(scim_tokens, token_id, "SCIM token"))

    def _add(self, table: Table, row: Mapping[str, object], secret_hash: str, warned_days: int | None) -> None:
        values = {**row, "address_ranges": list(row["address_ranges"])}  # type: ignore[call-overload]
        self._connection.execute(insert(table).values(**values, secret_hash=secret_hash, warned_days=warned_days))

    def _locked(self, table: Table, wanted_id: str, what: str) -> Row[Any]:
        statement = select(table).where(self._in(table), table.c.id == wanted_id)
        row = self._connection.execute(statement.with_for_update()).one_or_none()
        if row is None:
            raise not_found(what)
        return row

    def _in(self, table: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = table.c.account_id == self._account_id
        return condition

    def _connection_where(self, condition: ColumnElement[bool], *, lock: bool = False) -> ScimConnection:
        statement = select(scim_connections).where(self._in(scim_connections), condition)
        row = self._connection.execute(statement.with_for_update() if lock else statement).one_or_none()
        if row is None:
            raise not_found("SCIM connection")
        return connection_of(row)

    def _connection_row(self, scim_connection: ScimConnection) -> dict[str, object]:
        return {
            "account_id": self._account_id,
            "id": scim_connection.id,
            "name": scim_connection.name,
            "name_key": comparison_key(scim_connection.name),
            "profile": scim_connection.profile.value,
            "saml_connection_id": scim_connection.saml_connection,
            "email_domains": list(scim_connection.email_domains),
            "allow_master_admin": scim_connection.allow_master_admin,
            "default_role": scim_connection.default_role.value,
            "role_cap": sorted(role.value for role in scim_connection.role_cap),
            "role_map": {word: role.value for word, role in scim_connection.role_map.items()},
            "create_on_replace": scim_connection.create_on_replace,
            "manage_environments": scim_connection.manage_environments,
            "manage_media_library": scim_connection.manage_media_library,
            "enabled": scim_connection.enabled,
        }

    def _write(self, statement: Any, row: dict[str, object]) -> None:
        with refusing(row):
            self._connection.execute(statement.values(**row))
