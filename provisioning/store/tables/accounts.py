"""Accounts, and the one short row that writers of an account share: the seat counter."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text, text

from provisioning.store.tables.columns import account_column, account_reference, metadata, moment

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("permission_system", Text, nullable=False),
    Column("two_factor", Text, nullable=False),
    Column("session_idle_seconds", Integer, nullable=False),
    Column("session_max_seconds", Integer, nullable=False),
    Column("saml_enforced", Boolean, nullable=False),
    moment("cancelled_at"),
    moment("created_at", optional=False),
    moment("erased_at"),
    Column("creative_approval", Boolean, nullable=False),
    Index(
        "ix_accounts_cancelled",
        "cancelled_at",
        postgresql_where=text("cancelled_at is not null and erased_at is null"),
    ),
)

# Apart from accounts, so that taking a seat never blocks who merely refers to the account.
seats = Table(
    "seats",
    metadata,
    account_column(),
    Column("used", Integer, nullable=False),
    Column("plan_seats", Integer, nullable=False),
    Column("additional", Integer, nullable=False),
    account_reference("fk_seats_account"),
    CheckConstraint("used >= 0", name="ck_seats_used"),
)
