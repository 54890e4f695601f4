"""Accounts: made whole in one transaction, shown, listed; the user limit (ACC-1, ACC-2, SEAT-2)."""

from dataclasses import dataclass, replace

from provisioning.actions.environments import EnvironmentView, NewEnvironment, add_environment
from provisioning.actions.keys import MadeKey, add_key
from provisioning.actions.new_users import root_user
from provisioning.actions.scim_connections import DEFAULT_NAME, add_connection
from provisioning.actions.scim_tokens import MadeToken, add_token
from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.accounts import (
    LEGACY,
    Account,
    TwoFactor,
    checked_account_name,
    checked_permission_system,
)
from provisioning.domain.caller import Caller
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import base62
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.seats import SEATS_OF_PLAN, Plan, Seats, with_plan_seats
from provisioning.domain.sessions import IDLE_SECONDS, MOST_SECONDS
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit

PASSWORD_BYTES, PASSWORD_LENGTH = 16, 22


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is asked for when an account is made; `seats` None means the plan's number."""

    name: str
    root_email: str
    plan: Plan = Plan.ENTERPRISE
    seats: int | None = None
    permissions: str = LEGACY
    two_factor: TwoFactor = TwoFactor.OPTIONAL


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """An account just made; key secret, token and root password are shown this once."""

    account: Account
    root: User
    root_password: str
    environment: EnvironmentView
    key: MadeKey
    token: MadeToken


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with its seats."""

    account: Account
    seats: Seats


@repeated
def create_account(caller: Caller, command: NewAccount, services: Services) -> MadeAccount:
    """Make an account, its root user, first product environment, first key and SCIM connection (ACC-2).

    Args:
        caller: the operator.
        command: what is asked for.
        services: from outside.

    Raises:
        Refusal: a value that is refused; the permission system that is not built (ACC-5).
    """
    policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
    checked_permission_system(command.permissions)
    password = base62(services.random(PASSWORD_BYTES), PASSWORD_LENGTH)
    password_hash = services.hasher.hash(password)
    account_id = services.new_id()
    with services.unit(replace(caller, account=account_id)) as unit:
        account = _add_account(unit, command)
        root = unit.users.add(replace(root_user(unit, command.root_email), has_password=True), password_hash)
        unit.take_seat()
        unit.owe(MailKind.CONFIRMATION.value, {"user_id": root.id})
        unit.record(Event("account.created", "account", account.id, account.name, {"root": root.id}))
        environment = add_environment(unit, NewEnvironment(name=account.name), services)
        key = add_key(unit, "First key", Role.MASTER_ADMIN, services)
        connection = add_connection(unit, ScimConnection(id="", account_id=account.id, name=DEFAULT_NAME), services)
        token = add_token(unit, connection, services)
        return MadeAccount(account, root, password, environment, key, token)


def show_account(caller: Caller, services: Services) -> AccountView:
    """Return the caller's account with its seats."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        return AccountView(unit.accounts.get(), unit.accounts.seats())


def list_accounts(caller: Caller, services: Services) -> list[Account]:
    """Return every account, for the operator."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
        return unit.accounts.all()


@repeated
def set_seats(caller: Caller, seats: int, services: Services) -> Seats:
    """Set the plan's number of seats, by the operator; additional subscriptions stay on top (SEAT-2).

    Raises:
        Refusal: an impossible number, or one below the seats in use.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
        account = unit.accounts.get()
        before = unit.accounts.lock_seats()
        after = with_plan_seats(before, seats, before.additional)
        unit.accounts.set_seats(after)
        data = {"before": before.limit, "after": after.limit}
        unit.record(Event("seats.changed", "account", account.id, account.name, data))
        return after


def _add_account(unit: Unit, command: NewAccount) -> Account:
    account = Account(
        id=unit.account_id,
        name=checked_account_name(command.name),
        plan=command.plan,
        permission_system=LEGACY,
        two_factor=command.two_factor,
        session_idle_seconds=IDLE_SECONDS,
        session_max_seconds=MOST_SECONDS,
        saml_enforced=False,
        saml_enabled=False,
        cancelled_at=None,
        created_at=unit.now,
    )
    number = SEATS_OF_PLAN[command.plan] if command.seats is None else command.seats
    seats = with_plan_seats(Seats(0, 0, 0), number, 0)
    unit.accounts.add(account, seats.plan_seats, seats.additional)
    return account
