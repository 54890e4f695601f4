"""`gatelodge scim-connection`: who pushes people and groups, and what it may do (SCM-1)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from provisioning.actions.scim_connections import (
    DEFAULT_NAME,
    create_scim_connection,
    delete_scim_connection,
    find_scim_connection,
    list_scim_connections,
    update_scim_connection,
)
from provisioning.actions.services import Services
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import (
    Reader,
    account_option,
    one_of,
    operators,
    read_assignments,
    set_option,
    text_or_none,
    words,
    yes_or_no,
)
from provisioning.commands.output import show
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import Profile, ScimConnection

ROLES: Mapping[str, Role] = {role.value: role for role in Role}


def roles(text: str) -> frozenset[Role]:
    """Read a list of roles."""
    found = words(text)
    if unknown := [word for word in found if word not in ROLES]:
        raise ValueError(f"holds {unknown[0]!r}; the roles are: {', '.join(ROLES)}")
    return frozenset(ROLES[word] for word in found)


def role_map(text: str) -> dict[str, Role]:
    """Read words of the directory, each with its role: `Word=role,Other word=role`; an empty text is an empty map."""
    found = {}
    for pair in words(text):
        word, equals, role = pair.rpartition("=")
        if not equals or role not in ROLES:
            raise ValueError(f"is Word=role,Word=role; the roles are: {', '.join(ROLES)}")
        found[word] = ROLES[role]
    return found


SETTINGS: Mapping[str, Reader] = {
    "name": str,
    "profile": one_of({profile.value: profile for profile in Profile}),
    "saml_connection": text_or_none,
    "email_domains": words,
    "allow_master_admin": yes_or_no,
    "default_role": one_of(ROLES),
    "role_cap": roles,
    "role_map": role_map,
    "create_on_replace": yes_or_no,
    "manage_environments": yes_or_no,
    "manage_media_library": yes_or_no,
    "enabled": yes_or_no,
}


@click.group("scim-connection")
def scim_connection() -> None:
    """SCIM connections: an identity provider that pushes, and what it may do."""


def which_connection(command: Any) -> Any:
    """Give a command the connection that it works on: its name or id, as argument or by `--name`."""
    command = click.option("--name", default=DEFAULT_NAME, show_default=True, help="The connection's name or id.")(
        command
    )
    return click.argument("connection", metavar="[CONNECTION]", required=False)(command)


@scim_connection.command("create")
@account_option
@click.option("--name", default=DEFAULT_NAME, show_default=True, help="Name of the connection, unique in the account.")
@set_option(SETTINGS)
@operators(changes=True)
def make(account_id: str, name: str, assignments: tuple[str, ...], place: Place) -> None:
    """Make a connection; `scim-token create` makes its tokens."""
    changes: dict[str, Any] = read_assignments(assignments, SETTINGS)
    with open_account(place, account_id) as (caller, services):
        asked = replace(ScimConnection(id="", account_id=account_id, name=name), **changes)
        show(shown(create_scim_connection(caller, asked, services), services), as_json=place.as_json)


@scim_connection.command("list")
@account_option
@operators(changes=False)
def show_all(account_id: str, place: Place) -> None:
    """List the connections of an account."""
    with open_account(place, account_id) as (caller, services):
        found = list_scim_connections(caller, services)
        show([shown(connection, services) for connection in found], as_json=place.as_json)


@scim_connection.command("show")
@account_option
@which_connection
@operators(changes=False)
def show_one(account_id: str, connection: str | None, name: str, place: Place) -> None:
    """Show a connection."""
    with open_account(place, account_id) as (caller, services):
        show(shown(find_scim_connection(caller, connection or name, services), services), as_json=place.as_json)


@scim_connection.command("update")
@account_option
@which_connection
@set_option(SETTINGS)
@operators(changes=True)
def change(account_id: str, connection: str | None, name: str, assignments: tuple[str, ...], place: Place) -> None:
    """Change settings of a connection."""
    changes = read_assignments(assignments, SETTINGS)
    with open_account(place, account_id) as (caller, services):
        before = find_scim_connection(caller, connection or name, services)
        show(shown(update_scim_connection(caller, before.id, changes, services), services), as_json=place.as_json)


@scim_connection.command("delete")
@account_option
@which_connection
@operators(changes=True)
def remove(account_id: str, connection: str | None, name: str, place: Place) -> None:
    """Remove a connection and its tokens; the people it made stay."""
    with open_account(place, account_id) as (caller, services):
        gone = delete_scim_connection(caller, find_scim_connection(caller, connection or name, services).id, services)
        show({"id": gone.id, "name": gone.name, "deleted": True}, as_json=place.as_json)


def shown(connection: ScimConnection, services: Services) -> dict[str, Any]:
    """Return what is printed of a connection: its id, where it pushes to, and every setting."""
    settings = {key: getattr(connection, key) for key in SETTINGS}
    return {"id": connection.id, "base_url": f"{services.public_url}/scim/v2", **settings}
