"""The activity report and its seals; the service's database role may only insert and read here (OPS-3)."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import account_column, id_column, metadata, moment

activity = Table(
    "activity",
    metadata,
    account_column(),
    id_column(),
    moment("at", optional=False),
    Column("kind", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text),
    Column("way_in", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_name", Text, nullable=False),
    Column("address", Text),
    Column("target_kind", Text, nullable=False),
    Column("target_id", Text, nullable=False),
    Column("target_name", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    # What the report is asked for most: a stretch of time, and what a person did or what was done to them (ACT-1).
    Index("ix_activity_at", "account_id", "at", "id"),
    Index("ix_activity_actor", "account_id", "actor_id"),
    Index("ix_activity_target", "account_id", "target_id"),
)

activity_seals = Table(
    "activity_seals",
    metadata,
    account_column(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("entry_id", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    moment("sealed_at", optional=False),
    ForeignKeyConstraint(
        ["account_id", "entry_id"], ["activity.account_id", "activity.id"], name="fk_activity_seals_entry"
    ),
    Index("ux_activity_seals_entry", "account_id", "entry_id", unique=True),
)

# What is not sealed yet: written with the entry, deleted by the sealer, so that finding new entries costs nothing.
activity_unsealed = Table(
    "activity_unsealed",
    metadata,
    account_column(),
    id_column("entry_id"),
)
