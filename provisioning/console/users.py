"""User Management: the table and one user's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.receipts import list_revocations
from provisioning.actions.user_table import FilterChoices, UserTable, filter_choices, user_page, user_table
from provisioning.console.acts import ACTS
from provisioning.console.pages import lead_to, page
from provisioning.console.receipts import address_of
from provisioning.console.words import STATUS_NAMES
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.roles_legacy import ROLE_NAMES, Role
from provisioning.domain.user_table import TableQuery
from provisioning.domain.users import Status, Verb
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

USERS = "/users"
MOST_RECEIPTS = 10


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of the table.

    Attributes:
        name: in the address.
        label: in words.
        all: what is said where the filter is not set.
        options: value -> name of what it can be set to.
        value: what it is set to, '' for not.
    """

    name: str
    label: str
    all: str
    options: Mapping[Status, str] | Mapping[Role, str] | Mapping[str, str]
    value: str


def add_users(blueprint: Blueprint) -> None:
    """Add the routes of User Management that only show."""
    blueprint.add_url_rule("/", view_func=show_home, methods=["GET"])
    blueprint.add_url_rule(USERS, view_func=show_users, methods=["GET"])
    blueprint.add_url_rule(f"{USERS}/<user_id>", view_func=show_user, methods=["GET"])


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def show_home(caller: Caller) -> Response:
    """Lead to the page that the person works with: the users, or their own."""
    return lead_to(USERS if is_allowed(caller, Permission.ACCOUNT_USERS_READ) else "/profile")


@requires(Permission.ACCOUNT_USERS_READ, session_caller)
def show_users(caller: Caller) -> Response:
    """Show one page of the table (USR-9, SEAT-4)."""
    choices = filter_choices(caller, services())
    query = _query(choices)
    table = user_table(caller, query, services())
    return page(
        "users.html",
        caller=caller,
        table=table,
        query=query,
        filters=_filters(query, choices),
        acts=ACTS,
        earlier=_beside(query, table, "before") if table.has_earlier else None,
        later=_beside(query, table, "after") if table.has_later else None,
        may_change_limit=is_allowed(caller, Permission.ACCOUNT_SEATS_MANAGE),
        may_invite=is_allowed(caller, Permission.ACCOUNT_USERS_MANAGE),
    )


@requires(Permission.ACCOUNT_USERS_READ, session_caller)
def show_user(caller: Caller, user_id: str) -> Response:
    """Show one user's page; that of a deleted one is read-only (USR-6)."""
    shown = user_page(caller, user_id, services())
    revocations = list_revocations(caller, user_id, services())
    return page(
        "user.html",
        caller=caller,
        about=shown.view.user.name,
        shown=shown,
        acts=ACTS,
        change=Verb.CHANGE,
        revocations=revocations[:MOST_RECEIPTS],
        receipt=address_of(revocations[0]) if revocations else "",
        receipt_of=address_of,
        may_edit=is_allowed(caller, Permission.ACCOUNT_USERS_MANAGE) and not shown.view.user.is_inactive,
        may_read_activity=is_allowed(caller, Permission.ACCOUNT_ACTIVITY_READ),
        may_read_log=is_allowed(caller, Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE),
    )


def _query(choices: FilterChoices) -> TableQuery:
    """Return what the address asks of the table; a filter that is not known asks for everybody."""
    asked = {name: request.args.get(name, "") for name in ("status", "role", "group", "environment")}
    return TableQuery(
        text=request.args.get("q", "").strip(),
        status=Status(asked["status"]) if asked["status"] in frozenset(Status) else None,
        role=Role(asked["role"]) if asked["role"] in frozenset(Role) else None,
        group_id=asked["group"] if asked["group"] in choices.groups else "",
        environment_id=asked["environment"] if asked["environment"] in choices.environments else "",
        after=request.args.get("after", ""),
        before=request.args.get("before", ""),
    )


def _filters(query: TableQuery, choices: FilterChoices) -> tuple[Filter, ...]:
    """Return the filters of the table, each with what it can be set to and what it is set to."""
    return (
        Filter("status", "Status", "All but Inactive", STATUS_NAMES, query.status or ""),
        Filter("role", "Role", "Any role", ROLE_NAMES, query.role or ""),
        Filter("group", "Group", "Any group", choices.groups, query.group_id),
        Filter("environment", "Product environment", "Any environment", choices.environments, query.environment_id),
    )


def _beside(query: TableQuery, table: UserTable, side: str) -> str:
    """Return the address of the page before or after this one, under the same search and filters."""
    neighbour = table.rows[0 if side == "before" else -1].view.user.id if table.rows else ""
    asked = {
        "q": query.text,
        "status": query.status or "",
        "role": query.role or "",
        "group": query.group_id,
        "environment": query.environment_id,
        side: neighbour,
    }
    return f"{USERS}?{urlencode({name: value for name, value in asked.items() if value})}"
