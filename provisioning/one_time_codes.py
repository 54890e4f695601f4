"""Codes of authenticator apps by pyotp: RFC 6238 with SHA-1, six digits and steps of thirty seconds (LGN-4).

pyotp remembers no used step; which step is taken, and that it was not taken before, is decided by our rules and one
UPDATE in the database.
"""

import pyotp

from provisioning.domain.second_factor import DIGITS, STEP_SECONDS

ISSUER = "Gatelodge"


class OneTimeCodes:
    """Makes codes and what an app is set up with."""

    def code_at(self, seed: str, step: int) -> str:
        """Return the code of a seed (base32) at a time step."""
        return pyotp.HOTP(seed, digits=DIGITS).at(step)

    def set_up_address(self, seed: str, name: str) -> str:
        """Return the `otpauth:` address that an app reads from a QR code.

        Args:
            seed: base32.
            name: what the app shows beside the issuer.
        """
        return pyotp.TOTP(seed, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)
