"""Users and their email addresses; the constraints are the last defence of ROOT-1, ROOT-2, ROLE-1 and USR-1."""

from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import (
    account_column,
    account_reference,
    id_column,
    metadata,
    moment,
    reference,
)

LIVE = text("inactive_at is null")
# Word for word the same in index and query, so that PostgreSQL sees that the one serves the other.
ADMINISTERS = "(is_root or role in ('admin', 'master_admin'))"

users = Table(
    "users",
    metadata,
    account_column(),
    id_column(),
    Column("is_root", Boolean, nullable=False),
    Column("email", Text),
    Column("email_key", Text),
    Column("user_name", Text, nullable=False),
    Column("user_name_key", Text, nullable=False),
    Column("external_id", Text),
    Column("connection_id", Text),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("role", Text),
    Column("all_environments", Boolean, nullable=False),
    Column("media_library", ARRAY(Text), nullable=False),
    moment("disabled_at"),
    moment("accepted_at"),
    moment("reset_at"),
    moment("inactive_at"),
    Column("password_hash", Text),
    Column("epoch", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("attributes", JSONB, nullable=False),
    Column("folded", JSONB, nullable=False),
    Column("document", Text, nullable=False),
    Column("providers", ARRAY(Text), nullable=False),
    moment("created_at", optional=False),
    moment("updated_at", optional=False),
    moment("last_login_at"),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("share_mails", Boolean, nullable=False, server_default=text("true")),
    moment("access_ended_at"),
    Column("has_second_factor", Boolean, nullable=False, server_default=text("false")),
    account_reference("fk_users_account"),
    ForeignKeyConstraint(
        ["account_id", "connection_id"],
        ["scim_connections.account_id", "scim_connections.id"],
        name="fk_users_connection",
    ),
    CheckConstraint("is_root = (role is null)", name="ck_users_role"),
    CheckConstraint(
        "not is_root or (disabled_at is null and inactive_at is null and reset_at is null and all_environments)",
        name="ck_users_root",
    ),
    # Nobody is disabled or deleted but in the statement that also says that the access ended (SES-2).
    CheckConstraint(
        "(disabled_at is null or coalesce(access_ended_at >= disabled_at, false))"
        " and (inactive_at is null or coalesce(access_ended_at >= inactive_at, false))",
        name="ck_users_access",
    ),
    Index("ux_users_root", "account_id", unique=True, postgresql_where=text("is_root")),
    # Ordered byte by byte, so that one index keeps emails unique and finds them by their beginning.
    Index(
        "ux_users_email",
        "account_id",
        "email_key",
        unique=True,
        postgresql_ops={"email_key": "text_pattern_ops"},
        postgresql_where=LIVE,
    ),
    Index("ux_users_user_name", "account_id", "user_name_key", unique=True, postgresql_where=LIVE),
    Index("ux_users_external_id", "account_id", "external_id", "connection_id", unique=True, postgresql_where=LIVE),
    Index("ix_users_live", "account_id", "id", postgresql_where=LIVE),
    Index("ix_users_email", "email_key", postgresql_where=LIVE),
    Index(
        "ix_users_name",
        "account_id",
        "name_key",
        postgresql_ops={"name_key": "text_pattern_ops"},
        postgresql_where=LIVE,
    ),
    Index("ix_users_administer", "account_id", "id", postgresql_where=text(f"{LIVE} and {ADMINISTERS}")),
    Index("ix_users_updated", "account_id", "updated_at", postgresql_where=LIVE),
    # The Console's table is read in this order, page by page.
    Index("ix_users_table", "account_id", text('name_key collate "C"'), "id", postgresql_where=LIVE),
)

# One row an address of the resource, the login email at position 0, so that filters on mail use an index.
user_emails = Table(
    "user_emails",
    metadata,
    account_column(),
    id_column("user_id"),
    Column("position", Integer, primary_key=True),
    Column("value_key", Text, nullable=False),
    Column("type_key", Text),
    Column("is_primary", Boolean, nullable=False),
    reference("users", "user_id", name="fk_user_emails_user"),
    Index("ix_user_emails_value", "account_id", "value_key"),
)
