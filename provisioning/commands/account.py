"""`gatelodge account`: make accounts, show, cancel and restore them, set their limits (ACC-2, ACC-3, SEAT-2)."""

from typing import Any

import click

from provisioning.actions.accounts import (
    AccountView,
    NewAccount,
    cancel_account,
    create_account,
    list_accounts,
    restore_account,
    set_creative_approval,
    set_seats,
    show_account,
)
from provisioning.actions.environments import list_environments
from provisioning.actions.role_migration import migrate_obsolete_roles
from provisioning.commands.credentials import credentials_of
from provisioning.commands.installation import Place, environment_at, open_account, open_services
from provisioning.commands.options import new_account_options, operators
from provisioning.commands.output import show
from provisioning.domain.accounts import Account
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import ObsoleteRole
from provisioning.domain.seats import Seats


@click.group()
def account() -> None:
    """Accounts, which are the tenants."""


@account.command()
@new_account_options(name=None, root_email=None)
@operators(changes=True)
def create(asked: NewAccount, place: Place) -> None:
    """Make an account, its root user, product environment, API key and SCIM token. Secrets are shown this once."""
    with open_services(place) as services:
        made = create_account(operator("", place.reason), asked, services)
        show(credentials_of(made, environment_at(place.data)), as_json=place.as_json)


@account.command("show")
@click.argument("account_id", metavar="ID")
@operators(changes=False)
def show_one(account_id: str, place: Place) -> None:
    """Show an account with its seats and product environments."""
    with open_account(place, account_id) as (caller, services):
        view = show_account(caller, services)
        environments = [found.environment for found in list_environments(caller, services)]
        shown = [{"id": each.id, "name": each.name, "cloud_name": each.cloud_name} for each in environments]
        show({**_shown(view), "product_environments": shown}, as_json=place.as_json)


@account.command("list")
@operators(changes=False)
def show_all(place: Place) -> None:
    """List all accounts."""
    with open_services(place) as services:
        found = list_accounts(operator("", place.reason), services)
        show([_facts(each) for each in found], as_json=place.as_json)


@account.command("set-seats")
@click.argument("account_id", metavar="ID")
@click.argument("number", metavar="N", type=int)
@operators(changes=True)
def change_seats(account_id: str, number: int, place: Place) -> None:
    """Set the plan's number of seats; additional subscriptions come on top."""
    with open_account(place, account_id) as (caller, services):
        show({"id": account_id, "seats": _seats(set_seats(caller, number, services))}, as_json=place.as_json)


@account.command("cancel")
@click.argument("account_id", metavar="ID")
@operators(changes=True)
def cancel(account_id: str, place: Place) -> None:
    """Cancel an account: nobody gets in any more. What belongs to it is kept for 30 days, then erased."""
    with open_account(place, account_id) as (caller, services):
        show(_facts(cancel_account(caller, None, None, services)), as_json=place.as_json)


@account.command("restore")
@click.argument("account_id", metavar="ID")
@operators(changes=True)
def restore(account_id: str, place: Place) -> None:
    """Restore a cancelled account within 30 days: keys, tokens and passwords work again, no session does."""
    with open_account(place, account_id) as (caller, services):
        show(_facts(restore_account(caller, services)), as_json=place.as_json)


@account.command("set-creative-approval")
@click.argument("account_id", metavar="ID")
@click.argument("state", type=click.Choice(["on", "off"]))
@operators(changes=True)
def change_creative_approval(account_id: str, state: str, place: Place) -> None:
    """Note whether an Enterprise account has creative approval, which the permission to create proofs needs."""
    with open_account(place, account_id) as (caller, services):
        show(_facts(set_creative_approval(caller, state == "on", services)), as_json=place.as_json)


@account.command("migrate-roles")
@click.argument("account_id", metavar="ID")
@click.option("--contributor", "contributors", multiple=True, metavar="USER", help="Was Contributor elsewhere.")
@click.option("--viewer", "viewers", multiple=True, metavar="USER", help="Was Viewer elsewhere.")
@operators(changes=True)
def migrate_roles(account_id: str, contributors: tuple[str, ...], viewers: tuple[str, ...], place: Place) -> None:
    """Put people with the obsolete roles Contributor and Viewer into groups. USER is an id or an email."""
    with open_account(place, account_id) as (caller, services):
        named = {ObsoleteRole.CONTRIBUTOR: contributors, ObsoleteRole.VIEWER: viewers}
        moved = migrate_obsolete_roles(caller, named, services)
        shown = [{"role": each.role, "group": each.group.name, "users": each.user_ids} for each in moved]
        show(shown, as_json=place.as_json)


def _facts(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "plan": account.plan,
        "permissions": account.permission_system,
        "two_factor": account.two_factor,
        "created_at": account.created_at,
        "creative_approval": account.creative_approval,
        "cancelled_at": account.cancelled_at,
        "erased_at": account.erased_at,
    }


def _seats(seats: Seats) -> dict[str, int]:
    return {
        "used": seats.used,
        "limit": seats.limit,
        "plan_seats": seats.plan_seats,
        "additional": seats.additional,
    }


def _shown(view: AccountView) -> dict[str, Any]:
    saml = {"enabled": view.account.saml_enabled, "enforced": view.account.saml_enforced}
    return {**_facts(view.account), "seats": _seats(view.seats), "saml": saml}
