"""Calls on a user that the published clients lack: sessions, password reset, invitation, extra permissions."""

from typing import Any

from provisioning.actions.invitations import send_invitation_again
from provisioning.actions.passwords import reset_password
from provisioning.actions.sessions import force_logout, sessions_of
from provisioning.actions.users import edit_user
from provisioning.domain.caller import Caller
from provisioning.domain.permissions import Permission
from provisioning.domain.users import UserChanges
from provisioning.guard.context import services
from provisioning.rest import records
from provisioning.rest.account_shapes import UserSessionList, user_session_record
from provisioning.rest.calls import Noun
from provisioning.rest.representation import Record, user_record
from provisioning.rest.revocations import RevokedUser, revoked
from provisioning.rest.schemas import MediaLibraryMembers

OWN_CALLS = Noun("User access", "Ending and giving back a user's access. These calls are Gatelodge's own.")


@OWN_CALLS.call("POST", "/users/<user_id>/force_logout", Permission.ACCOUNT_USERS_MANAGE, answer=RevokedUser)
def force_logout_user(caller: Caller, user_id: str) -> Record:
    """End every session of a user.

    From the moment this is answered no session of the user is good, whatever it was opened with. The user can log in
    again. Refused for the root user. `revocation` is the receipt of what ended.
    """
    view = force_logout(caller, user_id, services())
    return {**user_record(view), **revoked(caller, view.user)}


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


@OWN_CALLS.call(
    "PUT",
    "/users/<user_id>/media_library_permissions",
    Permission.ACCOUNT_USERS_MANAGE,
    body=MediaLibraryMembers,
    answer=records.User,
    example={"media_library_permissions": ["create_collection", "moderate_asset"]},
)
def change_media_library_permissions(caller: Caller, members: dict[str, Any], user_id: str) -> Record:
    """Give a Media Library user extra permissions.

    The list replaces the one before. Other roles have none, and a change of the role drops them; `create_proof` needs
    an Enterprise plan with creative approval.
    """
    chosen = frozenset(members["media_library_permissions"])
    return user_record(edit_user(caller, user_id, lambda _: UserChanges(media_library=chosen), services()))


@OWN_CALLS.call("GET", "/users/<user_id>/sessions", Permission.ACCOUNT_USERS_READ, answer=UserSessionList)
def list_sessions_of_user(caller: Caller, user_id: str) -> Record:
    """List the sessions of a user that are good now."""
    return {"sessions": [user_session_record(session) for session in sessions_of(caller, user_id, services())]}
