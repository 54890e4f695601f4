"""The first schema, and what the service's own database role may do with it (OPS-3)."""

from pathlib import Path

from alembic import context, op

revision = "m0001"
down_revision = None

# The activity report is append-only for the service, also where the service is taken over.
APPEND_ONLY = ("activity", "activity_seals")
# Which schema this is, is told by who may change it.
READ_ONLY = ("alembic_version",)


def upgrade() -> None:
    """Make the tables; give the service's role its rights where the owner is another role."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    role = context.config.attributes.get("service_role")
    if role:
        name = op.get_bind().dialect.identifier_preparer.quote(role)
        op.execute(f"grant usage on schema public to {name}")
        op.execute(f"grant select, insert, update, delete on all tables in schema public to {name}")
        for table in APPEND_ONLY:
            op.execute(f"revoke update, delete on {table} from {name}")
        for table in READ_ONLY:
            op.execute(f"revoke insert, update, delete on {table} from {name}")
