"""What the account rules keep: proofs, second factors, throttles, devices, webhooks and receipts."""

from provisioning.store.migrations.steps import upgrade_with

revision = "m0002"
down_revision = "m0001"

NEW_TABLES: tuple[str, ...] = (
    "devices",
    "login_tries",
    "recovery_codes",
    "revocations",
    "second_factors",
    "second_steps",
    "stranger_attempts",
    "webhook_deliveries",
    "webhooks",
)


def upgrade() -> None:
    """Make the tables and columns."""
    upgrade_with(__file__, NEW_TABLES)
