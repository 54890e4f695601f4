"""What the account rules keep: proofs, second factors, throttles, devices, webhooks and receipts."""

from pathlib import Path

from alembic import context, op

revision = "m0002"
down_revision = "m0001"

# The service's role has no rights on what it did not get by name (OPS-3).
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
    """Make the tables and columns; give the service's role its rights where the owner is another role."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    role = context.config.attributes.get("service_role")
    if role:
        name = op.get_bind().dialect.identifier_preparer.quote(role)
        for table in NEW_TABLES:
            op.execute(f"grant select, insert, update, delete on {table} to {name}")
