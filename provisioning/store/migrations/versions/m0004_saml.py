"""What logging in through an organisation keeps beyond the login itself: every attempt, what waits, who is linked."""

from provisioning.store.migrations.steps import upgrade_with

revision = "m0004"
down_revision = "m0003"

NEW_TABLES: tuple[str, ...] = ("saml_attempts",)


def upgrade() -> None:
    """Make the tables and columns."""
    upgrade_with(__file__, NEW_TABLES)
