"""The account's security settings: second factor, session lengths, enforced SAML login (2FA-3, 2FA-4, OUT-5, SSO-6)."""

from dataclasses import dataclass, replace

from provisioning.actions.services import Services, repeated
from provisioning.domain import policy
from provisioning.domain.accounts import Account, TwoFactor, require_open
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.sessions import IDLE_SECONDS, LEAST_SECONDS, MOST_SECONDS
from provisioning.store.unit_of_work import Unit

SETTINGS = ("two_factor", "session_idle_seconds", "session_max_seconds", "saml_enforced")


@dataclass(frozen=True, slots=True)
class SecurityChanges:
    """What is asked for; None leaves a setting as it is.

    Attributes:
        two_factor: the two-factor user setting.
        session_idle_seconds, session_max_seconds: within the limits of OUT-5, which an account may shorten (SES-6).
        saml_enforced: 'Enforce SAML login'.
    """

    two_factor: TwoFactor | None = None
    session_idle_seconds: int | None = None
    session_max_seconds: int | None = None
    saml_enforced: bool | None = None


def show_security(caller: Caller, services: Services) -> Account:
    """Return the account with its security settings, for who may change them."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SECURITY_MANAGE)
        return unit.accounts.get()


@repeated
def change_security(caller: Caller, asked: SecurityChanges, services: Services) -> Account:
    """Change security settings of the account, all that are asked for or none.

    Shorter sessions hold at once for the idle limit, and for the absolute one from the next login on.

    Args:
        caller: needs to manage security, with a fresh proof (SES-4).
        asked: the changes.
        services: from outside.

    Raises:
        Refusal: PROVISIONING_BLOCKS_TWO_FACTOR, ENFORCE_NEEDS_LOGIN, INVALID_VALUE, not allowed.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SECURITY_MANAGE)
        require_fresh(caller, unit.now)
        before = unit.accounts.lock()
        require_open(before)
        wanted = {name: getattr(asked, name) for name in SETTINGS if getattr(asked, name) is not None}
        after = replace(before, **wanted)
        _require_lengths(after)
        _require_no_provisioning(unit, before, after)
        _require_proved_connection(unit, before, after)
        fields = [name for name in SETTINGS if getattr(after, name) != getattr(before, name)]
        if fields:
            unit.accounts.set_security(after)
            unit.record(Event("security.changed", "account", after.id, after.name, {"fields": fields}))
        return after


def _require_lengths(account: Account) -> None:
    """Refuse session lengths beyond those of OUT-5, too short ones to work with, and an idle limit above the whole."""
    lengths = (
        ("session_idle_seconds", account.session_idle_seconds, IDLE_SECONDS),
        ("session_max_seconds", account.session_max_seconds, MOST_SECONDS),
    )
    for name, seconds, most in lengths:
        if not LEAST_SECONDS <= seconds <= most:
            raise invalid(name, f"{name} lies between {LEAST_SECONDS} and {most}.")
    if account.session_idle_seconds > account.session_max_seconds:
        raise invalid("session_idle_seconds", "session_idle_seconds is not above session_max_seconds.")


def _require_no_provisioning(unit: Unit, before: Account, after: Account) -> None:
    """Refuse to leave Disabled while a SAML connection provisions (2FA-3)."""
    if after.two_factor in (before.two_factor, TwoFactor.DISABLED):
        return
    if any(connection.provisioning for connection in unit.saml_connections.all()):
        raise Refusal(Code.PROVISIONING_BLOCKS_TWO_FACTOR, "two_factor")


def _require_proved_connection(unit: Unit, before: Account, after: Account) -> None:
    """Refuse to turn Enforce on before a login through a connection that is on has succeeded (SSO-6)."""
    if before.saml_enforced or not after.saml_enforced:
        return
    found = unit.saml_connections.all()
    if not any(connection.enabled and connection.succeeded_at is not None for connection in found):
        raise Refusal(Code.ENFORCE_NEEDS_LOGIN, "enforce_saml")
