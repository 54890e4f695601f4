"""The Console's table of users: one page by name, searched and filtered, forwards and backwards.

A page is found by its neighbour (keyset), not by counting rows, so a late page costs what the first one does and nobody
is skipped or shown twice while others are added. The neighbour is a user's id; a deleted one keeps its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, or_, tuple_

from provisioning.domain.comparison import comparison_key
from provisioning.domain.errors import Refusal
from provisioning.domain.user_table import TableQuery
from provisioning.domain.users import Status, User
from provisioning.store.tables.access import user_environments
from provisioning.store.tables.groups import group_members
from provisioning.store.tables.users import users
from provisioning.store.users import Users

IN_ORDER: tuple[ColumnElement[Any], ...] = (users.c.name_key.collate("C"), users.c.id)
# What each status is told by, in the order of `status_of`: a status holds where no earlier one does (USR-9).
TOLD_BY: Mapping[Status, ColumnElement[bool]] = {
    Status.INACTIVE: users.c.inactive_at.is_not(None),
    Status.DISABLED: users.c.disabled_at.is_not(None),
    Status.PASSWORD_RESET_PENDING: users.c.reset_at.is_not(None),
    Status.PENDING: users.c.accepted_at.is_(None),
}


@dataclass(frozen=True, slots=True)
class TablePage:
    """One page of users, and whether there are more on each side of it."""

    users: tuple[User, ...]
    has_earlier: bool
    has_later: bool


def page_of_users(repository: Users, query: TableQuery) -> TablePage:
    """Return one page of an account's users in the order of their names.

    Args:
        repository: the account's users.
        query: what is asked for; an unknown neighbour counts as none.
    """
    neighbour = _neighbour(repository, query.after or query.before)
    backwards = neighbour is not None and not query.after
    conditions = [_has_status(query.status), *holds_text(query.text), *_narrowed(query)]
    if neighbour is not None:
        place = tuple_(comparison_key(neighbour.name), neighbour.id)
        conditions.append(tuple_(*IN_ORDER) < place if backwards else tuple_(*IN_ORDER) > place)
    order = [column.desc() for column in IN_ORDER] if backwards else list(IN_ORDER)
    statement = repository.select_also_inactive(*conditions).order_by(*order).limit(query.size + 1)
    found = repository.all(statement)
    has_more, shown = len(found) > query.size, found[: query.size]
    if backwards:
        return TablePage(tuple(reversed(shown)), has_earlier=has_more, has_later=True)
    return TablePage(tuple(shown), has_earlier=neighbour is not None, has_later=has_more)


def _neighbour(repository: Users, user_id: str) -> User | None:
    try:
        return repository.get_also_inactive(user_id) if user_id else None
    except Refusal:
        return None


def _has_status(status: Status | None) -> ColumnElement[bool]:
    """Return the condition of a status; without one, of everybody who is not deleted."""
    if status is None:
        return not_(TOLD_BY[Status.INACTIVE])
    names = list(TOLD_BY)
    earlier = names[: names.index(status)] if status in TOLD_BY else names
    own = [TOLD_BY[status]] if status in TOLD_BY else []
    return and_(*own, *(not_(TOLD_BY[name]) for name in earlier))


def _narrowed(query: TableQuery) -> list[ColumnElement[bool]]:
    """Return the conditions of role, group and product environment, where they are asked for."""
    table = (
        (query.role, lambda: users.c.role == query.role),
        (query.group_id, lambda: _is_member(query.group_id)),
        (query.outside_group_id, lambda: not_(_is_member(query.outside_group_id))),
        (query.environment_id, lambda: has_access(query.environment_id)),
    )
    return [condition() for asked, condition in table if asked]


def _is_member(group_id: str) -> ColumnElement[bool]:
    return exists().where(
        group_members.c.account_id == users.c.account_id,
        group_members.c.group_id == group_id,
        group_members.c.user_id == users.c.id,
    )


def has_access(environment_id: str) -> ColumnElement[bool]:
    """Return the condition of having access to a product environment: to all, or to this one by choice (ENV-2)."""
    chosen = exists().where(
        user_environments.c.account_id == users.c.account_id,
        user_environments.c.user_id == users.c.id,
        user_environments.c.environment_id == environment_id,
    )
    return or_(users.c.all_environments, chosen)


def holds_text(text: str) -> list[ColumnElement[bool]]:
    """Return the condition that a name, email or userName holds a text, compared by key; none for no text."""
    key = comparison_key(text)
    if not key:
        return []
    columns = (users.c.name_key, users.c.email_key, users.c.user_name_key)
    return [or_(*(column.contains(key, autoescape=True) for column in columns))]
