"""SSO: what a SAML connection is set to do, whom a login finds, and what attributes may never do.

A person is the pair of connection and subject id (IDN-2), never an email; an email only links once, within the
connection's own domains and the account (IDN-3).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from provisioning.domain.addresses import is_email
from provisioning.domain.comparison import email_key
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import SamlState
from provisioning.domain.roles_legacy import DEFAULT_ROLE, Role
from provisioning.domain.users import User

MOST_CLOCK_TOLERANCE = 180
REQUEST_LIFETIME_SECONDS = 600


class UnknownGroups(StrEnum):
    """What a login does with a group that the account does not have."""

    IGNORE = "ignore"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """What an identity provider's metadata says, parsed and checked by the SAML room."""

    entity_id: str
    sso_url: str
    sso_binding: str
    certificates: tuple[str, ...]
    slo_url: str | None = None
    slo_binding: str | None = None
    wants_signed_requests: bool = False
    metadata_url: str | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with a strong key: DER in base64, its SHA-256 in hexadecimal, and its end."""

    text: str
    sha256: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """One SAML connection: the identity provider's values and our settings for it (saml connect prints them all)."""

    id: str
    account_id: str
    idp_entity_id: str
    sso_url: str
    sso_binding: str
    certificates: tuple[str, ...]
    sp_certificate: str
    sp_private_key: str = field(repr=False)
    sp_next_certificate: str = ""  # while our own key is being replaced (saml.md 7); '' at all other times
    sp_next_private_key: str = field(default="", repr=False)
    slo_url: str | None = None
    slo_binding: str | None = None
    metadata_url: str | None = None
    metadata_certificate: str | None = None
    enabled: bool = True
    enforce: bool = False
    provisioning: bool = False
    allow_idp_initiated: bool = False
    allow_root: bool = False
    allow_master_admin: bool = False
    email_domains: tuple[str, ...] = ()
    sign_requests: bool = False
    force_authn: bool = False
    want_signed_response: bool = False
    want_signed_assertion: bool = False
    want_encrypted: bool = False
    allow_cbc: bool = False
    session_cap: int | None = None
    split_commas: bool = False
    subject_attribute: str | None = None
    clock_tolerance: int = 60
    name_id_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
    default_role: Role = DEFAULT_ROLE
    unknown_groups: UnknownGroups = UnknownGroups.IGNORE
    mapping: Mapping[str, str] = field(default_factory=dict)
    succeeded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What a verified assertion says of a person: None is 'not sent', '' and () are 'sent empty'."""

    subject: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    role: str | None = None
    groups: tuple[str, ...] | None = None
    product_environments: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SamlLogin:
    """One verified login, ready for the action: ids to spend, times, and the person's profile.

    Attributes:
        in_response_to: id of our request, None for an unsolicited response.
        browser_secret: the binding cookie's value, None where the browser sent none.
        valid_until: how long the ids must be remembered (SAM-4).
        session_not_on_or_after: the identity provider's end of the session.
        authn_instant: when the person proved who they are, in the identity provider's words.
    """

    connection_id: str
    response_id: str
    assertion_id: str
    in_response_to: str | None
    browser_secret: str | None
    name_id: str
    session_index: str | None
    valid_until: datetime
    session_not_on_or_after: datetime | None
    authn_instant: datetime
    profile: Profile


def saml_state(enabled: bool, enforced: bool) -> SamlState:
    """Return the account's SAML state; enforcing counts only while a connection is on."""
    return SamlState(enabled=enabled, enforced=enabled and enforced)


def proof_of(connection: Connection, asked_at: datetime | None, authn_instant: datetime) -> datetime | None:
    """Return when a login through the organisation proved its person, None where it is no fresh proof (SES-4).

    Args:
        connection: its clock tolerance counts.
        asked_at: when our request asked for a fresh proof (ForceAuthn), None where it did not or there was none.
        authn_instant: of the assertion; an identity provider that did not ask its person again says an old one.
    """
    if asked_at is None:
        return None
    # Identity providers write whole seconds.
    earliest = asked_at.replace(microsecond=0) - timedelta(seconds=connection.clock_tolerance)
    return authn_instant if authn_instant >= earliest else None


def email_in_domains(email: str | None, domains: tuple[str, ...]) -> bool:
    """Return whether an address lies in one of a connection's email domains, compared by key (IDN-3)."""
    if email is None or not is_email(email):
        return False
    return email_key(email).rpartition("@")[2] in domains


def require_linkable(connection: Connection, user: User, email: str | None) -> None:
    """Refuse to link an existing user of the same email to this connection, but where IDN-3 allows it.

    Raises:
        Refusal: SAML_ROOT_REFUSED for the root, SAML_EMAIL_TAKEN otherwise.
    """
    if user.is_root and not connection.allow_root:
        raise Refusal(Code.SAML_ROOT_REFUSED)
    refused = (
        not email_in_domains(email, connection.email_domains)
        or (user.role is Role.MASTER_ADMIN and not connection.allow_master_admin)
        or user.connection_id is not None
    )
    if refused:
        raise Refusal(Code.SAML_EMAIL_TAKEN)


def require_may_log_in(connection: Connection, user: User) -> None:
    """Refuse a disabled user, and the root user where the connection does not allow it (SSO-5, ROOT-6)."""
    if user.is_disabled:
        raise Refusal(Code.USER_DISABLED)
    if user.is_root and not connection.allow_root:
        raise Refusal(Code.SAML_ROOT_REFUSED)


def role_from_assertion(connection: Connection, sent: str | None, present: Role | None) -> Role | None:
    """Return the role that a login gives: a known one within the connection's rights, else the present or default one.

    Args:
        sent: the mapped attribute's text, None where not sent.
        present: the user's role now, None for a user to be made.
    """
    wanted = Role(sent) if sent in frozenset(Role) else None
    if wanted is Role.MASTER_ADMIN and not connection.allow_master_admin:
        wanted = None
    return wanted or present or connection.default_role


def updates_fields(connection: Connection, user: User) -> bool:
    """Return whether a login writes the user's fields: provisioning on, not the root, not held by SCIM (SSO-3)."""
    return connection.provisioning and not user.is_root and user.connection_id is None
