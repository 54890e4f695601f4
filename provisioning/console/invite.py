"""Inviting up to five people at once (USR-2, INV-1)."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.invitation_choices import InvitationChoices, emails_taken, invitation_choices
from provisioning.actions.invitations import invite
from provisioning.console.errors import form_page
from provisioning.console.invitation_form import (
    Invitation,
    add_refusals,
    add_taken,
    commands,
    empty_invitation,
    read_invitation,
)
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, Refusals
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires

# Refusals of the whole form, shown on top of it; others have a page of their own.
OF_THE_FORM = frozenset({Code.SEAT_LIMIT_REACHED, Code.TOO_MANY_INVITATIONS})


def add_invite(blueprint: Blueprint) -> None:
    """Add the routes of inviting."""
    blueprint.add_url_rule("/users/invite", view_func=show_invite, methods=["GET"])
    blueprint.add_url_rule("/users/invite", view_func=post_invite, methods=["POST"])


@requires(Permission.ACCOUNT_USERS_MANAGE, session_caller)
def show_invite(caller: Caller) -> Response:
    """Show the empty form."""
    return _shown(caller, empty_invitation(), invitation_choices(caller, services()))


@requires(Permission.ACCOUNT_USERS_MANAGE, session_caller)
def post_invite(caller: Caller) -> Response:
    """Invite everybody on the form, or nobody and say what is wrong with each row."""
    choices = invitation_choices(caller, services())
    form = read_invitation(request.form, choices)
    if not form.is_good:
        add_taken(form, emails_taken(caller, form.emails, services()))
        return _shown(caller, form, choices)
    try:
        made = invite(caller, commands(form, choices), services())
    except Refusals as refusals:
        add_refusals(form, refusals)
        return _shown(caller, form, choices)
    except Refusal as refusal:
        if refusal.code not in OF_THE_FORM:
            raise
        form.refuse(refusal)
        return _shown(caller, form, choices)
    response = lead_to("/users")
    leave_notice(response, "invited_alike" if any(view.warnings for view in made) else "invited", len(made))
    return response


def _shown(caller: Caller, form: Invitation, choices: InvitationChoices) -> Response:
    may_change_limit = is_allowed(caller, Permission.ACCOUNT_SEATS_MANAGE)
    return form_page(
        "invite.html", form.code, caller=caller, form=form, choices=choices, may_change_limit=may_change_limit
    )
