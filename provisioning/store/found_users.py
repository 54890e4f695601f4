"""What a list reads of each user: the stored document and what is written around it, by one statement for all.

A whole user is not made of it: a list of a hundred would spend most of its time on fields that nobody shows.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Table, Text, and_, bindparam, case, func, null, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from provisioning.domain.search import FoundUser
from provisioning.domain.users import ManagerName, User, manager_id_of
from provisioning.store.search_statements import Listing
from provisioning.store.searchable import ENTERPRISE, USER
from provisioning.store.statements import Statement
from provisioning.store.tables.access import environments, user_environments
from provisioning.store.tables.accounts import seats
from provisioning.store.tables.groups import group_members, groups
from provisioning.store.tables.users import users


def _names(table: Table, through: Table, reference: Column[Any]) -> ColumnElement[Any]:
    """Return id and name of all rows of a table that a user is joined to, in the order of ids; NULL for none."""
    pair = func.json_build_array(table.c.id, table.c.name)
    return (
        select(func.json_agg(aggregate_order_by(pair, table.c.id)))
        .select_from(through.join(table, and_(table.c.account_id == through.c.account_id, table.c.id == reference)))
        .where(through.c.account_id == users.c.account_id, through.c.user_id == users.c.id)
        .scalar_subquery()
    )


_GROUPS = _names(groups, group_members, group_members.c.group_id).label("groups")
# Most people have all; for them nothing is looked up, which spares a quarter of what a page costs the database.
_ENVIRONMENTS = case(
    (users.c.all_environments, null()),
    else_=_names(environments, user_environments, user_environments.c.environment_id),
).label("environments")
_BOSS = users.alias("boss")
_MANAGER = (
    select(func.json_build_array(_BOSS.c.id, _BOSS.c.display_name))
    .where(_BOSS.c.account_id == users.c.account_id, _BOSS.c.inactive_at.is_(None))
    .where(_BOSS.c.id == users.c.folded[ENTERPRISE, "manager", "value"].astext)
    .scalar_subquery()
    .label("manager")
)
_STORED = (
    users.c.id, users.c.version, users.c.created_at, users.c.updated_at, users.c.document, _ENVIRONMENTS, _MANAGER,
)  # fmt: skip

LISTED = Listing(USER, (*_STORED, _GROUPS), seats.c.used)
LISTED_WITHOUT_GROUPS = Listing(USER, _STORED, seats.c.used)
_OF_IDS = and_(
    users.c.account_id == bindparam("of_account"),
    users.c.id == func.any(bindparam("of_users", type_=ARRAY(Text))),
    users.c.inactive_at.is_(None),
)
OF_IDS = Statement(select(*LISTED.columns).where(_OF_IDS))
OF_IDS_WITHOUT_GROUPS = Statement(select(*LISTED_WITHOUT_GROUPS.columns).where(_OF_IDS))
_LIVE_OF_IDS = Statement(select(users.c.id, users.c.display_name).where(_OF_IDS))


def managers_of(connection: Connection, account_id: str, people: Iterable[User]) -> dict[str, ManagerName]:
    """Return the manager of each person who has one that is a user of the account; no query where nobody has any."""
    manager_ids = {person.id: manager_id_of(person.attributes) for person in people}
    wanted = sorted({manager_id for manager_id in manager_ids.values() if manager_id})
    if not wanted:
        return {}
    rows = _LIVE_OF_IDS.run(connection, of_account=account_id, of_users=wanted)
    known = {row.id: ManagerName(row.id, row.display_name) for row in rows}
    return {person_id: known[each] for person_id, each in manager_ids.items() if each in known}


def found_user(row: Any) -> FoundUser:
    """Return a row of a list as the domain's value."""
    return FoundUser(
        row.id,
        row.version,
        row.created_at,
        row.updated_at,
        row.document,
        row.environments or (),
        getattr(row, "groups", None) or (),
        row.manager or (),
    )
