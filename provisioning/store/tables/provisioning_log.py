"""What identity providers asked for, redacted, for 30 days (SCM-9).

Nothing points here and nothing is pointed at: an entry outlives the connection, the token and the user that it names,
and writing it locks no row of anybody else's. What is only shown, never asked for by itself, is one JSON text.
"""

from sqlalchemy import Column, Float, Index, Integer, Table, Text, text

from provisioning.store.tables.columns import account_column, id_column, metadata, moment

provisioning_log = Table(
    "provisioning_log",
    metadata,
    account_column(),
    # The request's own id, which the client was told.
    id_column(),
    moment("at", optional=False),
    Column("connection_id", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("body", Text),
    Column("status", Integer, nullable=False),
    Column("code", Text),
    Column("milliseconds", Float, nullable=False),
    Column("resource_id", Text),
    # JSON text: token, address, what became of the body, answer, changes, notes, and whose replay it is.
    Column("facts", Text, nullable=False),
    moment("replayed_at"),
    Column("replayed_as", Text),
    # By time: the pages of the log, and what is old enough to go.
    Index("ix_provisioning_log_at", "account_id", "at", "id"),
    Index(
        "ix_provisioning_log_resource",
        "account_id",
        "resource_id",
        "at",
        postgresql_where=text("resource_id is not null"),
    ),
)
