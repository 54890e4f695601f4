"""SCIM connections and tokens on the wire."""

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, fields

from provisioning.domain.keys import LONGEST_LIFETIME, SHORTEST_LIFETIME, ScimToken
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import Profile, ScimConnection
from provisioning.domain.users import LONGEST_NAME_PART
from provisioning.rest.fields import Body, Members, choice, choices, said, text, texts, truth, whole, words_to
from provisioning.rest.records import always, many
from provisioning.rest.representation import Record, moment
from provisioning.rest.schemas import ROLES, TIMES

PROFILES = [profile.value for profile in Profile]
MOST_RANGES = 50


def _roles(words: list[str]) -> frozenset[Role]:
    return frozenset(Role(word) for word in words)


def _role_map(words: Mapping[str, str]) -> dict[str, Role]:
    return {word: Role(role) for word, role in words.items()}


# What the domain holds in a form of its own.
KINDS: Mapping[str, Callable[[Any], object]] = {
    "profile": Profile, "default_role": Role, "email_domains": tuple, "role_cap": _roles, "role_map": _role_map,
}  # fmt: skip


class ScimConnectionMembers(Body):
    """What a request can set of a SCIM connection."""

    read_only = frozenset({"id", "base_url"})
    clearable = frozenset({"saml_connection"})

    name = text(LONGEST_NAME_PART, **said("Unique in the account."))
    profile = choice(PROFILES, **said("How tolerant it is of what identity providers get wrong."))
    saml_connection = text(**said("Id of the SAML connection of the same identity provider. Null takes it away."))
    email_domains = texts(**said("Whose present users it takes over; empty: nobody's."))
    allow_master_admin = truth(**said("Whether it touches master admins."))
    default_role = choice(ROLES, **said("Role of people whose words name none; one of role_cap."))
    role_cap = choices(ROLES, **said("The roles that it may give."))
    role_map = words_to(ROLES, **said("The directory's words, each with the role that it gives, one of role_cap."))
    create_on_replace = truth(**said("Whether a PATCH replace makes the element that it does not find."))
    manage_environments = truth(**said("Whether it gives product environments."))
    manage_media_library = truth(**said("Whether it gives Media Library permissions."))
    enabled = truth(**said("Off: its tokens are refused."))


class NewScimConnectionMembers(ScimConnectionMembers):
    """What a request can set of a new SCIM connection."""

    name = text(LONGEST_NAME_PART, required=True, **said("Unique in the account."))


class ScimTokenQuery(Members):
    """Whose tokens."""

    connection = text(**said("Id or name of a SCIM connection."))


class NewScimTokenMembers(Body):
    """What a request can set of a new token."""

    read_only = TIMES | {"token", "base_url", "revoked_at", "last_used_at", "disabled_at", "replaced_by", "expires_at"}

    connection = text(**said("Id or name of the SCIM connection; preset: default."))
    expires_in = whole(
        int(SHORTEST_LIFETIME.total_seconds()), int(LONGEST_LIFETIME.total_seconds()), **said("Seconds; preset a year.")
    )
    address_ranges = texts(MOST_RANGES, **said("Networks that it is taken from, 192.0.2.0/24; empty: any."))


class ScimConnectionRecord(Schema):
    """A SCIM connection."""

    id = always(fields.String)
    base_url = always(fields.String, **said("Where the identity provider pushes to."))
    name = always(fields.String)
    profile = choice(PROFILES, required=True)
    saml_connection = always(fields.String, allow_none=True)
    email_domains = fields.List(fields.String(), required=True)
    allow_master_admin = always(fields.Boolean)
    default_role = choice(ROLES, required=True)
    role_cap = fields.List(choice(ROLES), required=True)
    role_map = fields.Dict(keys=fields.String(), values=choice(ROLES), required=True)
    create_on_replace = always(fields.Boolean)
    manage_environments = always(fields.Boolean)
    manage_media_library = always(fields.Boolean)
    enabled = always(fields.Boolean)


class ScimConnectionList(Schema):
    """SCIM connections."""

    scim_connections = many(ScimConnectionRecord)


class ScimTokenRecord(Schema):
    """A token, never its text."""

    id = always(fields.String)
    connection = always(fields.String, **said("Id of the SCIM connection."))
    address_ranges = fields.List(fields.String(), required=True)
    created_at = always(fields.DateTime)
    expires_at = always(fields.DateTime)
    last_used_at = always(fields.DateTime, allow_none=True)
    disabled_at = always(fields.DateTime, allow_none=True)
    revoked_at = always(fields.DateTime, allow_none=True)
    replaced_by = always(fields.String, allow_none=True, **said("Id of the token that it was rotated to."))


class MadeScimToken(ScimTokenRecord):
    """A token just made."""

    base_url = always(fields.String)
    token = always(fields.String, **said("Shown this once."))


class ScimTokenList(Schema):
    """Tokens."""

    scim_tokens = many(ScimTokenRecord)


def scim_record(connection: ScimConnection, public_url: str) -> Record:
    """Return a SCIM connection with the address that its identity provider pushes to."""
    return {
        "id": connection.id,
        "base_url": base_url(public_url),
        "name": connection.name,
        "profile": connection.profile.value,
        "saml_connection": connection.saml_connection,
        "email_domains": list(connection.email_domains),
        "allow_master_admin": connection.allow_master_admin,
        "default_role": connection.default_role.value,
        "role_cap": [role.value for role in Role if role in connection.role_cap],
        "role_map": {word: role.value for word, role in connection.role_map.items()},
        "create_on_replace": connection.create_on_replace,
        "manage_environments": connection.manage_environments,
        "manage_media_library": connection.manage_media_library,
        "enabled": connection.enabled,
    }


def base_url(public_url: str) -> str:
    """Return the address that identity providers push to."""
    return f"{public_url}/scim/v2"


def token_record(token: ScimToken) -> Record:
    """Return a token without its text."""
    return {
        "id": token.id,
        "connection": token.connection_id,
        "address_ranges": list(token.address_ranges),
        "created_at": moment(token.created_at),
        "expires_at": moment(token.expires_at),
        **{name: _maybe(getattr(token, name)) for name in ("last_used_at", "disabled_at", "revoked_at")},
        "replaced_by": token.replaced_by,
    }


def _maybe(at: Any) -> str | None:
    return moment(at) if at is not None else None


def scim_changes(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that a request changes, as the connection holds them."""
    return {name: KINDS[name](value) if name in KINDS else value for name, value in members.items()}
