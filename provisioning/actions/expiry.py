"""Warnings before a key or token ends: 30, 7 and 1 days ahead, by mail, exactly once each (KEY-4).

Which stretch was warned of stands in the row, and is written in the transaction that owes the mail. So a warning is
neither lost nor sent twice, however many workers look and whenever one of them dies.
"""

from provisioning.actions.issued import told_of
from provisioning.actions.services import Services, repeated
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import warning_due
from provisioning.store.keys import Expiring, expiring


def warn_of_expiry(services: Services) -> int:
    """Owe the warnings that are due now, each in a transaction of its own; returns how many."""
    with services.read(nobody(WayIn.WORKER, None)) as unit:
        found = expiring(unit.connection, unit.now)
    return sum(_warn(each, services) for each in found)


@repeated
def _warn(found: Expiring, services: Services) -> bool:
    """Owe one warning, if it is still due once the row is locked."""
    with services.unit(nobody(WayIn.WORKER, None, found.account_id)) as unit:
        issued = unit.keys.lock_key(found.id) if found.is_key else unit.keys.lock_token(found.id)
        days = warning_due(issued.expires_at, unit.keys.warned_days(issued), unit.now)
        if days is None or issued.revoked_at is not None or issued.replaced_by is not None:
            return False
        unit.keys.set_warned(issued, days)
        unit.owe(MailKind.KEY_EXPIRING.value, {"user_id": told_of(unit, issued), "key_id": issued.id})
        return True
