"""The form of a SCIM connection's settings, and what each identity provider wants pasted (SCM-1, IDN-3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError, fields
from werkzeug.datastructures import MultiDict

from provisioning.console.forms import Filled, Form, Trimmed, load, one_of
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import DEFAULT_ROLE, ROLE_NAMES, Role
from provisioning.domain.scim_connections import Profile, ScimConnection

# The fields beside which a refusal of the action is shown.
BESIDE = ("name", "email_domains", "default_role", "role_cap", "role_map")
NEW = ScimConnection(id="", account_id="", name="")
BY_NAME = {name.casefold(): role for role, name in ROLE_NAMES.items()} | {role.value: role for role in Role}
NO_PAIR = "Write one word a line, then = and a role, such as: Developers = technical_admin."


def read_role_map(text: str) -> dict[str, Role]:
    """Return the role map that was typed, a word and a role a line; a role by its id or by its name.

    Raises:
        ValidationError: with the sentence for the field.
    """
    found: dict[str, Role] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, equals, role = (part.strip() for part in line.rpartition("="))
        if not equals or not word or role.casefold() not in BY_NAME:
            raise ValidationError(NO_PAIR)
        if word in found:
            raise ValidationError("A word stands here twice.")
        found[word] = BY_NAME[role.casefold()]
    return found


def typed_role_map(role_map: Mapping[str, Role]) -> str:
    """Return a role map as it is typed."""
    return "\n".join(f"{word} = {role.value}" for word, role in role_map.items())


class ConnectionForm(Form):
    """The settings of a SCIM connection; a box that is not ticked is not sent."""

    name = Trimmed(load_default="")
    profile = fields.String(load_default=Profile.GENERIC, validate=one_of(Profile, "Choose from the list."))
    saml_connection = fields.String(load_default="")
    email_domains = fields.String(load_default="")
    default_role = fields.String(load_default=DEFAULT_ROLE, validate=one_of(Role, "Choose a role from the list."))
    role_cap = fields.List(fields.String(validate=one_of(Role, "Choose roles from the list.")))
    role_map = fields.String(load_default="", validate=read_role_map)
    create_on_replace = fields.Boolean(load_default=False)
    manage_environments = fields.Boolean(load_default=False)
    manage_media_library = fields.Boolean(load_default=False)
    allow_master_admin = fields.Boolean(load_default=False)
    enabled = fields.Boolean(load_default=False)


# What a good value is for the action; a field that does not stand here is as it was typed.
KINDS: Mapping[str, Callable[[Any], object]] = {
    "profile": Profile,
    "saml_connection": lambda typed: typed or None,
    "email_domains": lambda typed: tuple(typed.replace(",", " ").split()),
    "default_role": Role,
    "role_cap": lambda typed: frozenset(Role(role) for role in typed),
    "role_map": read_role_map,
}


def read_settings(sent: MultiDict[str, str]) -> Filled:
    """Return the form as it came."""
    given: dict[str, Any] = {**sent.to_dict(), "role_cap": sent.getlist("role_cap")}
    values, errors = load(ConnectionForm(), given)
    return Filled(values, sent.to_dict(), errors, Code.INVALID_VALUE if errors else None)


def changes_of(form: Filled) -> dict[str, object]:
    """Return what is right in a form, as the action takes it."""
    return {name: KINDS[name](value) if name in KINDS else value for name, value in form.values.items()}


def asked_of(before: ScimConnection, form: Filled) -> ScimConnection:
    """Return the connection as the form wants it, also to be shown again where something of it is refused."""
    return replace(before, **changes_of(form))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class SetUp:
    """Where at an identity provider the values go, and how it calls them.

    Attributes:
        place: the way through its pages.
        address, token: its names of base URL and token.
        others: (label, value) of what else is typed or chosen there.
    """

    place: str
    address: str
    token: str
    others: tuple[tuple[str, str], ...] = ()


_ANY = SetUp(
    "In the SCIM 2.0 settings of the identity provider.",
    "Base URL",
    "Token",
    (("Authentication", "OAuth bearer token"), ("Header", "Authorization: Bearer <token>")),
)
SET_UPS: Mapping[Profile, SetUp] = {
    Profile.GENERIC: _ANY,
    Profile.ENTRA: SetUp(
        "Enterprise applications, your application, Provisioning, Admin credentials.",
        "Tenant URL",
        "Secret token",
        (("Matching attribute of users", "userName"), ("Matching attribute of groups", "displayName")),
    ),
    Profile.OKTA: SetUp(
        "Your application, Provisioning, Integration.",
        "SCIM connector base URL",
        "Authorization (HTTP header)",
        (("Unique identifier field for users", "userName"), ("Authentication mode", "HTTP Header")),
    ),
    Profile.STRICT: _ANY,
}
