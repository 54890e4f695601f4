"""`gatelodge key`: account keys for the Provisioning API: made, rotated, switched off, kept, revoked (API-1, KEY-2)."""

from datetime import timedelta
from typing import Any

import click

from provisioning.actions.keys import (
    create_account_key,
    disable_account_key,
    enable_account_key,
    keep_account_key,
    list_account_keys,
    revoke_account_key,
    rotate_account_key,
)
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import show
from provisioning.commands.terms import add_act, facts_of, overlap_option, terms_options
from provisioning.domain.keys import AccountKey, Terms
from provisioning.domain.roles_legacy import Role


@click.group()
def key() -> None:
    """Account keys for the Provisioning API."""


@key.command("create")
@account_option
@click.option("--name", default="Made by the operator", show_default=True, help="For people.")
@click.option("--role", type=click.Choice([*map(str, Role)]), default=Role.MASTER_ADMIN.value, show_default=True)
@terms_options
@operators(changes=True)
def make(account_id: str, name: str, role: str, terms: Terms, place: Place) -> None:
    """Make a key; its secret is shown this once."""
    with open_account(place, account_id) as (caller, services):
        made = create_account_key(caller, name, Role(role), services, terms)
        show({"key": made.key.id, "secret": made.secret, **_facts(made.key)}, as_json=place.as_json)


@key.command("list")
@account_option
@operators(changes=False)
def show_all(account_id: str, place: Place) -> None:
    """List keys, without their secrets; 'review' says whose maker is gone or lost the right to it."""
    with open_account(place, account_id) as (caller, services):
        found = list_account_keys(caller, services)
        show([_shown(each) for each in found], as_json=place.as_json)


@key.command("rotate")
@account_option
@click.argument("key_id", metavar="KEY")
@overlap_option
@operators(changes=True)
def rotate(account_id: str, key_id: str, overlap: timedelta, place: Place) -> None:
    """Make a key in the place of another; both work until the overlap ends. The secret is shown this once."""
    with open_account(place, account_id) as (caller, services):
        made = rotate_account_key(caller, key_id, int(overlap.total_seconds()), services)
        show({"key": made.key.id, "secret": made.secret, **_facts(made.key)}, as_json=place.as_json)


def _shown(key: AccountKey) -> dict[str, Any]:
    return {"key": key.id, **_facts(key)}


def _facts(key: AccountKey) -> dict[str, Any]:
    return {"name": key.name, "role": key.role, **facts_of(key)}


for _name, _act, _help in (
    ("revoke", revoke_account_key, "Revoke a key (glk_…), at once and for ever."),
    ("disable", disable_account_key, "Switch a key off until it is switched on again."),
    ("enable", enable_account_key, "Switch a key on again."),
    ("keep", keep_account_key, "Keep a key whose maker is gone: it need not be reviewed any more."),
):
    add_act(key, _name, _act, _help, "KEY", _shown)
