"""Where a command works: on the folder of a `gatelodge up` of this machine, or on what the environment names.

`up` keeps the values by which its parts find each other in one file of its folder, readable by its owner alone. So an
operator's command needs no password in an argument or in the shell's history (OPS-5).
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from provisioning.actions.accounts import show_account
from provisioning.actions.services import Services
from provisioning.actions.users import find_user
from provisioning.domain.caller import Caller, operator
from provisioning.settings import Settings, SettingsError, load
from provisioning.wiring import services_from

ENVIRONMENT_FILE = "environment.json"
# An operator's command neither rings for jobs nor sends mail; only the processes that do are asked for these.
NOT_USED_HERE = {"REDIS_URL": "redis://127.0.0.1", "MAIL_URL": "maildir:/nonexistent"}


@dataclass(frozen=True, slots=True)
class Place:
    """What every operator's command is told besides its own arguments.

    Attributes:
        data: folder of an `up`, None for the environment.
        as_json: whether a program reads the answer.
        reason: for the activity report, None where none was given (OPS-5).
    """

    data: Path | None
    as_json: bool
    reason: str | None


def environment_at(data: Path | None) -> Mapping[str, str]:
    """Return the environment that a command works with: ours, and above it what the folder of an `up` holds.

    Raises:
        SettingsError: the folder is none of an `up`.
    """
    if data is None:
        return os.environ
    try:
        kept = json.loads((data / ENVIRONMENT_FILE).read_text())
    except (OSError, ValueError) as fault:
        raise SettingsError(f"{data} is not the data folder of a 'gatelodge up', or not yours to read.") from fault
    return {**os.environ, **kept}


def settings_at(data: Path | None) -> Settings:
    """Return the settings of an operator's command."""
    return load({**NOT_USED_HERE, **environment_at(data)})


@contextmanager
def open_services(place: Place) -> Iterator[Services]:
    """Open the services for one command."""
    services = services_from(settings_at(place.data))
    try:
        yield services
    finally:
        services.database.close()


@contextmanager
def open_account(place: Place, account_id: str) -> Iterator[tuple[Caller, Services]]:
    """Open the services for a command on one account, as the operator.

    Raises:
        Refusal: there is no such account.
    """
    with open_services(place) as services:
        caller = operator(account_id, place.reason)
        show_account(caller, services)
        yield caller, services


def user_id_of(caller: Caller, name: str, services: Services) -> str:
    """Return the id of the live user that a command names by id or email."""
    with services.read(caller) as unit:
        return find_user(unit, name).id


def asked_reason(given: str | None) -> str | None:
    """Return the reason of a change: the given one, else what a person at a terminal types; None where none is."""
    if given is not None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return given
    typed: str = click.prompt("Reason, for the activity report", default="", show_default=False, err=True)
    return typed or None
