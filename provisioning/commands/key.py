"""`gatelodge key`: account keys for the Provisioning API (API-1, KEY-2)."""

from typing import Any

import click

from provisioning.actions.keys import create_account_key, list_account_keys, revoke_account_key
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import show
from provisioning.domain.keys import AccountKey
from provisioning.domain.roles_legacy import Role


@click.group()
def key() -> None:
    """Account keys for the Provisioning API."""


@key.command("create")
@account_option
@click.option("--name", default="Made by the operator", show_default=True, help="For people.")
@click.option("--role", type=click.Choice([*map(str, Role)]), default=Role.MASTER_ADMIN.value, show_default=True)
@operators(changes=True)
def make(account_id: str, name: str, role: str, place: Place) -> None:
    """Make a key; its secret is shown this once."""
    with open_account(place, account_id) as (caller, services):
        made = create_account_key(caller, name, Role(role), services)
        show({"key": made.key.id, "secret": made.secret, **_facts(made.key)}, as_json=place.as_json)


@key.command("list")
@account_option
@operators(changes=False)
def show_all(account_id: str, place: Place) -> None:
    """List keys, without their secrets."""
    with open_account(place, account_id) as (caller, services):
        found = list_account_keys(caller, services)
        show([{"key": each.id, **_facts(each)} for each in found], as_json=place.as_json)


@key.command("revoke")
@account_option
@click.argument("key_id", metavar="KEY")
@operators(changes=True)
def revoke(account_id: str, key_id: str, place: Place) -> None:
    """Revoke a key (glk_…), at once."""
    with open_account(place, account_id) as (caller, services):
        gone = revoke_account_key(caller, key_id, services)
        show({"key": gone.id, **_facts(gone)}, as_json=place.as_json)


def _facts(key: AccountKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "role": key.role,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }
