"""How far relay and workers are behind, read from what is owed (JOB-3, ACT-2); for readiness and metrics."""

from dataclasses import dataclass
from datetime import datetime

from provisioning.actions.services import Services
from provisioning.domain.caller import WayIn, nobody
from provisioning.store.activity import oldest_unsealed
from provisioning.store.outbox import oldest_owed, oldest_waiting


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds that the oldest of each kind waits; 0 where nothing waits.

    Attributes:
        due: a due row of the outbox for the relay.
        owed: a row for a worker; rows whose last attempt had a fault of its own (a mail server that is down) do not
            count.
        unsealed: an entry of the activity report for its seal.
    """

    due: float
    owed: float
    unsealed: float


def read_lag(services: Services) -> Lag:
    """Return how far relay and workers are behind, over all accounts.

    Raises:
        Unavailable: the database cannot be reached.
    """
    with services.read(nobody(WayIn.WORKER, None)) as unit:
        oldest = [each(unit.connection) for each in (oldest_waiting, oldest_owed, oldest_unsealed)]
        return Lag(*(_seconds(since, unit.now) for since in oldest))


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
