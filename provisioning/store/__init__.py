"""SQLAlchemy and Alembic: rows in, values of the domain out. No rule is decided here."""
