"""ACC: an account, which is the tenant, and the permission system it runs on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from provisioning.domain.comparison import LONGEST_NAME, has_refused_characters
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.seats import Plan


class TwoFactor(StrEnum):
    """The account's two-factor user setting (2FA-4)."""

    DISABLED = "disabled"
    OPTIONAL = "optional"
    REQUIRED = "required"


LEGACY = "legacy"
PERMISSION_SYSTEMS = (LEGACY, "roles_and_permissions")


@dataclass(frozen=True, slots=True)
class Account:
    """One account; everything else belongs to one (ACC-1)."""

    id: str
    name: str
    plan: Plan
    permission_system: str
    two_factor: TwoFactor
    session_idle_seconds: int
    session_max_seconds: int
    saml_enforced: bool
    saml_enabled: bool
    cancelled_at: datetime | None
    created_at: datetime


def require_open(account: Account) -> None:
    """Refuse work in a cancelled account (ACC-3)."""
    if account.cancelled_at is not None:
        raise Refusal(Code.ACCOUNT_CANCELLED)


def checked_permission_system(name: str) -> str:
    """Return the permission system for a new account; only `legacy` until the other is built (ACC-5)."""
    if name not in PERMISSION_SYSTEMS:
        raise invalid("permissions", "permissions is 'legacy' or 'roles_and_permissions'.")
    if name != LEGACY:
        raise Refusal(Code.PERMISSION_SYSTEM_UNAVAILABLE, "permissions", name=name)
    return name


def checked_account_name(name: str) -> str:
    """Return an account's name without blanks around it; refuse an empty, over-long or unprintable one."""
    trimmed = name.strip()
    if not trimmed or len(trimmed) > LONGEST_NAME or has_refused_characters(trimmed):
        raise invalid("name", f"An account's name has 1 to {LONGEST_NAME} printable characters.")
    return trimmed
