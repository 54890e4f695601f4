"""What callers who are not logged in tried and were refused, counted until it is written to the report (AUD-1)."""

from sqlalchemy import Column, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.tables.columns import account_column, id_column, metadata, moment

# One row for each kind of attempt and code, however often it is tried; `entry` is the newest, as the report has it.
stranger_attempts = Table(
    "stranger_attempts",
    metadata,
    account_column(),
    id_column("kind"),
    id_column("way_in"),
    id_column("code"),
    id_column("target"),
    moment("written_at", optional=False),
    Column("waiting", Integer, nullable=False),
    Column("written", Integer, nullable=False),
    Column("entry", JSONB, nullable=False),
)
