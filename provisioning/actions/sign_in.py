"""Logging in by password: one answer for every reason that it fails, at the same cost (LGN-1, LGN-2, PWD-3).

The login page names no account. The password is tried against each live user of the email; at least one hash is
always computed, and the same statements run whether or not there is anybody. One fits: the login goes on with what else
is to be proved (`sign_in_steps.py`). Several: a page to choose, bound to this browser by a pending login.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from provisioning.actions.links import new_secret
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import Browser, OpenedSession
from provisioning.actions.sign_in_steps import Proven, UnfinishedLogin, enter
from provisioning.actions.tries import count_try, devices_of, keys_of_stranger, take_back, tell_of_guessing
from provisioning.domain import passwords, throttle
from provisioning.domain.activity import Entry
from provisioning.domain.addresses import is_email
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.keys import secret_hash
from provisioning.domain.second_factor import PENDING_LIFETIME, Proof, proved_by
from provisioning.domain.sessions import Method
from provisioning.domain.throttle import Key
from provisioning.store.logins import PasswordRow, connections_of_domain, note_refused, password_rows
from provisioning.store.throttle import note_answer

MOST_TRIED = 5


@dataclass(frozen=True, slots=True)
class AccountChoice:
    """A password that fits in several accounts: the pending login's secret, and (account id, name) to choose from."""

    secret: str
    accounts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One password given for one email.

    Attributes:
        email, password: as typed, the password normalised.
        browser: from where.
        rows: the users whom it may fit.
        devices: (account id, user id) -> device, for those of them whose known browser this is.
    """

    email: str
    password: str
    browser: Browser
    rows: tuple[PasswordRow, ...]
    devices: Mapping[tuple[str, str], str]

    @property
    def caller(self) -> Caller:
        """Somebody who has not proved anything yet."""
        return nobody(WayIn.CONSOLE, self.browser.address)

    def is_known(self, row: PasswordRow) -> bool:
        """Whether the user has logged in with this browser before."""
        return (row.account_id, row.user_id) in self.devices


@dataclass(frozen=True, slots=True)
class Taken:
    """What an attempt may try: the users, and the counters that it was counted at with their tries by now."""

    rows: tuple[PasswordRow, ...]
    tries: Mapping[Key, int]

    @property
    def counted(self) -> bool:
        """Whether the counters of network address and email were among them."""
        return any(not key.account_id and key.counter is throttle.Counter.EMAIL for key in self.tries)


def by_password(
    email: str, password: str, account: str | None, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin | AccountChoice:
    """Log in with an email and a password.

    Args:
        email, password: as typed.
        account: id or exact name of an account, None or '' for any.
        browser: who asks.
        services: from outside.

    Returns:
        The session, or what is still to be proved, or the accounts to choose from.

    Raises:
        Refusal: INVALID_CREDENTIALS for every reason alike; TOO_MANY_REQUESTS with the seconds to wait.
    """
    attempt = _attempt(email, passwords.normalised(password), account, browser, services)
    taken = _take(attempt, services)
    fitting = _fitting(attempt, taken, services)
    allowed = [row for row in fitting if not row.user.is_disabled and passwords.may_use_password(row.user, row.saml)]
    if not allowed:
        _note_refused(attempt, taken, services)
        raise Refusal(Code.INVALID_CREDENTIALS)
    proved = proved_by(attempt.password)
    if len(allowed) == 1:
        row = allowed[0]
        proven = Proven(row.account_id, row.user_id, row.user.epoch, proved, taken.counted, row.password_hash)
        return enter(proven, attempt.password, browser, services)
    return _choice(allowed, proved, taken.counted, services)


def choose_account(
    secret: str, account_id: str, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin:
    """Go on with a login whose password fitted in several accounts; the pending login is used up.

    Raises:
        Refusal: INVALID_CREDENTIALS where it is unknown, used, too old, or does not name the account.
    """
    with services.unit(nobody(WayIn.CONSOLE, browser.address)) as unit:
        pending = unit.sessions.use_pending(secret_hash(secret), unit.now)
    accounts = pending["accounts"] if isinstance(pending, dict) else {}
    if not isinstance(pending, dict) or account_id not in accounts:
        raise Refusal(Code.INVALID_CREDENTIALS)
    user_id, epoch = accounts[account_id]
    proved = frozenset(Proof(each) for each in pending["proved"])
    return enter(Proven(account_id, user_id, epoch, proved, pending["counted"]), None, browser, services)


def organisations_of(email: str, services: Services) -> list[tuple[str, str]]:
    """Return (SAML connection id, account name) where an address's domain logs in; the domain alone decides (LGN-1)."""
    if not is_email(email):
        return []
    with services.read(nobody(WayIn.CONSOLE, None)) as unit:
        return connections_of_domain(unit.connection, email)


def _attempt(email: str, password: str, account: str | None, browser: Browser, services: Services) -> Attempt:
    with services.read(nobody(WayIn.CONSOLE, browser.address)) as unit:
        rows = password_rows(unit.connection, email)
        devices = devices_of(unit, browser)
    if account:
        rows = [row for row in rows if account in (row.account_id, row.account_name)]
    return Attempt(email, password, browser, tuple(rows[:MOST_TRIED]), devices)


def _take(attempt: Attempt, services: Services) -> Taken:
    """Count the try: known browsers by their own counter, all else by email, network address and user.

    Whoever is known here is tried although a stranger would have to wait, and the other way round.
    """
    known = tuple(row for row in attempt.rows if attempt.is_known(row))
    others = tuple(row for row in attempt.rows if not attempt.is_known(row))
    groups = [(known, _keys_of_known(attempt, known))] if known else []
    if others or not known:
        groups.append((others, _keys_of_others(attempt, others)))
    rows: list[PasswordRow] = []
    tries: dict[Key, int] = {}
    waiting: Refusal | None = None
    for group, keys in groups:
        try:
            tries.update(count_try(attempt.caller, keys, services))
            rows += group
        except Refusal as refusal:
            waiting = refusal
    if waiting is not None and not tries:
        raise waiting
    return Taken(tuple(rows), tries)


def _keys_of_known(attempt: Attempt, rows: Sequence[PasswordRow]) -> list[Key]:
    return [throttle.of_device(row.account_id, attempt.devices[row.account_id, row.user_id]) for row in rows]


def _keys_of_others(attempt: Attempt, rows: Sequence[PasswordRow]) -> list[Key]:
    # Somebody who does not exist has a counter of tries in a row too, so that the same rows are written (LGN-1).
    accounts = [row.account_id for row in rows] or [""]
    in_a_row = [throttle.of_user(account_id, attempt.email) for account_id in accounts]
    return [*keys_of_stranger(attempt.email, attempt.browser), *in_a_row]


def _fitting(attempt: Attempt, taken: Taken, services: Services) -> list[PasswordRow]:
    """Return the users whom the password fits; where nothing may be looked at the same work is done for nothing."""
    password = attempt.password[: passwords.LONGEST]
    try:
        right = [services.hasher.is_right(password, _hash_of(row, attempt, taken)) for row in taken.rows]
        if not right:
            services.hasher.is_right(password, None)
    except Refusal:
        # Too many hashes wait already: nothing was tried.
        take_back(attempt.caller, taken.tries, services)
        raise
    return [row for row, fits in zip(taken.rows, right, strict=True) if fits]


def _hash_of(row: PasswordRow, attempt: Attempt, taken: Taken) -> str | None:
    """Return the hash to compare with; None where the password is not looked at (LGN-2), or is too long to be one."""
    tries = taken.tries.get(throttle.of_user(row.account_id, attempt.email), 0)
    if throttle.is_refused(tries, row.user.is_root) or len(attempt.password) > passwords.LONGEST:
        return None
    return row.password_hash


@repeated
def _choice(rows: Sequence[PasswordRow], proved: frozenset[Proof], counted: bool, services: Services) -> AccountChoice:
    secret = new_secret(services)
    accounts = {row.account_id: [row.user_id, row.user.epoch] for row in rows}
    pending = {"accounts": accounts, "proved": sorted(proved), "counted": counted}
    with services.unit(nobody(WayIn.CONSOLE, None)) as unit:
        unit.sessions.add_pending(secret_hash(secret), pending, unit.now, unit.now + PENDING_LIFETIME)
    return AccountChoice(secret, tuple((row.account_id, row.account_name) for row in rows))


def _note_refused(attempt: Attempt, taken: Taken, services: Services) -> None:
    """Write the refusal into the reports of the accounts; the same statements run where there is none (LGN-1)."""
    with services.unit(attempt.caller) as unit:
        entries = [_entry(row, attempt, unit.new_id(), unit.now) for row in taken.rows]
        note_answer(unit.connection, taken.tries, unit.now)
        note_refused(unit.connection, entries)
    for row in taken.rows:
        if taken.tries.get(throttle.of_user(row.account_id, attempt.email)) == throttle.MOST_IN_A_ROW:
            tell_of_guessing(nobody(WayIn.CONSOLE, attempt.browser.address, row.account_id), row.user, services)


def _entry(row: PasswordRow, attempt: Attempt, entry_id: str, at: datetime) -> Entry:
    return Entry(
        account_id=row.account_id,
        id=entry_id,
        at=at,
        kind="login.refused",
        outcome="refused",
        code=Code.INVALID_CREDENTIALS.value,
        way_in=WayIn.CONSOLE.value,
        actor_id="",
        actor_name="",
        address=attempt.browser.address,
        target_kind="user",
        target_id=row.user_id,
        target_name=row.user.name,
        data={"method": Method.PASSWORD.value},
    )
