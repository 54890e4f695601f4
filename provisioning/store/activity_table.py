"""What the Console shows beside the entries of the activity report: people, numbers a day, how far it is sealed."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, Date, and_, cast, func, select

from provisioning.domain.users import User
from provisioning.store.tables.activity import activity, activity_seals
from provisioning.store.tables.users import users
from provisioning.store.user_table import IN_ORDER, holds_text
from provisioning.store.users import Users

LOGIN, REFUSED_LOGIN = "login.succeeded", "login.refused"


def people_among(repository: Users, ids: Collection[str]) -> list[User]:
    """Return those users, also deleted ones, whose ids are among some ids of the report (USR-8)."""
    return repository.all(repository.select_also_inactive(users.c.id.in_(ids))) if ids else []


def people_named(repository: Users, text: str, most: int) -> list[User]:
    """Return users, also deleted ones, by a part of their name or email, in the order of their names."""
    statement = repository.select_also_inactive(*holds_text(text)).order_by(*IN_ORDER)
    return repository.all(statement.limit(most))


def logins_by_day(connection: Connection, account_id: str, since: datetime) -> dict[date, tuple[int, int]]:
    """Return for each day in UTC that has any the number of logins and of refused ones."""
    day = cast(func.timezone("UTC", activity.c.at), Date)
    statement = (
        select(day, _number_of(LOGIN), _number_of(REFUSED_LOGIN))
        .where(
            activity.c.account_id == account_id,
            activity.c.at >= since,
            activity.c.kind.in_((LOGIN, REFUSED_LOGIN)),
        )
        .group_by(day)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(statement)}


def sealed_up_to(connection: Connection, account_id: str) -> datetime | None:
    """Return the moment of the newest entry that has its seal, None where none has."""
    statement = (
        select(activity.c.at)
        .join(
            activity_seals,
            and_(activity_seals.c.account_id == activity.c.account_id, activity_seals.c.entry_id == activity.c.id),
        )
        .where(activity_seals.c.account_id == account_id)
        .order_by(activity_seals.c.number.desc())
    )
    return connection.execute(statement.limit(1)).scalar_one_or_none()


def _number_of(kind: str) -> ColumnElement[int]:
    return func.count().filter(activity.c.kind == kind)
