"""Product environments and their access keys as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, select, update

from provisioning.domain.comparison import comparison_key
from provisioning.domain.environments import Environment
from provisioning.domain.errors import not_found
from provisioning.store.constraints import refusing
from provisioning.store.tables.access import access_keys, environments, user_environments
from provisioning.store.tables.users import users


@dataclass(frozen=True, slots=True)
class AccessKeyRow:
    """One access key of a product environment, its secret still encrypted."""

    account_id: str
    id: str
    environment_id: str
    api_key: str
    secret: bytes
    name: str
    enabled: bool
    dedicated_for: tuple[str, ...]
    is_first: bool
    created_at: datetime
    updated_at: datetime


ENVIRONMENT_FIELDS = (
    "account_id", "id", "name", "cloud_name", "enabled", "custom_attributes", "created_at", "updated_at",
)  # fmt: skip
ACCESS_KEY_FIELDS = (
    "account_id", "id", "environment_id", "api_key", "secret", "name", "enabled", "dedicated_for", "is_first",
    "created_at", "updated_at",
)  # fmt: skip
ENVIRONMENT_COLUMNS = [environments.c[name] for name in ENVIRONMENT_FIELDS]


def environment_of(row: Row[Any]) -> Environment:
    """Return a row of `ENVIRONMENT_COLUMNS` as the domain's value."""
    return Environment(**{name: row._mapping[name] for name in ENVIRONMENT_FIELDS})


def access_key_of(row: Row[Any]) -> AccessKeyRow:
    """Return a row of `access_keys` as a value."""
    values = {name: row._mapping[name] for name in ACCESS_KEY_FIELDS}
    return AccessKeyRow(**{**values, "dedicated_for": tuple(values["dedicated_for"])})


class Environments:
    """The product environments of one account.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def get(self, environment_id: str) -> Environment:
        """Return a product environment; refuse an unknown or foreign one alike (ACC-1)."""
        return self._one(self.select(environments.c.id == environment_id), environment_id)

    def lock(self, environment_id: str) -> Environment:
        """Return a product environment, locked until the end of the transaction."""
        return self._one(self.select(environments.c.id == environment_id).with_for_update(), environment_id)

    def lock_enabled_ids(self) -> list[str]:
        """Return the ids of the enabled ones, locked, so that the last one cannot go twice (ENV-1)."""
        statement = self.select(environments.c.enabled).order_by(environments.c.id).with_for_update()
        return [row.id for row in self._connection.execute(statement)]

    def all(self, *conditions: ColumnElement[bool]) -> list[Environment]:
        """Return the product environments that meet the conditions, in the order of making."""
        statement = self.select(*conditions).order_by(environments.c.id)
        return [environment_of(row) for row in self._connection.execute(statement)]

    def add(self, environment: Environment) -> Environment:
        """Insert a product environment; a taken cloud name is refused (ENV-1)."""
        self._write(insert(environments), environment)
        return environment

    def save(self, environment: Environment) -> Environment:
        """Write a changed product environment."""
        statement = update(environments).where(self._mine(), environments.c.id == environment.id)
        self._write(statement, environment)
        return environment

    def delete(self, environment_id: str) -> None:
        """Delete a product environment with its keys and its places in chosen sets (ENV-5)."""
        self._connection.execute(delete(environments).where(self._mine(), environments.c.id == environment_id))

    def chosen_by(self, environment_id: str) -> list[str]:
        """Return the ids of the users for whom a product environment is chosen."""
        statement = select(user_environments.c.user_id).where(
            user_environments.c.account_id == self._account_id, user_environments.c.environment_id == environment_id
        )
        return list(self._connection.execute(statement.order_by(user_environments.c.user_id)).scalars())

    def left_with_none(self, environment_id: str) -> list[str]:
        """Return the ids of live users whose only chosen product environment this is (ENV-5)."""
        chosen = user_environments
        only_one = (
            select(chosen.c.user_id)
            .where(chosen.c.account_id == self._account_id)
            .group_by(chosen.c.user_id)
            .having(func.count() == 1, func.min(chosen.c.environment_id) == environment_id)
        )
        statement = select(users.c.id).where(
            users.c.account_id == self._account_id,
            users.c.id.in_(only_one),
            users.c.all_environments.is_(False),
            users.c.inactive_at.is_(None),
        )
        return list(self._connection.execute(statement.order_by(users.c.id)).scalars())

    def select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        """Return the statement for product environments of the account that meet the conditions."""
        return select(*ENVIRONMENT_COLUMNS).where(self._mine(), *conditions)

    def _mine(self) -> ColumnElement[bool]:
        return environments.c.account_id == self._account_id

    def _one(self, statement: Select[Any], environment_id: str) -> Environment:
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            raise not_found("Product environment", environment_id)
        return environment_of(row)

    def _write(self, statement: Any, environment: Environment) -> None:
        row: Mapping[str, object] = {
            **{name: getattr(environment, name) for name in ENVIRONMENT_FIELDS},
            "cloud_name_key": comparison_key(environment.cloud_name),
        }
        with refusing(row):
            self._connection.execute(statement.values(**row))


class AccessKeys:
    """The access keys of one account's product environments.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: every statement is bound to it (TEN-1).
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def of(self, environment_ids: Sequence[str]) -> list[AccessKeyRow]:
        """Return the keys of some product environments, in the order of making."""
        statement = self._select(access_keys.c.environment_id.in_(environment_ids)).order_by(access_keys.c.id)
        return [access_key_of(row) for row in self._connection.execute(statement)]

    def lock(self, environment_id: str) -> list[AccessKeyRow]:
        """Return the keys of one product environment, locked until the end of the transaction."""
        statement = self._select(access_keys.c.environment_id == environment_id).order_by(access_keys.c.id)
        return [access_key_of(row) for row in self._connection.execute(statement.with_for_update())]

    def add(self, key: AccessKeyRow) -> AccessKeyRow:
        """Insert a key."""
        self._connection.execute(insert(access_keys).values(**self._row(key)))
        return key

    def save(self, key: AccessKeyRow) -> AccessKeyRow:
        """Write a changed key."""
        statement = update(access_keys).where(access_keys.c.account_id == self._account_id, access_keys.c.id == key.id)
        self._connection.execute(statement.values(**self._row(key)))
        return key

    def delete(self, key_id: str) -> None:
        """Delete a key."""
        self._connection.execute(
            delete(access_keys).where(access_keys.c.account_id == self._account_id, access_keys.c.id == key_id)
        )

    def _select(self, *conditions: ColumnElement[bool]) -> Select[Any]:
        columns = [access_keys.c[name] for name in ACCESS_KEY_FIELDS]
        return select(*columns).where(access_keys.c.account_id == self._account_id, *conditions)

    def _row(self, key: AccessKeyRow) -> dict[str, object]:
        row: dict[str, object] = {name: getattr(key, name) for name in ACCESS_KEY_FIELDS}
        return {**row, "dedicated_for": list(key.dedicated_for)}
