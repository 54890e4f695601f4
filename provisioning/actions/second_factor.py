"""The second factor: set up by its owner, removed by its owner or, when it is lost, by an administrator (2FA).

The seed leaves us once, when its set-up begins; recovery codes once, when they are made. What is stored of the seed is
encrypted and bound to its row, of recovery codes a hash (OPS-2, LGN-6).
"""

from dataclasses import dataclass, replace

from provisioning.actions.access import end_access
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import lock_other
from provisioning.actions.tries import count_try, forget_wrong_tries
from provisioning.actions.users import require_verb
from provisioning.domain import passwords, policy, second_factor, throttle
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.sessions import EndReason
from provisioning.domain.users import User, UserView, Verb
from provisioning.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class SetUp:
    """What an authenticator app is set up with, shown this once: the seed as text, and the address for a QR code."""

    seed: str
    address: str


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """What My Profile shows of the second factor: whether it is on, the recovery codes left, the account's setting."""

    is_on: bool
    codes_left: int
    setting: TwoFactor


def own_second_factor(caller: Caller, services: Services) -> OwnFactor:
    """Return the state of the caller's own second factor, no secret."""
    with services.read(caller) as unit:
        user = _owner(unit, caller)
        is_on = unit.second_factors.is_on(user.id)
        left = unit.second_factors.codes_left(user.id)
        return OwnFactor(is_on, left, unit.accounts.get().two_factor)


@repeated
def begin_set_up(caller: Caller, services: Services) -> SetUp:
    """Begin to set up the caller's own second factor; a set-up that was begun before is void (2FA-1).

    Raises:
        Refusal: SECOND_FACTOR_DISABLED by the account's setting, SECOND_FACTOR_EXISTS, PROOF_NEEDED.
    """
    with services.unit(caller) as unit:
        user = _owner(unit, caller)
        require_fresh(caller, unit.now)
        return begin(unit, user, services)


@repeated
def confirm_set_up(caller: Caller, code: str, services: Services) -> tuple[str, ...]:
    """Switch the begun second factor on, as its app shows the right code (2FA-1).

    Args:
        caller: its owner.
        code: as typed.
        services: from outside.

    Returns:
        The recovery codes, shown this once.

    Raises:
        Refusal: SECOND_FACTOR_WRONG, SECOND_FACTOR_EXISTS, SECOND_FACTOR_MISSING where nothing was begun or it took
            too long, PROOF_NEEDED.
    """
    with services.unit(caller) as unit:
        user = _owner(unit, caller)
        require_fresh(caller, unit.now)
        return confirm(unit, user, code, services)


@repeated
def remove_own(caller: Caller, services: Services) -> None:
    """Remove the caller's own second factor; where the account requires one, the next login sets up another.

    Raises:
        Refusal: SECOND_FACTOR_MISSING, PROOF_NEEDED.
    """
    with services.unit(caller) as unit:
        user = _owner(unit, caller)
        require_fresh(caller, unit.now)
        before = unit.users.lock(user.id)
        unit.users.save(before, _without_factor(unit, before))
        unit.record(Event("second_factor.removed", "user", user.id, user.name))
        unit.owe(MailKind.SECOND_FACTOR_REMOVED.value, {"user_id": user.id})


@repeated
def remove_of(caller: Caller, user_id: str, services: Services) -> UserView:
    """Remove a user's lost second factor: all sessions end, and the user is told (2FA-5, LGN-9).

    Raises:
        Refusal: the root user, above one's own role, not found, SECOND_FACTOR_MISSING, PROOF_NEEDED, not allowed.
    """
    with services.unit(caller) as unit:
        before = lock_other(unit, user_id)
        require_verb(unit.caller, before, Verb.REMOVE_SECOND_FACTOR)
        require_fresh(caller, unit.now)
        without = _without_factor(unit, before)
        unit.record(Event("second_factor.reset", "user", before.id, before.name))
        unit.owe(MailKind.SECOND_FACTOR_RESET.value, {"user_id": before.id})
        saved = unit.users.save(before, end_access(unit, without, EndReason.SECOND_FACTOR_RESET))
        return unit.users.views([saved])[0]


@repeated
def new_recovery_codes(caller: Caller, services: Services) -> tuple[str, ...]:
    """Make the caller's recovery codes anew, shown this once; the earlier ones are dead (2FA-1).

    Raises:
        Refusal: SECOND_FACTOR_MISSING, PROOF_NEEDED.
    """
    with services.unit(caller) as unit:
        user = _owner(unit, caller)
        require_fresh(caller, unit.now)
        if not unit.second_factors.is_on(user.id):
            raise Refusal(Code.SECOND_FACTOR_MISSING)
        unit.record(Event("recovery_codes.renewed", "user", user.id, user.name))
        unit.owe(MailKind.RECOVERY_CODES_RENEWED.value, {"user_id": user.id})
        return _renew_codes(unit, user, services)


def check_proof(unit: Unit, user: User, password: str, code: str | None, services: Services) -> None:
    """Refuse a fresh proof of identity that does not hold: password and, where one is on, second factor (SES-4).

    The try is counted before it is judged, in a transaction of its own, by a counter that belongs to proofs alone.

    Args:
        unit: the transaction of what is to be done with the proof.
        user: whose session it is.
        password: as typed.
        code: of the app or a recovery code, as typed; needed only where a second factor is on.
        services: from outside.

    Raises:
        Refusal: TOO_MANY_REQUESTS, INVALID_CREDENTIALS, SECOND_FACTOR_WRONG.
    """
    check_password(unit, user, password, services)
    if unit.second_factors.is_on(user.id):
        spend_code(unit, user, code or "", services)
    forget_wrong_tries(unit, user)


def check_password(unit: Unit, user: User, password: str, services: Services) -> None:
    """Refuse what is not the user's password; the try is counted as one of a proof (LGN-2, LGN-5).

    Raises:
        Refusal: TOO_MANY_REQUESTS, INVALID_CREDENTIALS.
    """
    caller = nobody(WayIn.CONSOLE, unit.caller.address, user.account_id)
    key = throttle.of_proof(user.account_id, user.id)
    tries = count_try(caller, [key], services)[key]
    stored = None if throttle.is_refused(tries, user.is_root) else unit.users.password_hash(user.id)
    typed = passwords.normalised(password)
    # An over-long text is hashed by nobody, and is no password.
    if not services.hasher.is_right(typed[: passwords.LONGEST], stored) or len(typed) > passwords.LONGEST:
        raise Refusal(Code.INVALID_CREDENTIALS, "password")


def begin(unit: Unit, user: User, services: Services) -> SetUp:
    """Begin a set-up inside the transaction of whoever may, a session or a login that is not finished."""
    second_factor.require_offered(unit.accounts.get().two_factor)
    seed = second_factor.seed_text(services.random(second_factor.SEED_BYTES))
    if not unit.second_factors.begin(user.id, seed, unit.now):
        raise Refusal(Code.SECOND_FACTOR_EXISTS)
    return SetUp(seed, services.one_time_codes.set_up_address(seed, user.email or user.name))


def confirm(unit: Unit, user: User, code: str, services: Services) -> tuple[str, ...]:
    """Switch a begun second factor on inside the transaction of whoever may; returns the recovery codes."""
    second_factor.require_offered(unit.accounts.get().two_factor)
    factor = unit.second_factors.get(user.id)
    if factor is not None and factor.is_on:
        raise Refusal(Code.SECOND_FACTOR_EXISTS)
    if factor is None or unit.now >= factor.created_at + second_factor.SET_UP_LIFETIME:
        raise Refusal(Code.SECOND_FACTOR_MISSING)
    if not _accept_app_code(unit, user, factor.seed, second_factor.typed_code(code), services):
        raise Refusal(Code.SECOND_FACTOR_WRONG, "code")
    unit.second_factors.confirm(user.id, unit.now)
    before = unit.users.lock(user.id)
    unit.users.save(before, replace(before, has_second_factor=True, updated_at=unit.now))
    unit.record(Event("second_factor.set_up", "user", user.id, user.name))
    unit.owe(MailKind.SECOND_FACTOR_SET_UP.value, {"user_id": user.id})
    return _renew_codes(unit, user, services)


def spend_code(unit: Unit, user: User, text: str, services: Services) -> None:
    """Use a code of the app or a recovery code up, each works once (LGN-4, 2FA-1).

    Raises:
        Refusal: SECOND_FACTOR_WRONG for a wrong or used one.
    """
    code, factor = second_factor.typed_code(text), unit.second_factors.get(user.id)
    if factor is not None and factor.is_on:
        if _accept_app_code(unit, user, factor.seed, code, services):
            return
        if unit.second_factors.use_code(user.id, second_factor.recovery_hash(user.account_id, user.id, code), unit.now):
            unit.record(Event("recovery_code.used", "user", user.id, user.name))
            unit.owe(MailKind.RECOVERY_CODE_USED.value, {"user_id": user.id})
            return
    raise Refusal(Code.SECOND_FACTOR_WRONG, "code")


def _accept_app_code(unit: Unit, user: User, seed: str, code: str, services: Services) -> bool:
    if not second_factor.is_app_code(code):
        return False
    step = second_factor.fitting_step(code, unit.now, lambda number: services.one_time_codes.code_at(seed, number))
    return step is not None and unit.second_factors.accept_step(user.id, step)


def _renew_codes(unit: Unit, user: User, services: Services) -> tuple[str, ...]:
    codes = tuple(
        second_factor.recovery_code(services.random(second_factor.RECOVERY_BYTES))
        for _ in range(second_factor.RECOVERY_CODES)
    )
    hashes = [(unit.new_id(), second_factor.recovery_hash(user.account_id, user.id, code)) for code in codes]
    unit.second_factors.renew_codes(user.id, hashes)
    return codes


def _without_factor(unit: Unit, user: User) -> User:
    """Take a user's second factor away and return the user as it then is, to be saved."""
    if not unit.second_factors.is_on(user.id):
        raise Refusal(Code.SECOND_FACTOR_MISSING)
    unit.second_factors.remove(user.id)
    return replace(user, has_second_factor=False, updated_at=unit.now)


def _owner(unit: Unit, caller: Caller) -> User:
    """Return the caller as a user; only a person in the Console has a second factor."""
    user = unit.users.get(caller.id)
    policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
    return user
