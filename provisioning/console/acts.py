"""The grave acts on one user as a table: what each is called, what it does, and what it will do to whom, in numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provisioning.actions.invitations import send_invitation_again
from provisioning.actions.passwords import reset_password
from provisioning.actions.second_factor import remove_of
from provisioning.actions.services import Services
from provisioning.actions.sessions import force_logout
from provisioning.actions.user_table import UserPage
from provisioning.actions.users import delete_user, disable_user, enable_user
from provisioning.console.words import counted
from provisioning.domain.caller import Caller
from provisioning.domain.users import UserView, Verb


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    Attributes:
        slug: last part of its address.
        verb: what the rules call it.
        title: on menus and buttons.
        question: heading of the confirmation, with the name.
        notice: sentence of `notices.py` that is said afterwards.
        is_danger: whether it takes something away that does not come back by itself.
        run: the action.
        consequences: what will happen, in sentences.
    """

    slug: str
    verb: Verb
    title: str
    question: str
    notice: str
    is_danger: bool
    run: Callable[[Caller, str, Services], UserView]
    consequences: Callable[[UserPage], Sequence[str]]


def of_invitation(shown: UserPage) -> Sequence[str]:
    """Say what sending an invitation again does (INV-2)."""
    return (
        f"{shown.view.user.email} gets a new mail with a link to set a password. The link works once, for 7 days.",
        "The link of an earlier invitation stops working.",
    )


def of_reset(shown: UserPage) -> Sequence[str]:
    """Say what resetting a password does (PWD-1)."""
    mail = (
        f"{shown.view.user.email} gets a mail with a link to set a new password. The link works once, for 1 hour."
        if shown.view.user.email
        else "No mail goes out, as the user has no email."
    )
    return (_ends_sessions(shown), "The old password stops working.", mail)


def of_force_logout(shown: UserPage) -> Sequence[str]:
    """Say what a force logout does (OUT-1, OUT-3)."""
    return (
        _ends_sessions(shown),
        "Links in mails that were not used yet stop working.",
        "Password and access stay: a new login works afterwards.",
    )


def of_disabling(shown: UserPage) -> Sequence[str]:
    """Say what disabling does (USR-5)."""
    return (
        _ends_sessions(shown),
        "Every login is refused until the user is enabled again.",
        f"The seat and {counted(len(shown.view.groups), 'group membership')} stay.",
    )


def of_enabling(shown: UserPage) -> Sequence[str]:
    """Say what enabling does (USR-5)."""
    return (f"{shown.view.user.name} can log in again.", "Sessions and links that ended before do not come back.")


def of_removing_second_factor(shown: UserPage) -> Sequence[str]:
    """Say what removing a lost second factor does (2FA-5)."""
    return (
        _ends_sessions(shown),
        "The next login asks for no code. Where the account requires a second factor, a new one has to be set up then.",
        f"{shown.view.user.email} gets a mail about it." if shown.view.user.email else "No mail goes out.",
    )


def of_deleting(shown: UserPage) -> Sequence[str]:
    """Say what deleting does (USR-6, USR-7)."""
    return (
        _ends_sessions(shown),
        f"Takes the user out of {counted(len(shown.view.groups), 'group')}.",
        f"Frees a seat: {shown.seats.used - 1} of {shown.seats.limit} are used then.",
        "This is for ever: the user stays Inactive and cannot be brought back. The email can be given to a new user.",
    )


def _ends_sessions(shown: UserPage) -> str:
    return f"Ends {counted(len(shown.sessions), 'session')} now." if shown.sessions else "No session is open now."


ACTS: tuple[Act, ...] = (
    Act(
        "invitation", Verb.INVITE, "Resend invitation", "Send {name} a new invitation?", "invitation_sent", False,
        send_invitation_again, of_invitation,
    ),
    Act(
        "reset-password", Verb.RESET_PASSWORD, "Reset password", "Reset the password of {name}?", "password_reset",
        True, reset_password, of_reset,
    ),
    Act(
        "force-logout", Verb.FORCE_LOGOUT, "Force logout", "Log {name} out everywhere?", "logged_out_by_force", True,
        force_logout, of_force_logout,
    ),
    Act(
        "remove-second-factor", Verb.REMOVE_SECOND_FACTOR, "Remove second factor",
        "Remove the second factor of {name}?", "second_factor_removed", True, remove_of, of_removing_second_factor,
    ),
    Act("disable", Verb.DISABLE, "Disable", "Disable {name}?", "disabled", True, disable_user, of_disabling),
    Act("enable", Verb.ENABLE, "Enable", "Enable {name}?", "enabled", False, enable_user, of_enabling),
    Act("delete", Verb.DELETE, "Delete", "Delete {name}?", "deleted", True, delete_user, of_deleting),
)  # fmt: skip
BY_SLUG = {act.slug: act for act in ACTS}
