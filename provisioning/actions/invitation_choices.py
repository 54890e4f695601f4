"""What an invitation can say in this account, for this caller: the choices a form offers (INV-1, USR-3, GRP-2)."""

from collections.abc import Iterable
from dataclasses import dataclass

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.accounts import Account
from provisioning.domain.addresses import is_email
from provisioning.domain.caller import Caller
from provisioning.domain.comparison import email_key
from provisioning.domain.environments import Environment
from provisioning.domain.groups import Group
from provisioning.domain.invitations import invitation_is_offered
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import RoleGift
from provisioning.domain.roles_legacy import Role
from provisioning.domain.seats import Seats
from provisioning.domain.sso import saml_state


@dataclass(frozen=True, slots=True)
class InvitationChoices:
    """What can be chosen for new users.

    Attributes:
        account, seats: where they would be made, and whether there is room.
        roles: those that the caller may give.
        groups, environments: of the account.
        offers_invitation: whether 'Send invitation email' is a choice here (INV-1).
    """

    account: Account
    seats: Seats
    roles: tuple[Role, ...]
    groups: tuple[Group, ...]
    environments: tuple[Environment, ...]
    offers_invitation: bool


def invitation_choices(caller: Caller, services: Services) -> InvitationChoices:
    """Return what the caller can choose when inviting.

    Raises:
        Refusal: NOT_ALLOWED without user management.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_MANAGE)
        account = unit.accounts.get()
        return InvitationChoices(
            account=account,
            seats=unit.accounts.seats(),
            roles=tuple(role for role in Role if _may_give(caller, role)),
            groups=tuple(unit.groups.all(unit.groups.select().order_by("name_key"))),
            environments=tuple(unit.environments.all()),
            offers_invitation=invitation_is_offered(saml_state(account.saml_enabled, account.saml_enforced)),
        )


def emails_taken(caller: Caller, emails: Iterable[str], services: Services) -> frozenset[str]:
    """Return the keys of those emails that live users of the account have, so that a form shows all faults at once."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_MANAGE)
        found = (unit.users.find_by_email(email) for email in emails if is_email(email))
        return frozenset(email_key(user.email) for user in found if user is not None and user.email)


def _may_give(caller: Caller, role: Role) -> bool:
    return policy.is_allowed(caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(role))
