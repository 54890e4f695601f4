"""Account keys, SCIM connections and their tokens; of a secret only its hash is stored (KEY-1)."""

from sqlalchemy import ARRAY, Boolean, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import (
    account_column,
    account_reference,
    id_column,
    metadata,
    moment,
    reference,
)

account_keys = Table(
    "account_keys",
    metadata,
    account_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    moment("created_at", optional=False),
    moment("expires_at", optional=False),
    moment("revoked_at"),
    moment("last_used_at"),
    Column("answerable", Text),
    Column("address_ranges", ARRAY(Text), nullable=False),
    moment("disabled_at"),
    Column("replaced_by", Text),
    Column("warned_days", Integer),
    account_reference("fk_account_keys_account"),
    Index("ux_account_keys_id", "id", unique=True),
    # What ends soon is looked for over all accounts (KEY-4).
    Index("ix_account_keys_end", "expires_at", postgresql_where=text("revoked_at is null")),
)

scim_connections = Table(
    "scim_connections",
    metadata,
    account_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("saml_connection_id", Text),
    Column("email_domains", ARRAY(Text), nullable=False),
    Column("allow_master_admin", Boolean, nullable=False),
    Column("default_role", Text, nullable=False),
    Column("role_cap", ARRAY(Text), nullable=False),
    Column("enabled", Boolean, nullable=False),
    moment("created_at", optional=False),
    Column("role_map", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("create_on_replace", Boolean, nullable=False, server_default=text("true")),
    Column("manage_environments", Boolean, nullable=False, server_default=text("false")),
    Column("manage_media_library", Boolean, nullable=False, server_default=text("false")),
    account_reference("fk_scim_connections_account"),
    # Set by hand when a SAML connection goes: a composite key could only set the account to null with it.
    reference("saml_connections", "saml_connection_id", name="fk_scim_connections_saml", on_delete="RESTRICT"),
    Index("ux_scim_connections_name", "account_id", "name_key", unique=True),
)

scim_tokens = Table(
    "scim_tokens",
    metadata,
    account_column(),
    id_column(),
    Column("connection_id", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    moment("created_at", optional=False),
    moment("expires_at", optional=False),
    moment("revoked_at"),
    moment("last_used_at"),
    Column("made_by", Text, nullable=False),
    Column("answerable", Text),
    Column("address_ranges", ARRAY(Text), nullable=False),
    moment("disabled_at"),
    Column("replaced_by", Text),
    Column("warned_days", Integer),
    reference("scim_connections", "connection_id", name="fk_scim_tokens_connection"),
    Index("ux_scim_tokens_id", "id", unique=True),
    Index("ix_scim_tokens_end", "expires_at", postgresql_where=text("revoked_at is null")),
)
