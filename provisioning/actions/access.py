"""'End this user's access': the one function that every action calls that must end it (SES-2, OUT-3, SCM-10)."""

from dataclasses import replace

from provisioning.domain.events import Event
from provisioning.domain.revocations import Revocation
from provisioning.domain.sessions import EndReason
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit


def end_access(unit: Unit, user: User, reason: EndReason) -> User:
    """Return the user with the epoch raised; sessions opened before are dead once this transaction commits.

    Pending logins and known devices are of an epoch too and end with it; unused links are ended here. A receipt counts
    what was live, by the user's own rows alone, and the fact is recorded, from which a job tells everybody who relies
    on the session. The caller of this function saves the user.
    """
    live = unit.revocations.count_live(user.id, user.epoch, unit.now)
    links = unit.sessions.end_links(user.id, unit.now)
    after = raise_epoch(unit, user, reason)
    unit.revoked = Revocation(
        account_id=unit.account_id,
        id=unit.new_id(),
        user_id=user.id,
        epoch=after.epoch,
        reason=reason,
        way_in=unit.caller.way_in.value,
        ended_by=unit.caller.id,
        ended_by_name=unit.caller.name,
        ended_at=unit.now,
        ended=replace(live, links=links),
    )
    unit.revocations.add(unit.revoked)
    return after


def raise_epoch(unit: Unit, user: User, reason: EndReason) -> User:
    """Return the user with the epoch raised and the fact recorded; the epoch goes along, so that of two endings that
    wait for the same job each marks its own sessions.
    """
    epoch = user.epoch + 1
    data = {"reason": reason.value, "epoch": str(epoch)}
    unit.record(Event("sessions.ended", "user", user.id, user.name, data))
    return replace(user, epoch=epoch, access_ended_at=unit.now)
