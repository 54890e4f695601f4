"""SES-4: grave acts in a person's session need a proof of identity that is not older than ten minutes.

A session that was left open on a desk is enough to read, not to make a key or to change an email. A login is a proof;
afterwards the person gives password and second factor once more, or logs in anew through the organisation. A key, a
token or the operator's shell that holds the permission is its own proof.
"""

from datetime import datetime, timedelta

from provisioning.domain.caller import Caller, Credential
from provisioning.domain.errors import Code, Refusal

FRESH_FOR = timedelta(minutes=10)


def is_fresh(caller: Caller, now: datetime) -> bool:
    """Return whether the caller's proof is young enough; other credentials than a session are their own proof."""
    if caller.credential is not Credential.SESSION:
        return True
    return caller.proved_at is not None and now - caller.proved_at <= FRESH_FOR


def require_fresh(caller: Caller, now: datetime) -> None:
    """Refuse a grave act without a fresh proof of identity (SES-4, ROOT-7, ACC-3).

    Raises:
        Refusal: PROOF_NEEDED.
    """
    if not is_fresh(caller, now):
        raise Refusal(Code.PROOF_NEEDED)
