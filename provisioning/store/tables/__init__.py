"""The tables, one file a topic.

Every row of an account carries `account_id` first in its primary key, its indexes and its foreign keys, so that no
reference can cross accounts (TEN-1) and the database can be spread by account later. Ids are UUIDv7 text made in the
application. What the schema keeps away from (serials, advisory locks, triggers with cross-row logic, exclusion
constraints) is what distributed engines of the PostgreSQL family lack.
"""

from sqlalchemy import MetaData

from provisioning.store.tables.columns import metadata

__all__ = ["MetaData", "metadata"]
