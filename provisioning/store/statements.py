"""Statements of the hot paths, compiled once a process.

SQLAlchemy builds, keys and looks up a statement at every execution, which costs more than PostgreSQL needs to answer
it by an index (measured: half of the CPU of a create). The statements that every request runs are therefore module
constants, compiled from the same tables when the module is loaded, and only their parameters change. Types are still
SQLAlchemy's: its bind processors turn JSON and the like into what the driver sends.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.dialects.postgresql.psycopg import dialect
from sqlalchemy.sql import ClauseElement

DIALECT = dialect()  # type: ignore[no-untyped-call]
Parameters = Mapping[str, Any]


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

    def run(self, connection: Connection, **parameters: Any) -> CursorResult[Any]:
        """Execute the statement with its parameters by name."""
        return connection.exec_driver_sql(self.text, self._bound(parameters))

    def run_all(self, connection: Connection, rows: Sequence[Parameters]) -> None:
        """Execute the statement once for each row of parameters; nothing is returned."""
        if len(rows) == 1:
            connection.exec_driver_sql(self.text, self._bound(rows[0]))
        elif rows:
            connection.exec_driver_sql(self.text, [self._bound(row) for row in rows])

    def _bound(self, parameters: Parameters) -> dict[str, Any]:
        bound = {**self._defaults, **parameters}
        for name, process in self._processors.items():
            bound[name] = process(bound[name])
        return bound
