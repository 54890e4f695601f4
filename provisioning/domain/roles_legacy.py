"""ROLE: the fixed roles of the legacy permission system, and the Media Library user's extra permissions.

The table says what each role may do in this service; `policy.py` reads it, the Console's permission page and the docs
are generated from it. Sources: the rules ROLE-1, ROLE-2, USR-3 and the legacy table of the role documentation.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum

from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.permissions import Permission


class Role(StrEnum):
    """The seven legacy roles, highest first; a user other than the root user has exactly one (ROLE-1)."""

    MASTER_ADMIN = "master_admin"
    ADMIN = "admin"
    TECHNICAL_ADMIN = "technical_admin"
    MEDIA_LIBRARY_ADMIN = "media_library_admin"
    BILLING = "billing"
    REPORTS = "reports"
    MEDIA_LIBRARY_USER = "media_library_user"


class ObsoleteRole(StrEnum):
    """Roles of earlier times; whoever has one is a Media Library user, and put into a group in its place (ROLE-3)."""

    CONTRIBUTOR = "contributor"
    VIEWER = "viewer"


# The groups that take the place of the obsolete roles.
GROUP_OF_OBSOLETE_ROLE = {ObsoleteRole.CONTRIBUTOR: "Contributor", ObsoleteRole.VIEWER: "Viewer"}

ROLE_NAMES = {
    Role.MASTER_ADMIN: "Master admin",
    Role.ADMIN: "Admin",
    Role.TECHNICAL_ADMIN: "Technical admin",
    Role.MEDIA_LIBRARY_ADMIN: "Media Library admin",
    Role.BILLING: "Billing",
    Role.REPORTS: "Reports",
    Role.MEDIA_LIBRARY_USER: "Media Library user",
}

DEFAULT_ROLE = Role.MEDIA_LIBRARY_USER
# What a SCIM connection may give unless its maker says less or more (SCM-1).
DEFAULT_ROLE_CAP = frozenset({Role.TECHNICAL_ADMIN, Role.REPORTS, Role.MEDIA_LIBRARY_ADMIN, Role.MEDIA_LIBRARY_USER})

_ALL = frozenset(Role)
_ADMINS = frozenset({Role.MASTER_ADMIN, Role.ADMIN})
_MASTER = frozenset({Role.MASTER_ADMIN})

HOLDERS: dict[Permission, frozenset[Role]] = {
    Permission.ACCOUNT_ACTIVITY_READ: _ADMINS | {Role.REPORTS},
    Permission.ACCOUNT_ENVIRONMENTS_MANAGE: _ADMINS,
    Permission.ACCOUNT_ENVIRONMENTS_READ: _ADMINS | {Role.TECHNICAL_ADMIN},
    Permission.ACCOUNT_GROUPS_MANAGE: _ADMINS,
    Permission.ACCOUNT_GROUPS_READ: _ADMINS,
    Permission.ACCOUNT_KEYS_MANAGE: _MASTER,
    Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE: _ADMINS,
    Permission.ACCOUNT_SCIM_CONNECTIONS_MANAGE: _MASTER,
    Permission.ACCOUNT_SEATS_MANAGE: _MASTER | {Role.BILLING},
    Permission.ACCOUNT_SECURITY_MANAGE: _MASTER,
    Permission.ACCOUNT_USERS_MANAGE: _ADMINS,
    Permission.ACCOUNT_USERS_READ: _ADMINS,
    Permission.ACCOUNT_WEBHOOKS_MANAGE: _MASTER,
    Permission.ACCOUNT_WEBHOOKS_READ: _ADMINS,
    Permission.ENVIRONMENT_ACCESS_KEYS_MANAGE: _ADMINS | {Role.TECHNICAL_ADMIN},
    Permission.SELF_PROFILE_MANAGE: _ALL,
}

# Which roles a holder of user management may give, change or remove (USR-3, AUZ-3).
GRANTABLE: dict[Role, frozenset[Role]] = {
    Role.MASTER_ADMIN: _ALL,
    Role.ADMIN: _ALL - {Role.MASTER_ADMIN, Role.BILLING},
}

CREATE_PROOF = "create_proof"
MEDIA_LIBRARY_PERMISSIONS = (
    "create_collection",
    "share_collection",
    "show_delivery_url",
    "moderate_asset",
    CREATE_PROOF,
)


def stored_role(text: str) -> Role:
    """Return the role that a stored text means: an obsolete one is read as Media Library user (ROLE-3)."""
    return Role.MEDIA_LIBRARY_USER if text in set(ObsoleteRole) else Role(text)


def grantable_by(role: Role | None) -> frozenset[Role]:
    """Return the roles that a holder of `role` may give or touch; none for roles without user management (USR-3)."""
    return GRANTABLE.get(role, frozenset()) if role else frozenset()


def highest(roles: Iterable[Role]) -> Role | None:
    """Return the highest of some roles, in the order of the enumeration; None for none."""
    order = list(Role)
    return min(roles, key=order.index, default=None)


def require_media_library_role(role: Role | None, permissions: Collection[str]) -> None:
    """Refuse extra permissions for any role but Media Library user, and any that does not exist (ROLE-2)."""
    unknown = sorted(set(permissions) - set(MEDIA_LIBRARY_PERMISSIONS))
    if unknown:
        raise invalid("media_library_permissions", f"There is no permission {unknown[0][:64]!r}.")
    if permissions and role is not Role.MEDIA_LIBRARY_USER:
        raise Refusal(Code.MEDIA_LIBRARY_PERMISSIONS, "media_library_permissions")
