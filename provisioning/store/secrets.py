"""Every secret at rest that must be read back, found by the schema itself: each column of bytes holds one (OPS-2)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Column, Connection, LargeBinary, Table, func, select, update

from provisioning.store.tables import metadata

# The column that a secret's place names its row by, where it is not the row's id.
ROW_NAMES: Mapping[str, str] = {"second_factors": "user_id"}
# (secret, place) -> the secret encrypted under the newest key, None where it cannot be read.
Renew = Callable[[bytes, str], bytes | None]


@dataclass(frozen=True, slots=True)
class SecretColumn:
    """One column of secrets."""

    table: Table
    column: Column[bytes]
    row: Column[str]

    def place(self, row_id: str) -> str:
        """Return the place that a secret of a row is bound to: `table/column/row`."""
        return f"{self.table.name}/{self.column.name}/{row_id}"


def secret_columns() -> Iterator[SecretColumn]:
    """Yield every column that holds secrets at rest."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                yield SecretColumn(table, column, table.columns[ROW_NAMES.get(table.name, "id")])


def renew(
    connection: Connection, account_id: str, secrets: SecretColumn, newest: bytes, after: str, most: int, make: Renew
) -> tuple[int, str | None]:
    """Encrypt the next secrets of an account under the newest key; returns how many, and where to go on.

    Args:
        connection: an open transaction; the rows are locked until it ends.
        account_id: whose.
        secrets: the column.
        newest: what a secret under the newest key begins with.
        after: row that the last call ended with, '' at first.
        most: rows in one transaction.
        make: encrypts one anew.

    Returns:
        How many were renewed, and the row to go on after, None where no more are left.
    """
    mine = (secrets.table.c.account_id == account_id, secrets.row > after)
    old = func.substr(secrets.column, 1, len(newest)) != newest
    waiting = select(secrets.row.label("row"), secrets.column.label("secret")).where(*mine, old)
    rows = connection.execute(waiting.order_by(secrets.row).limit(most).with_for_update()).all()
    done = 0
    for row in rows:
        renewed = make(bytes(row.secret), secrets.place(row.row))
        if renewed is None:
            continue
        done += 1
        same = (secrets.table.c.account_id == account_id, secrets.row == row.row)
        connection.execute(update(secrets.table).where(*same).values({secrets.column.name: renewed}))
    return done, rows[-1].row if len(rows) == most else None
