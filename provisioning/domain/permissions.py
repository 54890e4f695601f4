"""The permission vocabulary: `scope:resource:action`, one enumeration for every way in.

Naming: the scope is what the permission reaches (account, environment, self), the resource is a plural noun of the
product, the action is `read` or `manage` (manage holds read). Roles and Permissions will add names, not a second list.
"""

from enum import StrEnum


class Permission(StrEnum):
    """Everything that can be allowed, alphabetical."""

    ACCOUNT_ACTIVITY_READ = "account:activity:read"
    ACCOUNT_ENVIRONMENTS_MANAGE = "account:environments:manage"
    ACCOUNT_ENVIRONMENTS_READ = "account:environments:read"
    ACCOUNT_GROUPS_MANAGE = "account:groups:manage"
    ACCOUNT_GROUPS_READ = "account:groups:read"
    ACCOUNT_KEYS_MANAGE = "account:keys:manage"
    ACCOUNT_SAML_CONNECTIONS_MANAGE = "account:saml_connections:manage"
    ACCOUNT_SCIM_CONNECTIONS_MANAGE = "account:scim_connections:manage"
    ACCOUNT_SEATS_MANAGE = "account:seats:manage"
    ACCOUNT_SECURITY_MANAGE = "account:security:manage"
    ACCOUNT_USERS_MANAGE = "account:users:manage"
    ACCOUNT_USERS_READ = "account:users:read"
    ACCOUNT_WEBHOOKS_MANAGE = "account:webhooks:manage"
    ACCOUNT_WEBHOOKS_READ = "account:webhooks:read"
    ENVIRONMENT_ACCESS_KEYS_MANAGE = "environment:access_keys:manage"
    OPERATOR_ACCOUNTS_MANAGE = "operator:accounts:manage"
    SELF_PROFILE_MANAGE = "self:profile:manage"
