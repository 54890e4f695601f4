"""Logging in by password: one answer for every reason that it fails, at the same cost (LGN-1, PWD-3).

The login page names no account. The password is tried against each live user of the email; at least one hash is
always computed. One fits: in. Several: a page to choose, bound to this browser by a pending login.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from provisioning.actions.links import new_secret
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import Browser, OpenedSession, open_session
from provisioning.domain import passwords
from provisioning.domain.accounts import require_open
from provisioning.domain.addresses import is_email
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.keys import secret_hash
from provisioning.domain.sessions import Method
from provisioning.domain.sso import saml_state
from provisioning.store.logins import PasswordRow, connections_of_domain, password_rows

PENDING_LIFETIME = timedelta(minutes=5)
MOST_TRIED = 5


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """A password that fits in several accounts: the pending login's secret, and (account id, name) to choose from."""

    secret: str
    accounts: tuple[tuple[str, str], ...]


def by_password(
    email: str, password: str, account: str | None, browser: Browser, services: Services
) -> OpenedSession | AccountChoice:
    """Log in with an email and a password.

    Args:
        email, password: as typed.
        account: id or exact name of an account, None or '' for any.
        browser: who asks.
        services: from outside.

    Raises:
        Refusal: INVALID_CREDENTIALS for every reason alike.
    """
    fitting = _fitting(email, passwords.normalised(password), account, browser, services)
    allowed = [row for row in fitting if _may_enter(row, services)]
    if not allowed:
        raise _refused(fitting, browser, services)
    if len(allowed) == 1:
        return _enter(allowed[0].account_id, allowed[0].user_id, password, browser, services)
    return _choice(allowed, services)


def choose_account(secret: str, account_id: str, browser: Browser, services: Services) -> OpenedSession:
    """Finish a login whose password fitted in several accounts; the pending login is used up.

    Raises:
        Refusal: INVALID_CREDENTIALS where it is unknown, used, too old, or does not name the account.
    """
    with services.unit(nobody(WayIn.CONSOLE, browser.address)) as unit:
        choices = unit.sessions.use_pending(secret_hash(secret), unit.now)
    user_id = choices.get(account_id) if isinstance(choices, dict) else None
    if not isinstance(user_id, str):
        raise Refusal(Code.INVALID_CREDENTIALS)
    return _enter(account_id, user_id, None, browser, services)


def organisations_of(email: str, services: Services) -> list[tuple[str, str]]:
    """Return (SAML connection id, account name) where an address's domain logs in; the domain alone decides (LGN-1)."""
    if not is_email(email):
        return []
    with services.read(nobody(WayIn.CONSOLE, None)) as unit:
        return connections_of_domain(unit.connection, email)


def _fitting(email: str, password: str, account: str | None, browser: Browser, services: Services) -> list[PasswordRow]:
    rows: Sequence[PasswordRow] = ()
    if is_email(email):
        with services.read(nobody(WayIn.CONSOLE, browser.address)) as unit:
            rows = password_rows(unit.connection, email)
    if account:
        rows = [row for row in rows if account in (row.account_id, row.account_name)]
    if len(password) > passwords.LONGEST or not rows:
        services.hasher.is_right(password[: passwords.LONGEST], None)
        return []
    return [row for row in rows[:MOST_TRIED] if services.hasher.is_right(password, row.password_hash)]


def _may_enter(row: PasswordRow, services: Services) -> bool:
    """Whether the user of a fitting password may use one now: not disabled, not closed out by Enforce (PWD-3)."""
    with services.read(nobody(WayIn.CONSOLE, None, row.account_id)) as unit:
        account = unit.accounts.get()
        user = unit.users.get_also_inactive(row.user_id)
    saml = saml_state(account.saml_enabled, account.saml_enforced)
    return not user.is_inactive and not user.is_disabled and passwords.may_use_password(user, saml)


@repeated
def _enter(account_id: str, user_id: str, password: str | None, browser: Browser, services: Services) -> OpenedSession:
    """Open the session; what was true when the password was checked is checked again in this transaction (SAM-6)."""
    with services.unit(nobody(WayIn.CONSOLE, browser.address, account_id)) as unit:
        account = unit.accounts.get()
        require_open(account)
        user = unit.users.lock(user_id)
        saml = saml_state(account.saml_enabled, account.saml_enforced)
        if user.is_disabled or not user.has_password or not passwords.may_use_password(user, saml):
            raise Refusal(Code.INVALID_CREDENTIALS)
        stored = unit.users.password_hash(user_id)
        if password is not None and stored is not None and services.hasher.needs_rehash(stored):
            unit.users.set_password_hash(user_id, services.hasher.hash(passwords.normalised(password)))
        return open_session(unit, account, user, Method.PASSWORD, browser, services)


@repeated
def _choice(rows: Sequence[PasswordRow], services: Services) -> AccountChoice:
    secret = new_secret(services)
    with services.unit(nobody(WayIn.CONSOLE, None)) as unit:
        choices = {row.account_id: row.user_id for row in rows}
        unit.sessions.add_pending(secret_hash(secret), choices, unit.now, unit.now + PENDING_LIFETIME)
    return AccountChoice(secret, tuple((row.account_id, row.account_name) for row in rows))


def _refused(fitting: Sequence[PasswordRow], browser: Browser, services: Services) -> Refusal:
    """Return the one refusal; where the password was right, the report of that account says that it was tried."""
    for row in fitting:
        with services.unit(nobody(WayIn.CONSOLE, browser.address, row.account_id)) as unit:
            user = unit.users.get_also_inactive(row.user_id)
            unit.record(Event("login.refused", "user", user.id, user.name, {"method": Method.PASSWORD.value}))
    return Refusal(Code.INVALID_CREDENTIALS)
