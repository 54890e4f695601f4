"""`gatelodge scim-token`: tokens of SCIM connections: made, rotated, switched off, kept, revoked (API-2, KEY-2)."""

from datetime import timedelta
from typing import Any

import click

from provisioning.actions.scim_connections import DEFAULT_NAME, find_scim_connection, list_scim_connections
from provisioning.actions.scim_tokens import (
    MadeToken,
    create_scim_token,
    disable_scim_token,
    enable_scim_token,
    keep_scim_token,
    list_scim_tokens,
    revoke_scim_token,
    rotate_scim_token,
)
from provisioning.actions.services import Services
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import show
from provisioning.commands.terms import add_act, facts_of, overlap_option, terms_options
from provisioning.domain.keys import ScimToken, Terms


@click.group("scim-token")
def scim_token() -> None:
    """Tokens of SCIM connections."""


@scim_token.command("create")
@account_option
@click.option("--connection", default=DEFAULT_NAME, show_default=True, metavar="NAME", help="The connection.")
@terms_options
@operators(changes=True)
def make_token(account_id: str, connection: str, terms: Terms, place: Place) -> None:
    """Make a token; it is shown this once."""
    with open_account(place, account_id) as (caller, services):
        owner = find_scim_connection(caller, connection, services)
        show(_made(create_scim_token(caller, owner.name, services, terms), owner.name, services), as_json=place.as_json)


@scim_token.command("list")
@account_option
@click.option("--connection", metavar="NAME", help="Only those of this connection.")
@operators(changes=False)
def show_tokens(account_id: str, connection: str | None, place: Place) -> None:
    """List tokens, without their text; 'review' says whose maker is gone or lost the right to it."""
    with open_account(place, account_id) as (caller, services):
        names = {each.id: each.name for each in list_scim_connections(caller, services)}
        only = find_scim_connection(caller, connection, services).name if connection else None
        found = list_scim_tokens(caller, only, services)
        show([_facts(token, names.get(token.connection_id)) for token in found], as_json=place.as_json)


@scim_token.command("rotate")
@account_option
@click.argument("token_id", metavar="TOKEN")
@overlap_option
@operators(changes=True)
def rotate_token(account_id: str, token_id: str, overlap: timedelta, place: Place) -> None:
    """Make a token in the place of another; both work until the overlap ends. It is shown this once."""
    with open_account(place, account_id) as (caller, services):
        made = rotate_scim_token(caller, token_id, int(overlap.total_seconds()), services)
        show(_made(made, None, services), as_json=place.as_json)


def _made(made: MadeToken, connection: str | None, services: Services) -> dict[str, Any]:
    return {**_facts(made.token, connection), "base_url": f"{services.public_url}/scim/v2", "token": made.text}


def _facts(token: ScimToken, connection: str | None = None) -> dict[str, Any]:
    return {"id": token.id, "connection": connection or token.connection_id, **facts_of(token)}


for _name, _act, _help in (
    ("revoke", revoke_scim_token, "Revoke a token by its id (gst_…), at once and for ever."),
    ("disable", disable_scim_token, "Switch a token off until it is switched on again."),
    ("enable", enable_scim_token, "Switch a token on again."),
    ("keep", keep_scim_token, "Keep a token whose maker is gone: it need not be reviewed any more."),
):
    add_act(scim_token, _name, _act, _help, "TOKEN", _facts)
