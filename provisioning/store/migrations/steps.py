"""What every migration after the first does: run the SQL beside it, and give the service's role its rights by name."""

from collections.abc import Sequence
from pathlib import Path

from alembic import context, op


def upgrade_with(module_file: str, new_tables: Sequence[str]) -> None:
    """Run a migration's SQL; where the owner is another role, let the service's role use the new tables (OPS-3).

    Args:
        module_file: the migration's `__file__`; its SQL has the same name.
        new_tables: the tables that the SQL makes; the service's role has no rights on what it did not get by name.
    """
    op.execute(Path(module_file).with_suffix(".sql").read_text(encoding="utf-8"))
    role = context.config.attributes.get("service_role")
    if role:
        name = op.get_bind().dialect.identifier_preparer.quote(role)
        for table in new_tables:
            op.execute(f"grant select, insert, update, delete on {table} to {name}")
