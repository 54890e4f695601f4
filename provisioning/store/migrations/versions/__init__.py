"""One file a migration, its SQL beside it."""
