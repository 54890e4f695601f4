"""Refusal to an error of the API: one status a code, and the body that every client reads.

The published clients know 400, 401, 403, 404, 409, 429, 500 and 503 and treat any other status as a surprise; so a
wrong method, a body that is too large and an unknown media type are 400 here, each with its own code. A test holds
that every code has a row here and a line in docs/provisioning-api.md.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from provisioning.domain.errors import Code, Refusal

CODE_HEADER = "Gatelodge-Error"
FAULT_CODE = "fault"

STATUSES: Mapping[Code, int] = {
    Code.ABOVE_OWN_ROLE: 403,
    Code.ACCOUNT_CANCELLED: 403,
    Code.ACCOUNT_NOT_RESTORABLE: 409,
    Code.ADDRESS_NOT_ALLOWED: 403,
    Code.AMBIGUOUS: 400,
    Code.BODY_TOO_LARGE: 400,
    Code.BULK_REFERENCE: 409,
    Code.CLOUD_NAME_TAKEN: 409,
    Code.CONNECTION_DISABLED: 403,
    Code.CONNECTION_INCOMPLETE: 400,
    Code.CONNECTION_NAME_TAKEN: 409,
    Code.CREATIVE_APPROVAL_NEEDED: 403,
    Code.CREDENTIAL_INVALID: 401,
    Code.CREDENTIAL_NOT_ALLOWED: 403,
    Code.CREDENTIAL_NOT_ROTATABLE: 409,
    Code.EMAIL_DOMAIN_TAKEN: 409,
    Code.EMAIL_TAKEN: 409,
    Code.ENFORCE_NEEDS_LOGIN: 400,
    Code.ENVIRONMENT_LIMIT: 400,
    Code.EXPIRED_CURSOR: 400,
    Code.EXTERNAL_ID_TAKEN: 409,
    Code.GROUP_NAME_TAKEN: 409,
    Code.INVALID_COUNT: 400,
    Code.INVALID_CREDENTIALS: 401,
    Code.INVALID_CURSOR: 400,
    Code.INVALID_FILTER: 400,
    Code.INVALID_METADATA: 400,
    Code.INVALID_PATH: 400,
    Code.INVALID_SYNTAX: 400,
    Code.INVALID_VALUE: 400,
    Code.LAST_ENVIRONMENT: 403,
    Code.LAST_ENFORCED_CONNECTION: 403,
    Code.LINK_INVALID: 403,
    Code.LOGIN_EXPIRED: 403,
    Code.MASTER_ADMIN_ENVIRONMENTS: 400,
    Code.MEDIA_LIBRARY_PERMISSIONS: 400,
    Code.MEDIA_TYPE: 400,
    Code.METHOD_NOT_ALLOWED: 400,
    Code.MUTABILITY: 400,
    Code.NO_PASSWORD_TO_RESET: 400,
    Code.NO_TARGET: 400,
    Code.NOT_ALLOWED: 403,
    Code.NOT_FOUND: 404,
    Code.NOT_OFFERED: 400,
    Code.NOT_ON_ONESELF: 403,
    Code.NOT_OWED: 400,
    Code.NOT_REPLAYABLE: 409,
    Code.PASSWORD_REFUSED: 400,
    Code.PERMISSION_SYSTEM_UNAVAILABLE: 400,
    Code.PROOF_NEEDED: 403,
    Code.PROVISIONING_BLOCKS_TWO_FACTOR: 403,
    Code.ROLE_ABOVE_CAP: 403,
    Code.ROOT_USER_ONLY: 403,
    Code.ROOT_USER_PROTECTED: 403,
    Code.SAML_EMAIL_MISSING: 403,
    Code.SAML_EMAIL_TAKEN: 403,
    Code.SAML_REPLAYED: 403,
    Code.SAML_REQUEST_UNKNOWN: 403,
    Code.SAML_ROOT_REFUSED: 403,
    Code.SAML_UNKNOWN_USER: 403,
    Code.SAML_UNKNOWN_VALUE: 403,
    Code.SAML_UNSOLICITED: 403,
    Code.SEAT_LIMIT_REACHED: 403,
    Code.SEATS_BELOW_USE: 400,
    Code.SECOND_FACTOR_DISABLED: 409,
    Code.SECOND_FACTOR_EXISTS: 409,
    Code.SECOND_FACTOR_MISSING: 409,
    Code.SECOND_FACTOR_WRONG: 403,
    Code.SENSITIVE: 403,
    Code.SIGN_UP_CLOSED: 403,
    Code.STALE_VERSION: 409,
    Code.TOO_MANY_INVITATIONS: 400,
    Code.TOO_MANY_REQUESTS: 429,
    Code.TOO_MANY_RESULTS: 400,
    Code.TWO_FACTOR_BLOCKS_PROVISIONING: 403,
    Code.USER_DISABLED: 403,
    Code.USER_INACTIVE: 404,
    Code.USER_NAME_TAKEN: 409,
    Code.USER_NOT_MANAGED: 403,
}
# The published clients compare this sentence, so it does not come from the domain.
ENVIRONMENT_NOT_FOUND = "Cannot find sub account with id {}"
SHOWN_VALUES = {Code.SEAT_LIMIT_REACHED: ("used", "limit")}
# The calls that need no account speak the error form of the second version beside that of the first.
SECOND_VERSION = {Code.SIGN_UP_CLOSED: {"category": "user_error", "details": {}}}


def refused(refusal: Refusal) -> Response:
    """Return a refusal as an error of the API; the header carries the code too, for programs that read no bodies."""
    status = STATUSES[refusal.code]
    numbers = {name: refusal.values[name] for name in SHOWN_VALUES.get(refusal.code, ())}
    more = SECOND_VERSION.get(refusal.code, {})
    made = _error(status, {"message": _message(refusal), "code": refusal.code.value, **numbers, **more})
    made.headers[CODE_HEADER] = refusal.code.value
    if status == 401:
        made.headers["WWW-Authenticate"] = 'Basic realm="Provisioning API", charset="UTF-8"'
    if status == 429:
        made.headers["Retry-After"] = str(refusal.values.get("retry_after", 1))
    return made


def faulted(status: int, reference: str) -> Response:
    """Return a fault of ours; it tells nothing but the reference under which it is logged (LIM-7)."""
    return _error(status, {"message": f"The service failed. Reference: {reference}", "code": FAULT_CODE})


def _message(refusal: Refusal) -> str:
    asked_for = refusal.values.get("asked_for")
    if refusal.code is Code.NOT_FOUND and refusal.values.get("what") == "Product environment" and asked_for:
        return ENVIRONMENT_NOT_FOUND.format(asked_for)
    return refusal.sentence


def _error(status: int, error: Mapping[str, Any]) -> Response:
    made = jsonify(error=error)
    made.status_code = status
    return made
