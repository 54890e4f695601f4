"""Lists and searches: `GET` on a collection and `POST` to its `.search`, which answer the same (RFC 7644 section 3.4).

A list is read by its query alone, so the routes of all resource types are one shape: what is asked for, the action that
finds it, what is shown of each result. Members of groups are read only where they are shown.
"""

from flask import Blueprint, Response, request

from provisioning.actions.searches import search_groups, search_users
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim.json_body import read_json
from provisioning.scim.parameters import ListRequest, list_request, search_request
from provisioning.scim.representation import found_user_body, group_body, list_body
from provisioning.scim.responses import json_response
from provisioning.scim.traits import GROUPS, USERS

reads_users = requires(Permission.ACCOUNT_USERS_READ, scim_caller)
reads_groups = requires(Permission.ACCOUNT_GROUPS_READ, scim_caller)


def add_lists(blueprint: Blueprint) -> None:
    """Add the routes of lists and searches."""
    blueprint.add_url_rule("/Users", view_func=list_users, methods=["GET"], strict_slashes=False)
    blueprint.add_url_rule("/Users/.search", view_func=post_search_users, methods=["POST"], strict_slashes=False)
    blueprint.add_url_rule("/Groups", view_func=list_groups, methods=["GET"], strict_slashes=False)
    blueprint.add_url_rule("/Groups/.search", view_func=post_search_groups, methods=["POST"], strict_slashes=False)


@reads_users
def list_users(caller: Caller) -> Response:
    """Answer a list with filter, order and paging (RFC 7644 section 3.4.2)."""
    return _users(caller, list_request(request.args, USERS))


@reads_users
def post_search_users(caller: Caller) -> Response:
    """Answer the same list, asked for without anything in the address (RFC 7644 section 3.4.3)."""
    return _users(caller, search_request(read_json(USERS), USERS))


@reads_groups
def list_groups(caller: Caller) -> Response:
    """Answer a list with filter, order and paging (RFC 7644 section 3.4.2)."""
    return _groups(caller, list_request(request.args, GROUPS))


@reads_groups
def post_search_groups(caller: Caller) -> Response:
    """Answer the same list, asked for without anything in the address (RFC 7644 section 3.4.3)."""
    return _groups(caller, search_request(read_json(GROUPS), GROUPS))


def _users(caller: Caller, asked: ListRequest) -> Response:
    found = search_users(caller, asked.query, services(), with_groups=asked.projection.shows("groups"))
    public_url = services().public_url
    bodies = [found_user_body(user, public_url, asked.projection) for user in found.items]
    return json_response(list_body(found.total, asked.start, bodies))


def _groups(caller: Caller, asked: ListRequest) -> Response:
    with_members = asked.projection.shows("members")
    found = search_groups(caller, asked.query, services(), with_members=with_members)
    public_url = services().public_url
    bodies = [group_body(view, public_url, asked.projection) for view in found.items]
    return json_response(list_body(found.total, asked.start, bodies))
