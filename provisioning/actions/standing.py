"""Nobody gives what they do not hold at the moment of giving (AUZ-3, AUZ-5).

Who the caller is was read at the door; a moment later somebody may have taken the role away. So an action that gives,
or takes away from another, reads the caller's own row anew and holds it until it commits: of two steps at once, the
second sees what the first did. Rows of people are locked in the order of their ids, so that two administrators who
act on each other wait for one another and never both go on.

A directory's token is not read again: what it may give stands in its connection, and taking a connection's rights away
is not a race that anybody could win something by, as the directory pushes again and again.
"""

from dataclasses import replace

from provisioning.domain import policy
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
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
    elif caller.credential is Credential.ACCOUNT_KEY and unit.keys.share_good_key(caller.id, unit.now) is None:
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


def starter_of(caller: Caller) -> str:
    """Return who starts a job, as a text that is kept with it: `<credential>:<id>` (AUZ-7)."""
    return f"{caller.credential.value}:{caller.id}"


def starter_may(unit: Unit, starter: str, permission: Permission) -> bool:
    """Return whether who started a job may, now that it runs, what the job does; their standing is held (AUZ-7).

    Args:
        unit: the job's transaction.
        starter: from `starter_of`.
        permission: what the job needs.
    """
    credential, _, starter_id = starter.partition(":")
    if credential == Credential.SHELL:
        return True
    found = Caller(unit.account_id, unit.caller.way_in, Credential(credential), starter_id)
    if credential == Credential.SESSION:
        user = unit.users.share(starter_id)
        return user is not None and not user.is_disabled and policy.is_allowed(_as(found, user), permission)
    key = unit.keys.share_good_key(starter_id, unit.now)
    return key is not None and policy.is_allowed(replace(found, role=key.role), permission)


def _as(caller: Caller, user: User) -> Caller:
    return replace(caller, role=user.role, is_root=user.is_root)
