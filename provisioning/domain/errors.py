"""Every refusal of the product: a stable code, a sentence for people, the rule behind it.

The table is the single place where a refusal is born. Doors map a code to a status of their protocol once and add
nothing; so the same seat refusal reads the same in SCIM, in the API, in the Console and on a SAML page. No HTTP
number stands here: the domain does not know how it was reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The stable codes, alphabetical; they never change their meaning once released."""

    ABOVE_OWN_ROLE = "above_own_role"
    ACCOUNT_CANCELLED = "account_cancelled"
    ACCOUNT_NOT_RESTORABLE = "account_not_restorable"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    AMBIGUOUS = "ambiguous"
    BODY_TOO_LARGE = "body_too_large"
    BULK_REFERENCE = "bulk_reference"
    CLOUD_NAME_TAKEN = "cloud_name_taken"
    CONNECTION_DISABLED = "connection_disabled"
    CONNECTION_INCOMPLETE = "connection_incomplete"
    CONNECTION_NAME_TAKEN = "connection_name_taken"
    CREATIVE_APPROVAL_NEEDED = "creative_approval_needed"
    CREDENTIAL_INVALID = "credential_invalid"
    CREDENTIAL_NOT_ALLOWED = "credential_not_allowed"
    CREDENTIAL_NOT_ROTATABLE = "credential_not_rotatable"
    EMAIL_DOMAIN_TAKEN = "email_domain_taken"
    EMAIL_TAKEN = "email_taken"
    ENFORCE_NEEDS_LOGIN = "enforce_needs_login"
    ENVIRONMENT_LIMIT = "environment_limit"
    EXPIRED_CURSOR = "expired_cursor"
    EXTERNAL_ID_TAKEN = "external_id_taken"
    GROUP_NAME_TAKEN = "group_name_taken"
    INVALID_COUNT = "invalid_count"
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_CURSOR = "invalid_cursor"
    INVALID_FILTER = "invalid_filter"
    INVALID_METADATA = "invalid_metadata"
    INVALID_PATH = "invalid_path"
    INVALID_SYNTAX = "invalid_syntax"
    INVALID_VALUE = "invalid_value"
    LAST_ENFORCED_CONNECTION = "last_enforced_connection"
    LAST_ENVIRONMENT = "last_environment"
    LINK_INVALID = "link_invalid"
    LOGIN_EXPIRED = "login_expired"
    MASTER_ADMIN_ENVIRONMENTS = "master_admin_environments"
    MEDIA_LIBRARY_PERMISSIONS = "media_library_permissions"
    MEDIA_TYPE = "media_type"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MUTABILITY = "mutability"
    NO_PASSWORD_TO_RESET = "no_password_to_reset"  # noqa: S105 - a code, not a password.
    NO_TARGET = "no_target"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    NOT_OFFERED = "not_offered"
    NOT_ON_ONESELF = "not_on_oneself"
    NOT_OWED = "not_owed"
    NOT_REPLAYABLE = "not_replayable"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - a code, not a password.
    PERMISSION_SYSTEM_UNAVAILABLE = "permission_system_unavailable"
    PROOF_NEEDED = "proof_needed"
    PROVISIONING_BLOCKS_TWO_FACTOR = "provisioning_blocks_two_factor"
    ROLE_ABOVE_CAP = "role_above_cap"
    ROOT_USER_ONLY = "root_user_only"
    ROOT_USER_PROTECTED = "root_user_protected"
    SAML_EMAIL_MISSING = "saml_email_missing"
    SAML_EMAIL_TAKEN = "saml_email_taken"
    SAML_REPLAYED = "saml_replayed"
    SAML_REQUEST_UNKNOWN = "saml_request_unknown"
    SAML_ROOT_REFUSED = "saml_root_refused"
    SAML_UNKNOWN_USER = "saml_unknown_user"
    SAML_UNKNOWN_VALUE = "saml_unknown_value"
    SAML_UNSOLICITED = "saml_unsolicited"
    SEAT_LIMIT_REACHED = "seat_limit_reached"
    SEATS_BELOW_USE = "seats_below_use"
    SECOND_FACTOR_DISABLED = "second_factor_disabled"
    SECOND_FACTOR_EXISTS = "second_factor_exists"
    SECOND_FACTOR_MISSING = "second_factor_missing"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    SENSITIVE = "sensitive"
    SIGN_UP_CLOSED = "sign_up_closed"
    STALE_VERSION = "stale_version"
    TOO_MANY_INVITATIONS = "too_many_invitations"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_RESULTS = "too_many_results"
    TWO_FACTOR_BLOCKS_PROVISIONING = "two_factor_blocks_provisioning"
    USER_DISABLED = "user_disabled"
    USER_INACTIVE = "user_inactive"
    USER_NAME_TAKEN = "user_name_taken"
    USER_NOT_MANAGED = "user_not_managed"


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said with a code: a sentence (with named gaps), its rule, and whether the refusal is an activity entry.

    Attributes:
        sentence: text for people, `{name}` gaps are filled from the refusal's values.
        rule: the rule of the product or of its security that stands behind it.
        recorded: True where AUD-1 wants the refused attempt in the activity report.
    """

    sentence: str
    rule: str
    recorded: bool = False


REFUSALS: Mapping[Code, Kind] = {
    Code.ABOVE_OWN_ROLE: Kind("Only a master admin or the root user can do this to {whom}.", "USR-3", True),
    Code.ACCOUNT_CANCELLED: Kind("This account is cancelled.", "ACC-3"),
    Code.ACCOUNT_NOT_RESTORABLE: Kind("The account cannot be restored: {detail}", "ACC-3"),
    Code.ADDRESS_NOT_ALLOWED: Kind("This credential cannot be used from this network address.", "KEY-4", True),
    Code.AMBIGUOUS: Kind("Several {what} are named '{name}'; say which one by its id.", "TEN-2"),
    Code.BODY_TOO_LARGE: Kind("The request is larger than the {limit} allowed here.", "LIM-1"),
    Code.BULK_REFERENCE: Kind("The operation refers to the bulkId '{bulk_id}', {detail}", "SCM-6"),
    Code.CLOUD_NAME_TAKEN: Kind("The cloud name '{name}' is taken.", "ENV-1"),
    Code.CONNECTION_DISABLED: Kind("This connection is switched off.", "SAM-6", True),
    Code.CONNECTION_INCOMPLETE: Kind("The connection cannot be switched on: {detail}", "SAM-2"),
    Code.CONNECTION_NAME_TAKEN: Kind("A connection named '{name}' exists in this account.", "SCM-2"),
    Code.CREATIVE_APPROVAL_NEEDED: Kind(
        "The permission to create proofs needs an Enterprise plan with creative approval.", "ROLE-2"
    ),
    Code.CREDENTIAL_INVALID: Kind("Invalid credentials", "KEY-1"),
    Code.CREDENTIAL_NOT_ALLOWED: Kind("This credential cannot be used for that.", "SCM-1", True),
    Code.CREDENTIAL_NOT_ROTATABLE: Kind("This {what} cannot be rotated: {detail}", "KEY-2"),
    Code.EMAIL_DOMAIN_TAKEN: Kind("The email domain '{name}' belongs to another connection of this account.", "IDN-3"),
    Code.EMAIL_TAKEN: Kind("A user with the email '{email}' exists in this account.", "USR-1"),
    Code.ENFORCE_NEEDS_LOGIN: Kind(
        "SAML login cannot be enforced before one login through this connection has succeeded.", "SSO-6"
    ),
    Code.ENVIRONMENT_LIMIT: Kind("At most {limit} product environments can be chosen; give access to all.", "ENV-2"),
    Code.EXPIRED_CURSOR: Kind("The cursor is older than {limit} seconds; begin again with an empty one.", "SCM-7"),
    Code.EXTERNAL_ID_TAKEN: Kind("This connection has a resource with the externalId '{external_id}'.", "SCM-5"),
    Code.GROUP_NAME_TAKEN: Kind("A group named '{name}' exists in this account.", "GRP-5"),
    Code.INVALID_COUNT: Kind("'count' is a number, and the same for every page of a walk.", "SCM-7"),
    Code.INVALID_CREDENTIALS: Kind("The email or the password is wrong.", "LGN-1"),
    Code.INVALID_CURSOR: Kind("The cursor is none of this query's; begin with an empty one.", "SCM-7"),
    Code.INVALID_FILTER: Kind("The filter is not understood: {detail}", "SCM-7"),
    Code.INVALID_METADATA: Kind("The metadata cannot be used: {detail}", "SAM-2"),
    Code.INVALID_PATH: Kind("The path is not understood: {detail}", "SCM-6"),
    Code.INVALID_SYNTAX: Kind("The request is not understood: {detail}", "LIM-1"),
    Code.INVALID_VALUE: Kind("{detail}", "LIM-3"),
    Code.LAST_ENFORCED_CONNECTION: Kind(
        "SAML login is enforced, so the last enabled connection cannot be switched off or removed.", "SSO-1"
    ),
    Code.LAST_ENVIRONMENT: Kind("The last enabled product environment cannot be disabled or deleted.", "ENV-1"),
    Code.LINK_INVALID: Kind("This link is not valid any more. Ask for a new one.", "LNK-2"),
    Code.LOGIN_EXPIRED: Kind("This login took too long or is over. Log in again.", "LGN-3"),
    Code.MASTER_ADMIN_ENVIRONMENTS: Kind(
        "A master admin has all product environments. Change the role first to limit them.", "ENV-3"
    ),
    Code.MEDIA_LIBRARY_PERMISSIONS: Kind("These permissions exist for the Media Library user role only.", "ROLE-2"),
    Code.MEDIA_TYPE: Kind("The content type of the request is not supported here.", "WEB-1"),
    Code.METHOD_NOT_ALLOWED: Kind("The method {method} is not offered at this address.", "AUZ-2"),
    Code.MUTABILITY: Kind("The attribute '{attribute}' cannot be changed.", "IDN-5"),
    Code.NO_PASSWORD_TO_RESET: Kind("This user has no password to reset; use force logout.", "PWD-1"),
    Code.NO_TARGET: Kind("Nothing matches the path: {detail}", "SCM-6"),
    Code.NOT_ALLOWED: Kind("You are not allowed to do this.", "AUZ-1", True),
    Code.NOT_FOUND: Kind("{what} not found", "ACC-1"),
    Code.NOT_OFFERED: Kind("This is not offered here.", "LIM-7"),
    Code.NOT_ON_ONESELF: Kind("Nobody can {verb} themself.", "USR-3", True),
    Code.NOT_OWED: Kind("No invitation can be sent to this user: {detail}", "INV-1"),
    Code.NOT_REPLAYABLE: Kind("This request cannot be run again: {detail}", "SCM-9"),
    Code.PASSWORD_REFUSED: Kind("{detail}", "PWD-4"),
    Code.PERMISSION_SYSTEM_UNAVAILABLE: Kind(
        "The permission system '{name}' is not available yet; accounts run on 'legacy'.", "ACC-5"
    ),
    Code.PROOF_NEEDED: Kind("Prove again who you are to do this.", "SES-4"),
    Code.PROVISIONING_BLOCKS_TWO_FACTOR: Kind(
        "SAML provisioning is on, and needs the two-factor setting to be Disabled; turn provisioning off first.",
        "2FA-3",
    ),
    Code.ROLE_ABOVE_CAP: Kind("This connection cannot give the role '{role}'.", "SCM-1", True),
    Code.ROOT_USER_ONLY: Kind("Only the root user can do this, with password and second factor.", "ACC-3", True),
    Code.ROOT_USER_PROTECTED: Kind("The root user is protected: {detail}", "ROOT-2", True),
    Code.SAML_EMAIL_MISSING: Kind("Your organisation sent no email address for you.", "SSO-3"),
    Code.SAML_EMAIL_TAKEN: Kind("Another user has the email address that your organisation sent.", "IDN-3", True),
    Code.SAML_REPLAYED: Kind("This login was used already. Log in again.", "SAM-4", True),
    Code.SAML_REQUEST_UNKNOWN: Kind("This login was not begun in this browser, or it took too long.", "SAM-5", True),
    Code.SAML_ROOT_REFUSED: Kind("The root user cannot log in through the organisation.", "ROOT-6", True),
    Code.SAML_UNKNOWN_USER: Kind("You do not have a user here yet.", "SSO-3", True),
    Code.SAML_UNKNOWN_VALUE: Kind("Your organisation sent a {what} that this account does not know.", "SAM-8", True),
    Code.SAML_UNSOLICITED: Kind("Logins have to be begun here, not at the identity provider.", "SAM-5", True),
    Code.SEAT_LIMIT_REACHED: Kind("The user limit is reached: {used} of {limit} seats are used.", "SEAT-3"),
    Code.SEATS_BELOW_USE: Kind("The limit cannot be below the {used} seats in use.", "SEAT-2"),
    Code.SECOND_FACTOR_DISABLED: Kind(
        "A second factor cannot be set up, as the account's two-factor setting is Disabled.", "2FA-4"
    ),
    Code.SECOND_FACTOR_EXISTS: Kind("A second factor is set up already. Remove it first to set up another.", "2FA-1"),
    Code.SECOND_FACTOR_MISSING: Kind("No second factor is set up.", "2FA-1"),
    Code.SECOND_FACTOR_WRONG: Kind("The code is wrong or was used already.", "LGN-4"),
    Code.SENSITIVE: Kind("This request cannot be answered by GET; use POST /.search.", "SCM-8"),
    Code.SIGN_UP_CLOSED: Kind("Accounts are made by the operator of this service; this call is switched off.", "ACC-2"),
    Code.STALE_VERSION: Kind("The resource has changed since it was read.", "SCM-5"),
    Code.TOO_MANY_INVITATIONS: Kind("Up to {limit} users can be invited at a time.", "USR-2"),
    Code.TOO_MANY_REQUESTS: Kind("Too many requests; try again later.", "LIM-6"),
    Code.TOO_MANY_RESULTS: Kind("The query takes too long or answers too much; narrow it down.", "SCM-7"),
    Code.TWO_FACTOR_BLOCKS_PROVISIONING: Kind(
        "SAML provisioning needs the account's two-factor setting to be Disabled; change that first.", "2FA-3"
    ),
    Code.USER_DISABLED: Kind("This user is disabled.", "USR-5", True),
    Code.USER_INACTIVE: Kind("This user was deleted and stays Inactive.", "USR-6"),
    Code.USER_NAME_TAKEN: Kind("A user with the userName '{user_name}' exists in this account.", "SCM-5"),
    Code.USER_NOT_MANAGED: Kind("This connection neither made this {what} nor may take it over.", "SCM-1", True),
}


class Refusal(Exception):
    """A request that the product refuses; nothing of it has happened.

    Args:
        code: the stable code.
        field: name of the offending field of the command, if there is one.
        values: what fills the sentence's gaps; doors may show them (`used` and `limit` of a seat refusal).
    """

    def __init__(self, code: Code, field: str | None = None, **values: object) -> None:
        self.code = code
        self.field = field
        self.values = values
        self.sentence = REFUSALS[code].sentence.format_map(values)
        super().__init__(f"{code}: {self.sentence}")

    @property
    def rule(self) -> str:
        """The rule that stands behind the refusal."""
        return REFUSALS[self.code].rule


class Refusals(Exception):
    """Several refusals of one request, shown together (USR-2).

    Args:
        rows: number of the row (from 0) -> its refusal.
    """

    def __init__(self, rows: Mapping[int, Refusal]) -> None:
        self.rows = rows
        super().__init__("; ".join(f"row {row + 1}: {refusal.sentence}" for row, refusal in rows.items()))


def invalid(field: str | None, detail: str) -> Refusal:
    """Return the refusal of a value, with the sentence that says how to mend it."""
    return Refusal(Code.INVALID_VALUE, field, detail=detail)


def not_found(what: str, asked_for: str = "") -> Refusal:
    """Return the one answer for 'is of another account' and 'does not exist' (ACC-1, TEN-3).

    Args:
        what: the kind of thing.
        asked_for: the id that was asked for, for doors that repeat it.
    """
    return Refusal(Code.NOT_FOUND, what=what, asked_for=asked_for)
