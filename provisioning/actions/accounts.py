"""Accounts: made whole in one transaction, shown, listed, cancelled, restored; the user limit (ACC-1 to ACC-3, SEAT-2).

Cancelling writes nothing to users, keys or tokens: that the account is cancelled is read at every use of any of them,
so one row refuses every way in from the moment it commits. Sessions and links are ended besides, for good: restoring
gives back keys and passwords, never a session that somebody left open or a link in an old mailbox.
"""

from dataclasses import dataclass, replace

from provisioning.actions.environments import EnvironmentView, NewEnvironment, add_environment
from provisioning.actions.keys import MadeKey, add_key
from provisioning.actions.new_users import root_user
from provisioning.actions.scim_connections import DEFAULT_NAME, add_connection
from provisioning.actions.scim_tokens import MadeToken, add_token
from provisioning.actions.second_factor import check_proof
from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.accounts import (
    LEGACY,
    Account,
    TwoFactor,
    checked_account_name,
    checked_permission_system,
    require_open,
    require_restorable,
)
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import base62
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.seats import SEATS_OF_PLAN, Plan, Seats, with_plan_seats
from provisioning.domain.sessions import IDLE_SECONDS, MOST_SECONDS, EndReason
from provisioning.domain.users import User
from provisioning.store.unit_of_work import Unit

PASSWORD_BYTES, PASSWORD_LENGTH = 16, 22
ENDED_BY_CANCELLING = EndReason.ACCOUNT_CANCELLED.value


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


@repeated
def set_creative_approval(caller: Caller, approved: bool, services: Services) -> Account:
    """Note whether the account has creative approval, by the operator; proofs need it (ROLE-2)."""
    with services.unit(caller) as unit:
        policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
        unit.accounts.lock()
        unit.accounts.set_creative_approval(approved)
        account = unit.accounts.get()
        data = {"creative_approval": approved}
        unit.record(Event("account.changed", "account", account.id, account.name, data))
        return account


@repeated
def cancel_account(caller: Caller, password: str | None, code: str | None, services: Services) -> Account:
    """Cancel the account: all sessions and links end, and every key, token, login and link is refused (ACC-3).

    Args:
        caller: the root user in a session, with a proof that is fresh; an account key that manages the account's
            security, with the root user's password and code; or the operator.
        password, code: the root user's, where the caller is a key; of the second factor only where one is set.
        services: from outside.

    Returns:
        The account, cancelled; it can be restored for 30 days.

    Raises:
        Refusal: ROOT_USER_ONLY, PROOF_NEEDED, TOO_MANY_REQUESTS after wrong tries, ACCOUNT_CANCELLED.
    """
    with services.unit(caller) as unit:
        _require_root_user(unit, password, code, services)
        require_open(unit.accounts.lock())
        unit.accounts.set_cancelled(unit.now)
        ended = unit.sessions.end_all(unit.now, ENDED_BY_CANCELLING, caller.id)
        account = unit.accounts.get()
        unit.record(Event("account.cancelled", "account", account.id, account.name, {"sessions": ended}))
        return account


@repeated
def restore_account(caller: Caller, services: Services) -> Account:
    """Restore a cancelled account within 30 days: keys, tokens and passwords work again, no session does (ACC-3).

    Raises:
        Refusal: ACCOUNT_NOT_RESTORABLE with the reason; not the operator.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.OPERATOR_ACCOUNTS_MANAGE)
        require_restorable(unit.accounts.lock(), unit.now)
        # A login that had begun before the account was cancelled may have opened one after that.
        unit.sessions.end_all(unit.now, ENDED_BY_CANCELLING, caller.id)
        unit.accounts.set_cancelled(None)
        account = unit.accounts.get()
        unit.record(Event("account.restored", "account", account.id, account.name))
        return account


def _require_root_user(unit: Unit, password: str | None, code: str | None, services: Services) -> None:
    """Refuse everybody but the root user, who has to have proved who they are just now, and the operator."""
    caller = unit.caller
    if caller.credential is Credential.SESSION:
        if not caller.is_root:
            raise Refusal(Code.ROOT_USER_ONLY)
        require_fresh(caller, unit.now)
    policy.require(caller, Permission.ACCOUNT_SECURITY_MANAGE)
    if caller.credential is Credential.ACCOUNT_KEY:
        _require_proof_of_root(unit, password, code, services)


def _require_proof_of_root(unit: Unit, password: str | None, code: str | None, services: Services) -> None:
    """Refuse a key without the root user's password and second factor; why it is refused is nobody's business."""
    try:
        check_proof(unit, unit.users.root(), password or "", code, services)
    except Refusal as refusal:
        if refusal.code is Code.TOO_MANY_REQUESTS:
            raise
        raise Refusal(Code.ROOT_USER_ONLY) from refusal


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
        creative_approval=command.plan is Plan.ENTERPRISE,
    )
    number = SEATS_OF_PLAN[command.plan] if command.seats is None else command.seats
    seats = with_plan_seats(Seats(0, 0, 0), number, 0)
    unit.accounts.add(account, seats.plan_seats, seats.additional)
    return account
