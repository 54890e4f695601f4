"""2FA: codes of an authenticator app and recovery codes, and what a login has to prove (2FA-1, 2FA-4, LGN-3 to LGN-5).

A session is opened only when nothing of what is wanted is left to prove. What is wanted follows from the present state
alone, what was proved is kept by us; so no order of requests can leave a step out.
"""

import hmac
from base64 import b32encode
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from enum import StrEnum

from provisioning.domain.accounts import TwoFactor
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.keys import secret_hash
from provisioning.domain.passwords import SHORTEST_ALONE

# RFC 6238 with what every app can do: SHA-1, six digits, thirty seconds (LGN-4).
STEP_SECONDS = 30
WINDOW = 1
DIGITS = 6
SEED_BYTES = 20
SET_UP_LIFETIME = timedelta(minutes=15)
RECOVERY_CODES = 10
# 120 random bits: too many to be guessed offline, so that a plain hash is enough (NIST SP 800-63B-4 section 3.1.2.2).
RECOVERY_BYTES = 15
RECOVERY_GROUP = 6
PENDING_LIFETIME = timedelta(minutes=5)
MOST_TRIES = 5


class Proof(StrEnum):
    """What a login may have to prove."""

    PASSWORD = "password"  # noqa: S105 - a kind of proof, not a password.
    LONG_PASSWORD = "long_password"  # noqa: S105 - the same.
    CODE = "code"


class Step(StrEnum):
    """What a person has to do next in a login."""

    GIVE_CODE = "give_code"
    SET_UP = "set_up"
    NEW_PASSWORD = "new_password"  # noqa: S105 - a step, not a password.


def proved_by(password: str) -> frozenset[Proof]:
    """Return what a right password proves: beside itself, whether it may stand alone (LGN-5)."""
    long = {Proof.LONG_PASSWORD} if len(password) >= SHORTEST_ALONE else set()
    return frozenset({Proof.PASSWORD, *long})


def wanted(has_factor: bool, setting: TwoFactor) -> frozenset[Proof]:
    """Return what a login by password has to prove (2FA-4).

    Args:
        has_factor: the user has a confirmed second factor; it is asked for under every setting of the account, so that
            nobody switches off what protects somebody else.
        setting: the account's.
    """
    if has_factor or setting is TwoFactor.REQUIRED:
        return frozenset({Proof.PASSWORD, Proof.CODE})
    return frozenset({Proof.PASSWORD, Proof.LONG_PASSWORD})


def next_step(proved: Collection[Proof], has_factor: bool, setting: TwoFactor) -> Step | None:
    """Return what is to be done next, None where nothing is left to prove.

    Raises:
        Refusal: LOGIN_EXPIRED for a login that did not even prove the password.
    """
    left = wanted(has_factor, setting) - set(proved)
    if Proof.PASSWORD in left:
        raise Refusal(Code.LOGIN_EXPIRED)
    if Proof.CODE in left:
        return Step.GIVE_CODE if has_factor else Step.SET_UP
    return Step.NEW_PASSWORD if left else None


def require_offered(setting: TwoFactor) -> None:
    """Refuse to set up a second factor where the account's setting is Disabled (2FA-4)."""
    if setting is TwoFactor.DISABLED:
        raise Refusal(Code.SECOND_FACTOR_DISABLED)


def seed_text(random: bytes) -> str:
    """Return a seed as apps take it: base32 without padding (20 bytes make 32 letters)."""
    return b32encode(random).decode()


def step_at(now: datetime) -> int:
    """Return the number of the time step that a moment lies in (RFC 6238 section 4.2)."""
    return int(now.timestamp()) // STEP_SECONDS


def typed_code(text: str) -> str:
    """Return a code without the blanks and hyphens that it is shown or typed with (LGN-4)."""
    return "".join(text.split()).replace("-", "").upper()


def is_app_code(code: str) -> bool:
    """Return whether a typed code has the form of an app's: six ASCII digits."""
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def fitting_step(code: str, now: datetime, code_at: Callable[[int], str]) -> int | None:
    """Return the time step whose code was given, one step before and after now included; None for a wrong code.

    Args:
        code: six digits.
        now: UTC.
        code_at: the code of a time step.
    """
    present = step_at(now)
    # Every step is compared, so that the time tells nothing of which one it was.
    fits = [step for step in range(present - WINDOW, present + WINDOW + 1) if hmac.compare_digest(code_at(step), code)]
    return fits[-1] if fits else None


def recovery_code(random: bytes) -> str:
    """Return a recovery code to be shown once: four groups of six letters and digits."""
    text = b32encode(random).decode()
    return "-".join(text[start : start + RECOVERY_GROUP] for start in range(0, len(text), RECOVERY_GROUP))


def recovery_hash(account_id: str, user_id: str, code: str) -> str:
    """Return what is stored of a recovery code: a hash that is good for this user alone."""
    return secret_hash(f"{account_id}/{user_id}/{typed_code(code)}")
