"""Searches of users, of groups, and of both together: one page by one query, whatever is asked for."""

from collections.abc import Sequence
from typing import Any, TypeVar

from provisioning.actions.groups import GroupView
from provisioning.actions.services import Results, Services
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.groups import Group, Member
from provisioning.domain.permissions import Permission
from provisioning.domain.search import FoundUser, Node, Query
from provisioning.store.searches import Page, find_among_all
from provisioning.store.unit_of_work import Unit

T = TypeVar("T")


def search_users(caller: Caller, query: Query, services: Services, *, with_groups: bool = True) -> Results[FoundUser]:
    """Return one page of the live users that meet a filter, and how many meet it in all.

    Args:
        caller: needs to read users.
        query: filter tree, order and page.
        services: from outside.
        with_groups: whether the groups that each is in are read.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        page = unit.users.search(query, with_groups=with_groups)
        return _results(page, page.items)


def search_groups(caller: Caller, query: Query, services: Services, *, with_members: bool) -> Results[GroupView]:
    """Return one page of the groups that meet a filter, and how many meet it in all."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_GROUPS_READ)
        page = unit.groups.search(query)
        return _results(page, _views(unit, page.items, with_members=with_members))


def search_all(
    caller: Caller, query: Query, of_groups: Node | None, services: Services, *, with_groups: bool, with_members: bool
) -> Results[FoundUser | GroupView]:
    """Return one page of users and groups together, in one order (RFC 7644 section 3.4.2.1).

    Args:
        caller: needs to read users and groups.
        query: filter of users, order and page of both.
        of_groups: the filter as it is to be asked of groups.
        services: from outside.
        with_groups: whether the groups that each user is in are read.
        with_members: whether the members of groups are read.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        policy.require(caller, Permission.ACCOUNT_GROUPS_READ)
        page = find_among_all(unit.connection, unit.account_id, query, of_groups)
        people = unit.users.found([row.id for row in page.items if row.kind == Member.USER], with_groups=with_groups)
        groups = _views(
            unit,
            unit.groups.of_ids([row.id for row in page.items if row.kind == Member.GROUP]),
            with_members=with_members,
        )
        by_id: dict[str, FoundUser | GroupView] = {user.id: user for user in people}
        by_id |= {view.group.id: view for view in groups}
        # What was deleted since the page was found is not there any more.
        return _results(page, [by_id[row.id] for row in page.items if row.id in by_id])


def _views(unit: Unit, groups: Sequence[Group], *, with_members: bool) -> tuple[GroupView, ...]:
    members = unit.groups.members_of([group.id for group in groups]) if with_members and groups else {}
    return tuple(GroupView(group, members.get(group.id)) for group in groups)


def _results(page: Page[Any], items: Sequence[T]) -> Results[T]:
    return Results(page.total, tuple(items), page.earlier, page.later)
