"""Who may do what: permission -> or of ands of named predicates; what stands in no row is denied (AUZ-1).

A reviewer reads the table, not code. The roles themselves are data too (`roles_legacy.HOLDERS`), and which credential
may carry a permission at all is asked first (`credentials.py`). Reasons for a refusal are a table as well, so that the
caller is told what is in the way and not merely 'no'.
"""

from collections.abc import Callable

from provisioning.domain import predicates as p
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.credentials import may_carry
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.groups import Group
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import Target

Predicate = Callable[[Permission, Caller, Target], bool]
Clause = tuple[Predicate, ...]

_ANY_HOLDER: tuple[Clause, ...] = ((p.caller_is_operator,), (p.caller_is_root,), (p.role_holds_permission,))

ALLOW: dict[Permission, tuple[Clause, ...]] = {
    Permission.ACCOUNT_ACTIVITY_READ: _ANY_HOLDER,
    Permission.ACCOUNT_ENVIRONMENTS_MANAGE: _ANY_HOLDER,
    Permission.ACCOUNT_ENVIRONMENTS_READ: _ANY_HOLDER,
    Permission.ACCOUNT_GROUPS_MANAGE: (
        *_ANY_HOLDER,
        (p.caller_is_scim, p.connection_holds_target),
        (p.caller_is_login,),
    ),
    Permission.ACCOUNT_GROUPS_READ: (*_ANY_HOLDER, (p.caller_is_scim,)),
    Permission.ACCOUNT_KEYS_MANAGE: _ANY_HOLDER,
    Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE: (
        (p.caller_is_operator,),
        (p.caller_is_root,),
        (p.role_holds_permission, p.connection_grants_no_more_than_caller),
    ),
    Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE: _ANY_HOLDER,
    Permission.ACCOUNT_SEATS_MANAGE: _ANY_HOLDER,
    Permission.ACCOUNT_SECURITY_MANAGE: _ANY_HOLDER,
    Permission.ACCOUNT_USERS_MANAGE: (
        (p.caller_is_operator,),
        (p.caller_is_root,),
        (p.role_holds_permission, p.target_not_above_caller),
        (p.caller_is_scim, p.connection_holds_target, p.target_not_protected_from_connection),
        (p.caller_is_login,),
    ),
    Permission.ACCOUNT_USERS_READ: (*_ANY_HOLDER, (p.caller_is_scim,)),
    Permission.ACCOUNT_WEBHOOKS_MANAGE: _ANY_HOLDER,
    Permission.ACCOUNT_WEBHOOKS_READ: _ANY_HOLDER,
    Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE: _ANY_HOLDER,
    Permission.OPERATOR_ACCOUNTS_MANAGE: ((p.caller_is_operator,),),
    Permission.SELF_PROFILE_MANAGE: ((p.target_is_caller,),),
}


def is_allowed(caller: Caller, permission: Permission, target: Target = None) -> bool:
    """Return whether the caller may do what the permission names to the target (AUZ-1)."""
    if not may_carry(caller.credential, permission):
        return False
    return any(
        all(predicate(permission, caller, target) for predicate in clause) for clause in ALLOW.get(permission, ())
    )


def require(caller: Caller, permission: Permission, target: Target = None) -> None:
    """Refuse what the caller may not do, with the reason.

    Raises:
        Refusal: CREDENTIAL_NOT_ALLOWED, USER_NOT_MANAGED, ABOVE_OWN_ROLE or NOT_ALLOWED.
    """
    if not is_allowed(caller, permission, target):
        raise _reason(caller, permission, target)


def _reason(caller: Caller, permission: Permission, target: Target) -> Refusal:
    if not may_carry(caller.credential, permission):
        return Refusal(Code.CREDENTIAL_NOT_ALLOWED)
    if caller.credential is Credential.SCIM_TOKEN:
        return _reason_for_directory(caller, permission, target)
    if _only_the_target_is_in_the_way(caller, permission, target):
        return Refusal(Code.ABOVE_OWN_ROLE, whom=_whom(target))
    return Refusal(Code.NOT_ALLOWED)


def _only_the_target_is_in_the_way(caller: Caller, permission: Permission, target: Target) -> bool:
    """Whether a higher role would do: the permission asks for it, the caller holds the rest."""
    asks = any(p.target_not_above_caller in clause for clause in ALLOW.get(permission, ()))
    holds = p.role_holds_permission(permission, caller, target)
    return asks and holds and not p.target_not_above_caller(permission, caller, target)


def _reason_for_directory(caller: Caller, permission: Permission, target: Target) -> Refusal:
    if not p.target_not_protected_from_connection(permission, caller, target):
        return Refusal(Code.ABOVE_OWN_ROLE, whom=_whom(target))
    return Refusal(Code.USER_NOT_MANAGED, what="group" if isinstance(target, Group) else "user")


def _whom(target: Target) -> str:
    user = p.user_behind(target)
    role = getattr(user or target, "role", None)
    if user is not None and user.is_root:
        return "the root user"
    return f"a user with the role {role.value}" if role else "this user"
