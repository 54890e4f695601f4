"""`gatelodge key`: account keys for the Provisioning API: made, rotated, switched off, kept, revoked (API-1, KEY-2)."""

from collections.abc import Callable
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
from provisioning.actions.services import Services
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import show
from provisioning.commands.terms import facts_of, overlap_option, terms_options
from provisioning.domain.caller import Caller
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
        show([{"key": each.id, **_facts(each)} for each in found], as_json=place.as_json)


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


@key.command("revoke")
@account_option
@click.argument("key_id", metavar="KEY")
@operators(changes=True)
def revoke(account_id: str, key_id: str, place: Place) -> None:
    """Revoke a key (glk_…), at once and for ever."""
    _do(revoke_account_key, account_id, key_id, place)


@key.command("disable")
@account_option
@click.argument("key_id", metavar="KEY")
@operators(changes=True)
def disable(account_id: str, key_id: str, place: Place) -> None:
    """Switch a key off until it is switched on again."""
    _do(disable_account_key, account_id, key_id, place)


@key.command("enable")
@account_option
@click.argument("key_id", metavar="KEY")
@operators(changes=True)
def enable(account_id: str, key_id: str, place: Place) -> None:
    """Switch a key on again."""
    _do(enable_account_key, account_id, key_id, place)


@key.command("keep")
@account_option
@click.argument("key_id", metavar="KEY")
@operators(changes=True)
def keep(account_id: str, key_id: str, place: Place) -> None:
    """Keep a key whose maker is gone: it need not be reviewed any more."""
    _do(keep_account_key, account_id, key_id, place)


def _do(act: Callable[[Caller, str, Services], AccountKey], account_id: str, key_id: str, place: Place) -> None:
    with open_account(place, account_id) as (caller, services):
        changed = act(caller, key_id, services)
        show({"key": changed.id, **_facts(changed)}, as_json=place.as_json)


def _facts(key: AccountKey) -> dict[str, Any]:
    return {"name": key.name, "role": key.role, **facts_of(key)}
