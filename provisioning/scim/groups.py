"""Routes of /Groups but for its lists (lists.py): one function a verb; members are read only where they are shown."""

from flask import Blueprint, Response, request

from provisioning.actions.groups import GroupView, show_group
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim import writes
from provisioning.scim.json_body import read_json
from provisioning.scim.parameters import known_form, projection_of
from provisioning.scim.projection import Projection
from provisioning.scim.representation import group_body, location_of
from provisioning.scim.responses import asked_versions, empty, not_modified, resource_response
from provisioning.scim.traits import GROUPS

# A PATCH of a group with more members is answered without a body, unless the client says what it wants to see.
MOST_MEMBERS_SHOWN = 200

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
    view = writes.create_group(caller, read_json(GROUPS), services())
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
    body, shows_members = read_json(GROUPS), projection.shows("members")
    view = writes.replace_group(caller, group_id, body, services(), asked_versions(), with_members=shows_members)
    return _shown(view, projection)


@manages
def patch_group(caller: Caller, group_id: str) -> Response:
    """Apply the operations of a PATCH, all or none (RFC 7644 section 3.5.2)."""
    projection = projection_of(request.args, GROUPS)
    view = writes.patch_group(caller, group_id, read_json(GROUPS), services(), asked_versions())
    if not (projection.is_everything and view.group.member_count > MOST_MEMBERS_SHOWN):
        view = _read(caller, group_id, projection)
    # The count knows users alone; groups in the group are seen when they are read.
    is_long = max(view.group.member_count, len(view.members or ())) > MOST_MEMBERS_SHOWN
    return empty(view.group.version) if projection.is_everything and is_long else _shown(view, projection)


@manages
def remove_group(caller: Caller, group_id: str) -> Response:
    """Delete a group (RFC 7644 section 3.6, GRP-5)."""
    writes.delete_group(caller, group_id, services(), asked_versions())
    return empty()


def _read(caller: Caller, group_id: str, projection: Projection) -> GroupView:
    return show_group(caller, group_id, services(), with_members=projection.shows("members"))


def _shown(view: GroupView, projection: Projection) -> Response:
    return resource_response(group_body(view, services().public_url, projection), view.group.version)
