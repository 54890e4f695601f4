"""Small named yes/no questions about the caller and the thing it acts on; `policy.py` combines them.

Each predicate takes the permission asked for, the caller and the target (None where a whole list is meant).
"""

from dataclasses import dataclass

from provisioning.domain.caller import Caller, Credential
from provisioning.domain.groups import Group
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import HOLDERS, Role, grantable_by
from provisioning.domain.sso import Connection, email_in_domains
from provisioning.domain.users import User


@dataclass(frozen=True, slots=True)
class RoleGift:
    """The target 'to give this role', before there is anyone who has it (AUZ-3)."""

    role: Role | None


Target = User | Group | RoleGift | Connection | None


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
    if isinstance(target, User):
        return not target.is_root and (target.role is None or target.role in grantable_by(caller.role))
    if isinstance(target, RoleGift):
        return target.role is None or target.role in grantable_by(caller.role)
    return True


def connection_holds_target(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the SCIM connection made the user or group, or may take it over (SCM-1, IDN-3)."""
    connection = caller.connection
    if connection is None:
        return False
    if isinstance(target, User):
        return target.connection_id == connection.id or (
            target.connection_id is None and email_in_domains(target.email, connection.email_domains)
        )
    if isinstance(target, Group):
        return target.connection_id == connection.id
    return True


def target_not_protected_from_connection(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether the target is no master admin, or the connection may touch those (SCM-4)."""
    if not isinstance(target, User):
        return True
    return target.role is not Role.MASTER_ADMIN or bool(caller.connection and caller.connection.allow_master_admin)


def connection_grants_no_more_than_caller(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether a SAML connection lacks the rights that only a master admin may set up (legacy table of roles)."""
    if not isinstance(target, Connection) or caller.role is Role.MASTER_ADMIN:
        return True
    return not (target.allow_root or target.allow_master_admin)


def target_is_caller(permission: Permission, caller: Caller, target: Target) -> bool:
    """Whether somebody acts on themself."""
    return isinstance(target, User) and bool(caller.id) and target.id == caller.id
