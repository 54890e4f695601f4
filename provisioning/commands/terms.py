"""What `gatelodge key` and `gatelodge scim-token` share: lifetime, ranges, overlap, acts on one, what is printed."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import click

from provisioning.actions.services import Services
from provisioning.commands.installation import Place, open_account
from provisioning.commands.options import Command, account_option, operators
from provisioning.commands.output import show
from provisioning.domain.caller import Caller
from provisioning.domain.keys import OVERLAP_SECONDS, Issued, Terms

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
LONGEST_NUMBER = 9


class Duration(click.ParamType[timedelta]):
    """A stretch of time: a whole number with its unit, as in 90d, 12h, 30m, 45s."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return what was typed as a stretch of time."""
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit not in UNITS or not number.isascii() or not number.isdigit() or len(number) > LONGEST_NUMBER:
            self.fail(f"{value!r} is no stretch of time such as 90d, 12h, 30m or 45s.", param, ctx)
        return timedelta(seconds=int(number) * UNITS[unit])


def terms_options(command: Command) -> Command:
    """Give a command `--expires-in` and `--address-range`, as its argument `terms`."""

    @click.option(
        "--expires-in", type=Duration(), default="365d", show_default=True, help="Its life: 90d, 12h, 30m, 45s."
    )
    @click.option(
        "--address-range", "ranges", multiple=True, metavar="CIDR", help="Where it may be used from; may be repeated."
    )
    @wraps(command)
    def run(*args: Any, expires_in: timedelta, ranges: tuple[str, ...], **kwargs: Any) -> Any:
        return command(*args, terms=Terms(expires_in, ranges), **kwargs)

    return run


def overlap_option(command: Command) -> Command:
    """Give a command `--overlap`, as its argument `overlap`."""
    decorate: Callable[[Command], Command] = click.option(
        "--overlap",
        type=Duration(),
        default=f"{OVERLAP_SECONDS // UNITS['h']}h",
        show_default=True,
        help="How long the old one still works; 0s ends it at once.",
    )
    return decorate(command)


def add_act(
    group: click.Group,
    name: str,
    act: Callable[[Caller, str, Services], Any],
    help_text: str,
    metavar: str,
    facts: Callable[[Any], dict[str, Any]],
) -> None:
    """Give a group a command that does something to one key or token and shows it.

    Args:
        group: `key` or `scim-token`.
        name: of the command.
        act: the action: caller, id, services -> the key or token as it is then.
        help_text: what the command does.
        metavar: name of the id in the help.
        facts: what is shown of it.
    """

    @group.command(name, help=help_text)
    @account_option
    @click.argument("issued_id", metavar=metavar)
    @operators(changes=True)
    def run(account_id: str, issued_id: str, place: Place) -> None:
        with open_account(place, account_id) as (caller, services):
            show(facts(act(caller, issued_id, services)), as_json=place.as_json)


def facts_of(issued: Issued) -> dict[str, Any]:
    """Return what is printed of a key or a token besides its name: never a secret."""
    return {
        "made_by": issued.made_by,
        "answers_for_it": issued.maker or None,
        "review": issued.review,
        "address_ranges": issued.address_ranges,
        "created_at": issued.created_at,
        "expires_at": issued.expires_at,
        "replaced_by": issued.replaced_by,
        "disabled_at": issued.disabled_at,
        "revoked_at": issued.revoked_at,
        "last_used_at": issued.last_used_at,
    }
