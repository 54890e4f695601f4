"""A login between its password and its session: what was proved is ours, what is wanted is read anew (LGN-3, 2FA-4).

Every step ends in one function, `_go_on`: it asks the database what this login has to prove now, takes away what was
proved, and opens a session only where nothing is left. So no order, repetition or lack of requests skips a step. A
step counts its try before it looks at anything, and everything else of it is one transaction.
"""

from dataclasses import dataclass, replace

from provisioning.actions.access import raise_epoch
from provisioning.actions.links import new_secret
from provisioning.actions.second_factor import SetUp, begin, confirm, spend_code
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import Browser, OpenedSession, open_session
from provisioning.actions.tries import (
    count_try,
    devices_of,
    forget_wrong_tries,
    keys_of_stranger,
    note_success,
    remember_browser,
)
from provisioning.domain import passwords, throttle
from provisioning.domain.accounts import Account, require_open
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.keys import secret_hash
from provisioning.domain.second_factor import MOST_TRIES, PENDING_LIFETIME, Proof, Step, next_step, proved_by
from provisioning.domain.sessions import EndReason, Method
from provisioning.domain.sso import saml_state
from provisioning.domain.users import User
from provisioning.store.second_factors import StepRow, find_step, try_step
from provisioning.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Proven:
    """What the password step hands on.

    Attributes:
        epoch: the user's when the password was checked.
        proved: by that password.
        counted: the tries of network address and email are to be given back when the login succeeds.
        password_hash: that the password was checked against; None where the account was chosen in between.
    """

    account_id: str
    user_id: str
    epoch: int
    proved: frozenset[Proof]
    counted: bool
    password_hash: str | None = None


@dataclass(frozen=True, slots=True)
class UnfinishedLogin:
    """A login that has something left to prove: the secret of its cookie, and what is to be done next."""

    secret: str
    step: Step
    email: str


@dataclass(frozen=True, slots=True)
class FinishedSetUp:
    """A login that set a second factor up: how it goes on, and the recovery codes, shown this once."""

    entry: OpenedSession | UnfinishedLogin
    recovery_codes: tuple[str, ...]


@repeated
def enter(
    proven: Proven, password: str | None, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin:
    """Go on after the password: open the session, or keep what was proved and say what is to be done next.

    What was true when the password was checked is checked again in this transaction (SAM-6).

    Args:
        proven: by the password step.
        password: normalised, to be hashed anew where parameters have risen (PWD-4); None where it is not at hand.
        browser: from where.
        services: from outside.

    Raises:
        Refusal: INVALID_CREDENTIALS.
    """
    with services.unit(nobody(WayIn.CONSOLE, browser.address, proven.account_id)) as unit:
        account, user = _still_allowed(unit, proven.user_id, proven.epoch, Code.INVALID_CREDENTIALS)
        stored = unit.users.password_hash(user.id)
        if proven.password_hash not in (None, stored):
            raise Refusal(Code.INVALID_CREDENTIALS)
        if password is not None and stored is not None and services.hasher.needs_rehash(stored):
            unit.users.set_password_hash(user.id, services.hasher.hash(password))
        row = StepRow(
            account.id,
            unit.new_id(),
            user.id,
            user.epoch,
            proven.proved,
            proven.counted,
            0,
            unit.now + PENDING_LIFETIME,
        )
        return _go_on(unit, account, user, row, None, browser, services)


def show_step(secret: str, browser: Browser, services: Services) -> UnfinishedLogin:
    """Return what an unfinished login has to do next; nothing is used up.

    Raises:
        Refusal: LOGIN_EXPIRED for every reason alike.
    """
    with services.read(nobody(WayIn.CONSOLE, browser.address)) as unit:
        row = _required(find_step(unit.connection, secret_hash(secret), unit.now, MOST_TRIES))
    with services.read(nobody(WayIn.CONSOLE, browser.address, row.account_id)) as unit:
        account, user = _still_allowed(unit, row.user_id, row.epoch, Code.LOGIN_EXPIRED, lock=False)
        step = next_step(row.proved, unit.second_factors.is_on(user.id), account.two_factor)
    if step is None:
        raise Refusal(Code.LOGIN_EXPIRED)
    return UnfinishedLogin(secret, step, user.email or "")


def give_code(secret: str, code: str, browser: Browser, services: Services) -> OpenedSession | UnfinishedLogin:
    """Prove the second factor by a code of the app or a recovery code (LGN-3, LGN-4).

    Raises:
        Refusal: SECOND_FACTOR_WRONG; LOGIN_EXPIRED where the login is over, also after the fifth wrong code.
    """
    row = _try(secret, browser, services)
    try:
        return _prove_code(row, secret, code, browser, services)
    except Refusal as refusal:
        raise _judged(refusal, row, browser, services) from refusal


def begin_set_up_at_login(secret: str, browser: Browser, services: Services) -> SetUp:
    """Begin to set up the second factor that this login needs; what is returned is shown once (2FA-4).

    Raises:
        Refusal: LOGIN_EXPIRED.
    """
    row = _try(secret, browser, services)
    return _begin(row, browser, services)


def confirm_set_up_at_login(secret: str, code: str, browser: Browser, services: Services) -> FinishedSetUp:
    """Confirm the second factor that this login set up: its code proves it (2FA-1, 2FA-4).

    Raises:
        Refusal: SECOND_FACTOR_WRONG, SECOND_FACTOR_MISSING where nothing was begun; LOGIN_EXPIRED.
    """
    row = _try(secret, browser, services)
    try:
        return _confirm(row, secret, code, browser, services)
    except Refusal as refusal:
        raise _judged(refusal, row, browser, services) from refusal


def set_password_at_login(
    secret: str, password: str, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin:
    """Set a longer password where the present one may not stand alone; all other sessions end (LGN-5).

    Raises:
        Refusal: PASSWORD_REFUSED, LOGIN_EXPIRED.
    """
    row = _try(secret, browser, services)
    typed = passwords.normalised(password)
    with services.read(_caller(row, browser)) as unit:
        _, user = _still_allowed(unit, row.user_id, row.epoch, Code.LOGIN_EXPIRED, lock=False)
    passwords.require_acceptable(typed, user, False, services.is_common_password)
    return _set_password(row, secret, typed, services.hasher.hash(typed), browser, services)


@repeated
def _prove_code(
    row: StepRow, secret: str, code: str, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin:
    with services.unit(_caller(row, browser)) as unit:
        account, user = _at_step(unit, row, Step.GIVE_CODE)
        spend_code(unit, user, code, services)
        return _go_on(unit, account, user, _with(row, Proof.CODE), secret, browser, services)


@repeated
def _begin(row: StepRow, browser: Browser, services: Services) -> SetUp:
    with services.unit(_caller(row, browser)) as unit:
        _, user = _at_step(unit, row, Step.SET_UP)
        return begin(unit, user, services)


@repeated
def _confirm(row: StepRow, secret: str, code: str, browser: Browser, services: Services) -> FinishedSetUp:
    with services.unit(_caller(row, browser)) as unit:
        account, user = _at_step(unit, row, Step.SET_UP)
        codes = confirm(unit, user, code, services)
        entry = _go_on(unit, account, user, _with(row, Proof.CODE), secret, browser, services)
        return FinishedSetUp(entry, codes)


@repeated
def _set_password(
    row: StepRow, secret: str, password: str, hashed: str, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin:
    with services.unit(_caller(row, browser)) as unit:
        account, before = _at_step(unit, row, Step.NEW_PASSWORD)
        unit.users.set_password_hash(before.id, hashed)
        forget_wrong_tries(unit, before)
        unit.sessions.end_links(before.id, unit.now)
        after = replace(raise_epoch(unit, before, EndReason.PASSWORD_RESET), updated_at=unit.now)
        user = unit.users.save(before, after)
        unit.record(Event("password.set", "user", user.id, user.name))
        unit.owe(MailKind.PASSWORD_CHANGED.value, {"user_id": user.id})
        proved = replace(row, epoch=user.epoch, proved=row.proved | proved_by(password))
        return _go_on(unit, account, user, proved, secret, browser, services)


def _go_on(
    unit: Unit, account: Account, user: User, row: StepRow, secret: str | None, browser: Browser, services: Services
) -> OpenedSession | UnfinishedLogin:
    """Open the session where nothing is left to prove; else keep what was proved and say what is next.

    Args:
        row: this login with what it has proved by now; not stored yet where there is no `secret`.
        secret: of its cookie.
    """  # fmt: skip
    step = next_step(row.proved, unit.second_factors.is_on(user.id), account.two_factor)
    if step is None:
        return _open(unit, account, user, row, secret, browser, services)
    if secret is None:
        secret = new_secret(services)
        unit.second_factors.add_step(row, secret_hash(secret), unit.now)
    else:
        unit.second_factors.note_proved(row.id, row.proved)
    return UnfinishedLogin(secret, step, user.email or "")


def _open(
    unit: Unit, account: Account, user: User, row: StepRow, secret: str | None, browser: Browser, services: Services
) -> OpenedSession:
    if secret is not None and not unit.second_factors.finish_step(row.id, unit.now):
        raise Refusal(Code.LOGIN_EXPIRED)
    unit.caller = replace(unit.caller, id=user.id, name=user.email or user.name)
    if note_success(unit, user, browser, row.counted):
        unit.owe(MailKind.NEW_DEVICE.value, {"user_id": user.id})
    opened = open_session(unit, account, user, Method.PASSWORD, browser, services)
    return replace(opened, device=remember_browser(unit, user, browser, services))


def _try(secret: str, browser: Browser, services: Services) -> StepRow:
    """Count a try of an unfinished login, before anything of it is looked at (LGN-3)."""
    with services.unit(nobody(WayIn.CONSOLE, browser.address)) as unit:
        return _required(try_step(unit.connection, secret_hash(secret), unit.now, MOST_TRIES))


def _judged(refusal: Refusal, row: StepRow, browser: Browser, services: Services) -> Refusal:
    """Return what a refused code is answered with; it counts as a wrong try of the login (LGN-2, LGN-3)."""
    if refusal.code is not Code.SECOND_FACTOR_WRONG:
        return refusal
    with services.read(_caller(row, browser)) as unit:
        user = unit.users.get_also_inactive(row.user_id)
        device = devices_of(unit, browser).get((user.account_id, user.id))
    known = [throttle.of_device(user.account_id, device)] if device else []
    email = user.email or ""
    keys = known or [*keys_of_stranger(email, browser), throttle.of_user(user.account_id, email)]
    count_try(nobody(WayIn.CONSOLE, browser.address), keys, services, gated=False)
    _record_refused(row, user, browser, services)
    return Refusal(Code.LOGIN_EXPIRED) if row.tries >= MOST_TRIES else refusal


def _record_refused(row: StepRow, user: User, browser: Browser, services: Services) -> None:
    with services.unit(_caller(row, browser)) as unit:
        event = Event("login.refused", "user", user.id, user.name, {"method": "second_factor"})
        unit.record_attempt(event, Code.SECOND_FACTOR_WRONG.value)


def _at_step(unit: Unit, row: StepRow, step: Step) -> tuple[Account, User]:
    """Return account and locked user of a login whose next step this is; any other is refused (LGN-3)."""
    account, user = _still_allowed(unit, row.user_id, row.epoch, Code.LOGIN_EXPIRED)
    # Read again under the lock: a parallel request may have proved more, or finished it.
    present = unit.second_factors.get_step(row.id)
    if present is None or present.proved != row.proved:
        raise Refusal(Code.LOGIN_EXPIRED)
    if next_step(row.proved, unit.second_factors.is_on(user.id), account.two_factor) is not step:
        raise Refusal(Code.LOGIN_EXPIRED)
    return account, user


def _still_allowed(unit: Unit, user_id: str, epoch: int, code: Code, *, lock: bool = True) -> tuple[Account, User]:
    """Return account and user who may log in by password now, since the password was checked; else refuse."""
    try:
        account = unit.accounts.get()
        require_open(account)
        user = unit.users.lock(user_id) if lock else unit.users.get(user_id)
    except Refusal as refusal:
        raise Refusal(code) from refusal
    saml = saml_state(account.saml_enabled, account.saml_enforced)
    if user.epoch != epoch or user.is_disabled or not user.has_password or not passwords.may_use_password(user, saml):
        raise Refusal(code)
    return account, user


def _with(row: StepRow, proof: Proof) -> StepRow:
    return replace(row, proved=row.proved | {proof})


def _required(row: StepRow | None) -> StepRow:
    if row is None:
        raise Refusal(Code.LOGIN_EXPIRED)
    return row


def _caller(row: StepRow, browser: Browser) -> Caller:
    return nobody(WayIn.CONSOLE, browser.address, row.account_id)
