"""INV: which mail a new user is owed, as a table, and how long links live (INV-1, INV-2, LNK-6)."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import User

MOST_AT_A_TIME = 5
INVITATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(hours=1)
EMAIL_CHANGE_LIFETIME = timedelta(hours=24)


class MailKind(StrEnum):
    """The kinds of mail, as they stand in the header `X-Gatelodge-Kind`."""

    INVITATION = "invitation"
    CONFIRMATION = "confirmation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail, not a password.
    EMAIL_CHANGE = "email_change"
    # What somebody must hear of whatever they chose (LGN-9, MAIL-1).
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    KEY_EXPIRING = "key_expiring"
    NEW_DEVICE = "new_device"
    NEW_KEY = "new_key"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of mail, not a password.
    PASSWORD_GUESSED = "password_guessed"  # noqa: S105 - the same.
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    SECOND_FACTOR_RESET = "second_factor_reset"
    SECOND_FACTOR_SET_UP = "second_factor_set_up"
    TAKEN_OVER = "taken_over"
    WEBHOOK_PAUSED = "webhook_paused"


class Purpose(StrEnum):
    """What a mail link may be used for; one link serves one purpose (LNK-1)."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a purpose, not a password.
    EMAIL_CHANGE = "email_change"


LIFETIME = {
    Purpose.INVITATION: INVITATION_LIFETIME,
    Purpose.PASSWORD_RESET: RESET_LIFETIME,
    Purpose.EMAIL_CHANGE: EMAIL_CHANGE_LIFETIME,
}
# A link for one purpose serves no other (LNK-1).
SETS_PASSWORD = frozenset({Purpose.INVITATION, Purpose.PASSWORD_RESET})


@dataclass(frozen=True, slots=True)
class SamlState:
    """What of the account's SAML settings decides about passwords: is login by SAML on, is it enforced."""

    enabled: bool
    enforced: bool


# INV-1, cell by cell: (SAML on, enforced, master admin, 'Send invitation email') -> password invitation.
# None stands for any value.
INVITED: tuple[tuple[tuple[bool | None, bool | None, bool | None, bool | None], bool], ...] = (
    ((False, None, None, None), True),
    ((True, None, True, None), True),
    ((True, False, False, True), True),
    ((True, False, False, False), False),
    ((True, True, False, None), False),
)


def mail_owed(saml: SamlState, role: Role | None, send_invitation: bool) -> MailKind:
    """Return the one mail that a new user is owed (INV-1).

    Args:
        saml: whether SAML login is on and enforced in the account.
        role: the role at creation.
        send_invitation: the choice 'Send invitation email'.
    """
    case = (saml.enabled, saml.enforced, role is Role.MASTER_ADMIN, send_invitation)
    invited = next(
        answer
        for pattern, answer in INVITED
        if all(wanted is None or wanted is is_so for wanted, is_so in zip(pattern, case, strict=True))
    )
    return MailKind.INVITATION if invited else MailKind.CONFIRMATION


def invitation_is_offered(saml: SamlState) -> bool:
    """Return whether 'Send invitation email' is a choice: whether it changes the mail of any role (INV-1)."""
    return any(mail_owed(saml, role, True) is not mail_owed(saml, role, False) for role in Role)


def require_invitable(user: User, saml: SamlState) -> None:
    """Refuse to send an invitation again to who cannot or need not use it (INV-2, PWD-3)."""
    reasons = (
        (user.email is None, "the user has no email."),
        (user.is_disabled, "the user is disabled."),
        (user.has_password, "the user has set a password."),
        (
            saml.enforced and not user.is_root and user.role is not Role.MASTER_ADMIN,
            "SAML login is enforced, so the user logs in through the organisation.",
        ),
    )
    for holds, detail in reasons:
        if holds:
            raise Refusal(Code.NOT_OWED, detail=detail)
