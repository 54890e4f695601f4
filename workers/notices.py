"""What the notices say that nobody can opt out of: a login method changed, a key was made, somebody guesses (LGN-9).

One row a kind. A notice tells what happened and what to do where it was not the reader; it holds no link that grants
anything, so whoever gets hold of it gains nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from provisioning.domain.invitations import MailKind

PROFILE = "/profile"
FORGOT_PASSWORD = "/forgot-password"  # noqa: S105 - an address, not a password.


@dataclass(frozen=True, slots=True)
class Notice:
    """The words of one kind of notice.

    Attributes:
        subject: `{account}` is filled in.
        happened: what happened, as a whole sentence; `{account}` and `{recipient}` are filled in.
        path: where the button leads, and `action` what it says.
        advice: what to do where it was somebody else.
    """

    subject: str
    happened: str
    action: str = "Look at your profile"
    path: str = PROFILE
    advice: str = "If this was not you, set a new password at once and tell an administrator of {account}."


_NEW_PASSWORD = {"action": "Set a new password", "path": FORGOT_PASSWORD}

NOTICES: Mapping[MailKind, Notice] = {
    MailKind.EMAIL_CHANGE_ASKED: Notice(
        "A new email for {account} was asked for",
        "Somebody asked to change the email that {recipient} logs in to {account} with. Nothing has changed yet: the "
        "new address has to confirm it first.",
        advice="If you did not expect this, log in and withdraw it on your profile, set a new password, and tell an "
        "administrator of {account}.",
    ),
    MailKind.EMAIL_CHANGED: Notice(
        "Your email for {account} was changed",
        "The email that you log in to {account} with was changed. This mail went to the old and to the new address.",
        advice="If you did not expect this, tell an administrator of {account} at once.",
    ),
    MailKind.NEW_DEVICE: Notice(
        "A login to {account} from a new browser",
        "Somebody logged in to {account} as {recipient}, from a browser that was not used for it before, after wrong "
        "passwords had been tried.",
        **_NEW_PASSWORD,
    ),
    MailKind.NEW_KEY: Notice(
        "A new key was made in {account}",
        "A key or token that can act in {account} was made or renewed in your name.",
        advice="If this was not you, set a new password at once and have an administrator of {account} revoke it.",
    ),
    MailKind.PASSWORD_CHANGED: Notice(
        "Your password for {account} was changed",
        "The password of {recipient} for {account} was changed. All other sessions ended.",
        **_NEW_PASSWORD,
    ),
    MailKind.PASSWORD_GUESSED: Notice(
        "Somebody is guessing your password for {account}",
        "A hundred wrong passwords in a row were tried for {recipient} in {account}. Your password still works; from "
        "browsers that you have not used before each try has to wait.",
        advice="A long password that you use nowhere else, and a second factor, keep whoever tries this out.",
    ),
    MailKind.RECOVERY_CODE_USED: Notice(
        "A recovery code for {account} was used",
        "One of the recovery codes of {recipient} for {account} was used in place of a code of the app. It does not "
        "work again.",
    ),
    MailKind.RECOVERY_CODES_RENEWED: Notice(
        "New recovery codes for {account}",
        "New recovery codes were made for {recipient} in {account}. The earlier ones do not work any more.",
    ),
    MailKind.SECOND_FACTOR_REMOVED: Notice(
        "Your second factor for {account} was removed",
        "The second factor of {recipient} for {account} was removed. A login needs the password alone from now on.",
    ),
    MailKind.SECOND_FACTOR_RESET: Notice(
        "Your second factor for {account} was removed by an administrator",
        "An administrator of {account} removed the second factor of {recipient}. All sessions ended.",
        action="Log in",
        path="/login",
        advice="If you did not ask for this, tell an administrator of {account} at once.",
    ),
    MailKind.SECOND_FACTOR_SET_UP: Notice(
        "A second factor for {account} was set up",
        "A second factor was set up for {recipient} in {account}. A login by password asks for its code from now on.",
    ),
    MailKind.TAKEN_OVER: Notice(
        "Your organisation manages your access to {account} now",
        "The identity provider of your organisation manages the user {recipient} of {account} from now on. It keeps "
        "your details up to date and may end your access.",
        advice="If you did not expect this, tell an administrator of {account} at once.",
    ),
    MailKind.WEBHOOK_PAUSED: Notice(
        "A webhook of {account} was paused",
        "A webhook of {account} has not taken anything for two days, or asked not to be told any more. It was paused. "
        "What happens meanwhile is kept for 30 days and sent once it is resumed.",
        action="Look at the webhooks",
        path="/webhooks",
        advice="See that its receiver answers again, then resume it; or remove it where it is not needed.",
    ),
}
