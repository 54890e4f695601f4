"""Account: plan, seats and product environments on one page, and cancelling it all, for the root user (ACC, ENV)."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.account_page import account_page, cancelling, environment_page
from provisioning.actions.accounts import cancel_account
from provisioning.actions.environments import (
    NewEnvironment,
    create_environment,
    delete_environment,
    edit_environment,
)
from provisioning.console.decisions import Decision, decision_page
from provisioning.console.errors import LOGIN, form_page
from provisioning.console.forms import Filled, Form, Trimmed, attempt, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import add_routes, lead_to, page
from provisioning.console.proof import ask_before
from provisioning.console.words import PLAN_NAMES, counted
from provisioning.domain.caller import Caller
from provisioning.domain.environments import Environment
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed, require
from provisioning.guard.context import services
from provisioning.guard.cookie import SESSION, delete_cookie, session_caller
from provisioning.guard.require import requires

ACCOUNT = "/account"
ENVIRONMENTS = f"{ACCOUNT}/environments"
TRAIL = ((ACCOUNT, "Account"),)
BESIDE = ("name", "cloud_name")


class EnvironmentForm(Form):
    """A product environment's names; without a cloud name one is made up."""

    name = Trimmed(load_default="")
    cloud_name = Trimmed(load_default="")


def add_account_page(blueprint: Blueprint) -> None:
    """Add the routes of the account, its product environments and its end."""
    one = f"{ENVIRONMENTS}/<environment_id>"
    add_routes(
        blueprint,
        (ACCOUNT, "GET", show_account),
        (f"{ACCOUNT}/cancel", "GET", confirm_cancel),
        (f"{ACCOUNT}/cancel", "POST", post_cancel),
        (f"{ENVIRONMENTS}/new", "GET", show_new_environment),
        (f"{ENVIRONMENTS}/new", "POST", post_new_environment),
        (one, "GET", show_environment),
        (one, "POST", post_environment),
        (f"{one}/disable", "GET", confirm_disabling),
        (f"{one}/disable", "POST", post_disabling),
        (f"{one}/enable", "POST", post_enabling),
        (f"{one}/delete", "GET", confirm_environment_deletion),
        (f"{one}/delete", "POST", post_environment_deletion),
    )


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def show_account(caller: Caller) -> Response:
    """Show plan, seats and product environments, each to who may see it."""
    return page(
        "account_page.html",
        caller=caller,
        shown=account_page(caller, services()),
        plans=PLAN_NAMES,
        may_manage=is_allowed(caller, Permission.ACCOUNT_ENVIRONMENTS_MANAGE),
    )


@requires(Permission.ACCOUNT_ENVIRONMENTS_MANAGE, session_caller)
def show_new_environment(caller: Caller) -> Response:
    """Show the form of a new product environment; its first key is shown with it, so a fresh proof comes before."""
    require(caller, Permission.ACCOUNT_ENVIRONMENTS_MANAGE)
    ask_before(caller)
    return form_page("environment_new.html", None, caller=caller, form=Filled())


@requires(Permission.ACCOUNT_ENVIRONMENTS_MANAGE, session_caller)
def post_new_environment(caller: Caller) -> Response:
    """Make a product environment; users with access to all have it at once (ENV-2)."""
    form = read_form(EnvironmentForm(), request.form)
    asked = NewEnvironment(form.values["name"], form.values["cloud_name"] or None)
    made = attempt(form, lambda: create_environment(caller, asked, services()), BESIDE)
    if made is None:
        return form_page("environment_new.html", form.code, caller=caller, form=form)
    return _done(ACCOUNT, "environment_made")


@requires(Permission.ACCOUNT_ENVIRONMENTS_READ, session_caller)
def show_environment(caller: Caller, environment_id: str) -> Response:
    """Show one product environment and what can be done to it."""
    return _environment_page(caller, environment_id, Filled())


@requires(Permission.ACCOUNT_ENVIRONMENTS_MANAGE, session_caller)
def post_environment(caller: Caller, environment_id: str) -> Response:
    """Change the names of a product environment."""
    form = read_form(EnvironmentForm(), request.form)
    changes = {"name": form.values["name"], "cloud_name": form.values["cloud_name"]}
    saved = attempt(form, lambda: edit_environment(caller, environment_id, changes, services()), BESIDE)
    if saved is None:
        return _environment_page(caller, environment_id, form)
    return _done(f"{ENVIRONMENTS}/{saved.environment.id}", "environment_changed")


@requires(Permission.ACCOUNT_ENVIRONMENTS_READ, session_caller)
def confirm_disabling(caller: Caller, environment_id: str) -> Response:
    """Say what switching a product environment off does."""
    shown = environment_page(caller, environment_id, services())
    consequences = (
        "Nobody can work in it until it is enabled again.",
        f"{_left(shown.left_with_none)}",
        "What is stored in it stays.",
    )
    decision = Decision(
        question=f"Disable the product environment {shown.environment.name}?",
        consequences=consequences,
        title="Disable",
        back=f"{ENVIRONMENTS}/{shown.environment.id}",
        trail=_trail(shown.environment),
        is_danger=True,
        refusal=shown.refusal,
    )
    return decision_page(caller, decision)


@requires(Permission.ACCOUNT_ENVIRONMENTS_MANAGE, session_caller)
def post_disabling(caller: Caller, environment_id: str) -> Response:
    """Switch a product environment off; the last enabled one is refused (ENV-1)."""
    saved = edit_environment(caller, environment_id, {"enabled": False}, services())
    return _done(f"{ENVIRONMENTS}/{saved.environment.id}", "environment_disabled")


@requires(Permission.ACCOUNT_ENVIRONMENTS_MANAGE, session_caller)
def post_enabling(caller: Caller, environment_id: str) -> Response:
    """Switch a product environment on again."""
    saved = edit_environment(caller, environment_id, {"enabled": True}, services())
    return _done(f"{ENVIRONMENTS}/{saved.environment.id}", "environment_enabled")


@requires(Permission.ACCOUNT_ENVIRONMENTS_READ, session_caller)
def confirm_environment_deletion(caller: Caller, environment_id: str) -> Response:
    """Say how many people are left with nothing before a product environment is deleted (ENV-5)."""
    shown = environment_page(caller, environment_id, services())
    decision = Decision(
        question=f"Delete the product environment {shown.environment.name}?",
        consequences=(
            f"{_left(shown.left_with_none)}",
            "Its access keys stop working now.",
            "It cannot be brought back; its cloud name can be given to a new one.",
        ),
        title="Delete",
        back=f"{ENVIRONMENTS}/{shown.environment.id}",
        trail=_trail(shown.environment),
        is_danger=True,
        refusal=shown.refusal,
    )
    return decision_page(caller, decision)


@requires(Permission.ACCOUNT_ENVIRONMENTS_MANAGE, session_caller)
def post_environment_deletion(caller: Caller, environment_id: str) -> Response:
    """Delete a product environment; the last enabled one is refused (ENV-1)."""
    deleted = delete_environment(caller, environment_id, services())
    return _done(ACCOUNT, "environment_deleted", len(deleted.users_left_with_none))


@requires(Permission.ACCOUNT_SECURITY_MANAGE, session_caller)
def confirm_cancel(caller: Caller) -> Response:
    """Say what cancelling the account ends, and for how long it can be restored (ACC-3)."""
    shown = cancelling(caller, services())
    if shown.refusal is None:
        ask_before(caller)
    decision = Decision(
        question=f"Cancel the account {shown.account.name}?",
        consequences=(
            f"{counted(shown.seats.used, 'user is', 'users are')} logged out now, you too, and nobody can log in.",
            "All API keys and SCIM tokens are refused from the next request on.",
            f"{counted(shown.environments, 'product environment')} can be used by nobody.",
            "For 30 days whoever runs this service can restore the account. Then its data is erased.",
        ),
        title="Cancel the account",
        back=ACCOUNT,
        trail=TRAIL,
        is_danger=True,
        refusal=shown.refusal,
    )
    return decision_page(caller, decision)


@requires(Permission.ACCOUNT_SECURITY_MANAGE, session_caller)
def post_cancel(caller: Caller) -> Response:
    """Cancel the account and leave it; the session with its fresh proof is the proof (SES-4)."""
    cancel_account(caller, None, None, services())
    response = _done(LOGIN, "account_cancelled")
    delete_cookie(response, SESSION)
    return response


def _environment_page(caller: Caller, environment_id: str, form: Filled) -> Response:
    return form_page(
        "environment.html",
        form.code,
        caller=caller,
        form=form,
        shown=environment_page(caller, environment_id, services()),
        may_manage=is_allowed(caller, Permission.ACCOUNT_ENVIRONMENTS_MANAGE),
    )


def _trail(environment: Environment) -> tuple[tuple[str, str], ...]:
    return (*TRAIL, (f"{ENVIRONMENTS}/{environment.id}", environment.name))


def _left(number: int) -> str:
    """Return the sentence on those who have no other product environment."""
    return (
        f"{counted(number, 'user has', 'users have')} access to no other product environment and could then use none."
    )


def _done(path: str, notice: str, number: int = 0) -> Response:
    response = lead_to(path)
    leave_notice(response, notice, number)
    return response
