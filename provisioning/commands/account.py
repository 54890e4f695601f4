"""`gatelodge account`: make an account, show it, list them, set the number of its seats (ACC-2, SEAT-2)."""

from typing import Any

import click

from provisioning.actions.accounts import (
    AccountView,
    NewAccount,
    create_account,
    list_accounts,
    set_seats,
    show_account,
)
from provisioning.actions.environments import list_environments
from provisioning.commands.credentials import credentials_of
from provisioning.commands.installation import Place, environment_at, open_account, open_services
from provisioning.commands.options import new_account_options, operators
from provisioning.commands.output import show
from provisioning.domain.accounts import Account
from provisioning.domain.caller import operator
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


def _facts(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "plan": account.plan,
        "permissions": account.permission_system,
        "two_factor": account.two_factor,
        "created_at": account.created_at,
        "cancelled_at": account.cancelled_at,
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
