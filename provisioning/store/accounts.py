"""Accounts and their seat counters as rows."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, exists, insert, select, update

from provisioning.domain.accounts import Account, TwoFactor
from provisioning.domain.errors import not_found
from provisioning.domain.seats import Plan, Seats
from provisioning.store.statements import Statement
from provisioning.store.tables.accounts import accounts, seats
from provisioning.store.tables.sso import saml_connections


def saml_enabled() -> Any:
    """Return the column that tells whether a SAML connection of the account is on."""
    return (
        exists().where(saml_connections.c.account_id == accounts.c.id, saml_connections.c.enabled).label("saml_enabled")
    )


def account_of(row: Row[Any]) -> Account:
    """Return a row of `select_accounts` as the domain's value."""
    return Account(
        id=row.id,
        name=row.name,
        plan=Plan(row.plan),
        permission_system=row.permission_system,
        two_factor=TwoFactor(row.two_factor),
        session_idle_seconds=row.session_idle_seconds,
        session_max_seconds=row.session_max_seconds,
        saml_enforced=row.saml_enforced,
        saml_enabled=row.saml_enabled,
        cancelled_at=row.cancelled_at,
        created_at=row.created_at,
        erased_at=row.erased_at,
        creative_approval=row.creative_approval,
    )


def select_accounts() -> Select[Any]:
    """Return the statement that reads accounts with whether a SAML connection is on."""
    return select(accounts, saml_enabled())


GET_ACCOUNT = Statement(select_accounts().where(accounts.c.id == bindparam("wanted_id")))
SHARE_ACCOUNT = Statement(
    select_accounts().where(accounts.c.id == bindparam("wanted_id")).with_for_update(read=True, of=accounts)
)
MOVE_SEATS = Statement(
    update(seats)
    .where(seats.c.account_id == bindparam("of_account"))
    .values(used=seats.c.used + bindparam("by_number"))
    .returning(seats.c.used, seats.c.plan_seats, seats.c.additional)
)


def _found(row: Row[Any] | None) -> Account:
    if row is None:
        raise not_found("Account")
    return account_of(row)


class Accounts:
    """The account of the caller, and its seats.

    Args:
        connection: the open transaction, or an autocommit connection for reads.
        account_id: the caller's account; '' for the operator where none is meant yet.
    """

    def __init__(self, connection: Connection, account_id: str) -> None:
        self._connection = connection
        self._account_id = account_id

    def get(self) -> Account:
        """Return the caller's account."""
        return _found(GET_ACCOUNT.run(self._connection, wanted_id=self._account_id).one_or_none())

    def share(self) -> Account:
        """Return the caller's account, held as it is until the end of the transaction."""
        return _found(SHARE_ACCOUNT.run(self._connection, wanted_id=self._account_id).one_or_none())

    def lock(self) -> Account:
        """Return the caller's account, locked: settings of the account change one after the other."""
        statement = select_accounts().where(accounts.c.id == self._account_id).with_for_update(of=accounts)
        return _found(self._connection.execute(statement).one_or_none())

    def all(self) -> list[Account]:
        """Return every account, for the operator."""
        return [account_of(row) for row in self._connection.execute(select_accounts().order_by(accounts.c.id))]

    def add(self, account: Account, plan_seats: int, additional: int) -> None:
        """Insert an account and its seat counter."""
        self._connection.execute(
            insert(accounts).values(
                id=account.id,
                name=account.name,
                plan=account.plan.value,
                permission_system=account.permission_system,
                two_factor=account.two_factor.value,
                session_idle_seconds=account.session_idle_seconds,
                session_max_seconds=account.session_max_seconds,
                saml_enforced=account.saml_enforced,
                created_at=account.created_at,
                creative_approval=account.creative_approval,
            )
        )
        self._connection.execute(
            insert(seats).values(account_id=account.id, used=0, plan_seats=plan_seats, additional=additional)
        )

    def set_enforced(self, enforced: bool) -> None:
        """Switch 'Enforce SAML login' of the account."""
        self._connection.execute(
            update(accounts).where(accounts.c.id == self._account_id).values(saml_enforced=enforced)
        )

    def set_cancelled(self, cancelled_at: datetime | None) -> None:
        """Cancel the account, or take its cancelling back (ACC-3)."""
        self._connection.execute(
            update(accounts).where(accounts.c.id == self._account_id).values(cancelled_at=cancelled_at)
        )

    def set_creative_approval(self, approved: bool) -> None:
        """Note whether the account has creative approval (ROLE-2)."""
        self._connection.execute(
            update(accounts).where(accounts.c.id == self._account_id).values(creative_approval=approved)
        )

    def set_security(self, account: Account) -> None:
        """Write the account's security settings."""
        self._connection.execute(
            update(accounts)
            .where(accounts.c.id == self._account_id)
            .values(
                two_factor=account.two_factor.value,
                session_idle_seconds=account.session_idle_seconds,
                session_max_seconds=account.session_max_seconds,
                saml_enforced=account.saml_enforced,
            )
        )

    def seats(self) -> Seats:
        """Return the seat counter as it stands."""
        return self._seats(self._connection.execute(self._select_seats()).one())

    def lock_seats(self) -> Seats:
        """Return the seat counter, locked until the end of the transaction."""
        return self._seats(self._connection.execute(self._select_seats().with_for_update()).one())

    def move_seats(self, by: int) -> Seats:
        """Add to the used seats and return the counter; the row stays locked until the end of the transaction."""
        return self._seats(MOVE_SEATS.run(self._connection, of_account=self._account_id, by_number=by).one())

    def set_seats(self, changed: Seats) -> None:
        """Write another limit."""
        statement = update(seats).where(seats.c.account_id == self._account_id)
        self._connection.execute(statement.values(plan_seats=changed.plan_seats, additional=changed.additional))

    def _select_seats(self) -> Select[Any]:
        return select(seats.c.used, seats.c.plan_seats, seats.c.additional).where(
            seats.c.account_id == self._account_id
        )

    def _seats(self, row: Row[Any]) -> Seats:
        return Seats(row.used, row.plan_seats, row.additional)
