"""Which credential may carry which permission at all, whatever role stands behind it (SCM-1).

A SCIM token made by the root user must still never reach the Console's permissions, so this table is asked before the
table of roles.
"""

from provisioning.domain.caller import Credential
from provisioning.domain.permissions import Permission

_SCIM = frozenset(
    {
        Permission.ACCOUNT_GROUPS_MANAGE,
        Permission.ACCOUNT_GROUPS_READ,
        Permission.ACCOUNT_USERS_MANAGE,
        Permission.ACCOUNT_USERS_READ,
    }
)

CARRIES: dict[Credential, frozenset[Permission]] = {
    Credential.SESSION: frozenset(Permission) - {Permission.OPERATOR_ACCOUNTS_MANAGE},
    Credential.ACCOUNT_KEY: frozenset(Permission)
    - {Permission.OPERATOR_ACCOUNTS_MANAGE, Permission.SELF_PROFILE_MANAGE},
    Credential.SCIM_TOKEN: _SCIM,
    Credential.ASSERTION: frozenset({Permission.ACCOUNT_USERS_MANAGE, Permission.ACCOUNT_GROUPS_MANAGE}),
    Credential.SHELL: frozenset(Permission),
    Credential.LINK: frozenset({Permission.SELF_PROFILE_MANAGE}),
    Credential.NONE: frozenset(),
}


def may_carry(credential: Credential, permission: Permission) -> bool:
    """Return whether a kind of credential may carry a permission; unknown kinds carry nothing."""
    return permission in CARRIES.get(credential, frozenset())
