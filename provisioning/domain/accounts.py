"""ACC: an account, which is the tenant, and the permission system it runs on."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from provisioning.domain.comparison import LONGEST_NAME, has_refused_characters
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.roles_legacy import CREATE_PROOF
from provisioning.domain.seats import Plan


class TwoFactor(StrEnum):
    """The account's two-factor user setting (2FA-4)."""

    DISABLED = "disabled"
    OPTIONAL = "optional"
    REQUIRED = "required"


LEGACY = "legacy"
PERMISSION_SYSTEMS = (LEGACY, "roles_and_permissions")
# How long what belongs to a cancelled account is kept, so that the operator can restore it (ACC-3).
KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Account:
    """One account; everything else belongs to one (ACC-1).

    Attributes:
        cancelled_at: since when every way in is refused; None while the account is open (ACC-3).
        erased_at: when what belonged to it was erased for good.
        creative_approval: whether the account has creative approval, without which there are no proofs (ROLE-2).
    """

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
    erased_at: datetime | None = None
    creative_approval: bool = True


def require_open(account: Account) -> None:
    """Refuse work in a cancelled account (ACC-3)."""
    if account.cancelled_at is not None:
        raise Refusal(Code.ACCOUNT_CANCELLED)


def is_over(cancelled_at: datetime, now: datetime) -> bool:
    """Return whether the time in which a cancelled account can be restored has passed (ACC-3)."""
    return now >= cancelled_at + KEPT_FOR


def require_restorable(account: Account, now: datetime) -> None:
    """Refuse to restore an account that is not cancelled, or was so for 30 days or more (ACC-3).

    Raises:
        Refusal: ACCOUNT_NOT_RESTORABLE with the reason.
    """
    if account.cancelled_at is None:
        raise Refusal(Code.ACCOUNT_NOT_RESTORABLE, detail="it is not cancelled.")
    if account.erased_at is not None or is_over(account.cancelled_at, now):
        raise Refusal(Code.ACCOUNT_NOT_RESTORABLE, detail=f"it was cancelled more than {KEPT_FOR.days} days ago.")


def require_creative_approval(account: Account, permissions: Collection[str]) -> None:
    """Refuse the permission to create proofs outside an Enterprise plan with creative approval (ROLE-2)."""
    if CREATE_PROOF in permissions and not (account.plan is Plan.ENTERPRISE and account.creative_approval):
        raise Refusal(Code.CREATIVE_APPROVAL_NEEDED, "media_library_permissions")


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
