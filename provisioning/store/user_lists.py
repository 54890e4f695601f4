"""Lists of users as SQL: one statement a list or a batch, whatever is asked for.

A batch begins after the last user of the one before (keyset), so that the thousandth costs as much as the first and no
connection is held while a slow client reads.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, false, func, literal, not_, or_, tuple_

from provisioning.domain.comparison import comparison_key, email_key
from provisioning.domain.roles_legacy import Role
from provisioning.domain.user_lists import LastLogin, UserFilter, UserOrder
from provisioning.domain.users import Status, User
from provisioning.store.tables.users import users
from provisioning.store.unit_of_work import Unit
from provisioning.store.user_table import TOLD_BY, has_access

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Condition = ColumnElement[bool]
NOT_ASKED = (None, (), "")

# The first status that holds, as text (USR-9).
STATUS = case(*((condition, status.value) for status, condition in TOLD_BY.items()), else_=Status.ACTIVE.value)


class SortKey(NamedTuple):
    """What users are sorted by: as SQL, and the same of a user at hand, from which the next batch goes on."""

    column: ColumnElement[Any]
    of: Callable[[User], object]


# No key is ever null. Ids sort by the time of making and need no second key.
SORT_KEYS: dict[UserOrder, SortKey] = {
    UserOrder.NAME: SortKey(users.c.name_key.collate("C"), lambda user: comparison_key(user.name)),
    UserOrder.ROLE: SortKey(
        func.coalesce(users.c.role, Role.MASTER_ADMIN.value), lambda user: (user.role or Role.MASTER_ADMIN).value
    ),
    UserOrder.STATUS: SortKey(STATUS, lambda user: user.status.value),
    UserOrder.ACTIVITY: SortKey(
        func.coalesce(users.c.last_login_at, LONG_AGO), lambda user: user.last_login_at or LONG_AGO
    ),
}


def find_users(unit: Unit, wanted: UserFilter, *, most: int | None, after: User | None = None) -> list[User]:
    """Return the live users that a list asks for, by one statement.

    Args:
        unit: its account binds the statement (TEN-1).
        wanted: filters, order and offset.
        most: how many at most, None for all.
        after: the user that the batch before ended with.
    """
    statement = unit.users.select(*conditions_of(wanted)).order_by(*_order(wanted)).limit(most)
    if after is not None:
        return unit.users.all(statement.where(_beyond(wanted, after)))
    return unit.users.all(statement.offset(wanted.offset))


def conditions_of(wanted: UserFilter) -> list[Condition]:
    """Return what a user must meet; nothing asked for is no condition."""
    asked: tuple[tuple[object, Callable[[Any], Condition]], ...] = (
        (wanted.ids, users.c.id.in_),
        (wanted.emails, lambda emails: users.c.email_key.in_(_email_keys(emails))),
        (wanted.pending, _is_pending),
        (wanted.status, lambda status: literal(status.value) == STATUS),
        (wanted.prefix, _begins_with),
        (wanted.environment_id, has_access),
        (wanted.last_login, _logged_in),
    )
    return [condition(value) for value, condition in asked if value not in NOT_ASKED]


def _is_pending(pending: bool) -> Condition:
    return users.c.accepted_at.is_(None) if pending else users.c.accepted_at.is_not(None)


def _email_keys(emails: tuple[str, ...]) -> list[str]:
    """Return the keys of what can be an address; nobody has one that cannot."""
    keys = []
    for email in emails:
        try:
            keys.append(email_key(email))
        except (ValueError, UnicodeError):
            continue
    return keys


def _begins_with(prefix: str) -> Condition:
    key = comparison_key(prefix)
    # Escaped by hand with LIKE's own character: an ESCAPE clause would keep the planner from its index.
    pattern = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return or_(users.c.name_key.like(pattern), users.c.email_key.like(pattern))


def _logged_in(asked: LastLogin) -> Condition:
    at = users.c.last_login_at
    inside: list[Condition] = [at.is_not(None)]
    if asked.since is not None:
        inside.append(at >= datetime.combine(asked.since, time(), UTC))
    if asked.until is not None and asked.until < date.max:
        inside.append(at < datetime.combine(asked.until, time(), UTC) + timedelta(days=1))
    within = func.coalesce(and_(*inside), false())
    return within if asked.inside else not_(within)


def _order(wanted: UserFilter) -> list[ColumnElement[Any]]:
    columns = _columns(wanted)
    return [column.desc() for column in columns] if wanted.descending else columns


def _columns(wanted: UserFilter) -> list[ColumnElement[Any]]:
    key = SORT_KEYS.get(wanted.order)
    return [users.c.id] if key is None else [key.column, users.c.id]


def _beyond(wanted: UserFilter, last: User) -> Condition:
    key = SORT_KEYS.get(wanted.order)
    values = [last.id] if key is None else [key.of(last), last.id]
    here, there = tuple_(*_columns(wanted)), tuple_(*(literal(value) for value in values))
    return here < there if wanted.descending else here > there
