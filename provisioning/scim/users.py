"""Routes of /Users but for its lists (lists.py): each reads the request, calls one action and shows what it answers."""

from flask import Blueprint, Response, request

from provisioning.actions.users import create_user, delete_user, edit_user, show_user
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.users import User, UserChanges
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim.etags import accepted_versions
from provisioning.scim.json_body import read_json
from provisioning.scim.operations import read_patch
from provisioning.scim.parameters import known_form, projection_of
from provisioning.scim.patch import user_edit
from provisioning.scim.quirks import normal_resource
from provisioning.scim.representation import location_of, user_body
from provisioning.scim.resources import new_user, user_changes
from provisioning.scim.responses import empty, not_modified, resource_response
from provisioning.scim.schemas import checked_resource
from provisioning.scim.traits import USERS

reads = requires(Permission.ACCOUNT_USERS_READ, scim_caller)
manages = requires(Permission.ACCOUNT_USERS_MANAGE, scim_caller)


def add_users(blueprint: Blueprint) -> None:
    """Add the routes of /Users."""
    one = "/Users/<user_id>"
    blueprint.add_url_rule("/Users", view_func=post_user, methods=["POST"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=get_user, methods=["GET"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=put_user, methods=["PUT"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=patch_user, methods=["PATCH"], strict_slashes=False)
    blueprint.add_url_rule(one, view_func=remove_user, methods=["DELETE"], strict_slashes=False)


@manages
def post_user(caller: Caller) -> Response:
    """Make a user (RFC 7644 section 3.3)."""
    projection = projection_of(request.args, USERS)
    command = new_user(checked_resource(normal_resource(read_json(USERS), USERS), USERS))
    view = create_user(caller, command, services())
    public_url = services().public_url
    body = user_body(view, public_url, projection)
    return resource_response(body, view.user.version, created_at=location_of(USERS, view.user.id, public_url))


@reads
def get_user(caller: Caller, user_id: str) -> Response:
    """Answer one user, or 304 (RFC 7644 section 3.4.1)."""
    projection = projection_of(request.args, USERS)
    view = show_user(caller, known_form(user_id, USERS), services())
    return not_modified(view.user.version) or resource_response(
        user_body(view, services().public_url, projection), view.user.version
    )


@manages
def put_user(caller: Caller, user_id: str) -> Response:
    """Replace a user: what the body leaves out is cleared, `active` apart (RFC 7644 section 3.5.1)."""
    resource = checked_resource(normal_resource(read_json(USERS), USERS), USERS)

    def edit(user: User) -> UserChanges:
        return user_changes(resource, user, unassign_active=False)

    projection = projection_of(request.args, USERS)
    versions = accepted_versions(request.headers.get("If-Match"))
    view = edit_user(caller, known_form(user_id, USERS), edit, services(), versions)
    return resource_response(user_body(view, services().public_url, projection), view.user.version)


@manages
def patch_user(caller: Caller, user_id: str) -> Response:
    """Apply the operations of a PATCH, all or none (RFC 7644 section 3.5.2)."""
    projection = projection_of(request.args, USERS)
    steps = read_patch(read_json(USERS), USERS)
    is_strict = caller.connection is not None and caller.connection.is_strict
    edit = user_edit(steps, create_on_replace=not is_strict)
    versions = accepted_versions(request.headers.get("If-Match"))
    view = edit_user(caller, known_form(user_id, USERS), edit, services(), versions)
    return resource_response(user_body(view, services().public_url, projection), view.user.version)


@manages
def remove_user(caller: Caller, user_id: str) -> Response:
    """Delete a user, for ever (RFC 7644 section 3.6, USR-6)."""
    versions = accepted_versions(request.headers.get("If-Match"))
    delete_user(caller, known_form(user_id, USERS), services(), versions)
    return empty()
