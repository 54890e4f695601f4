"""The obsolete roles Contributor and Viewer become groups of their names (ROLE-3).

Whoever still has one in the database, and whoever the operator names because another product had them so, is a Media
Library user and put into the group. What the groups may do on the Home folder comes with folders.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from provisioning.actions.groups import NewGroup, add_group, change_members
from provisioning.actions.services import Services, repeated
from provisioning.actions.users import find_user
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.events import Event
from provisioning.domain.groups import Group, MembershipEdit
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import GROUP_OF_OBSOLETE_ROLE, ObsoleteRole, Role
from provisioning.store.unit_of_work import Unit

Named = Mapping[ObsoleteRole, Sequence[str]]


@dataclass(frozen=True, slots=True)
class MovedRole:
    """What became of one obsolete role: the group in its place, and the ids of those who are put into it."""

    role: ObsoleteRole
    group: Group
    user_ids: tuple[str, ...]


@repeated
def migrate_obsolete_roles(caller: Caller, named: Named, services: Services) -> list[MovedRole]:
    """Make the groups Contributor and Viewer and put those into them who had the role; doing it again changes nothing.

    Args:
        caller: the operator.
        named: role -> ids or emails of Media Library users who had it elsewhere.
        services: from outside.

    Raises:
        Refusal: not found, INVALID_VALUE for somebody with another role; not the operator.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
        moved = [_move(unit, role, named.get(role, ())) for role in ObsoleteRole]
        account = unit.accounts.get()
        data = {each.role.value: len(each.user_ids) for each in moved}
        unit.record(Event("roles.migrated", "account", account.id, account.name, data))
        return moved


def _move(unit: Unit, role: ObsoleteRole, named: Sequence[str]) -> MovedRole:
    user_ids = tuple(dict.fromkeys((*unit.users.take_obsolete_role(role, unit.now), *_ids_of(unit, named))))
    name = GROUP_OF_OBSOLETE_ROLE[role]
    present = unit.groups.find_by_name(name)
    group = unit.groups.lock(present.id) if present else add_group(unit, NewGroup(name))
    group = change_members(unit, group, (MembershipEdit(add=user_ids),), version=group.version).group
    return MovedRole(role, group, user_ids)


def _ids_of(unit: Unit, named: Sequence[str]) -> list[str]:
    people = [find_user(unit, name) for name in named]
    for user in people:
        if user.role is not Role.MEDIA_LIBRARY_USER:
            raise invalid("users", f"{user.name[:64]} is no Media Library user; change the role first.")
    return [user.id for user in people]
