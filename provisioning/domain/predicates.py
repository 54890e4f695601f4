"""Small named yes/no questions about the caller and the thing it acts on; `policy.py` combines them.

Each predicate takes the permission asked for, the caller and the target (None where a whole list is meant).
"""

from dataclasses import dataclass

from provisioning.domain.caller import Caller, Credential
from provisioning.domain.groups import Group
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import HOLDERS, Role, grantable_by
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.sso import Connection, email_in_domains
from provisioning.domain.users import User


@dataclass(frozen=True, slots=True)
class RoleGift:
    """The target 'to give this role', before there is anyone who has it (AUZ-3)."""

    role: Role | None


@dataclass(frozen=True, slots=True)
class Claim:
    """The target 'to change a user whom no SCIM connection holds', which takes it over (IDN-3).

    Attributes:
        user: whom it is about.
        saml_connections: ids of the SAML connections through which the user is known to log in.
    """

    user: User
    saml_connections: frozenset[str]


Target = User | Claim | Group | RoleGift | Connection | None


def caller_is_root(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the root user asks: it holds every permission (ROOT-3)."""
    return caller.is_root


def caller_is_operator(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the operator asks, from the shell."""
    return caller.is_operator


def role_holds_permission(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the caller's legacy role holds the permission (ROLE-1)."""
    return caller.role is not None and caller.role in HOLDERS.get(permission, frozenset())


def caller_is_scim(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether a SCIM token asks."""
    return caller.credential is Credential.SCIM_TOKEN


def caller_is_login(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether a verified SAML login asks; what it may write is decided by `sso.py`."""
    return caller.credential is Credential.ASSERTION


def target_not_above_caller(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the caller may give or touch the target's role: nobody reaches what they do not hold (USR-3, AUZ-3)."""
    user = user_behind(target)
    if user is not None:
        return not user.is_root and (user.role is None or user.role in grantable_by(caller.role))
    if isinstance(target, RoleGift):
        return target.role is None or target.role in grantable_by(caller.role)
    return True


def connection_holds_target(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the SCIM connection made the user or group, or may take it over (SCM-1, IDN-3)."""
    connection = caller.connection
    if connection is None:
        return False
    user = user_behind(target)
    if user is not None and user.connection_id is None:
        return _may_take_over(connection, user, target.saml_connections if isinstance(target, Claim) else frozenset())
    if user is not None:
        return user.connection_id == connection.id
    if isinstance(target, Group):
        return target.connection_id == connection.id
    return True


def _may_take_over(connection: ScimConnection, user: User, known_to: frozenset[str]) -> bool:
    """Whether IDN-3 lets a connection take a user over whom no SCIM connection holds.

    Whoever logs in through a SAML connection belongs to that identity provider: to its partner, and to no other.
    """
    if known_to:
        return known_to == {connection.saml_connection}
    return email_in_domains(user.email, connection.email_domains)


def user_behind(target: Target) -> User | None:
    """Return the user that a target is about, None where it is about something else."""
    if isinstance(target, Claim):
        return target.user
    return target if isinstance(target, User) else None


def target_not_protected_from_connection(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the target is no master admin and none is made, or the connection may touch those (SCM-4)."""
    role = getattr(user_behind(target) or target, "role", None)
    return role is not Role.MASTER_ADMIN or bool(caller.connection and caller.connection.allow_master_admin)


def connection_grants_no_more_than_caller(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether a SAML connection lacks the rights that only a master admin may set up (legacy table of roles)."""
    if not isinstance(target, Connection) or caller.role is Role.MASTER_ADMIN:
        return True
    return not (target.allow_root or target.allow_master_admin)


def target_is_caller(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether somebody acts on themself."""
    return isinstance(target, User) and bool(caller.id) and target.id == caller.id
