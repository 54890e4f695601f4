"""SAML connections, begun logins, spent ids, and who a subject is (IDN-2, SAM-4, SAM-5)."""

from sqlalchemy import Boolean, Column, Index, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import (
    account_column,
    account_reference,
    id_column,
    metadata,
    moment,
    reference,
)

saml_connections = Table(
    "saml_connections",
    metadata,
    account_column(),
    id_column(),
    Column("settings", JSONB, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("sp_certificate", Text, nullable=False),
    Column("sp_private_key", LargeBinary, nullable=False),
    moment("created_at", optional=False),
    moment("succeeded_at"),
    account_reference("fk_saml_connections_account"),
    Index("ux_saml_connections_id", "id", unique=True),
)

saml_requests = Table(
    "saml_requests",
    metadata,
    account_column(),
    id_column(),
    Column("connection_id", Text, nullable=False),
    Column("browser_hash", Text, nullable=False),
    Column("relay_hash", Text, nullable=False),
    Column("return_path", Text, nullable=False),
    moment("created_at", optional=False),
    moment("expires_at", optional=False),
    moment("used_at"),
    Column("forced", Boolean, nullable=False, server_default=text("false")),
    reference("saml_connections", "connection_id", name="fk_saml_requests_connection"),
)

# Inserting the id and making the session are one transaction, so of many posts of one response one wins (SAM-4).
saml_spent = Table(
    "saml_spent",
    metadata,
    account_column(),
    Column("connection_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    moment("expires_at", optional=False),
    reference("saml_connections", "connection_id", name="fk_saml_spent_connection"),
    Index("ix_saml_spent_expiry", "expires_at"),
)

saml_links = Table(
    "saml_links",
    metadata,
    account_column(),
    Column("connection_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    moment("created_at", optional=False),
    reference("saml_connections", "connection_id", name="fk_saml_links_connection"),
    reference("users", "user_id", name="fk_saml_links_user"),
    Index("ix_saml_links_user", "account_id", "user_id"),
)
