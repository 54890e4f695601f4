"""Routes of /Groups but for its lists (lists.py): one function a verb; members are read only where they are shown."""

from collections.abc import Sequence

from flask import Blueprint, Response, request

from provisioning.actions.groups import (
    GroupEdit,
    GroupView,
    NewGroup,
    create_group,
    delete_group,
    edit_group,
    show_group,
)
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.groups import Group, MembershipEdit
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim.etags import accepted_versions
from provisioning.scim.json_body import read_json
from provisioning.scim.membership import group_edit, needs_members
from provisioning.scim.operations import Step, read_patch
from provisioning.scim.parameters import known_form, projection_of
from provisioning.scim.projection import Projection
from provisioning.scim.quirks import normal_resource
from provisioning.scim.representation import group_body, location_of
from provisioning.scim.resources import group_changes, ids_of
from provisioning.scim.responses import empty, not_modified, resource_response
from provisioning.scim.schemas import checked_resource
from provisioning.scim.traits import GROUPS

# A PATCH of a group with more members is answered without a body, unless the client says what it wants to see.
MOST_MEMBERS_SHOWN = 200
MOST_ATTEMPTS = 5

reads = requires(Permission.ACCOUNT_GROUPS_READ, scim_caller)
manages = requires(Permission.ACCOUNT_GROUPS_MANAGE, scim_caller)


def add_groups(blueprint: Blueprint) -> None:
    """Add the routes of /Groups."""
    one = "/Groups/<group_id>"
    blueprint.add_url_rule("/Groups", view_func=post_group, methods=["POST"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=get_group, methods=["GET"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=put_group, methods=["PUT"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=patch_group, methods=["PATCH"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=remove_group, methods=["DELETE"], strict_slashes=False)


@manages
def post_group(caller: Caller) -> Response:
    """Make a group, with members at once if asked (RFC 7644 section 3.3)."""
    projection = projection_of(request.args, GROUPS)
    resource = checked_resource(normal_resource(read_json(GROUPS), GROUPS), GROUPS)
    fields = group_changes(resource)
    command = NewGroup(fields["name"], fields["external_id"], member_ids=ids_of(resource.get("members", [])))
    view = create_group(caller, command, services())
    public_url = services().public_url
    body = group_body(view, public_url, projection)
    return resource_response(body, view.group.version, created_at=location_of(GROUPS, view.group.id, public_url))


@reads
def get_group(caller: Caller, group_id: str) -> Response:
    """Answer one group, or 304 (RFC 7644 section 3.4.1)."""
    projection = projection_of(request.args, GROUPS)
    view = _read(caller, known_form(group_id, GROUPS), projection)
    return not_modified(view.group.version) or _shown(view, projection)


@manages
def put_group(caller: Caller, group_id: str) -> Response:
    """Replace a group; a body without members takes all of them out (RFC 7644 section 3.5.1)."""
    projection = projection_of(request.args, GROUPS)
    resource = checked_resource(normal_resource(read_json(GROUPS), GROUPS), GROUPS)
    members = MembershipEdit(clear=True, add=ids_of(resource.get("members", [])))

    def edit(_: Group) -> GroupEdit:
        return GroupEdit(group_changes(resource), (members,))

    versions = accepted_versions(request.headers.get("If-Match"))
    shows_members = projection.shows("members")
    view = edit_group(caller, known_form(group_id, GROUPS), edit, services(), versions, with_members=shows_members)
    return _shown(view, projection)


@manages
def patch_group(caller: Caller, group_id: str) -> Response:
    """Apply the operations of a PATCH, all or none (RFC 7644 section 3.5.2)."""
    projection = projection_of(request.args, GROUPS)
    steps = read_patch(read_json(GROUPS), GROUPS)
    versions = accepted_versions(request.headers.get("If-Match"))
    group_id = known_form(group_id, GROUPS)
    if needs_members(steps):
        view = _edited_by_selection(caller, group_id, steps, versions)
    else:
        view = edit_group(caller, group_id, group_edit(steps), services(), versions, with_members=False)
    if projection.is_everything and view.group.member_count > MOST_MEMBERS_SHOWN:
        return empty(view.group.version)
    return _shown(_read(caller, group_id, projection), projection)


def _edited_by_selection(
    caller: Caller, group_id: str, steps: Sequence[Step], versions: frozenset[int] | None
) -> GroupView:
    """Select members by what is known of them, and write only where the group is still as it was read."""
    for _ in range(MOST_ATTEMPTS):
        seen = show_group(caller, group_id, services())
        if versions is not None and seen.group.version not in versions:
            break
        edit = group_edit(steps, seen.members or ())
        try:
            return edit_group(caller, group_id, edit, services(), {seen.group.version}, with_members=False)
        except Refusal as refusal:
            if refusal.code is not Code.STALE_VERSION:
                raise
    raise Refusal(Code.STALE_VERSION)


@manages
def remove_group(caller: Caller, group_id: str) -> Response:
    """Delete a group (RFC 7644 section 3.6, GRP-5)."""
    versions = accepted_versions(request.headers.get("If-Match"))
    delete_group(caller, known_form(group_id, GROUPS), services(), versions)
    return empty()


def _read(caller: Caller, group_id: str, projection: Projection) -> GroupView:
    return show_group(caller, group_id, services(), with_members=projection.shows("members"))


def _shown(view: GroupView, projection: Projection) -> Response:
    return resource_response(group_body(view, services().public_url, projection), view.group.version)
