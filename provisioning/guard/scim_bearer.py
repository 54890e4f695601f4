"""Bearer token of a SCIM connection -> Caller; the token decides connection and account (SCM-1)."""

from typing import NamedTuple, cast

from flask import g, request

from provisioning.actions.scim_tokens import find_known_caller, find_scim_caller
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.guard.context import client_address, services
from provisioning.guard.pace import in_pace

# RFC 6750 section 2.3 allows a token in the query; it would stand in logs, so it is refused (KEY-4).
QUERY_PARAMETERS = ("access_token", "token")
CALLER = "scim_caller"
# Only we can put this into the environment of a request: what comes from outside begins with HTTP_.
AGAIN = "gatelodge.again"


class Again(NamedTuple):
    """A refused request that is being run again: as whose it runs, the id of the first, and who asked for it."""

    caller: Caller
    of: str
    by: str


def scim_caller() -> Caller:
    """Return the caller behind the request's bearer token, or behind the request that is being run again.

    Raises:
        Refusal: CREDENTIAL_INVALID for a missing or bad token, also for one in the query; TOO_MANY_REQUESTS.
    """
    again = run_again_of()
    if again is not None:
        return _seen(again.caller)
    token = _bearer()
    if token is None or any(name in request.args for name in QUERY_PARAMETERS):
        raise Refusal(Code.CREDENTIAL_INVALID)
    return in_pace(lambda: _seen(find_scim_caller(token, client_address(), services())))


def run_again_of() -> Again | None:
    """Return what is said of a request that we ourselves run again, None for every other."""
    return cast("Again | None", request.environ.get(AGAIN))


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _seen(caller: Caller) -> Caller:
    g.setdefault(CALLER, caller)
    return caller


def known_caller() -> Caller | None:
    """Return whose request this is, though it may have been refused, as its token has ended or is in the wrong place.

    Returns:
        None where the token is nobody's, or none was shown.
    """
    if CALLER in g:
        return cast(Caller, g.get(CALLER))
    shown = [_bearer(), *(request.args.get(name) for name in QUERY_PARAMETERS)]
    found = (find_known_caller(token, client_address(), services()) for token in shown if token)
    return next((caller for caller in found if caller is not None), None)
