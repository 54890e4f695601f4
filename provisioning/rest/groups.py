"""Calls about user groups and their members."""

from typing import Any

from provisioning.actions.groups import (
    GroupEdit,
    NewGroup,
    add_member,
    create_group,
    delete_group,
    edit_group,
    list_groups,
    list_groups_with_users,
    remove_member,
    show_group,
)
from provisioning.domain.caller import Caller
from provisioning.domain.groups import GroupChanges
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, group_record, group_summary, member_records
from provisioning.rest.schemas import GroupMembers, GroupQuery, NewGroupMembers

GROUPS = Noun("User groups", "Groups of users of the account.")
ONE = "/user_groups/<group_id>"
EXTENDED = "extended_details"
Members = dict[str, Any]


@GROUPS.call("GET", "/user_groups", Permission.ACCOUNT_GROUPS_READ, query=GroupQuery, answer=records.GroupList)
def list_all_groups(caller: Caller, query: Members) -> Record:
    """List the groups of the account."""
    if query.get(EXTENDED, False):
        return {"user_groups": [group_record(view) for view in list_groups_with_users(caller, services())]}
    return {"user_groups": [group_summary(group) for group in list_groups(caller, services())]}


@GROUPS.call("POST", "/user_groups", Permission.ACCOUNT_GROUPS_MANAGE, body=NewGroupMembers, answer=records.Group)
def add_group(caller: Caller, members: Members) -> Record:
    """Create a group."""
    made = create_group(caller, NewGroup(members["name"]), services())
    return group_record(made) if members.get(EXTENDED, False) else group_summary(made.group)


@GROUPS.call("GET", ONE, Permission.ACCOUNT_GROUPS_READ, query=GroupQuery, answer=records.Group)
def get_group(caller: Caller, query: Members, group_id: str) -> Record:
    """Show a group."""
    return group_record(show_group(caller, group_id, services(), with_members=query.get(EXTENDED, False)))


@GROUPS.call("PUT", ONE, Permission.ACCOUNT_GROUPS_MANAGE, body=GroupMembers, answer=records.Group)
def rename_group(caller: Caller, members: Members, group_id: str) -> Record:
    """Rename a group."""
    changes = GroupChanges(name=members["name"]) if "name" in members else GroupChanges()
    view = edit_group(
        caller, group_id, lambda _: GroupEdit(changes), services(), with_members=members.get(EXTENDED, False)
    )
    return group_record(view)


@GROUPS.call("DELETE", ONE, Permission.ACCOUNT_GROUPS_MANAGE, answer=records.GroupDeleted)
def remove_group(caller: Caller, group_id: str) -> Record:
    """Delete a group.

    What it gave its members is gone at once; the members stay users.
    """
    delete_group(caller, group_id, services())
    return {"ok": True, "message": "ok"}


@GROUPS.call("GET", f"{ONE}/users", Permission.ACCOUNT_GROUPS_READ, answer=records.GroupMemberList)
def list_users_of_group(caller: Caller, group_id: str) -> Record:
    """List the users of a group."""
    return {"users": _members_of(caller, group_id)}


@GROUPS.call("POST", f"{ONE}/users/<user_id>", Permission.ACCOUNT_GROUPS_MANAGE, answer=records.AddedMember)
def add_user_to_group(caller: Caller, group_id: str, user_id: str) -> Record:
    """Add a user to a group.

    One who is in already stays in once.
    """
    user = add_member(caller, group_id, user_id, services()).user
    return {"id": user.id, "name": user.name, "email": user.email, "users": _members_of(caller, group_id)}


@GROUPS.call("DELETE", f"{ONE}/users/<user_id>", Permission.ACCOUNT_GROUPS_MANAGE, answer=records.GroupMemberList)
def remove_user_from_group(caller: Caller, group_id: str, user_id: str) -> Record:
    """Remove a user from a group.

    One who is not in it is no fault.
    """
    remove_member(caller, group_id, user_id, services())
    return {"users": _members_of(caller, group_id)}


def _members_of(caller: Caller, group_id: str) -> list[Record]:
    return member_records(show_group(caller, group_id, services()).members)
