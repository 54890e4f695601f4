"""Groups as rows; members are added and removed one by one or in sets, never by writing a whole list back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from provisioning.domain.comparison import comparison_key
from provisioning.domain.errors import not_found
from provisioning.domain.groups import Group, Member
from provisioning.domain.search import Query
from provisioning.store.constraints import refusing
from provisioning.store.search_statements import Listing
from provisioning.store.searchable import GROUP
from provisioning.store.searches import Page, find_page
from provisioning.store.statements import Statement
from provisioning.store.tables.groups import group_children, group_members, groups
from provisioning.store.tables.users import users

GROUP_FIELDS = (
    "account_id", "id", "name", "external_id", "connection_id", "version", "member_count", "attributes", "created_at",
    "updated_at",
)  # fmt: skip
GROUP_COLUMNS = [groups.c[name] for name in GROUP_FIELDS]
LISTED = Listing(GROUP, GROUP_COLUMNS)


def group_of(row: Row[Any]) -> Group:
    """Return a row of `GROUP_COLUMNS` as the domain's value."""
    return Group(**{name: row._mapping[name] for name in GROUP_FIELDS})


def _ids(name: str) -> ColumnElement[str]:
    """Return 'any of these ids' as one array parameter: a list of parameters would end at 65,535 members."""
    return func.any(bindparam(name, type_=ARRAY(Text)))


def _all_ids(name: str) -> ColumnElement[str]:
    """Return 'each of these ids' as one array parameter; of no ids every comparison with it is true."""
    return func.all(bindparam(name, type_=ARRAY(Text)))


_ACCOUNT = bindparam("of_account", type_=Text)
_GROUP = bindparam("of_group", type_=Text)
_OF_GROUP = and_(group_members.c.account_id == _ACCOUNT, group_members.c.group_id == _GROUP)
_CHILDREN_OF = and_(group_children.c.account_id == _ACCOUNT, group_children.c.group_id == _GROUP)
_ONE_GROUP = select(*GROUP_COLUMNS).where(groups.c.account_id == _ACCOUNT, groups.c.id == _GROUP)
GET_GROUP = Statement(_ONE_GROUP)
LOCK_GROUP = Statement(_ONE_GROUP.with_for_update())
SAVED_COLUMNS = [column.name for column in groups.c if column.name not in ("account_id", "id")]
SAVE_GROUP = Statement(update(groups).where(groups.c.account_id == _ACCOUNT, groups.c.id == _GROUP), SAVED_COLUMNS)
ADD_GROUP = Statement(insert(groups))
LOCK_GROUPS_OF = Statement(
    select(groups.c.id)
    .where(groups.c.account_id == _ACCOUNT, group_members.c.account_id == _ACCOUNT)
    .where(group_members.c.group_id == groups.c.id, group_members.c.user_id == bindparam("of_user", type_=Text))
    .order_by(groups.c.id)
    .with_for_update(of=groups)
)
LOCK_PARENTS_OF = Statement(
    select(groups.c.id)
    .where(groups.c.account_id == _ACCOUNT, group_children.c.account_id == _ACCOUNT)
    .where(group_children.c.group_id == groups.c.id, group_children.c.child_id == _GROUP)
    .order_by(groups.c.id)
    .with_for_update(of=groups)
)
# The lock makes a deletion that is under way come first, so that no deleted user is left in a group. It is that of an
# update, as the users' versions move next: with a shared one, two groups that take in one user would block each other.
_LIVE_USERS = (
    select(_ACCOUNT, _GROUP, users.c.id)
    .where(users.c.account_id == _ACCOUNT, users.c.id == _ids("of_users"), users.c.inactive_at.is_(None))
    .order_by(users.c.id)
    .with_for_update(key_share=True, of=users)
)
ADD_MEMBERS = Statement(
    upsert(group_members)
    .from_select(["account_id", "group_id", "user_id"], _LIVE_USERS)
    .on_conflict_do_nothing()
    .returning(group_members.c.user_id)
)
REMOVE_MEMBERS = Statement(
    delete(group_members)
    .where(_OF_GROUP, group_members.c.user_id == _ids("of_users"))
    .returning(group_members.c.user_id)
)
REMOVE_OTHER_MEMBERS = Statement(
    delete(group_members)
    .where(_OF_GROUP, group_members.c.user_id != _all_ids("of_users"))
    .returning(group_members.c.user_id)
)
# The lock makes a deletion of such a group come first, here too.
_OTHER_GROUPS = (
    select(_ACCOUNT, _GROUP, groups.c.id)
    .where(groups.c.account_id == _ACCOUNT, groups.c.id == _ids("of_children"), groups.c.id != _GROUP)
    .order_by(groups.c.id)
    .with_for_update(read=True, key_share=True)
)
ADD_CHILDREN = Statement(
    upsert(group_children)
    .from_select(["account_id", "group_id", "child_id"], _OTHER_GROUPS)
    .on_conflict_do_nothing()
    .returning(group_children.c.child_id)
)
REMOVE_CHILDREN = Statement(
    delete(group_children)
    .where(_CHILDREN_OF, group_children.c.child_id == _ids("of_children"))
    .returning(group_children.c.child_id)
)
REMOVE_OTHER_CHILDREN = Statement(
    delete(group_children)
    .where(_CHILDREN_OF, group_children.c.child_id != _all_ids("of_children"))
    .returning(group_children.c.child_id)
)
_PEOPLE_OF = (
    select(
        group_members.c.group_id,
        users.c.id,
        literal_column("'User'").label("kind"),
        users.c.display_name.label("display"),
        users.c.first_name,
        users.c.last_name,
        users.c.email,
    )
    .join(users, and_(users.c.account_id == group_members.c.account_id, users.c.id == group_members.c.user_id))
    .where(group_members.c.account_id == _ACCOUNT, group_members.c.group_id == _ids("of_groups"))
)
_GROUPS_OF = (
    select(
        group_children.c.group_id,
        groups.c.id,
        literal_column("'Group'").label("kind"),
        groups.c.name.label("display"),
        literal_column("''").label("first_name"),
        literal_column("''").label("last_name"),
        literal_column("null::text").label("email"),
    )
    .join(groups, and_(groups.c.account_id == group_children.c.account_id, groups.c.id == group_children.c.child_id))
    .where(group_children.c.account_id == _ACCOUNT, group_children.c.group_id == _ids("of_groups"))
)
MEMBERS_OF = Statement(union_all(_PEOPLE_OF, _GROUPS_OF).order_by(literal_column("kind").desc(), literal_column("id")))
_IN_USERS = select(group_members.c.user_id.label("id")).where(_OF_GROUP, group_members.c.user_id == _ids("of_members"))
_IN_CHILDREN = select(group_children.c.child_id).where(_CHILDREN_OF, group_children.c.child_id == _ids("of_members"))
MEMBERS_AMONG = Statement(union_all(_IN_USERS, _IN_CHILDREN))


class Groups:
    """The groups of one account and their members.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def get(self, group_id: str) -> Group:
        """Return a group; refuse an unknown or foreign one alike (ACC-1)."""
        return self._one(GET_GROUP, group_id)

    def lock(self, group_id: str) -> Group:
        """Return a group, locked until the end of the transaction."""
        return self._one(LOCK_GROUP, group_id)

    def select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Return the statement for groups of the account that meet the conditions."""
        return select(*GROUP_COLUMNS).where(groups.c.account_id == self._account_id, *conditions)

    def all(self, statement: Select[Any]) -> list[Group]:
        """Return the groups of a statement made by `select`."""
        return [group_of(row) for row in self._connection.execute(statement)]

    def find_by_name(self, name: str) -> Group | None:
        """Return the group of a name, compared by key, or None."""
        row = self._connection.execute(self.select(groups.c.name_key == comparison_key(name))).one_or_none()
        return group_of(row) if row is not None else None

    def add(self, group: Group) -> Group:
        """Insert a group without members; a taken name is refused (GRP-5)."""
        row = self._row(group)
        with refusing(row):
            ADD_GROUP.run(self._connection, **row)
        return group

    def save(self, before: Group, after: Group) -> Group:
        """Write a changed group under the next version and return it."""
        saved = replace(after, version=before.version + 1)
        row = self._row(saved)
        written = {name: row[name] for name in SAVED_COLUMNS}
        with refusing(row):
            SAVE_GROUP.run(self._connection, **written, of_account=self._account_id, of_group=saved.id)
        return saved

    def delete(self, group_id: str) -> None:
        """Delete a group with its memberships and its places in other groups."""
        self._connection.execute(delete(groups).where(groups.c.account_id == self._account_id, groups.c.id == group_id))

    def members(self, group_id: str) -> tuple[Member, ...]:
        """Return the members of a group, users first, in the order of their ids."""
        return self.members_of([group_id])[group_id]

    def members_of(self, group_ids: Sequence[str]) -> dict[str, tuple[Member, ...]]:
        """Return the members of each of some groups, users first, in the order of their ids, by one query for all."""
        found: dict[str, list[Member]] = {group_id: [] for group_id in group_ids}
        for row in MEMBERS_OF.run(self._connection, of_account=self._account_id, of_groups=list(group_ids)):
            full_name = f"{row.first_name} {row.last_name}".strip()
            found[row.group_id].append(Member(row.id, row.kind, row.display, row.email, full_name))
        return {group_id: tuple(members) for group_id, members in found.items()}

    def member_ids(self, group_id: str) -> list[str]:
        """Return the ids of the users in a group."""
        statement = select(group_members.c.user_id).where(
            group_members.c.account_id == self._account_id, group_members.c.group_id == group_id
        )
        return list(self._connection.execute(statement).scalars())

    def groups_of(self, user_id: str) -> list[Group]:
        """Return the groups that a user is in."""
        is_member = exists().where(
            group_members.c.account_id == self._account_id,
            group_members.c.group_id == groups.c.id,
            group_members.c.user_id == user_id,
        )
        return self.all(self.select(is_member).order_by(groups.c.id))

    def search(self, query: Query) -> Page[Group]:
        """Return how many groups meet a query's filter, and those of its page."""
        return find_page(self._connection, self._account_id, LISTED, query).of(group_of)

    def of_ids(self, group_ids: Sequence[str]) -> list[Group]:
        """Return the groups of some ids."""
        return self.all(self.select(groups.c.id.in_(group_ids))) if group_ids else []

    def members_among(self, group_id: str, ids: Sequence[str]) -> list[str]:
        """Return those of some ids that are members of a group, users or groups."""
        return self._moving(MEMBERS_AMONG, group_id, of_members=ids) if ids else []

    def add_users(self, group_id: str, user_ids: Sequence[str]) -> list[str]:
        """Put live users into a group; those already in stay once. Returns the ids that are new."""
        return self._moving(ADD_MEMBERS, group_id, of_users=user_ids)

    def remove_users(self, group_id: str, user_ids: Sequence[str]) -> list[str]:
        """Take users out of a group. Returns the ids that were in."""
        return self._moving(REMOVE_MEMBERS, group_id, of_users=user_ids)

    def remove_other_users(self, group_id: str, kept_ids: Sequence[str]) -> list[str]:
        """Take all users but some out of a group. Returns the ids that were in."""
        return self._moving(REMOVE_OTHER_MEMBERS, group_id, of_users=kept_ids)

    def add_children(self, group_id: str, child_ids: Sequence[str]) -> list[str]:
        """Put other groups of the account into a group. Returns the ids that are new."""
        return self._moving(ADD_CHILDREN, group_id, of_children=child_ids)

    def remove_children(self, group_id: str, child_ids: Sequence[str]) -> list[str]:
        """Take groups out of a group. Returns the ids that were in."""
        return self._moving(REMOVE_CHILDREN, group_id, of_children=child_ids)

    def remove_other_children(self, group_id: str, kept_ids: Sequence[str]) -> list[str]:
        """Take all groups but some out of a group. Returns the ids that were in."""
        return self._moving(REMOVE_OTHER_CHILDREN, group_id, of_children=kept_ids)

    def forget_child(self, group_id: str, now: datetime) -> None:
        """Take a group out of every group that it is in and move those groups' versions."""
        statement = delete(group_children).where(
            group_children.c.account_id == self._account_id, group_children.c.child_id == group_id
        )
        left = self._connection.execute(statement.returning(group_children.c.group_id)).scalars()
        self._moved(list(left), 0, now)

    def lock_those_of(self, user_id: str) -> None:
        """Lock the groups that a user is in, in the order of their ids, until the end of the transaction."""
        LOCK_GROUPS_OF.run(self._connection, of_account=self._account_id, of_user=user_id)

    def lock_parents_of(self, group_id: str) -> None:
        """Lock the groups that a group is in, in the order of their ids, until the end of the transaction."""
        LOCK_PARENTS_OF.run(self._connection, of_account=self._account_id, of_group=group_id)

    def forget_user(self, user_id: str, now: datetime) -> list[str]:
        """Take a user out of every group and move those groups' versions; returns their ids."""
        statement = delete(group_members).where(
            group_members.c.account_id == self._account_id, group_members.c.user_id == user_id
        )
        left = list(self._connection.execute(statement.returning(group_members.c.group_id)).scalars())
        self._moved(left, -1, now)
        return left

    def join(self, user_id: str, group_ids: Sequence[str], now: datetime) -> list[str]:
        """Put one user into several groups and move those groups' versions; returns the ids newly joined.

        The groups are locked in the order of their ids, so that two such edits never wait for each other in a circle.
        """
        mine = self.select(groups.c.id.in_(group_ids)).order_by(groups.c.id).with_for_update()
        joined = [group.id for group in self.all(mine) if self.add_users(group.id, [user_id])]
        self._moved(joined, 1, now)
        return joined

    def leave(self, user_id: str, group_ids: Sequence[str], now: datetime) -> list[str]:
        """Take one user out of several groups and move those groups' versions; returns the ids left."""
        mine = self.select(groups.c.id.in_(group_ids)).order_by(groups.c.id).with_for_update()
        left = [group.id for group in self.all(mine) if self.remove_users(group.id, [user_id])]
        self._moved(left, -1, now)
        return left

    def _moved(self, group_ids: Sequence[str], by: int, now: datetime) -> None:
        if group_ids:
            self._connection.execute(
                update(groups)
                .where(groups.c.account_id == self._account_id, groups.c.id.in_(group_ids))
                .values(version=groups.c.version + 1, member_count=groups.c.member_count + by, updated_at=now)
            )

    def _row(self, group: Group) -> dict[str, object]:
        row: dict[str, object] = {name: getattr(group, name) for name in GROUP_FIELDS}
        return {**row, "attributes": dict(group.attributes), "name_key": comparison_key(group.name)}

    def _moving(self, statement: Statement, group_id: str, **ids: Sequence[str]) -> list[str]:
        lists = {name: list(each) for name, each in ids.items()}
        found = statement.run(self._connection, of_account=self._account_id, of_group=group_id, **lists)
        return list(found.scalars())

    def _one(self, statement: Statement, group_id: str) -> Group:
        row = statement.run(self._connection, of_account=self._account_id, of_group=group_id).one_or_none()
        if row is None:
            raise not_found("Group")
        return group_of(row)
