"""The link in a mail to a new address: using it makes the address the login email (USR-4, LNK-1, LNK-6)."""

from dataclasses import replace

from provisioning.actions.links import find_open_link, usable_user
from provisioning.actions.services import Services, repeated
from provisioning.actions.user_changes import apply_changes
from provisioning.domain import policy
from provisioning.domain.caller import Credential, WayIn
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import Purpose
from provisioning.domain.permissions import Permission
from provisioning.domain.users import User, UserChanges


@repeated
def confirm_email(secret: str, address: str | None, services: Services) -> User:
    """Use a link up and make the address it was mailed to the login email of its user.

    Args:
        secret: from the link.
        address: network address of the browser.
        services: from outside.

    Returns:
        The user, with the new email; sessions go on.

    Raises:
        Refusal: LINK_INVALID for every reason alike, EMAIL_TAKEN where somebody got the address in between.
    """
    caller, link = find_open_link(secret, WayIn.CONSOLE, address, services, {Purpose.EMAIL_CHANGE})
    with services.unit(caller) as unit:
        user = unit.users.lock(link.user_id)
        usable_user(unit, unit.accounts.get(), link)
        if not unit.sessions.use_link(link.id, unit.now):
            raise Refusal(Code.LINK_INVALID)
        unit.caller = replace(caller, credential=Credential.LINK, id=user.id, name=user.email or user.name)
        policy.require(unit.caller, Permission.SELF_PROFILE_MANAGE, user)
        return apply_changes(unit, user, UserChanges(email=link.address), services)
