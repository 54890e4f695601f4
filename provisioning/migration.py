"""The process behind `gatelodge migrate`: `python -m provisioning.migration`.

A program of its own, so that the owner's password is used by one short process only and nothing else loads Alembic.
"""

import os
import sys

from provisioning.store.engine import Unavailable
from provisioning.store.migrate import role_of, run_migrations


def main() -> int:
    """Bring the database to the newest schema; the exit status.

    GATELODGE_MIGRATE_URL names it as its owner, DATABASE_URL as the service's role; one of the two is enough.
    """
    database_url = os.environ.get("DATABASE_URL", "")
    owner_url = os.environ.get("GATELODGE_MIGRATE_URL") or database_url
    if not owner_url.startswith("postgresql://"):
        sys.stderr.write("configuration: GATELODGE_MIGRATE_URL, or else DATABASE_URL, is postgresql://….\n")
        return 1
    try:
        run_migrations(owner_url, role_of(database_url) if database_url else None)
    except Unavailable:
        sys.stderr.write("database_unavailable: The database cannot be reached. Does it run? Is its URL right?\n")
        return 1
    sys.stdout.write("The schema is current.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
