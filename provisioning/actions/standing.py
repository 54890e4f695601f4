"""Nobody gives what they do not hold at the moment of giving (AUZ-3, AUZ-5).

Who the caller is was read at the door; a moment later somebody may have taken the role away. So an action that gives,
or takes away from another, reads the caller's own row anew and holds it until it commits: of two steps at once, the
second sees what the first did. Rows of people are locked in the order of their ids, so that two administrators who
act on each other wait for one another and never both go on.

A directory's token is not read again: what it may give stands in its connection, and taking a connection's rights away
is not a race that anybody could win something by, as the directory pushes again and again.
"""

from dataclasses import replace

from provisioning.domain.caller import Credential
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit


def hold_standing(unit: Unit) -> None:
    """Lock what the caller's rights come from until the end of the transaction, and take them as they are now.

    Raises:
        Refusal: NOT_ALLOWED where the person was disabled or deleted, CREDENTIAL_INVALID where the key has ended.
    """
    caller = unit.caller
    if caller.credential is Credential.SESSION:
        own = unit.users.share(caller.id)
        if own is None or own.is_disabled:
            raise Refusal(Code.NOT_ALLOWED)
        unit.caller = replace(caller, role=own.role)
    elif caller.credential is Credential.ACCOUNT_KEY and not unit.keys.share_good_key(caller.id, unit.now):
        raise Refusal(Code.CREDENTIAL_INVALID)


def lock_other(unit: Unit, user_id: str) -> User:
    """Return a live user, locked, with the caller's standing held; rows of people are locked in the order of ids."""
    caller = unit.caller
    if caller.credential is not Credential.SESSION or caller.id < user_id:
        hold_standing(unit)
        return unit.users.lock(user_id)
    user = unit.users.lock(user_id)
    hold_standing(unit)
    return user
