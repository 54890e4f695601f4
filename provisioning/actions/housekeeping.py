"""What sessions, links, logins and SAML responses leave behind is forgotten once nobody can ask for it any more."""

from provisioning.actions.services import Services
from provisioning.domain.caller import WayIn, nobody
from provisioning.store.housekeeping import TIDIED, forget_batch

ROWS_AT_ONCE = 1000
# Of one table in one turn: what is left after a flood waits for the next turns, and other duties get theirs.
MOST_BATCHES = 20


def forget_old_rows(services: Services) -> int:
    """Delete old rows of every table that has such, in short transactions; returns how many rows went (SES-7)."""
    return sum(_forget(name, services) for name in TIDIED)


def _forget(name: str, services: Services) -> int:
    forgotten = 0
    for _ in range(MOST_BATCHES):
        with services.unit(nobody(WayIn.WORKER, None)) as unit:
            gone = forget_batch(unit.connection, name, unit.now, ROWS_AT_ONCE)
        forgotten += gone
        if gone < ROWS_AT_ONCE:
            break
    return forgotten
