"""What the commands share: the options of every operator's command, and `--set key=value`."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from provisioning.actions.accounts import NewAccount
from provisioning.commands.installation import Place, asked_reason
from provisioning.domain.accounts import LEGACY, PERMISSION_SYSTEMS, TwoFactor
from provisioning.domain.errors import invalid
from provisioning.domain.seats import SEATS_OF_PLAN, Plan

Command = Callable[..., Any]
Reader = Callable[[str], object]


def operators(*, changes: bool) -> Callable[[Command], Command]:
    """Return a decorator that gives a command `--json`, `--data` and `--reason`, as its argument `place`.

    Args:
        changes: whether the command changes something; then a person at a terminal is asked for a reason (OPS-5).
    """

    def decorate(command: Command) -> Command:
        @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON value.")
        @click.option("--data", type=click.Path(path_type=Path), help="Folder of a 'gatelodge up' on this machine.")
        @click.option("--reason", help="Why, for the activity report.")
        @wraps(command)
        def run(*args: Any, as_json: bool, data: Path | None, reason: str | None, **kwargs: Any) -> Any:
            told = asked_reason(reason) if changes else reason
            return command(*args, place=Place(data, as_json, told), **kwargs)

        return run

    return decorate


def new_account_options(*, name: str | None, root_email: str | None) -> Callable[[Command], Command]:
    """Return a decorator that gives a command what a new account is made of, as its argument `asked`.

    Args:
        name, root_email: presets; None makes the option required.
    """
    seats_help = ", ".join(f"{plan.value} {number}" for plan, number in SEATS_OF_PLAN.items())
    options = (
        click.option("--name", help="Name of the account.", **_preset(name)),
        click.option("--root-email", metavar="EMAIL", help="Login of the root user.", **_preset(root_email)),
        click.option("--plan", type=click.Choice([*map(str, Plan)]), default=Plan.ENTERPRISE.value, show_default=True),
        click.option("--seats", type=int, help=f"Number of seats; preset by the plan: {seats_help}."),
        click.option("--permissions", type=click.Choice(PERMISSION_SYSTEMS), default=LEGACY, show_default=True),
        click.option(
            "--two-factor",
            type=click.Choice([*map(str, TwoFactor)]),
            default=TwoFactor.OPTIONAL.value,
            show_default=True,
            help="The account's two-factor setting; SAML provisioning needs 'disabled'.",
        ),
    )

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(
            *args: Any,
            name: str,
            root_email: str,
            plan: str,
            seats: int | None,
            permissions: str,
            two_factor: str,
            **kwargs: Any,
        ) -> Any:
            asked = NewAccount(name, root_email, Plan(plan), seats, permissions, TwoFactor(two_factor))
            return command(*args, asked=asked, **kwargs)

        for option in reversed(options):
            run = option(run)
        return run

    return decorate


def _preset(value: str | None) -> dict[str, Any]:
    """Return what click is told of a preset; it takes a preset of None for a value that was given."""
    return {"required": True} if value is None else {"default": value, "show_default": True}


def account_option(command: Command) -> Command:
    """Give a command the required option `--account`, as its argument `account_id`."""
    return click.option("--account", "account_id", required=True, metavar="ID", help="The account.")(command)


def set_option(keys: Mapping[str, Reader]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command `--set key=value`, as often as wanted, as its argument `assignments`."""
    listed = ", ".join(keys)
    return click.option(
        "--set", "assignments", multiple=True, metavar="KEY=VALUE", help=f"A setting; may be repeated. Keys: {listed}."
    )


def read_assignments(assignments: tuple[str, ...], readers: Mapping[str, Reader]) -> dict[str, object]:
    """Return `--set` options as key -> value.

    Args:
        assignments: `key=value` as typed; the last of one key counts.
        readers: key -> text to value; a ValueError's text says what the value is.

    Raises:
        Refusal: INVALID_VALUE for an unknown key or a value that cannot be read.
    """
    found: dict[str, object] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or key not in readers:
            raise invalid(key, f"--set takes KEY=VALUE with one of these keys: {', '.join(readers)}.")
        try:
            found[key] = readers[key](text)
        except ValueError as fault:
            raise invalid(key, f"{key} {fault}.") from fault
    return found


def yes_or_no(text: str) -> bool:
    """Read a switch."""
    choices = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if text.lower() not in choices:
        raise ValueError("is true or false")
    return choices[text.lower()]


def whole_number(text: str) -> int:
    """Read a number."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ValueError("is a whole number")
    return int(text)


def words(text: str) -> tuple[str, ...]:
    """Read a list with commas between; an empty text is an empty list."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def text_or_none(text: str) -> str | None:
    """Read a text that may be taken away by an empty one."""
    return text or None


def one_of(choices: Mapping[str, object]) -> Reader:
    """Return a reader for one of some words."""

    def read(text: str) -> object:
        if text not in choices:
            raise ValueError(f"is one of: {', '.join(choices)}")
        return choices[text]

    return read
