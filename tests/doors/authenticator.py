"""An authenticator app: it knows a seed, and shows the code of a moment. Written from RFC 6238, not with our code."""

import base64
import hashlib
import hmac
import struct
from datetime import datetime

from provisioning.actions.second_factor import begin_set_up, confirm_set_up
from provisioning.actions.services import Services
from provisioning.domain.users import User
from tests.factories import person


def code_of(seed: str, now: datetime, steps: int = 0) -> str:
    """The code that an app shows at a moment, or some steps of thirty seconds later."""
    counter = struct.pack(">Q", int(now.timestamp()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(seed), counter, hashlib.sha1)
    offset = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[offset : offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


class Authenticator:
    """A user's app after the set-up; each code that it gives is a new one.

    Args:
        seed: base32.
        clock: tells the present moment, and can be advanced.
        recovery_codes: as they were shown.
    """

    def __init__(self, seed: str, clock, recovery_codes: tuple[str, ...]) -> None:
        self.seed = seed
        self.clock = clock
        self.recovery_codes = recovery_codes

    def code(self) -> str:
        """The code of the next step; the clock moves on, so that it was not given before."""
        self.clock.advance(seconds=30)
        return code_of(self.seed, self.clock.now)

    def wrong(self) -> str:
        """Six digits that are no code of now, before or after."""
        right = {code_of(self.seed, self.clock.now, step) for step in (-1, 0, 1)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def with_app(user: User, services: Services, clock) -> Authenticator:
    """Set a second factor up for a user, in a session that was just opened."""
    caller = person(user, proved_at=clock.now)
    seed = begin_set_up(caller, services).seed
    codes = confirm_set_up(caller, code_of(seed, clock.now), services)
    return Authenticator(seed, clock, codes)
