"""The metadata that all tables share, and the few columns that many of them repeat."""

from sqlalchemy import Column, DateTime, ForeignKeyConstraint, MetaData, Text

metadata = MetaData()


def account_column() -> Column[str]:
    """Return the account's id as first part of a primary key."""
    return Column("account_id", Text, primary_key=True)


def id_column(name: str = "id") -> Column[str]:
    """Return an id of ours as second part of a primary key."""
    return Column(name, Text, primary_key=True)


def moment(name: str, *, optional: bool = True) -> Column[object]:
    """Return a column of a moment in UTC."""
    return Column(name, DateTime(timezone=True), nullable=optional)


def reference(table: str, column: str, *, name: str, on_delete: str = "CASCADE") -> ForeignKeyConstraint:
    """Return a composite foreign key that cannot leave the account."""
    return ForeignKeyConstraint(
        ["account_id", column], [f"{table}.account_id", f"{table}.id"], name=name, ondelete=on_delete
    )


def account_reference(name: str) -> ForeignKeyConstraint:
    """Return the foreign key to the account itself."""
    return ForeignKeyConstraint(["account_id"], ["accounts.id"], name=name)
