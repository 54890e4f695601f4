"""Every refusal of the SAML protocol: a stable code, what the person reads, the status, and whom to ask.

The person sees plain words; the measured facts (`check`, `expected`, `received`) are for administrators, who find
them by the reference number on the page. Nothing that an identity provider or an attacker wrote is in the words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from provisioning.domain.errors import Code

LONGEST_DETAIL = 500


class SamlCode(StrEnum):
    """The stable codes of what can be wrong with a message, alphabetical."""

    ALGORITHM = "saml_algorithm_refused"
    ATTRIBUTE = "saml_attribute_refused"
    AUDIENCE = "saml_audience_wrong"
    AUTHENTICATION = "saml_authentication_missing"
    CONDITIONS = "saml_conditions_refused"
    CONFIRMATION = "saml_confirmation_refused"
    DECRYPTION = "saml_decryption_failed"
    DESTINATION = "saml_destination_wrong"
    ISSUER = "saml_issuer_wrong"
    METADATA = "saml_metadata_refused"
    NO_KEY = "saml_key_missing"
    NOT_ENCRYPTED = "saml_not_encrypted"
    REQUEST_UNKNOWN = "saml_request_unknown"
    SHAPE = "saml_message_refused"
    SIGNATURE = "saml_signature_invalid"
    STATUS = "saml_status"
    SUBJECT = "saml_subject_missing"
    TIME = "saml_time_refused"
    TRANSIENT = "saml_subject_transient"
    UNREADABLE = "saml_message_unreadable"
    UNSIGNED = "saml_not_signed"
    UNSOLICITED = "saml_unsolicited"


class SamlError(Exception):
    """A message that is refused; nothing of it may be used.

    Args:
        code: the stable code.
        check: name of the check that failed.
        expected: what the check wanted, for administrators.
        received: what came instead, cut to a readable length, for administrators; never a key or a whole message.
    """

    def __init__(self, code: SamlCode, check: str, expected: str = "", received: str = "") -> None:
        self.code = code
        self.check = check
        self.expected = expected[:LONGEST_DETAIL]
        self.received = received[:LONGEST_DETAIL]
        super().__init__(f"{code}: {check}")

    @property
    def admin_detail(self) -> str:
        """One line for administrators: the failed check, what it wanted and what came."""
        wanted = f"; expected {self.expected!r}" if self.expected else ""
        return f"{self.check}{wanted}" + (f"; got {self.received!r}" if self.received else "")


@dataclass(frozen=True, slots=True)
class Page:
    """What a person sees of a refusal.

    Attributes:
        status: the HTTP status.
        title: a few words.
        sentence: what failed, in plain words.
        ask: whom to ask, or what to do.
    """

    status: int
    title: str
    sentence: str
    ask: str


ASK_ADMIN = "Ask the administrator of your organisation and give the reference number below."
TRY_AGAIN = "Begin the login again. If it fails once more, ask your administrator and give the reference number below."

PAGES: dict[SamlCode, Page] = {
    SamlCode.ALGORITHM: Page(
        403, "Login refused", "Your organisation signs logins with a method that is not safe enough.", ASK_ADMIN
    ),
    SamlCode.ATTRIBUTE: Page(403, "Login refused", "Your organisation sent details that cannot be used.", ASK_ADMIN),
    SamlCode.AUDIENCE: Page(403, "Login refused", "This login was meant for another service.", ASK_ADMIN),
    SamlCode.AUTHENTICATION: Page(
        403, "Login refused", "Your organisation did not say when and how you logged in there.", ASK_ADMIN
    ),
    SamlCode.CONDITIONS: Page(
        403, "Login refused", "This login came with conditions that we do not accept.", ASK_ADMIN
    ),
    SamlCode.CONFIRMATION: Page(403, "Login refused", "This login was not made for this service.", TRY_AGAIN),
    SamlCode.DECRYPTION: Page(403, "Login refused", "The login could not be decrypted.", ASK_ADMIN),
    SamlCode.DESTINATION: Page(403, "Login refused", "This login was sent to the wrong address.", ASK_ADMIN),
    SamlCode.ISSUER: Page(403, "Login refused", "This login came from another identity provider.", ASK_ADMIN),
    SamlCode.METADATA: Page(400, "Metadata refused", "The identity provider's metadata cannot be used.", ASK_ADMIN),
    SamlCode.NO_KEY: Page(403, "Login refused", "No usable key of your organisation is known here.", ASK_ADMIN),
    SamlCode.NOT_ENCRYPTED: Page(403, "Login refused", "This login should have been encrypted.", ASK_ADMIN),
    SamlCode.REQUEST_UNKNOWN: Page(
        403, "Login not completed", "This login was not begun in this browser, or it took too long.", TRY_AGAIN
    ),
    SamlCode.SHAPE: Page(400, "Login refused", "The login message does not have the form it must have.", ASK_ADMIN),
    SamlCode.SIGNATURE: Page(403, "Login refused", "The login's signature is not right.", ASK_ADMIN),
    SamlCode.STATUS: Page(403, "Login refused there", "Your organisation did not log you in.", ASK_ADMIN),
    SamlCode.SUBJECT: Page(403, "Login refused", "Your organisation did not say who you are.", ASK_ADMIN),
    SamlCode.TIME: Page(403, "Login not completed", "This login is too old, or a clock is wrong.", TRY_AGAIN),
    SamlCode.TRANSIENT: Page(
        403,
        "Login refused",
        "Your organisation sent a name for you that changes at each login, and no lasting one beside it.",
        ASK_ADMIN,
    ),
    SamlCode.UNREADABLE: Page(400, "Login refused", "The login message cannot be read.", TRY_AGAIN),
    SamlCode.UNSIGNED: Page(403, "Login refused", "The login is not signed by your organisation.", ASK_ADMIN),
    SamlCode.UNSOLICITED: Page(
        403, "Login refused", "Logins have to be begun here, not at your organisation's portal.", TRY_AGAIN
    ),
}

ASK_OPERATOR = "Try again in a minute. If it stays so, tell your administrator and give the reference number below."

# The domain's refusals, as they may come out of a login; the sentence is the domain's own. What no login can meet has
# its status too, so that no code is ever without one.
STATUSES: Mapping[int, frozenset[Code]] = {
    400: frozenset(
        {
            Code.AMBIGUOUS,
            Code.CONNECTION_INCOMPLETE,
            Code.ENFORCE_NEEDS_LOGIN,
            Code.ENVIRONMENT_LIMIT,
            Code.EXPIRED_CURSOR,
            Code.INVALID_COUNT,
            Code.INVALID_CURSOR,
            Code.INVALID_FILTER,
            Code.INVALID_METADATA,
            Code.INVALID_PATH,
            Code.INVALID_SYNTAX,
            Code.INVALID_VALUE,
            Code.MEDIA_LIBRARY_PERMISSIONS,
            Code.MUTABILITY,
            Code.NO_TARGET,
            Code.PASSWORD_REFUSED,
            Code.PERMISSION_SYSTEM_UNAVAILABLE,
            Code.SEATS_BELOW_USE,
            Code.TOO_MANY_INVITATIONS,
            Code.TOO_MANY_RESULTS,
        }
    ),
    401: frozenset({Code.CREDENTIAL_INVALID, Code.INVALID_CREDENTIALS}),
    403: frozenset(
        {
            Code.ABOVE_OWN_ROLE,
            Code.ACCOUNT_CANCELLED,
            Code.ACCOUNT_NOT_RESTORABLE,
            Code.ADDRESS_NOT_ALLOWED,
            Code.CONNECTION_DISABLED,
            Code.CREATIVE_APPROVAL_NEEDED,
            Code.CREDENTIAL_NOT_ALLOWED,
            Code.CREDENTIAL_NOT_ROTATABLE,
            Code.LAST_ENFORCED_CONNECTION,
            Code.LAST_ENVIRONMENT,
            Code.LINK_INVALID,
            Code.LOGIN_EXPIRED,
            Code.MASTER_ADMIN_ENVIRONMENTS,
            Code.NO_PASSWORD_TO_RESET,
            Code.NOT_ALLOWED,
            Code.NOT_ON_ONESELF,
            Code.NOT_OWED,
            Code.PROOF_NEEDED,
            Code.PROVISIONING_BLOCKS_TWO_FACTOR,
            Code.ROLE_ABOVE_CAP,
            Code.ROOT_USER_ONLY,
            Code.ROOT_USER_PROTECTED,
            Code.SAML_EMAIL_MISSING,
            Code.SAML_EMAIL_TAKEN,
            Code.SAML_REPLAYED,
            Code.SAML_REQUEST_UNKNOWN,
            Code.SAML_ROOT_REFUSED,
            Code.SAML_UNKNOWN_USER,
            Code.SAML_UNKNOWN_VALUE,
            Code.SAML_UNSOLICITED,
            Code.SEAT_LIMIT_REACHED,
            Code.SECOND_FACTOR_DISABLED,
            Code.SECOND_FACTOR_EXISTS,
            Code.SECOND_FACTOR_MISSING,
            Code.SECOND_FACTOR_WRONG,
            Code.SENSITIVE,
            Code.SIGN_UP_CLOSED,
            Code.TWO_FACTOR_BLOCKS_PROVISIONING,
            Code.USER_DISABLED,
            Code.USER_INACTIVE,
            Code.USER_NOT_MANAGED,
        }
    ),
    404: frozenset({Code.NOT_FOUND}),
    405: frozenset({Code.METHOD_NOT_ALLOWED}),
    409: frozenset(
        {
            Code.BULK_REFERENCE,
            Code.CLOUD_NAME_TAKEN,
            Code.CONNECTION_NAME_TAKEN,
            Code.EMAIL_DOMAIN_TAKEN,
            Code.EMAIL_TAKEN,
            Code.EXTERNAL_ID_TAKEN,
            Code.GROUP_NAME_TAKEN,
            Code.NOT_REPLAYABLE,
            Code.USER_NAME_TAKEN,
        }
    ),
    412: frozenset({Code.STALE_VERSION}),
    413: frozenset({Code.BODY_TOO_LARGE}),
    415: frozenset({Code.MEDIA_TYPE}),
    429: frozenset({Code.TOO_MANY_REQUESTS}),
    501: frozenset({Code.NOT_OFFERED}),
}
BEGIN_ANEW = frozenset({Code.SAML_REPLAYED, Code.SAML_REQUEST_UNKNOWN, Code.SAML_UNSOLICITED})


def status_of(code: Code) -> int:
    """Return the HTTP status of a refusal at this door."""
    return next(status for status, codes in STATUSES.items() if code in codes)


def page_of(code: Code, sentence: str) -> Page:
    """Return the page of a refusal of the domain.

    Args:
        sentence: the refusal's own.
    """
    title = "Not found" if code is Code.NOT_FOUND else "Login not completed"
    ask = TRY_AGAIN if code in BEGIN_ANEW else ASK_OPERATOR if code is Code.TOO_MANY_REQUESTS else ASK_ADMIN
    return Page(status_of(code), title, sentence, ask)
