"""The connection to PostgreSQL, and what its faults mean.

Two views of one pool: `writer` opens transactions (READ COMMITTED; rows that matter are locked by name), `reader` runs
in autocommit, so that a read costs one round trip instead of three. Prepared statements can be switched off for
pgbouncer in transaction mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from provisioning.domain.errors import invalid

# Serialization failure and deadlock: the transaction may simply run again.
REPEATABLE_STATES = frozenset({"40001", "40P01"})
QUERY_CANCELLED = "57014"
# Classes of faults that the values bring about: no such text or number can be stored, or no index row can hold it.
VALUE_CLASSES = frozenset({"22", "54"})
CONNECTION_CLASSES = frozenset({"08", "57"})
STATEMENT_TIMEOUT_MS = 15_000


class Conflict(Exception):
    """The database asks for the transaction to be run again."""


class QueryCancelled(Exception):
    """A statement took longer than it may (SCM-7)."""


class Unavailable(Exception):
    """The database cannot be reached; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Database:
    """The two views of one pool of connections."""

    writer: Engine
    reader: Engine

    def close(self) -> None:
        """Give back every connection."""
        self.writer.dispose()
        self.reader.dispose()


def open_database(url: str, *, pool_size: int, prepare: bool = True) -> Database:
    """Return the database behind a `postgresql://` URL.

    Args:
        url: libpq URL.
        pool_size: most connections at once.
        prepare: False behind pgbouncer in transaction mode.
    """
    arguments: dict[str, object] = {"connect_timeout": 5, "application_name": "gatelodge"}
    if not prepare:
        arguments["prepare_threshold"] = None
    return Database(
        _engine(url, pool_size, arguments, isolation_level="READ COMMITTED"),
        # Nothing is open when a reading connection is given back, so there is nothing to roll back.
        _engine(url, pool_size, arguments, isolation_level="AUTOCOMMIT", pool_reset_on_return=None),
    )


def _engine(url: str, pool_size: int, arguments: Mapping[str, object], **options: object) -> Engine:
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        # The connection used last is used next: its process at the server has everything at hand.
        pool_use_lifo=True,
        pool_pre_ping=False,
        connect_args=dict(arguments),
        use_native_hstore=False,
        query_cache_size=1000,
        **options,
    )
    event.listen(engine, "connect", _set_limits)
    return engine


def _set_limits(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute(f"set statement_timeout = {STATEMENT_TIMEOUT_MS}")
    cursor.execute("set timezone = 'UTC'")
    cursor.execute("set idle_in_transaction_session_timeout = 60000")
    cursor.close()
    connection.commit()  # type: ignore[attr-defined]


def state_of(error: DBAPIError) -> str:
    """Return the SQLSTATE of a fault, '' where the server said none."""
    return getattr(error.orig, "sqlstate", None) or ""


def translated(error: SQLAlchemyError) -> Exception:
    """Return what a fault of the database means to the layers above; itself where it means nothing to them."""
    if isinstance(error, PoolExhausted):
        return Unavailable("every connection is in use")
    if not isinstance(error, DBAPIError):
        return error
    state = state_of(error)
    if state in REPEATABLE_STATES:
        return Conflict(state)
    if state == QUERY_CANCELLED:
        return QueryCancelled()
    if _is_lost(error, state):
        return Unavailable(state or "connection lost")
    if state[:2] in VALUE_CLASSES:
        return invalid(None, "A value is too long or holds characters that cannot be stored.")
    return error


def _is_lost(error: DBAPIError, state: str) -> bool:
    """Whether there is no connection: broken, closed by the server, or (without any state) never made."""
    never_made = isinstance(error, OperationalError) and not state
    return error.connection_invalidated or state[:2] in CONNECTION_CLASSES or never_made
