"""Statements of the hot paths: compiled once a process, sent straight to the driver.

SQLAlchemy builds, keys and looks up a statement at every execution and describes its result anew each time, which costs
more than PostgreSQL needs to answer it by an index (measured: more than half of the CPU of a create). The statements
that every request runs are therefore module constants, compiled from the same tables when the module is loaded; they
run on the driver's connection behind SQLAlchemy's own, in the same transaction, and their faults are those of
SQLAlchemy, so that nobody above sees a difference. Types are still SQLAlchemy's: its bind processors turn JSON and the
like into what the driver sends.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg.pq import PipelineStatus
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

DIALECT = dialect()  # type: ignore[no-untyped-call]
Parameters = Mapping[str, Any]


class Rows(list[Any]):
    """The rows that a statement returned, each with its columns as attributes."""

    def one_or_none(self) -> Any:
        """Return the only row, or None where there is none."""
        return self.one() if self else None

    def one(self) -> Any:
        """Return the only row."""
        (row,) = self
        return row

    def scalars(self) -> list[Any]:
        """Return the first column of every row."""
        return [row[0] for row in self]


class Statement:
    """One compiled statement.

    Args:
        source: a Core statement whose values are bound parameters.
        columns: names of the columns that an insert or update sets from parameters of the same names.
    """

    def __init__(self, source: ClauseElement, columns: Sequence[str] | None = None) -> None:
        compiled: Any = source.compile(dialect=DIALECT, column_keys=columns)
        self.text = str(compiled)
        self._defaults: dict[str, Any] = dict(compiled.params)
        self._processors: dict[str, Callable[[Any], Any]] = compiled._bind_processors
        self._row = _row_type([column.keyname for column in compiled._result_columns])

    def run(self, connection: Connection, **parameters: Any) -> Rows:
        """Execute the statement with its parameters by name and return its rows.

        Raises:
            DBAPIError: what the driver raises, in SQLAlchemy's form; of a statement without rows inside `pipelined`
                at the end of that.
        """
        try:
            cursor = driver_of(connection).execute(self.text, self._bound(parameters))
            return Rows(map(self._row, cursor.fetchall())) if self._row else Rows()
        except psycopg.Error as fault:
            raise fault_of(connection, fault, self.text) from fault

    def run_all(self, connection: Connection, rows: Sequence[Parameters]) -> None:
        """Execute the statement once for each row of parameters; nothing is returned."""
        if len(rows) == 1:
            self.run(connection, **rows[0])
        elif rows:
            try:
                driver_of(connection).cursor().executemany(self.text, [self._bound(row) for row in rows])
            except psycopg.Error as fault:
                raise fault_of(connection, fault, self.text) from fault

    def _bound(self, parameters: Parameters) -> dict[str, Any]:
        bound = {**self._defaults, **parameters}
        for name, process in self._processors.items():
            bound[name] = process(bound[name])
        return bound


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Send the statements inside in one go: the answers of those without rows are awaited together, at the end.

    Inside another one it is a part of that, whose end is awaited.

    Raises:
        DBAPIError: of the first statement that failed; none after it was run.
    """
    driver = driver_of(connection)
    if driver.info.pipeline_status is not PipelineStatus.OFF:
        yield
        return
    raised: Exception | None = None
    try:
        with driver.pipeline():
            try:
                yield
            except Exception as fault:
                # Kept until the pipeline has ended, of whose own fault after it the driver would log a warning.
                raised = fault
    except psycopg.Error as fault:
        raise raised or fault_of(connection, fault, "") from fault
    if raised is not None:
        raise raised


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Return the driver's connection behind SQLAlchemy's."""
    return cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def fault_of(connection: Connection, fault: psycopg.Error, statement: str) -> Exception:
    """Return a driver's fault as SQLAlchemy raises it; a lost connection leaves the pool, and with it all others."""
    is_lost = driver_of(connection).closed
    if is_lost:
        connection.invalidate(fault)
        connection.engine.dispose()
    made: Exception = DBAPIError.instance(
        statement, None, fault, psycopg.Error, hide_parameters=True, connection_invalidated=is_lost, dialect=DIALECT
    )
    return made


def _row_type(names: Sequence[str]) -> Callable[[Sequence[Any]], Any] | None:
    """Return what makes a row of a tuple: columns as attributes, and all of them as a mapping."""
    if not names:
        return None
    columns: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    # SQLAlchemy's rows have their columns as a mapping too, and both kinds are read by the same functions.
    row: Any = type("Row", (columns,), {"__slots__": (), "_mapping": property(columns._asdict)})
    return cast("Callable[[Sequence[Any]], Any]", row._make)
