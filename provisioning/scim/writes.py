"""The writing verbs of both resource types as functions of a body: what a POST, PUT, PATCH or DELETE means.

They know no HTTP, so that a request on its own and an operation of a bulk are read by the same code, and nothing can
hold for one of them and not for the other. Each answers the view of the resource as it is then.
"""

from collections.abc import Collection, Mapping
from typing import Any

from provisioning.actions import groups as group_actions
from provisioning.actions import users as user_actions
from provisioning.actions.groups import GroupEdit, GroupView, NewGroup
from provisioning.actions.services import Services
from provisioning.domain.caller import Caller
from provisioning.domain.groups import Group, MembershipEdit
from provisioning.domain.users import User, UserChanges, UserView
from provisioning.scim.managed import note_unmanaged, users_of
from provisioning.scim.membership import group_edit, noted
from provisioning.scim.operations import read_patch
from provisioning.scim.parameters import known_form
from provisioning.scim.patch import user_edit
from provisioning.scim.quirks import normal_resource
from provisioning.scim.resources import group_changes, ids_of, new_user, user_changes
from provisioning.scim.role_words import noting_new_words, noting_words_of
from provisioning.scim.schemas import checked_resource
from provisioning.scim.strictness import require_plain, require_plain_patch
from provisioning.scim.traits import GROUPS, USERS

Body = Mapping[str, Any]
# The versions that a client knows, None for any (`If-Match`).
Versions = Collection[int] | None


def create_user(caller: Caller, body: Body, services: Services) -> UserView:
    """Make a user of a body (RFC 7644 section 3.3)."""
    users = users_of(caller.connection)
    require_plain(caller.connection, body, users)
    note_unmanaged(caller.connection, body)
    command = new_user(checked_resource(normal_resource(body, users), users))
    return user_actions.create_user(caller, noting_words_of(caller, command), services)


def replace_user(caller: Caller, user_id: str, body: Body, services: Services, versions: Versions = None) -> UserView:
    """Replace a user: what the body leaves out is cleared, `active` apart (RFC 7644 section 3.5.1)."""
    users = users_of(caller.connection)
    require_plain(caller.connection, body, users)
    note_unmanaged(caller.connection, body)
    resource = checked_resource(normal_resource(body, users), users)

    def edit(user: User) -> UserChanges:
        return user_changes(resource, user, unassign_active=False)

    noting = noting_new_words(caller, edit)
    return user_actions.edit_user(caller, known_form(user_id, USERS), noting, services, versions)


def patch_user(caller: Caller, user_id: str, body: Body, services: Services, versions: Versions = None) -> UserView:
    """Apply the operations of a PATCH, all or none (RFC 7644 section 3.5.2)."""
    require_plain_patch(caller.connection, body, users_of(caller.connection))
    steps = read_patch(body, users_of(caller.connection))
    edit = user_edit(steps, create_on_replace=caller.connection is None or caller.connection.creates_on_replace)
    noting = noting_new_words(caller, edit)
    return user_actions.edit_user(caller, known_form(user_id, USERS), noting, services, versions)


def delete_user(caller: Caller, user_id: str, services: Services, versions: Versions = None) -> UserView:
    """Delete a user, for ever (RFC 7644 section 3.6, USR-6)."""
    return user_actions.delete_user(caller, known_form(user_id, USERS), services, versions)


def create_group(caller: Caller, body: Body, services: Services) -> GroupView:
    """Make a group, with members at once if asked (RFC 7644 section 3.3)."""
    require_plain(caller.connection, body, GROUPS)
    resource = checked_resource(normal_resource(body, GROUPS), GROUPS)
    fields = group_changes(resource)
    command = NewGroup(fields["name"], fields["external_id"], member_ids=ids_of(resource.get("members", [])))
    return noted(group_actions.create_group(caller, command, services))


def replace_group(
    caller: Caller,
    group_id: str,
    body: Body,
    services: Services,
    versions: Versions = None,
    *,
    with_members: bool = False,
) -> GroupView:
    """Replace a group; a body without members takes all of them out (RFC 7644 section 3.5.1)."""
    require_plain(caller.connection, body, GROUPS)
    resource = checked_resource(normal_resource(body, GROUPS), GROUPS)
    members = MembershipEdit(clear=True, add=ids_of(resource.get("members", [])))

    def edit(_: Group) -> GroupEdit:
        return GroupEdit(group_changes(resource), (members,))

    group_id = known_form(group_id, GROUPS)
    return noted(group_actions.edit_group(caller, group_id, edit, services, versions, with_members=with_members))


def patch_group(caller: Caller, group_id: str, body: Body, services: Services, versions: Versions = None) -> GroupView:
    """Apply the operations of a PATCH, all or none (RFC 7644 section 3.5.2); the view holds no members."""
    require_plain_patch(caller.connection, body, GROUPS)
    steps = read_patch(body, GROUPS)
    group_id = known_form(group_id, GROUPS)
    return noted(group_actions.edit_group(caller, group_id, group_edit(steps), services, versions, with_members=False))


def delete_group(caller: Caller, group_id: str, services: Services, versions: Versions = None) -> None:
    """Delete a group (RFC 7644 section 3.6, GRP-5)."""
    group_actions.delete_group(caller, known_form(group_id, GROUPS), services, versions)
