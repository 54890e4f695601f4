"""Calls about users: each reads the request, calls one action and shows what it answers."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response

from provisioning.actions.environments import environments_of_user
from provisioning.actions.groups import groups_of_user
from provisioning.actions.user_lists import list_users, stream_users
from provisioning.actions.users import create_user, delete_user, edit_user, show_user
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import Role
from provisioning.domain.user_lists import LastLogin, UserFilter, UserOrder
from provisioning.domain.users import NewUser, Status, User, UserChanges, UserView, split_name
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, environment_summary, group_summary, user_record
from provisioning.rest.revocations import ReceiptQuery, RevokedUser, UserDeleted, revoked
from provisioning.rest.schemas import NewUserMembers, UserMembers, UserQuery

PRESET_PAGE_SIZE = 100
USERS = Noun("Users", "People who log in to the account.")
EXAMPLE = {"name": "Dana Roe", "email": "dana@example.com", "role": "reports"}
Members = dict[str, Any]


@USERS.call("GET", "/users", Permission.ACCOUNT_USERS_READ, query=UserQuery, answer=records.UserList)
def list_all_users(caller: Caller, query: Members) -> Response:
    """List users.

    All filters that are given must hold. Without `page` and `page_size` all users are sent, as they are read. Deleted
    users are never listed.
    """
    wanted = user_filter(query)
    if wanted.count is not None:
        batches: Iterable[list[UserView]] = [list_users(caller, wanted, services())]
    else:
        batches = stream_users(caller, wanted, services())
    return Response(_streamed(batches), content_type="application/json")


@USERS.call(
    "POST", "/users", Permission.ACCOUNT_USERS_MANAGE, body=NewUserMembers, answer=records.User, example=EXAMPLE
)
def add_user(caller: Caller, members: Members) -> Record:
    """Create a user.

    The user is pending and gets one mail: an invitation to set a password, or a confirmation where the organisation's
    login is used. Refused with `seat_limit_reached` where every seat is taken.
    """
    return user_record(create_user(caller, new_user(members), services()))


@USERS.call("GET", "/users/<user_id>", Permission.ACCOUNT_USERS_READ, answer=records.User)
def get_user(caller: Caller, user_id: str) -> Record:
    """Show a user."""
    return user_record(show_user(caller, user_id, services()))


@USERS.call(
    "PUT", "/users/<user_id>", Permission.ACCOUNT_USERS_MANAGE, query=ReceiptQuery, body=UserMembers, answer=RevokedUser
)
def change_user(caller: Caller, query: Members, members: Members, user_id: str) -> Record:
    """Change a user.

    Only the members that are sent change. Nobody but the root user changes the root user.
    """
    view = edit_user(caller, user_id, lambda user: user_changes(members, user), services())
    is_asked_for = query.get("revocation", False) and view.user.is_disabled
    return {**user_record(view), **(revoked(caller, view.user) if is_asked_for else {})}


@USERS.call("DELETE", "/users/<user_id>", Permission.ACCOUNT_USERS_MANAGE, query=ReceiptQuery, answer=UserDeleted)
def remove_user(caller: Caller, query: Members, user_id: str) -> Record:
    """Delete a user, for ever.

    Sessions end at once, the seat is free, what the user did stays theirs. The email can be given to a new user.
    """
    deleted = delete_user(caller, user_id, services())
    return {"message": "ok", **(revoked(caller, deleted.user) if query.get("revocation", False) else {})}


@USERS.call("GET", "/users/<user_id>/groups", Permission.ACCOUNT_GROUPS_READ, answer=records.GroupSummaryList)
def list_groups_of_user(caller: Caller, user_id: str) -> Record:
    """List the groups that a user is in."""
    return {"groups": [group_summary(group) for group in groups_of_user(caller, user_id, services())]}


@USERS.call(
    "GET", "/users/<user_id>/sub_accounts", Permission.ACCOUNT_USERS_READ, answer=records.EnvironmentSummaryList
)
def list_environments_of_user(caller: Caller, user_id: str) -> Record:
    """List the product environments that a user has access to."""
    found = environments_of_user(caller, user_id, services())
    return {"sub_accounts": [environment_summary(view.environment) for view in found]}


def user_filter(query: Members) -> UserFilter:
    """Return what a list of users is asked for."""
    is_paged = "page" in query or "page_size" in query
    size = query.get("page_size", PRESET_PAGE_SIZE)
    return UserFilter(
        ids=tuple(query.get("ids", ())),
        emails=tuple(query.get("emails", ())),
        pending=query.get("pending"),
        status=Status(query["status"]) if "status" in query else None,
        prefix=query.get("prefix", ""),
        environment_id=query.get("sub_account_id"),
        last_login=_last_login(query),
        order=UserOrder(query.get("sort_by", UserOrder.CREATED_AT)),
        descending=query.get("sort_order", "desc") == "desc",
        offset=(query.get("page", 1) - 1) * size,
        count=size if is_paged else None,
    )


def _last_login(query: Members) -> LastLogin | None:
    """Return the question about the last login; one client says 'not in the range' by false, another by `exclude`."""
    if "last_login" not in query:
        return None
    inside = query["last_login"] and query.get("union_type") != "exclude"
    return LastLogin(inside, query.get("since"), query.get("until"))


def new_user(members: Members) -> NewUser:
    """Return the user that a request asks for; an empty list of product environments means all, as none given."""
    if "name" not in members and "first_name" not in members:
        raise invalid("name", "name is missing.")
    first, last, shown = _names(members)
    return NewUser(
        email=members["email"],
        first_name=first,
        last_name=last,
        display_name=shown,
        role=Role(members["role"]) if "role" in members else None,
        active=members.get("enabled", True),
        environment_ids=_chosen(members) or None,
        send_invitation=members.get("send_invitation"),
    )


def _names(members: Members) -> tuple[str, str, str]:
    """Return first, last and display name; the last only where the other two do not say the name that was sent."""
    name = members.get("name", "")
    first, last = split_name(name)
    if "first_name" in members or "last_name" in members:
        first, last = members.get("first_name", ""), members.get("last_name", "")
    return first, last, name if name and name != f"{first} {last}".strip() else ""


def user_changes(members: Members, user: User) -> UserChanges:
    """Return the change set of a request; what it repeats as it is shown changes nothing."""
    changes = UserChanges()
    if "email" in members:
        changes["email"] = members["email"]
    if "role" in members and not (user.is_root and members["role"] == Role.MASTER_ADMIN):
        changes["role"] = Role(members["role"])
    if "enabled" in members:
        changes["active"] = members["enabled"]
    changes.update(_name_changes(members, user))
    changes.update(_environment_changes(members, user))
    return changes


def _name_changes(members: Members, user: User) -> UserChanges:
    changes = UserChanges()
    if "name" in members and members["name"] != user.name:
        first, last, shown = _names({"name": members["name"]})
        shown = members["name"] if user.display_name else shown
        changes = UserChanges(first_name=first, last_name=last, display_name=shown)
    if "first_name" in members:
        changes["first_name"] = members["first_name"]
    if "last_name" in members:
        changes["last_name"] = members["last_name"]
    return changes


def _environment_changes(members: Members, user: User) -> UserChanges:
    if "sub_account_ids" not in members and "all_sub_accounts" not in members:
        return UserChanges()
    chosen = _chosen(members)
    if chosen is None:
        return UserChanges(all_environments=True)
    if chosen:
        return UserChanges(environment_ids=chosen)
    if "sub_account_ids" not in members and not user.all_environments:
        return UserChanges()
    raise invalid("sub_account_ids", "sub_account_ids is empty; to give access to all, say all_sub_accounts: true.")


def _chosen(members: Members) -> tuple[str, ...] | None:
    """Return the product environments that are chosen, None for all of them."""
    chosen = tuple(members.get("sub_account_ids", ()))
    if not members.get("all_sub_accounts", False):
        return chosen
    if chosen:
        raise invalid("sub_account_ids", "sub_account_ids cannot be given where all_sub_accounts is true.")
    return None


def _streamed(batches: Iterable[list[UserView]]) -> Iterator[str]:
    """Return a list of users as text, batch by batch."""
    yield '{"users":['
    between = ""
    for batch in batches:
        if batch:
            yield between + ",".join(json.dumps(user_record(view), separators=(",", ":")) for view in batch)
            between = ","
    yield "]}"
