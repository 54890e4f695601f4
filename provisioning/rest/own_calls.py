"""Calls that the published clients lack: end a user's sessions, reset a password, invite again."""

from provisioning.actions.invitations import send_invitation_again
from provisioning.actions.passwords import reset_password
from provisioning.actions.sessions import force_logout
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, user_record

OWN_CALLS = Noun("User access", "Ending and giving back a user's access. These calls are Gatelodge's own.")


@OWN_CALLS.call("POST", "/users/<user_id>/force_logout", Permission.ACCOUNT_USERS_MANAGE, answer=records.User)
def force_logout_user(caller: Caller, user_id: str) -> Record:
    """End every session of a user.

    From the moment this is answered no session of the user is good, whatever it was opened with. The user can log in
    again. Refused for the root user.
    """
    return user_record(force_logout(caller, user_id, services()))


@OWN_CALLS.call("POST", "/users/<user_id>/reset_password", Permission.ACCOUNT_USERS_MANAGE, answer=records.User)
def reset_password_of_user(caller: Caller, user_id: str) -> Record:
    """Reset a user's password.

    Sessions end, the old password is dead, and a mail brings a link to set a new one. Refused for the root user and
    for users without a password.
    """
    return user_record(reset_password(caller, user_id, services()))


@OWN_CALLS.call("POST", "/users/<user_id>/invitation", Permission.ACCOUNT_USERS_MANAGE, answer=records.User)
def invite_user_again(caller: Caller, user_id: str) -> Record:
    """Send the invitation again.

    The earlier link is dead from then on. Refused for users to whom no invitation is owed.
    """
    return user_record(send_invitation_again(caller, user_id, services()))
