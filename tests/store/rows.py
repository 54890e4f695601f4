"""A plain row for any table, made from the table's own columns, so that tests can walk the whole schema."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, Boolean, Column, DateTime, Float, ForeignKeyConstraint, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
VALUES: tuple[tuple[type, Any], ...] = (
    (ARRAY, []), (Boolean, False), (DateTime, NOW), (Float, 0.0), (Integer, 0), (JSONB, {}), (LargeBinary, b""),
)  # fmt: skip


def references(table: Table) -> list[ForeignKeyConstraint]:
    """The foreign keys of a table to other things than the account itself."""
    keys = sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
    return [key for key in keys if key.referred_table.name != "accounts"]


def pointers(table: Table) -> dict[str, str]:
    """Column -> table it points into, for every column beside the account that is part of a foreign key."""
    return {
        column: key.referred_table.name
        for key in references(table)
        for column in key.column_keys
        if column != "account_id"
    }


def id_of(table_name: str, account: str) -> str:
    """The id that the row of a table has in an account."""
    return f"{table_name} of {account}"


def row_of(table: Table, account: str) -> dict[str, Any]:
    """A row of a table in an account; it points to the rows that this function makes of the other tables."""
    to = pointers(table)
    return {column.name: _value(table, column, account, to) for column in table.columns}


def another_row_of(table: Table, account: str) -> dict[str, Any]:
    """A second row beside `row_of`: other values wherever the first one's have to be alone."""
    alone = {column.name for column in table.primary_key.columns}
    alone |= {column.name for index in table.indexes if index.unique for column in index.columns}
    alone -= {"account_id", *pointers(table)}
    anew = {name: 1 if isinstance(table.columns[name].type, Integer) else f"{name} anew" for name in alone}
    return {**row_of(table, account), **anew}


def _value(table: Table, column: Column[Any], account: str, to: dict[str, str]) -> Any:
    if column.name == "account_id" or (table.name, column.name) == ("accounts", "id"):
        return account
    if column.name in to:
        return id_of(to[column.name], account)
    if column.name == "id":
        return id_of(table.name, account)
    if isinstance(column.type, Text):
        return f"{column.name} of {account}"
    return next(value for kind, value in VALUES if isinstance(column.type, kind))
