"""What is done to one user: a page that says what will happen, and the form on it that does it."""

from flask import Blueprint
from werkzeug.wrappers import Response

from provisioning.actions.user_table import user_page
from provisioning.console.acts import BY_SLUG, Act
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to, page
from provisioning.domain.caller import Caller
from provisioning.domain.errors import not_found
from provisioning.domain.permissions import Permission
from provisioning.domain.users import require_live
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires


def add_user_acts(blueprint: Blueprint) -> None:
    """Add the routes of acts on one user."""
    one = "/users/<user_id>/<slug>"
    blueprint.add_url_rule(one, view_func=confirm_act, methods=["GET"])
    blueprint.add_url_rule(one, view_func=post_act, methods=["POST"])


@requires(Permission.ACCOUNT_USERS_READ, session_caller)
def confirm_act(caller: Caller, user_id: str, slug: str) -> Response:
    """Show what an act will do to whom; where it cannot be done, why."""
    act = _act(slug)
    shown = user_page(caller, user_id, services())
    require_live(shown.view.user)
    refusal = shown.refusals.get(act.verb)
    return page("confirm.html", caller=caller, act=act, shown=shown, refusal=refusal, fits=act.verb in shown.refusals)


@requires(Permission.ACCOUNT_USERS_MANAGE, session_caller)
def post_act(caller: Caller, user_id: str, slug: str) -> Response:
    """Do it, and say on the user's page that it is done.

    Raises:
        Refusal: USER_INACTIVE for a deleted user (USR-6), and what the action refuses.
    """
    act = _act(slug)
    before = user_page(caller, user_id, services())
    require_live(before.view.user)
    act.run(caller, user_id, services())
    response = lead_to(f"/users/{before.view.user.id}")
    leave_notice(response, act.notice, len(before.sessions))
    return response


def _act(slug: str) -> Act:
    act = BY_SLUG.get(slug)
    if act is None:
        raise not_found("Address")
    return act
