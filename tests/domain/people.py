"""Plain values for tests of the domain: people, groups, connections and callers, without a database.

Ids tell whose they are; everything of `OTHER` belongs to a second account, the neighbour that every rule must ignore.
"""

from datetime import UTC, datetime

from provisioning.domain.caller import Caller, Credential, WayIn
from provisioning.domain.groups import Group
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.sso import Connection
from provisioning.domain.users import User

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ACCOUNT = "account-1"
OTHER = "account-2"


def a_user(**fields: object) -> User:
    """An active Media Library user with a password, but for what is given."""
    values: dict[str, object] = {
        "account_id": ACCOUNT,
        "id": "user-1",
        "is_root": False,
        "email": "dana@acme.example",
        "user_name": "dana@acme.example",
        "external_id": None,
        "connection_id": None,
        "first_name": "Dana",
        "last_name": "Roe",
        "display_name": "",
        "role": Role.MEDIA_LIBRARY_USER,
        "all_environments": True,
        "environment_ids": (),
        "media_library": frozenset(),
        "disabled_at": None,
        "accepted_at": NOW,
        "reset_at": None,
        "inactive_at": None,
        "has_password": True,
        "epoch": 0,
        "version": 1,
        "attributes": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return User(**{**values, **fields})


def the_root(**fields: object) -> User:
    """The root user of the account."""
    return a_user(**{"id": "root-1", "is_root": True, "role": None, "email": "root@acme.example", **fields})


def a_group(**fields: object) -> Group:
    """A group that no connection holds, but for what is given."""
    values: dict[str, object] = {
        "account_id": ACCOUNT,
        "id": "group-1",
        "name": "Design",
        "external_id": None,
        "connection_id": None,
        "version": 1,
        "member_count": 0,
        "attributes": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Group(**{**values, **fields})


def a_saml_connection(**fields: object) -> Connection:
    """A SAML connection with every permission at its default, but for what is given."""
    values: dict[str, object] = {
        "id": "saml-1",
        "account_id": ACCOUNT,
        "idp_entity_id": "https://idp.example/saml",
        "sso_url": "https://idp.example/sso",
        "sso_binding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        "certificates": ("certificate",),
        "sp_certificate": "certificate",
        "sp_private_key": "key",
    }
    return Connection(**{**values, **fields})


def a_scim_connection(**fields: object) -> ScimConnection:
    """A SCIM connection with every setting at its default, but for what is given."""
    return ScimConnection(**{"id": "scim-1", "account_id": ACCOUNT, "name": "Directory", **fields})


def key(role: Role | None = Role.MASTER_ADMIN) -> Caller:
    """A Provisioning API key of a role."""
    return Caller(ACCOUNT, WayIn.PROVISIONING_API, Credential.ACCOUNT_KEY, id="key-1", name="key", role=role)


def console(user: User) -> Caller:
    """A user in the Console."""
    return Caller(user.account_id, WayIn.CONSOLE, Credential.SESSION, id=user.id, role=user.role, is_root=user.is_root)


def token(**settings: object) -> Caller:
    """A SCIM token of a connection with these settings."""
    connection = a_scim_connection(**settings)
    return Caller(connection.account_id, WayIn.SCIM, Credential.SCIM_TOKEN, id="token-1", connection=connection)


def assertion() -> Caller:
    """A verified SAML login."""
    return Caller(ACCOUNT, WayIn.SAML, Credential.ASSERTION, id="saml-1")
