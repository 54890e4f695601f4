"""After somebody's access was ended: settles the rows and tells who relies on the sessions (OUT-2, SES-7).

The sessions are dead already: the action raised the user's epoch in its own transaction, and each request compares it.
This job marks the dead rows with when, why and by whom, for the lists that people read, and owes the end to every
webhook that asked for it. Each is then told until it confirms, and the receipt says when it did.
"""

from collections.abc import Sequence

from provisioning.actions.services import Services
from provisioning.actions.webhook_deliveries import tell_sessions_ended
from provisioning.domain.revocations import MOST_COUNTED, Revocation
from provisioning.store.outbox import OwedRow
from provisioning.store.unit_of_work import Unit
from workers.jobs.owed import pay_each
from workers.queues import RowId

EVENT = "sessions.ended"
# The entry of the event was written just before the row; a few more are read in case ids of one instant are mixed.
ENTRIES_READ = 5


def settle_sessions(rows: Sequence[RowId], services: Services) -> None:
    """Mark the sessions that each row's event ended, and owe the news to webhooks.

    Args:
        rows: (account id, row id) of rows of the kind `sessions_ended`.
        services: from outside.
    """
    pay_each(rows, lambda unit, row: _settle(unit, row, services), services)


def _settle(unit: Unit, row: OwedRow, services: Services) -> str:
    """Mark the sessions below the epoch that the event made, also those of a deleted user; safe to run twice.

    Where several endings wait, each marks its own: a session opened between two of them ended by the second.
    """
    user = unit.users.get_also_inactive(row.payload["user_id"])
    epoch = int(row.payload.get("epoch", user.epoch))
    reason = row.payload.get("reason", "")
    receipt = unit.revocations.find(user.id, epoch)
    if receipt is not None and receipt.ended.sessions >= MOST_COUNTED:
        unit.revocations.count_sessions(receipt)
    ended = unit.sessions.end_below(user.id, epoch, row.created_at, reason, _who_ended(unit, row, user.id, receipt))
    told = tell_sessions_ended(unit, user, row, reason, receipt.id if receipt is not None else None)
    services.measure("settled", (unit.now - row.created_at).total_seconds())
    return f"ended {ended}, webhooks {told}"


def _who_ended(unit: Unit, row: OwedRow, user_id: str, receipt: Revocation | None) -> str:
    """Return the id of who ended the sessions: as the receipt says, else the activity report; '' where neither does."""
    if receipt is not None:
        return receipt.ended_by
    entries = unit.activity.written_about(user_id, row.id, ENTRIES_READ)
    return next((each.actor_id for each in entries if each.kind == EVENT and each.at == row.created_at), "")
