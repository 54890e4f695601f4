"""Webhooks, what they were told, and the receipts of ended access (NET-2, OUT-2, SES-7).

A webhook reads the activity report behind its seals: `told_to` is the number of the last seal whose entry was handed
over to it. So an event costs the change that makes it nothing, and none is skipped (docs/adr/0010).
"""

from sqlalchemy import ARRAY, Column, Index, Integer, LargeBinary, Table, Text, text

from provisioning.store.tables.columns import account_column, account_reference, id_column, metadata, moment, reference

webhooks = Table(
    "webhooks",
    metadata,
    account_column(),
    id_column(),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    # Encrypted (OPS-2); the old one signs beside the new one until its time is over.
    Column("secret", LargeBinary),
    Column("old_secret", LargeBinary),
    moment("old_secret_until"),
    Column("told_to", Integer, nullable=False),
    moment("created_at", optional=False),
    moment("updated_at", optional=False),
    moment("paused_at"),
    Column("pause_reason", Text),
    # Since when every attempt failed, how many, and until when nothing is tried after the receiver was silent.
    moment("failing_since"),
    Column("failures", Integer, nullable=False),
    moment("retry_at"),
    moment("confirmed_at"),
    # A removed webhook stays as long as the log of what it was told names it.
    moment("removed_at"),
    account_reference("fk_webhooks_account"),
)

# One access that was ended: when, why, by whom, and what ended with it. The user's epoch tells two endings apart.
revocations = Table(
    "revocations",
    metadata,
    account_column(),
    id_column(),
    Column("user_id", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("way_in", Text, nullable=False),
    Column("ended_by", Text, nullable=False),
    Column("ended_by_name", Text, nullable=False),
    moment("ended_at", optional=False),
    Column("sessions", Integer, nullable=False),
    Column("pending_logins", Integer, nullable=False),
    Column("links", Integer, nullable=False),
    Column("devices", Integer, nullable=False),
    # Keys and tokens that the user answers for: they are the account's and go on until an administrator ends them.
    Column("keys", ARRAY(Text), nullable=False),
    reference("users", "user_id", name="fk_revocations_user"),
    Index("ux_revocations_user", "account_id", "user_id", "epoch", unique=True),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    account_column(),
    id_column(),
    Column("webhook_id", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    moment("next_at", optional=False),
    # While an attempt is under way, so that a second job leaves it alone; over, where the job was killed.
    moment("leased_until"),
    moment("created_at", optional=False),
    moment("tried_at"),
    Column("answer_status", Integer),
    Column("fault", Text),
    Column("excerpt", Text),
    moment("confirmed_at"),
    Column("revocation_id", Text),
    # Who asked for it to be sent again; it is sent only if they still may when it comes to that (AUZ-7).
    Column("replayed_by", Text),
    reference("webhooks", "webhook_id", name="fk_webhook_deliveries_webhook"),
    reference("revocations", "revocation_id", name="fk_webhook_deliveries_revocation"),
    Index("ux_webhook_deliveries_event", "account_id", "webhook_id", "event_id", unique=True),
    Index("ix_webhook_deliveries_log", "account_id", "webhook_id", "created_at", "id"),
    Index(
        "ix_webhook_deliveries_revocation",
        "account_id",
        "revocation_id",
        postgresql_where=text("revocation_id is not null"),
    ),
    Index("ix_webhook_deliveries_due", "next_at", postgresql_where=text("state = 'pending'")),
)
