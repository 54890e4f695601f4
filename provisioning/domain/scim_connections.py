"""API-2, SCM-1, IDN-3: what a SCIM connection is set to do; its tokens act within these settings."""

from dataclasses import dataclass
from enum import StrEnum

from provisioning.domain.roles_legacy import DEFAULT_ROLE, DEFAULT_ROLE_CAP, Role


class Profile(StrEnum):
    """How tolerant the connection is of what identity providers get wrong; `strict` refuses it."""

    GENERIC = "generic"
    ENTRA = "entra"
    OKTA = "okta"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class ScimConnection:
    """Settings of one SCIM connection.

    Attributes:
        id: our own random id (SCM-2).
        account_id: the account it belongs to.
        name: for people, unique in the account.
        profile: tolerance.
        saml_connection: id of the SAML connection of the same identity provider, its partner (IDN-3).
        email_domains: keys of the domains whose existing users it may take over; empty: none (IDN-3).
        allow_master_admin: whether it may touch master admins (SCM-4).
        default_role: role of users whose words give none.
        role_cap: the roles it may give (SCM-1).
        enabled: a switched-off connection refuses its tokens.
    """

    id: str
    account_id: str
    name: str
    profile: Profile = Profile.GENERIC
    saml_connection: str | None = None
    email_domains: tuple[str, ...] = ()
    allow_master_admin: bool = False
    default_role: Role = DEFAULT_ROLE
    role_cap: frozenset[Role] = DEFAULT_ROLE_CAP
    enabled: bool = True

    @property
    def is_strict(self) -> bool:
        """Whether what is merely odd is refused instead of noted."""
        return self.profile is Profile.STRICT
