"""The account's user limit."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.seats import change_additional_seats, show_seats
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled, UserLimitForm, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.seats import MOST_ADDITIONAL_BY_SELF_SERVICE
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

LIMIT = "/user-limit"


def add_account(blueprint: Blueprint) -> None:
    """Add the routes of the user limit."""
    blueprint.add_url_rule(LIMIT, view_func=show_limit, methods=["GET"])
    blueprint.add_url_rule(LIMIT, view_func=post_limit, methods=["POST"])


@requires(Permission.ACCOUNT_SEATS_MANAGE, session_caller)
def show_limit(caller: Caller) -> Response:
    """Show the user limit and what it is made of (SEAT-2)."""
    return _limit_page(caller, Filled())


@requires(Permission.ACCOUNT_SEATS_MANAGE, session_caller)
def post_limit(caller: Caller) -> Response:
    """Change the number of additional subscriptions (SEAT-2)."""
    form = read_form(UserLimitForm(), request.form)
    if not form.is_good:
        return _limit_page(caller, form)
    try:
        seats = change_additional_seats(caller, form.values["additional"], services())
    except Refusal as refusal:
        if refusal.field is None:
            raise
        form.refuse("additional", refusal)
        return _limit_page(caller, form)
    response = lead_to(LIMIT)
    leave_notice(response, "limit_changed", seats.limit)
    return response


def _limit_page(caller: Caller, form: Filled) -> Response:
    seats, most = show_seats(caller, services()), MOST_ADDITIONAL_BY_SELF_SERVICE
    return form_page("user_limit.html", form.code, caller=caller, form=form, seats=seats, most=most)
