"""What the whole SCIM profile keeps: settings of connections, and the log of what identity providers asked for."""

from provisioning.store.migrations.steps import upgrade_with

revision = "m0003"
down_revision = "m0002"

NEW_TABLES: tuple[str, ...] = ("provisioning_log",)


def upgrade() -> None:
    """Make the tables and columns."""
    upgrade_with(__file__, NEW_TABLES)
