"""'End this user's access': the one function that every action calls that must end it (SES-2, OUT-3, SCM-10)."""

from dataclasses import replace

from provisioning.domain.events import Event
from provisioning.domain.sessions import EndReason
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit


def end_access(unit: Unit, user: User, reason: EndReason) -> User:
    """Return the user with the epoch raised; sessions opened before are dead once this transaction commits.

    Unused links end with it, and the fact is recorded, from which a job tells everybody who relies on the session.
    The caller of this function saves the user.
    """
    unit.sessions.end_links(user.id, unit.now)
    return raise_epoch(unit, user, reason)


def raise_epoch(unit: Unit, user: User, reason: EndReason) -> User:
    """Return the user with the epoch raised and the fact recorded; the epoch goes along, so that of two endings that
    wait for the same job each marks its own sessions.
    """
    epoch = user.epoch + 1
    data = {"reason": reason.value, "epoch": str(epoch)}
    unit.record(Event("sessions.ended", "user", user.id, user.name, data))
    return replace(user, epoch=epoch, access_ended_at=unit.now)
