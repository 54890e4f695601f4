"""The groups of one user, several changed at once: all of them or none (GRP-1, GRP-2)."""

from collections.abc import Collection

from provisioning.actions.groups import change_members
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.groups import Group, MembershipEdit
from provisioning.domain.permissions import Permission


@repeated
def change_groups_of(
    caller: Caller, user_id: str, came: Collection[str], went: Collection[str], services: Services
) -> list[Group]:
    """Put a live user into some groups and take it out of others, in one transaction; returns the groups it is in.

    Args:
        caller: needs group management over each of them.
        user_id: of the account.
        came, went: ids of groups; one that the user is in already, or not in, is no fault.
        services: from outside.

    Raises:
        Refusal: an unknown user or group is not found, not allowed; nothing is changed then.
    """
    with services.unit(caller) as unit:
        hold_standing(unit)
        # Groups before people, in the order of their ids, as everybody does who changes members.
        locked = [unit.groups.lock(group_id) for group_id in sorted({*came, *went})]
        user = unit.users.get(user_id)
        for group in locked:
            policy.require(unit.caller, Permission.ACCOUNT_GROUPS_MANAGE, group)
            edit = MembershipEdit(add=(user.id,)) if group.id in came else MembershipEdit(remove=(user.id,))
            change_members(unit, group, (edit,), version=group.version)
        return unit.groups.groups_of(user.id)
