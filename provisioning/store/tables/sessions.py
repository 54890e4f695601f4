"""Sessions, mail links and pending logins: rows that are looked up by the hash of a secret (SES-1, LNK-1)."""

from sqlalchemy import Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import account_column, id_column, metadata, moment, reference

sessions = Table(
    "sessions",
    metadata,
    account_column(),
    id_column(),
    Column("secret_hash", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("connection_id", Text),
    Column("name_id", Text),
    Column("session_index", Text),
    Column("address", Text),
    Column("user_agent", Text),
    moment("created_at", optional=False),
    moment("last_seen_at", optional=False),
    moment("expires_at", optional=False),
    moment("ended_at"),
    Column("end_reason", Text),
    Column("ended_by", Text),
    moment("proved_at"),
    reference("users", "user_id", name="fk_sessions_user"),
    Index("ux_sessions_secret", "secret_hash", unique=True),
    # With the epoch, so that a count of what a force logout ends passes over what earlier ones ended.
    Index("ix_sessions_user", "account_id", "user_id", "epoch"),
    # For the cleaning that forgets ended sessions after 90 days (SES-7).
    Index("ix_sessions_ended", "ended_at", postgresql_where=text("ended_at is not null")),
)

links = Table(
    "links",
    metadata,
    account_column(),
    id_column(),
    Column("secret_hash", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("address", Text, nullable=False),
    moment("created_at", optional=False),
    moment("expires_at", optional=False),
    moment("used_at"),
    moment("ended_at"),
    reference("users", "user_id", name="fk_links_user"),
    Index("ux_links_secret", "secret_hash", unique=True),
    Index("ix_links_user", "account_id", "user_id"),
)

# Not of one account: a login page names none, and one password may fit users of several (design: a page to choose).
pending_logins = Table(
    "pending_logins",
    metadata,
    Column("secret_hash", Text, primary_key=True),
    Column("choices", JSONB, nullable=False),
    moment("created_at", optional=False),
    moment("expires_at", optional=False),
    moment("used_at"),
)
