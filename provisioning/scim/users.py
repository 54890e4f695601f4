"""Routes of /Users but for its lists (lists.py): each reads the request, calls one action and shows what it answers."""

from flask import Blueprint, Response, request

from provisioning.actions.users import show_user
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.users import UserView
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim import writes
from provisioning.scim.json_body import read_json
from provisioning.scim.parameters import known_form, projection_of
from provisioning.scim.projection import Projection
from provisioning.scim.representation import location_of, user_body
from provisioning.scim.responses import asked_versions, empty, not_modified, resource_response
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
    view = writes.create_user(caller, read_json(USERS), services())
    public_url = services().public_url
    body = user_body(view, public_url, projection)
    return resource_response(body, view.user.version, created_at=location_of(USERS, view.user.id, public_url))


@reads
def get_user(caller: Caller, user_id: str) -> Response:
    """Answer one user, or 304 (RFC 7644 section 3.4.1)."""
    projection = projection_of(request.args, USERS)
    view = show_user(caller, known_form(user_id, USERS), services())
    return not_modified(view.user.version) or _shown(view, projection)


@manages
def put_user(caller: Caller, user_id: str) -> Response:
    """Replace a user (RFC 7644 section 3.5.1)."""
    projection = projection_of(request.args, USERS)
    return _shown(writes.replace_user(caller, user_id, read_json(USERS), services(), asked_versions()), projection)


@manages
def patch_user(caller: Caller, user_id: str) -> Response:
    """Apply the operations of a PATCH, all or none (RFC 7644 section 3.5.2)."""
    projection = projection_of(request.args, USERS)
    return _shown(writes.patch_user(caller, user_id, read_json(USERS), services(), asked_versions()), projection)


@manages
def remove_user(caller: Caller, user_id: str) -> Response:
    """Delete a user, for ever (RFC 7644 section 3.6, USR-6)."""
    writes.delete_user(caller, user_id, services(), asked_versions())
    return empty()


def _shown(view: UserView, projection: Projection) -> Response:
    return resource_response(user_body(view, services().public_url, projection), view.user.version)
