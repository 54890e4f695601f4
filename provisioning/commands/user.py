"""`gatelodge user`: the people of an account, and what an operator does to them (USR, ROOT, OUT-1, PWD-1)."""

from collections.abc import Callable
from typing import Any

import click

from provisioning.actions.invitations import invite
from provisioning.actions.passwords import reset_password
from provisioning.actions.second_factor import remove_of
from provisioning.actions.services import Services
from provisioning.actions.sessions import force_logout
from provisioning.actions.user_lists import stream_users
from provisioning.actions.users import delete_user, disable_user, enable_user, show_user
from provisioning.commands.installation import Place, open_account, user_id_of
from provisioning.commands.options import account_option, operators
from provisioning.commands.output import show
from provisioning.domain.caller import Caller
from provisioning.domain.roles_legacy import DEFAULT_ROLE, Role
from provisioning.domain.user_lists import UserFilter
from provisioning.domain.users import NewUser, Status, UserView

Verb = Callable[[Caller, str, Services], UserView]
SHOWN_STATUSES = [status.value for status in Status if status is not Status.INACTIVE]


@click.group()
def user() -> None:
    """The people of an account. USER is an id or an email."""


@user.command("list")
@account_option
@click.option("--status", type=click.Choice(SHOWN_STATUSES), help="Only those of this status.")
@operators(changes=False)
def show_all(account_id: str, status: str | None, place: Place) -> None:
    """List all people of an account but the deleted ones."""
    with open_account(place, account_id) as (caller, services):
        wanted = UserFilter(status=Status(status) if status else None)
        found = [view for batch in stream_users(caller, wanted, services) for view in batch]
        show([_facts(view) for view in found], as_json=place.as_json)


@user.command("show")
@account_option
@click.argument("name", metavar="USER")
@operators(changes=False)
def show_one(account_id: str, name: str, place: Place) -> None:
    """Show one person."""
    with open_account(place, account_id) as (caller, services):
        view = show_user(caller, user_id_of(caller, name, services), services)
        show(_all_facts(view), as_json=place.as_json)


@user.command("invite")
@account_option
@click.option("--email", required=True)
@click.option("--first-name", required=True)
@click.option("--last-name", required=True)
@click.option("--role", type=click.Choice([*map(str, Role)]), default=DEFAULT_ROLE.value, show_default=True)
@click.option("--no-invitation", is_flag=True, help="Tell them to log in through their organisation, where that is on.")
@operators(changes=True)
def invite_one(
    account_id: str, email: str, first_name: str, last_name: str, role: str, no_invitation: bool, place: Place
) -> None:
    """Make a person, who gets a mail."""
    command = NewUser(
        email=email, first_name=first_name, last_name=last_name, role=Role(role), send_invitation=not no_invitation
    )
    with open_account(place, account_id) as (caller, services):
        (view,) = invite(caller, [command], services)
        show(_all_facts(view), as_json=place.as_json)


def add_verb(name: str, verb: Verb, text: str) -> None:
    """Add a command that does one thing to one person."""

    @user.command(name, help=text)
    @account_option
    @click.argument("person", metavar="USER")
    @operators(changes=True)
    def run(account_id: str, person: str, place: Place) -> None:
        with open_account(place, account_id) as (caller, services):
            view = verb(caller, user_id_of(caller, person, services), services)
            show(_all_facts(view), as_json=place.as_json)


VERBS: tuple[tuple[str, Verb, str], ...] = (
    ("disable", disable_user, "Refuse every login and end all sessions; the seat stays."),
    ("enable", enable_user, "Take a disabling back; nothing that it ended comes back."),
    ("delete", delete_user, "Delete for ever: the person is Inactive from then on."),
    ("force-logout", force_logout, "End all sessions at once."),
    (
        "remove-second-factor",
        remove_of,
        "Remove a lost second factor: all sessions end, the person is told; not the root user's.",
    ),
    ("reset-password", reset_password, "End all sessions, make the password unusable, mail a link to set a new one."),
)
for verb_name, verb, text in VERBS:
    add_verb(verb_name, verb, text)


def _facts(view: UserView) -> dict[str, Any]:
    user = view.user
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role or Role.MASTER_ADMIN,
        "root": user.is_root,
        "status": user.status,
    }


def _all_facts(view: UserView) -> dict[str, Any]:
    user = view.user
    return {
        **_facts(view),
        "user_name": user.user_name,
        "external_id": user.external_id,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "product_environments": "all" if user.all_environments else user.environment_ids,
        "groups": view.groups,
        "providers": user.providers,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_login_at": user.last_login_at,
    }
