"""Bearer token of a SCIM connection -> Caller; the token decides connection and account (SCM-1)."""

from flask import request

from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.guard.context import client_address, services
from provisioning.guard.pace import in_pace

# RFC 6750 section 2.3 allows a token in the query; it would stand in logs, so it is refused (KEY-4).
QUERY_PARAMETERS = ("access_token", "token")


def scim_caller() -> Caller:
    """Return the caller behind the request's bearer token.

    Raises:
        Refusal: CREDENTIAL_INVALID for a missing or bad token, also for one in the query; TOO_MANY_REQUESTS.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or any(name in request.args for name in QUERY_PARAMETERS):
        raise Refusal(Code.CREDENTIAL_INVALID)
    return in_pace(lambda: find_scim_caller(token.strip(), client_address(), services()))
