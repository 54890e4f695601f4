"""Look-ups of a login page, which names no account: the few reads that cross accounts, each by an indexed key."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from provisioning.domain.comparison import domain_key, email_key
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.sso import saml_connections
from provisioning.store.tables.users import users


@dataclass(frozen=True, slots=True)
class PasswordRow:
    """A live user of an email in one account, with the hash to check."""

    account_id: str
    account_name: str
    user_id: str
    password_hash: str | None


def accounts_of_email(connection: Connection, email: str) -> list[str]:
    """Return the ids of the open accounts that have a live user of this email."""
    return [row.account_id for row in password_rows(connection, email)]


def password_rows(connection: Connection, email: str) -> list[PasswordRow]:
    """Return the live users of an email in all open accounts, oldest account first."""
    statement: Any = (
        select(users.c.account_id, accounts.c.name, users.c.id, users.c.password_hash)
        .join(accounts, accounts.c.id == users.c.account_id)
        .where(users.c.email_key == email_key(email), users.c.inactive_at.is_(None), accounts.c.cancelled_at.is_(None))
        .order_by(users.c.account_id)
    )
    return [PasswordRow(*row) for row in connection.execute(statement)]


def connections_of_domain(connection: Connection, email: str) -> list[tuple[str, str]]:
    """Return (connection id, account name) of the enabled SAML connections that name an address's domain (LGN-1)."""
    key = domain_key(email.rpartition("@")[2])
    statement = (
        select(saml_connections.c.id, accounts.c.name)
        .join(accounts, accounts.c.id == saml_connections.c.account_id)
        .where(saml_connections.c.enabled, accounts.c.cancelled_at.is_(None))
        .where(saml_connections.c.settings["email_domains"].contains([key]))
        .order_by(accounts.c.name)
    )
    return [(row.id, row.name) for row in connection.execute(statement)]
