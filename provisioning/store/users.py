"""Users as rows: load (always by account), lock, write. Every write renders the document and the folded form anew."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)

from provisioning.domain.comparison import comparison_key, email_key
from provisioning.domain.errors import not_found
from provisioning.domain.roles_legacy import ObsoleteRole, Role, stored_role
from provisioning.domain.search import FoundUser, Query
from provisioning.domain.users import EnvironmentName, GroupName, User, UserView
from provisioning.store.constraints import refusing
from provisioning.store.found_users import (
    LISTED,
    LISTED_WITHOUT_GROUPS,
    OF_IDS,
    OF_IDS_WITHOUT_GROUPS,
    found_user,
    managers_of,
)
from provisioning.store.searches import Page, find_page
from provisioning.store.statements import Statement, pipelined
from provisioning.store.tables.access import environments, user_environments
from provisioning.store.tables.groups import group_members, groups
from provisioning.store.tables.users import ADMINISTERS, user_emails, users

USER_COLUMNS = [column for column in users.c if column.name not in ("email_key", "user_name_key", "name_key", "folded")]
# The columns of a value that are written as they are; the rest is derived in `row_of`.
PLAIN_FIELDS = (
    "account_id", "id", "is_root", "email", "user_name", "external_id", "connection_id", "first_name", "last_name",
    "display_name", "all_environments", "disabled_at", "accepted_at", "reset_at", "inactive_at", "epoch", "version",
    "document", "created_at", "updated_at", "last_login_at", "time_zone", "share_mails", "access_ended_at",
    "has_second_factor",
)  # fmt: skip


def user_of(row: Row[Any], environment_ids: Sequence[str] = ()) -> User:
    """Return a row of `USER_COLUMNS` as the domain's value; of the password only whether there is one."""
    values = row._mapping
    return User(
        **{name: values[name] for name in PLAIN_FIELDS},
        role=stored_role(values["role"]) if values["role"] else None,
        environment_ids=tuple(environment_ids),
        media_library=frozenset(values["media_library"]),
        has_password=values["password_hash"] is not None,
        attributes=values["attributes"],
        providers=tuple(values["providers"]),
    )


def row_of(user: User, folded: Mapping[str, object]) -> dict[str, object]:
    """Return a user as a row, but for the password, with the keys that names are compared by (IDN-1)."""
    return {
        **{name: getattr(user, name) for name in PLAIN_FIELDS},
        "email_key": email_key(user.email) if user.email else None,
        "user_name_key": comparison_key(user.user_name),
        "name_key": comparison_key(user.name),
        "role": user.role.value if user.role else None,
        "media_library": sorted(user.media_library),
        "attributes": dict(user.attributes),
        "folded": folded,
        "providers": list(user.providers),
    }


CHOSEN_ENVIRONMENTS = (
    select(func.coalesce(func.array_agg(user_environments.c.environment_id), text("'{}'::text[]")))
    .where(user_environments.c.account_id == users.c.account_id, user_environments.c.user_id == users.c.id)
    .where(users.c.all_environments.is_(False))
    .scalar_subquery()
    .label("environment_ids")
)
_OF_ACCOUNT = users.c.account_id == bindparam("of_account")
_LIVE = select(*USER_COLUMNS, CHOSEN_ENVIRONMENTS).where(
    _OF_ACCOUNT, users.c.id == bindparam("of_user"), users.c.inactive_at.is_(None)
)
GET_USER = Statement(_LIVE)
LOCK_USER = Statement(_LIVE.with_for_update(key_share=True, of=users))
SHARE_USER = Statement(_LIVE.with_for_update(read=True, of=users))
ADD_USER = Statement(insert(users))
SAVED_COLUMNS = [
    column.name for column in users.c if column.name not in ("account_id", "id", "is_root", "password_hash")
]
SAVE_USER = Statement(update(users).where(_OF_ACCOUNT, users.c.id == bindparam("of_user")), SAVED_COLUMNS)
ADD_EMAIL = Statement(insert(user_emails))
ADD_ENVIRONMENT = Statement(insert(user_environments))
RAISE_VERSIONS = Statement(
    update(users)
    .where(_OF_ACCOUNT, users.c.id == func.any(bindparam("of_users", type_=ARRAY(Text))))
    .values(version=users.c.version + 1, updated_at=bindparam("at_moment"))
)
# Whom a directory must not touch, the second where it may not: the root user and the master admins (SCM-4).
PROTECTED = or_(users.c.is_root, users.c.role == Role.MASTER_ADMIN.value)
PROTECTED_AMONG = Statement(
    select(*USER_COLUMNS, CHOSEN_ENVIRONMENTS).where(
        _OF_ACCOUNT, PROTECTED, users.c.id == func.any(bindparam("of_users", type_=ARRAY(Text)))
    )
)
GROUP_NAMES = Statement(
    select(group_members.c.user_id, groups.c.id, groups.c.name)
    .join(groups, and_(groups.c.account_id == group_members.c.account_id, groups.c.id == group_members.c.group_id))
    .where(
        group_members.c.account_id == bindparam("of_account"),
        group_members.c.user_id == func.any(bindparam("of_users", type_=ARRAY(Text))),
    )
    .order_by(groups.c.id)
)
ENVIRONMENT_NAMES = Statement(
    select(user_environments.c.user_id, environments.c.id, environments.c.name)
    .join(
        environments,
        and_(
            environments.c.account_id == user_environments.c.account_id,
            environments.c.id == user_environments.c.environment_id,
        ),
    )
    .where(
        user_environments.c.account_id == bindparam("of_account"),
        user_environments.c.user_id == func.any(bindparam("of_users", type_=ARRAY(Text))),
    )
    .order_by(environments.c.id)
)


class Users:
    """The users of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
        render: user -> its SCIM document.
        fold: user -> the folded form that filters compare with.
    """

    def __init__(
        self,
        connection: Connection,
        account_id: str,
        render: Callable[[User], str],
        fold: Callable[[User], Mapping[str, object]],
    ) -> None:
        self._connection = connection
        self._account_id = account_id
        self._render = render
        self._fold = fold

    def get(self, user_id: str) -> User:
        """Return a user that is not deleted; refuse an unknown, foreign or deleted one alike (ACC-1, USR-6)."""
        return self._one(GET_USER, user_id)

    def lock(self, user_id: str) -> User:
        """Return a user that is not deleted, locked until the end of the transaction."""
        return self._one(LOCK_USER, user_id)

    def share(self, user_id: str) -> User | None:
        """Return a user that is not deleted, held as it is until the end of the transaction, or None."""
        row = SHARE_USER.run(self._connection, of_account=self._account_id, of_user=user_id).one_or_none()
        return user_of(row, row.environment_ids) if row is not None else None

    def get_also_inactive(self, user_id: str) -> User:
        """Return a user, also a deleted one: what it did stays attributed to it (USR-8)."""
        found = self._maybe(self._select().where(users.c.id == user_id))
        if found is None:
            raise not_found("User")
        return found

    def take_obsolete_role(self, role: ObsoleteRole, now: datetime) -> list[str]:
        """Make everybody with an obsolete role a Media Library user; returns the ids of those who are live (ROLE-3)."""
        statement = (
            update(users)
            .where(self._mine(), users.c.role == role.value)
            .values(role=Role.MEDIA_LIBRARY_USER.value, version=users.c.version + 1, updated_at=now)
            .returning(users.c.id, users.c.inactive_at)
        )
        return sorted(row.id for row in self._connection.execute(statement) if row.inactive_at is None)

    def who_administer(self) -> list[User]:
        """Return the live users who look after people: the root user, master admins and admins (IDN-7)."""
        return self.all(self.select(literal_column(ADMINISTERS, Boolean())).order_by(users.c.id))

    def of_ids(self, user_ids: Sequence[str]) -> list[User]:
        """Return the users of some ids, deleted ones too."""
        return self.all(self.select_also_inactive(users.c.id.in_(user_ids))) if user_ids else []

    def root(self) -> User:
        """Return the root user of the account (ROOT-1)."""
        return self.all(self.select(users.c.is_root))[0]

    def find_by_email(self, email: str, *, lock: bool = False) -> User | None:
        """Return the live user of an email, compared by key, or None."""
        statement = self._select().where(users.c.email_key == email_key(email), users.c.inactive_at.is_(None))
        return self._maybe(statement.with_for_update(key_share=True, of=users) if lock else statement)

    def find_pushed(
        self,
        connection_ids: Sequence[str],
        *,
        external_id: str | None = None,
        user_name: str | None = None,
        email: str | None = None,
    ) -> User | None:
        """Return the live user of some SCIM connections that has an externalId, a userName or an email, locked.

        Exactly one of the three is given; the last two are compared by key. Of several connections' people the one that
        was made first is meant.
        """
        if external_id is not None:
            condition = users.c.external_id == external_id
        elif user_name is not None:
            condition = users.c.user_name_key == comparison_key(user_name)
        else:
            condition = users.c.email_key == email_key(email or "")
        statement = self.select(condition, users.c.connection_id.in_(connection_ids)).order_by(users.c.id).limit(1)
        return self._maybe(statement.with_for_update(key_share=True, of=users))

    def password_hash(self, user_id: str) -> str | None:
        """Return the stored hash of a user's password, None where none is set."""
        statement = select(users.c.password_hash).where(self._mine(), users.c.id == user_id)
        return self._connection.execute(statement).scalar()

    def add(self, user: User, password_hash: str | None = None) -> User:
        """Insert a user and return it with its document; a taken name or email is refused."""
        rendered = replace(user, document=self._render(user))
        row = row_of(rendered, self._fold(rendered))
        with refusing(row), pipelined(self._connection):
            ADD_USER.run(self._connection, **row, password_hash=password_hash)
            self._add_emails(rendered)
        self.choose_environments(user.id, user.environment_ids)
        return rendered

    def save(self, before: User, after: User) -> User:
        """Write a changed user under the next version and return it."""
        saved = replace(after, version=before.version + 1)
        saved = replace(saved, document=self._render(saved))
        row = row_of(saved, self._fold(saved))
        written = {name: row[name] for name in SAVED_COLUMNS}
        with refusing(row):
            SAVE_USER.run(self._connection, **written, of_account=self._account_id, of_user=saved.id)
        if _addresses(before) != _addresses(saved):
            self._connection.execute(delete(user_emails).where(self._of(user_emails, saved.id)))
            self._add_emails(saved)
        if before.environment_ids != saved.environment_ids:
            self._connection.execute(delete(user_environments).where(self._of(user_environments, saved.id)))
            self.choose_environments(saved.id, saved.environment_ids)
        return saved

    def set_password_hash(self, user_id: str, password_hash: str | None) -> None:
        """Store the hash of a new password, or take the password away."""
        self._connection.execute(
            update(users).where(self._mine(), users.c.id == user_id).values(password_hash=password_hash)
        )

    def touch_login(self, user_id: str, now: datetime, epoch: int) -> None:
        """Note a login without a new version: when somebody was last here is no part of the resource."""
        statement = update(users).where(self._mine(), users.c.id == user_id, users.c.epoch == epoch)
        self._connection.execute(statement.values(last_login_at=now))

    def choose_environments(self, user_id: str, environment_ids: Iterable[str]) -> None:
        """Insert a user's chosen product environments; an unknown one is not found."""
        rows = [
            {"account_id": self._account_id, "user_id": user_id, "environment_id": environment_id}
            for environment_id in environment_ids
        ]
        with refusing({}):
            ADD_ENVIRONMENT.run_all(self._connection, rows)

    def views(self, found: Sequence[User]) -> tuple[UserView, ...]:
        """Return users with the groups they are in, by one query for all of them; one more where environments are
        chosen for any, and one where any has a manager.
        """
        names: dict[str, list[GroupName]] = {user.id: [] for user in found}
        if found:
            rows = GROUP_NAMES.run(self._connection, of_account=self._account_id, of_users=list(names))
            for row in rows:
                names[row.user_id].append(GroupName(row.id, row.name))
        chosen = self._chosen_environments([user.id for user in found if user.environment_ids])
        managers = managers_of(self._connection, self._account_id, found)
        return tuple(
            UserView(user, tuple(names[user.id]), tuple(chosen.get(user.id, ())), manager=managers.get(user.id))
            for user in found
        )

    def _chosen_environments(self, user_ids: list[str]) -> dict[str, list[EnvironmentName]]:
        chosen: dict[str, list[EnvironmentName]] = {user_id: [] for user_id in user_ids}
        if user_ids:
            for row in ENVIRONMENT_NAMES.run(self._connection, of_account=self._account_id, of_users=user_ids):
                chosen[row.user_id].append(EnvironmentName(row.id, row.name))
        return chosen

    def select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Return the statement for live users of the account that meet the conditions."""
        return self._select().where(users.c.inactive_at.is_(None), *conditions)

    def select_also_inactive(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Return the statement for users of the account, deleted ones too, that meet the conditions (USR-8)."""
        return self._select().where(*conditions)

    def all(self, statement: Select[Any]) -> list[User]:
        """Return the users of a statement made by `select`."""
        return [user_of(row, row.environment_ids) for row in self._connection.execute(statement)]

    def count_at(self, moment: datetime) -> int:
        """Return how many users held a seat at a moment: made before it, and not deleted before it (SEAT-1)."""
        was_there = users.c.inactive_at.is_(None) | (users.c.inactive_at >= moment)
        statement = select(func.count()).select_from(users)
        found = self._connection.execute(statement.where(self._mine(), users.c.created_at < moment, was_there))
        return int(found.scalar_one())

    def search(self, query: Query, *, with_groups: bool) -> Page[FoundUser]:
        """Return how many live users meet a query's filter, and those of its page."""
        listing = LISTED if with_groups else LISTED_WITHOUT_GROUPS
        return find_page(self._connection, self._account_id, listing, query).of(found_user)

    def found(self, user_ids: Sequence[str], *, with_groups: bool) -> list[FoundUser]:
        """Return the live users of some ids as a list shows them."""
        statement = OF_IDS if with_groups else OF_IDS_WITHOUT_GROUPS
        rows = statement.run(self._connection, of_account=self._account_id, of_users=list(user_ids)) if user_ids else ()
        return [found_user(row) for row in rows]

    def protected_among(self, user_ids: Sequence[str]) -> list[User]:
        """Return the root user and the master admins among some ids (SCM-4)."""
        rows = PROTECTED_AMONG.run(self._connection, of_account=self._account_id, of_users=list(user_ids))
        return [user_of(row, row.environment_ids) for row in rows]

    def administrators(self) -> list[User]:
        """Return the live, enabled users who manage the whole account: the root user and the master admins."""
        return self.all(self._select().where(PROTECTED, users.c.disabled_at.is_(None)).order_by(users.c.id))

    def raise_versions(self, user_ids: Sequence[str], now: datetime) -> None:
        """Move the version of users whose groups changed, by one statement (their document holds no groups)."""
        if user_ids:
            RAISE_VERSIONS.run(self._connection, of_account=self._account_id, of_users=list(user_ids), at_moment=now)

    def _select(self) -> Select[Any]:
        return select(*USER_COLUMNS, CHOSEN_ENVIRONMENTS).where(self._mine())

    def _mine(self) -> ColumnElement[bool]:
        return users.c.account_id == self._account_id

    def _of(self, table: Any, user_id: str) -> ColumnElement[bool]:
        return and_(table.c.account_id == self._account_id, table.c.user_id == user_id)

    def _one(self, statement: Statement, user_id: str) -> User:
        row = statement.run(self._connection, of_account=self._account_id, of_user=user_id).one_or_none()
        if row is None:
            raise not_found("User")
        return user_of(row, row.environment_ids)

    def _maybe(self, statement: Select[Any]) -> User | None:
        row = self._connection.execute(statement).one_or_none()
        return user_of(row, row.environment_ids) if row is not None else None

    def _add_emails(self, user: User) -> None:
        rows = [
            {"account_id": self._account_id, "user_id": user.id, "position": position, **address}
            for position, address in enumerate(_addresses(user))
        ]
        ADD_EMAIL.run_all(self._connection, rows)


def _addresses(user: User) -> list[dict[str, object]]:
    """Return the rows of `user_emails`: those of the resource, else the login email."""
    given = user.attributes.get("emails")
    elements = given if isinstance(given, list) else []
    if not elements and user.email:
        elements = [{"value": user.email, "type": "work", "primary": True}]
    return [
        {
            "value_key": comparison_key(str(element["value"])),
            "type_key": comparison_key(str(element["type"])) if element.get("type") else None,
            "is_primary": element.get("primary") is True,
        }
        for element in elements
        if element.get("value")
    ]
