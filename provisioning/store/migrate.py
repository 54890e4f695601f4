"""Bring a database to the newest schema, as its owner.

The service's own role cannot change the schema (OPS-3), so this runs apart, as the command `gatelodge migrate`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from provisioning.store.engine import translated

LOCK_TIMEOUT = "set lock_timeout = '10s'"


def run_migrations(owner_url: str, service_role: str | None) -> None:
    """Run what is missing.

    Args:
        owner_url: libpq URL of the role that owns the schema.
        service_role: name of the service's role, None where it is the owner itself.

    Raises:
        Unavailable: the database cannot be reached.
    """
    try:
        _migrate(owner_url, service_role)
    except DBAPIError as error:
        raise translated(error) from error


def _migrate(owner_url: str, service_role: str | None) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(LOCK_TIMEOUT))
        connection.commit()
        config.attributes.update(connection=connection, service_role=service_role)
        command.upgrade(config, "head")
        connection.commit()


def role_of(url: str) -> str | None:
    """Return the role that a database URL logs in as."""
    return make_url(url).username
