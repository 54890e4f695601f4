"""Refusal to SCIM error: one row a code, status and `scimType` of RFC 7644 3.12 and RFC 9865 2.1.

The stable code of the product goes along in the header `Gatelodge-Error`, as SCIM's body has no room for it. A test
holds that every code has a row here and a line in docs/scim.md.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

from provisioning.domain.errors import Code, Refusal, Refusals

MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
CODE_HEADER = "Gatelodge-Error"


class Answer(NamedTuple):
    """What the wire shows for a code; `scim_type` is None where RFC 7644 has no word for it."""

    status: int
    scim_type: str | None = None


ANSWERS: Mapping[Code, Answer] = {
    Code.ABOVE_OWN_ROLE: Answer(403),
    Code.ACCOUNT_CANCELLED: Answer(403),
    Code.ACCOUNT_NOT_RESTORABLE: Answer(409),
    Code.ADDRESS_NOT_ALLOWED: Answer(403),
    Code.AMBIGUOUS: Answer(400, "invalidValue"),
    Code.BODY_TOO_LARGE: Answer(413),
    Code.BULK_REFERENCE: Answer(409),
    Code.CLOUD_NAME_TAKEN: Answer(409, "uniqueness"),
    Code.CONNECTION_DISABLED: Answer(403),
    Code.CONNECTION_INCOMPLETE: Answer(400, "invalidValue"),
    Code.CONNECTION_NAME_TAKEN: Answer(409, "uniqueness"),
    Code.CREATIVE_APPROVAL_NEEDED: Answer(403),
    Code.CREDENTIAL_INVALID: Answer(401),
    Code.CREDENTIAL_NOT_ALLOWED: Answer(403),
    Code.CREDENTIAL_NOT_ROTATABLE: Answer(409),
    Code.EMAIL_DOMAIN_TAKEN: Answer(409, "uniqueness"),
    Code.EMAIL_TAKEN: Answer(409, "uniqueness"),
    Code.ENFORCE_NEEDS_LOGIN: Answer(400, "invalidValue"),
    Code.ENVIRONMENT_LIMIT: Answer(400, "invalidValue"),
    Code.EXPIRED_CURSOR: Answer(400, "expiredCursor"),
    Code.EXTERNAL_ID_TAKEN: Answer(409, "uniqueness"),
    Code.GROUP_NAME_TAKEN: Answer(409, "uniqueness"),
    Code.INVALID_COUNT: Answer(400, "invalidCount"),
    Code.INVALID_CREDENTIALS: Answer(401),
    Code.INVALID_CURSOR: Answer(400, "invalidCursor"),
    Code.INVALID_FILTER: Answer(400, "invalidFilter"),
    Code.INVALID_METADATA: Answer(400, "invalidValue"),
    Code.INVALID_PATH: Answer(400, "invalidPath"),
    Code.INVALID_SYNTAX: Answer(400, "invalidSyntax"),
    Code.INVALID_VALUE: Answer(400, "invalidValue"),
    Code.LAST_ENVIRONMENT: Answer(403),
    Code.LAST_ENFORCED_CONNECTION: Answer(403),
    Code.LINK_INVALID: Answer(403),
    Code.LOGIN_EXPIRED: Answer(403),
    Code.MASTER_ADMIN_ENVIRONMENTS: Answer(403),
    Code.MEDIA_LIBRARY_PERMISSIONS: Answer(400, "invalidValue"),
    Code.MEDIA_TYPE: Answer(415),
    Code.METHOD_NOT_ALLOWED: Answer(405),
    Code.MUTABILITY: Answer(400, "mutability"),
    Code.NO_PASSWORD_TO_RESET: Answer(403),
    Code.NO_TARGET: Answer(400, "noTarget"),
    Code.NOT_ALLOWED: Answer(403),
    Code.NOT_FOUND: Answer(404),
    Code.NOT_OFFERED: Answer(501),
    Code.NOT_ON_ONESELF: Answer(403),
    Code.NOT_OWED: Answer(403),
    Code.NOT_REPLAYABLE: Answer(409),
    Code.PASSWORD_REFUSED: Answer(400, "invalidValue"),
    Code.PERMISSION_SYSTEM_UNAVAILABLE: Answer(400, "invalidValue"),
    Code.PROOF_NEEDED: Answer(403),
    Code.PROVISIONING_BLOCKS_TWO_FACTOR: Answer(403),
    Code.ROLE_ABOVE_CAP: Answer(403),
    Code.ROOT_USER_ONLY: Answer(403),
    Code.ROOT_USER_PROTECTED: Answer(403),
    Code.SAML_EMAIL_MISSING: Answer(403),
    Code.SAML_EMAIL_TAKEN: Answer(403),
    Code.SAML_REPLAYED: Answer(403),
    Code.SAML_REQUEST_UNKNOWN: Answer(403),
    Code.SAML_ROOT_REFUSED: Answer(403),
    Code.SAML_UNKNOWN_USER: Answer(403),
    Code.SAML_UNKNOWN_VALUE: Answer(403),
    Code.SAML_UNSOLICITED: Answer(403),
    Code.SEAT_LIMIT_REACHED: Answer(403),
    Code.SEATS_BELOW_USE: Answer(400, "invalidValue"),
    Code.SECOND_FACTOR_DISABLED: Answer(409),
    Code.SECOND_FACTOR_EXISTS: Answer(409),
    Code.SECOND_FACTOR_MISSING: Answer(409),
    Code.SECOND_FACTOR_WRONG: Answer(403),
    Code.SENSITIVE: Answer(403, "sensitive"),
    Code.SIGN_UP_CLOSED: Answer(403),
    Code.STALE_VERSION: Answer(412),
    Code.TOO_MANY_INVITATIONS: Answer(400, "invalidValue"),
    Code.TOO_MANY_REQUESTS: Answer(429),
    Code.TOO_MANY_RESULTS: Answer(400, "tooMany"),
    Code.TWO_FACTOR_BLOCKS_PROVISIONING: Answer(403),
    Code.USER_DISABLED: Answer(403),
    Code.USER_INACTIVE: Answer(404),
    Code.USER_NAME_TAKEN: Answer(409, "uniqueness"),
    Code.USER_NOT_MANAGED: Answer(403),
}


class ErrorAnswer(NamedTuple):
    """An error ready for the wire: status, JSON text, headers."""

    status: int
    body: str
    headers: Mapping[str, str]


def error_answer(refusal: Refusal) -> ErrorAnswer:
    """Return what a refusal looks like on the wire.

    The sentence and the code come from the domain's table; nothing that a client sent becomes a header.
    """
    row = ANSWERS[refusal.code]
    headers = {CODE_HEADER: refusal.code.value}
    if row.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if row.status == 429:
        headers["Retry-After"] = str(refusal.values.get("retry_after", 1))
    return ErrorAnswer(row.status, error_body(row.status, refusal.sentence, row.scim_type), headers)


def error_answer_of_many(refusals: Refusals) -> ErrorAnswer:
    """Return the first of several refusals; SCIM has one fault an answer."""
    return error_answer(refusals.rows[min(refusals.rows)])


def error_body(status: int, detail: str, scim_type: str | None = None) -> str:
    """Return an error message of RFC 7644 section 3.12; the status is a text there."""
    body = {"schemas": [ERROR], "status": str(status), "detail": detail}
    if scim_type is not None:
        body["scimType"] = scim_type
    return json.dumps(body)
