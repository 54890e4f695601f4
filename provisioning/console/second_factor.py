"""My Profile: one's own second factor, set up, removed, and its recovery codes made anew (2FA-1, USR-10).

Seed and recovery codes stand on the one answer that makes them, which no browser keeps (LGN-6, WEB-5); every page after
it tells only whether there is a second factor, and how many codes are left.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.second_factor import (
    begin_set_up,
    confirm_set_up,
    new_recovery_codes,
    own_second_factor,
    remove_own,
)
from provisioning.console.errors import form_page
from provisioning.console.forms import CodeForm, Filled, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to, page
from provisioning.console.proof import ask_before
from provisioning.console.qr_code import qr_picture
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

ADDRESS = "/profile/second-factor"


def add_second_factor(blueprint: Blueprint) -> None:
    """Add the routes of one's own second factor."""
    blueprint.add_url_rule(ADDRESS, view_func=show_second_factor, methods=["GET"])
    blueprint.add_url_rule(f"{ADDRESS}/set-up", view_func=post_own_set_up, methods=["POST"])
    blueprint.add_url_rule(f"{ADDRESS}/confirm", view_func=post_own_confirm, methods=["POST"])
    blueprint.add_url_rule(f"{ADDRESS}/remove", view_func=post_own_removal, methods=["POST"])
    blueprint.add_url_rule(f"{ADDRESS}/recovery-codes", view_func=post_own_codes, methods=["POST"])


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def show_second_factor(caller: Caller) -> Response:
    """Show whether there is one, and what can be done; whoever sees it has proved who they are."""
    ask_before(caller)
    return page("second_factor.html", caller=caller, factor=own_second_factor(caller, services()))


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def post_own_set_up(caller: Caller) -> Response:
    """Begin to set one up: picture and seed stand on this answer alone."""
    made = begin_set_up(caller, services())
    return _confirm_page(caller, Filled(), made.seed, qr_picture(made.address))


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def post_own_confirm(caller: Caller) -> Response:
    """Take the first code of the app; the recovery codes stand on this answer alone."""
    form = read_form(CodeForm(), request.form)
    if not form.is_good:
        return _confirm_page(caller, form)
    try:
        codes = confirm_set_up(caller, form.values["code"], services())
    except Refusal as refusal:
        if refusal.code is not Code.SECOND_FACTOR_WRONG:
            raise
        form.refuse("code", refusal)
        return _confirm_page(caller, form)
    return page("recovery_codes.html", codes=codes, onward=ADDRESS)


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def post_own_removal(caller: Caller) -> Response:
    """Remove one's own second factor."""
    remove_own(caller, services())
    response = lead_to(ADDRESS)
    leave_notice(response, "own_second_factor_removed")
    return response


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def post_own_codes(caller: Caller) -> Response:
    """Make the recovery codes anew; they stand on this answer alone."""
    return page("recovery_codes.html", codes=new_recovery_codes(caller, services()), onward=ADDRESS)


def _confirm_page(caller: Caller, form: Filled, seed: str | None = None, picture: str | None = None) -> Response:
    return form_page(
        "second_factor_confirm.html", form.code, caller=caller, form=form, seed=seed, picture=picture, back=ADDRESS
    )
