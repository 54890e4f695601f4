"""Lists and searches: `GET` on a collection and `POST` to its `.search`, which answer the same (RFC 7644 section 3.4).

A list is read by its query alone, so the routes of all resource types are one shape: what is asked for, the action that
finds it, what is shown of each result. Members of groups, and groups of users, are read only where they are shown.
"""

from flask import Blueprint, Response, request

from provisioning.actions.groups import GroupView
from provisioning.actions.searches import search_all, search_groups, search_users
from provisioning.actions.services import Results
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.search import FoundUser, Query
from provisioning.guard.context import services
from provisioning.guard.require import requires
from provisioning.guard.scim_bearer import scim_caller
from provisioning.scim.cursors import sealed, walking
from provisioning.scim.json_body import read_json
from provisioning.scim.parameters import ListRequest, list_request, search_request
from provisioning.scim.representation import found_user_body, group_body, list_body
from provisioning.scim.responses import json_response
from provisioning.scim.traits import GROUPS, USERS

reads_users = requires(Permission.ACCOUNT_USERS_READ, scim_caller)
reads_groups = requires(Permission.ACCOUNT_GROUPS_READ, scim_caller)


def add_lists(blueprint: Blueprint) -> None:
    """Add the routes of lists and searches."""
    for path, method, view in (
        ("/", "GET", list_all),
        ("/.search", "POST", post_search_all),
        ("/Users", "GET", list_users),
        ("/Users/.search", "POST", post_search_users),
        ("/Groups", "GET", list_groups),
        ("/Groups/.search", "POST", post_search_groups),
    ):
        blueprint.add_url_rule(path, view_func=view, methods=[method], strict_slashes=False)


@reads_users
def list_users(caller: Caller) -> Response:
    """Answer a list with filter, order and paging (RFC 7644 section 3.4.2)."""
    return _users(caller, list_request(request.args, USERS))


@reads_users
def post_search_users(caller: Caller) -> Response:
    """Answer the same list, asked for without anything in the address (RFC 7644 section 3.4.3, SCM-8)."""
    return _users(caller, search_request(read_json(USERS), USERS))


@reads_groups
def list_groups(caller: Caller) -> Response:
    """Answer a list with filter, order and paging (RFC 7644 section 3.4.2)."""
    return _groups(caller, list_request(request.args, GROUPS))


@reads_groups
def post_search_groups(caller: Caller) -> Response:
    """Answer the same list, asked for without anything in the address (RFC 7644 section 3.4.3, SCM-8)."""
    return _groups(caller, search_request(read_json(USERS), GROUPS))


@reads_users
def list_all(caller: Caller) -> Response:
    """Answer a list of users and groups together (RFC 7644 section 3.4.2.1)."""
    return _all(caller, list_request(request.args, USERS, GROUPS))


@reads_users
def post_search_all(caller: Caller) -> Response:
    """Answer the same list of users and groups, asked for without anything in the address (SCM-8)."""
    return _all(caller, search_request(read_json(USERS), USERS, GROUPS))


def _users(caller: Caller, asked: ListRequest) -> Response:
    query = walking(asked, caller, services())
    with_groups = asked.projections[USERS.name].shows("groups")
    found = search_users(caller, query, services(), with_groups=with_groups)
    return _answer(caller, asked, query, found)


def _groups(caller: Caller, asked: ListRequest) -> Response:
    query = walking(asked, caller, services())
    with_members = asked.projections[GROUPS.name].shows("members")
    found = search_groups(caller, query, services(), with_members=with_members)
    return _answer(caller, asked, query, found)


def _all(caller: Caller, asked: ListRequest) -> Response:
    query = walking(asked, caller, services())
    found = search_all(
        caller,
        query,
        asked.of_groups,
        services(),
        with_groups=asked.projections[USERS.name].shows("groups"),
        with_members=asked.projections[GROUPS.name].shows("members"),
    )
    return _answer(caller, asked, query, found)


def _answer(
    caller: Caller,
    asked: ListRequest,
    query: Query,
    found: Results[FoundUser] | Results[GroupView] | Results[FoundUser | GroupView],
) -> Response:
    public_url = services().public_url
    bodies = [_shown(each, asked, public_url) for each in found.items]
    cursors = {
        "previousCursor": sealed(found.earlier, query, asked, caller, services()),
        "nextCursor": sealed(found.later, query, asked, caller, services()),
    }
    given = {name: cursor for name, cursor in cursors.items() if cursor is not None}
    return json_response(list_body(found.total, bodies, given if query.walks else {"startIndex": asked.start}))


def _shown(found: FoundUser | GroupView, asked: ListRequest, public_url: str) -> str:
    if isinstance(found, FoundUser):
        return found_user_body(found, public_url, asked.projections[USERS.name])
    return group_body(found, public_url, asked.projections[GROUPS.name])
