"""Look-ups of a login page, which names no account: the few reads that cross accounts, each by an indexed key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, column, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.domain.activity import Entry
from provisioning.domain.addresses import is_email
from provisioning.domain.comparison import domain_key, email_key
from provisioning.domain.invitations import SamlState
from provisioning.domain.sso import saml_state
from provisioning.domain.users import User
from provisioning.store.accounts import saml_enabled
from provisioning.store.activity import ENTRY_FIELDS
from provisioning.store.tables.accounts import accounts
from provisioning.store.tables.activity import activity, activity_unsealed
from provisioning.store.tables.sso import saml_connections
from provisioning.store.tables.users import users
from provisioning.store.users import USER_COLUMNS, user_of

_ROWS = (
    func.jsonb_to_recordset(bindparam("rows", type_=JSONB))
    .table_valued(*(column(name, activity.c[name].type) for name in ENTRY_FIELDS))
    .render_derived(name="refused", with_types=True)
)
_WRITTEN = (
    insert(activity)
    .from_select(ENTRY_FIELDS, select(*(_ROWS.c[name] for name in ENTRY_FIELDS)))
    .returning(activity.c.account_id, activity.c.id)
    .cte("written")
)
_NOTE_REFUSED = insert(activity_unsealed).from_select(
    ["account_id", "entry_id"], select(_WRITTEN.c.account_id, _WRITTEN.c.id)
)


@dataclass(frozen=True, slots=True)
class PasswordRow:
    """A live user of an email in one account, with the hash to check and what decides whether a password is enough."""

    account_name: str
    user: User
    saml: SamlState
    password_hash: str | None

    @property
    def account_id(self) -> str:
        """The account that the user belongs to."""
        return self.user.account_id

    @property
    def user_id(self) -> str:
        """The user."""
        return self.user.id


def accounts_of_email(connection: Connection, email: str) -> list[str]:
    """Return the ids of the open accounts that have a live user of this email."""
    return [row.account_id for row in password_rows(connection, email)]


def password_rows(connection: Connection, email: str) -> list[PasswordRow]:
    """Return the live users of an email in all open accounts, oldest account first; nobody for what is no email.

    One statement reads all that a refusal depends on, so that every refusal costs the same (LGN-1).
    """
    key = email_key(email) if is_email(email) else ""
    account = (accounts.c.name.label("account_name"), accounts.c.saml_enforced, saml_enabled())
    statement: Any = (
        select(*USER_COLUMNS, *account)
        .join(accounts, accounts.c.id == users.c.account_id)
        .where(users.c.email_key == key, users.c.inactive_at.is_(None), accounts.c.cancelled_at.is_(None))
        .order_by(users.c.account_id)
    )
    return [
        PasswordRow(row.account_name, user_of(row), saml_state(row.saml_enabled, row.saml_enforced), row.password_hash)
        for row in connection.execute(statement)
    ]


def note_refused(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write the entries of a refused login, by one statement also where nobody is behind the email (LGN-1)."""
    rows = [{name: getattr(entry, name) for name in ENTRY_FIELDS} for entry in entries]
    sent = [{**row, "at": row["at"].isoformat(), "data": dict(row["data"])} for row in rows]
    connection.execute(_NOTE_REFUSED, {"rows": sent})


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
