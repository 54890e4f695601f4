"""The line that says what just happened, shown once on the page that a form leads to.

The browser carries the name of a sentence and a number, never text: a cookie can be edited by whoever has the browser,
and a page must not say in our name what somebody else wrote.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response

from provisioning.guard.cookie import delete_cookie, read_cookie, set_cookie

NOTICE = "gatelodge_notice"
LIFETIME_SECONDS = 60
SENTENCES: Mapping[str, str] = {
    "account_cancelled": "The account is cancelled. Whoever runs this service can restore it for 30 days.",
    "deleted": "{name} was deleted and is Inactive now. Ended sessions: {number}.",
    "disabled": "{name} was disabled. Ended sessions: {number}.",
    "email_asked": "A mail with a link is on its way to the new address. Until you use it, log in with the old one.",
    "email_confirmed": "Your email is confirmed. Log in with it from now on.",
    "email_withdrawn": "The new email was withdrawn.",
    "enabled": "{name} was enabled and can log in again.",
    "environment_changed": "The product environment was changed.",
    "environment_deleted": "The product environment was deleted. Users who have access to none now: {number}.",
    "environment_disabled": "The product environment was disabled.",
    "environment_enabled": "The product environment was enabled.",
    "environment_made": "The product environment was made.",
    "enforced": "SAML login is enforced now.",
    "group_deleted": "The group was deleted. Members who lost what it gave them: {number}.",
    "group_made": "The group was made. Add members below.",
    "group_renamed": "The group was renamed.",
    "invitation_sent": "A new invitation is on its way to {name}.",
    "groups_changed": "The groups were changed. {name} is in {number} now.",
    "invited_alike": "Invited: {number}. Look again: one of them can be taken for an administrator by name or email.",
    "invited": "Invited: {number}. Their mails are on the way.",
    "kept": "It is in your name now.",
    "limit_changed": "The user limit is {number} now.",
    "login_over": "That login took too long or is over. Log in again.",
    "logged_out": "You are logged out.",
    "logged_out_by_force": "{name} was logged out everywhere. Ended sessions: {number}.",
    "not_enforced": "SAML login is not enforced any more.",
    "member_added": "Added to the group. Members now: {number}.",
    "member_removed": "Removed from the group. Members now: {number}.",
    "connection_changed": "The settings of the connection were changed.",
    "connection_deleted": "The connection was removed. Tokens that stopped working: {number}.",
    "connection_made": "The connection was made. Make a token for it below.",
    "own_second_factor_removed": "Your second factor was removed.",
    "names_changed": "Your names were changed.",
    "others_ended": "All your other sessions were ended.",
    "password_changed": "Your password was changed. All your other sessions were ended.",
    "password_reset": "The password of {name} was reset. Ended sessions: {number}.",
    "password_set": "Your password is set. Log in with it.",
    "preferences_changed": "Saved.",
    "request_done": "The request was run again and is done.",
    "request_refused_again": "The request was run again and was refused again.",
    "revoked": "It was revoked and works no more.",
    "saml_made": "The connection was made and is switched off. Copy our values, then switch it on.",
    "saml_metadata_replaced": "The metadata was replaced. Certificates now: {number}.",
    "saml_removed": "The connection was removed.",
    "security_changed": "The security settings were changed.",
    "second_factor_removed": "The second factor of {name} was removed. Ended sessions: {number}.",
    "session_ended": "The session was ended.",
    "switched_off": "It was switched off.",
    "switched_on": "It was switched on and works again.",
    "user_changed": "{name} was changed.",
    "webhook_changed": "The settings of the webhook were changed.",
    "webhook_paused": "The webhook is paused.",
    "webhook_removed": "The webhook was removed.",
    "webhook_replayed": "It is sent again in a moment.",
    "webhook_resumed": "The webhook is resumed; what has waited is on its way.",
    "user_email_waits": "{name} was changed. The new email holds once the link in the mail to it was used.",
}

# What ended somebody's access, which left a receipt.
WITH_RECEIPT = frozenset({"deleted", "disabled", "logged_out_by_force", "password_reset", "second_factor_removed"})


@dataclass(frozen=True, slots=True)
class Notice:
    """The line that is to be shown, and whether what it tells of has left a receipt."""

    text: str
    has_receipt: bool


def leave_notice(response: Response, key: str, number: int = 0) -> None:
    """Have the next page say one of the sentences."""
    set_cookie(response, NOTICE, f"{key}.{number}", max_age=LIFETIME_SECONDS)


def take_notice(name: str) -> Notice | None:
    """Return the line that is to be shown now, None for none or for what is no name of one.

    Args:
        name: of the person that the page is about.
    """
    key, _, number = (read_cookie(NOTICE) or "").partition(".")
    if key not in SENTENCES or not (number.isascii() and number.isdigit()):
        return None
    return Notice(SENTENCES[key].format(name=name or "The user", number=int(number)), key in WITH_RECEIPT)


def forget_notice(response: Response) -> None:
    """Take the notice away once it was shown."""
    if read_cookie(NOTICE) is not None:
        delete_cookie(response, NOTICE)
