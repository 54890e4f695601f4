"""Alembic's entry: one connection handed in by `run_migrations`, with short lock waits."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
