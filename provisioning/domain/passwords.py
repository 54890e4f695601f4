"""PWD: who may log in by password, and which passwords are taken (PWD-1, PWD-3, PWD-4, LGN-5)."""

import unicodedata
from collections.abc import Callable

from provisioning.domain.comparison import comparison_key
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import SamlState
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import User

SHORTEST = 12
SHORTEST_ALONE = 15
LONGEST = 256
SHORTEST_NAME_CONSIDERED = 4


def normalised(password: str) -> str:
    """Return the password in NFC, the only change made to what was typed (LGN-5)."""
    return unicodedata.normalize("NFC", password)


def may_use_password(user: User, saml: SamlState) -> bool:
    """Return whether a password logs this user in at all: under Enforce only master admins and the root (PWD-3)."""
    return not saml.enforced or user.is_root or user.role is Role.MASTER_ADMIN


def shortest(has_second_factor: bool) -> int:
    """Return how many characters a password needs: fewer where it is not the only factor (LGN-5)."""
    return SHORTEST if has_second_factor else SHORTEST_ALONE


def require_acceptable(password: str, user: User, has_second_factor: bool, is_common: Callable[[str], bool]) -> None:
    """Refuse a password that is too short, too long, common, or holds the user's name or email (PWD-4, LGN-5).

    Args:
        password: as typed, normalised.
        has_second_factor: with one, 12 characters are enough; a password alone needs 15.
        is_common: looks the lower-cased password up in the offline list.
    """
    least = shortest(has_second_factor)
    lowered = comparison_key(password)
    reasons = (
        (len(password) < least, f"Choose a password of at least {least} characters."),
        (len(password) > LONGEST, f"Choose a password of at most {LONGEST} characters."),
        ("\0" in password, "A password cannot hold a NUL character."),
        (len(password) <= LONGEST and is_common(lowered), "This password is among the most common ones."),
        (_holds_name(lowered, user), "A password cannot hold your name or your email."),
    )
    for holds, detail in reasons:
        if holds:
            raise Refusal(Code.PASSWORD_REFUSED, "password", detail=detail)


def _holds_name(lowered: str, user: User) -> bool:
    local = (user.email or "").rpartition("@")[0]
    names = (user.email or "", local, user.user_name, user.first_name, user.last_name)
    keys = (comparison_key(name) for name in names)
    return any(len(key) >= SHORTEST_NAME_CONSIDERED and key in lowered for key in keys)


def require_resettable(user: User) -> None:
    """Refuse the reset of a password that does not exist (PWD-1); force logout is the way there."""
    if not user.has_password:
        raise Refusal(Code.NO_PASSWORD_TO_RESET)
