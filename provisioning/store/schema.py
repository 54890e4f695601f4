"""Whether the database's schema is the one that this program knows; apart from `migrate.py`, which loads Alembic."""

from datetime import datetime

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from provisioning.store.migrations import HEAD


def is_current(connection: Connection) -> bool:
    """Return whether the schema is the newest that this program knows."""
    try:
        return connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
    except DBAPIError:
        return False


def database_time(connection: Connection) -> datetime:
    """Return the time as the database has it."""
    found: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
    return found
