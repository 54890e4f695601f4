"""The outbox: what is owed to somebody outside, written with the change that owes it (INV-3, JOB-3)."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import account_column, id_column, metadata, moment

outbox = Table(
    "outbox",
    metadata,
    account_column(),
    id_column(),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    # The link's token, encrypted until its mail is sent (INV-2).
    Column("secret", LargeBinary),
    Column("attempts", Integer, nullable=False),
    Column("last_fault", Text),
    moment("next_at", optional=False),
    moment("created_at", optional=False),
    moment("done_at"),
    Index("ix_outbox_due", "next_at", postgresql_where=text("done_at is null")),
)
