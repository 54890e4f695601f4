"""Who can log in past the organisation once SAML login is enforced: shown before it is (SSO-6, PWD-3)."""

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.users import User


def direct_logins(caller: Caller, services: Services) -> list[User]:
    """Return the users whom a password lets in also where SAML login is enforced: the root user and master admins.

    Raises:
        Refusal: not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE)
        return [user for user in unit.users.administrators() if user.has_password]
