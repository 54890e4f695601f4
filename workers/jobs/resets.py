"""After somebody asked for a new password: looks who has the address, and owes them the mail (PWD-2, LGN-1).

The page that asked answered before anybody was looked up, so that its time and its statements tell nothing. Run twice,
this mails a second link, and the first is dead.
"""

from collections.abc import Sequence

from provisioning.actions.passwords import answer_reset
from provisioning.actions.services import Services
from provisioning.store.outbox import OwedRow
from provisioning.store.unit_of_work import Unit
from workers.jobs.owed import pay_each
from workers.queues import RowId


def answer_resets(rows: Sequence[RowId], services: Services) -> None:
    """Owe the mails that were asked for.

    Args:
        rows: (account id, row id) of rows of the kind `reset_asked`; their account is none.
        services: from outside.
    """
    pay_each(rows, lambda unit, row: _answer(unit, row, services), services)


def _answer(unit: Unit, row: OwedRow, services: Services) -> str:
    """Answer one; whether anybody has the address is not said, not even in the log."""
    email = unit.adapters.decrypt(row.secret or b"", f"outbox/secret/{row.id}")
    answer_reset(email, row.payload.get("address") or None, services)
    return "answered"
