"""The one thing that a script does to a second factor: take away one that its owner has lost (2FA-5, LGN-8)."""

from provisioning.actions.second_factor import remove_of
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, user_record
from provisioning.rest.revocations import RevokedUser, revoked

SECOND_FACTOR = Noun("Second factor", "Nobody chooses or sees another's second factor; a lost one can be removed.")


@SECOND_FACTOR.call("DELETE", "/users/<user_id>/second_factor", Permission.ACCOUNT_USERS_MANAGE, answer=RevokedUser)
def remove_second_factor_of_user(caller: Caller, user_id: str) -> Record:
    """Remove a user's lost second factor.

    Every session of the user ends, and the user is told by mail. Refused for the root user and where none is set up.
    `revocation` is the receipt of what ended.
    """
    view = remove_of(caller, user_id, services())
    return {**user_record(view), **revoked(caller, view.user)}
