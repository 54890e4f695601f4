"""Changing a user: details, role, product environments and permissions by one form, groups by another (USR-4)."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.invitation_choices import invitation_choices
from provisioning.actions.user_groups import change_groups_of
from provisioning.actions.user_table import UserPage, user_page
from provisioning.actions.users import edit_user
from provisioning.console.errors import form_page
from provisioning.console.forms import Filled
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to
from provisioning.console.proof import ask_before
from provisioning.console.user_form import changes_of, filled_from, put_beside, read_user_form
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.users import Verb, require_live, require_text
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller
from provisioning.guard.require import requires


def add_user_edit(blueprint: Blueprint) -> None:
    """Add the routes of changing a user."""
    one = "/users/<user_id>"
    blueprint.add_url_rule(f"{one}/edit", view_func=show_edit, methods=["GET"])
    blueprint.add_url_rule(f"{one}/edit", view_func=post_edit, methods=["POST"])
    blueprint.add_url_rule(f"{one}/groups", view_func=show_groups_of, methods=["GET"])
    blueprint.add_url_rule(f"{one}/groups", view_func=post_groups_of, methods=["POST"])


@requires(Permission.ACCOUNT_USERS_MANAGE, session_caller)
def show_edit(caller: Caller, user_id: str) -> Response:
    """Show the form with what the user is now; where it cannot be changed, why (USR-3, ROOT-7)."""
    shown = _live(caller, user_id)
    refusal = shown.refusals[Verb.CHANGE]
    if refusal is not None:
        raise refusal
    if shown.view.user.is_root:
        ask_before(caller)
    return _edit_page(caller, shown, filled_from(shown.view.user))


@requires(Permission.ACCOUNT_USERS_MANAGE, session_caller)
def post_edit(caller: Caller, user_id: str) -> Response:
    """Change what the form changes, all of it or nothing; a form that is older than the user is refused."""
    shown = _live(caller, user_id)
    form = read_user_form(request.form, shown.view.user, invitation_choices(caller, services()))
    if not form.is_good:
        return _edit_page(caller, shown, form)
    versions = (form.values["version"],)
    try:
        saved = edit_user(caller, user_id, lambda user: changes_of(form, user), services(), versions).user
    except Refusal as refusal:
        put_beside(form, refusal)
        return _edit_page(caller, shown, form)
    waits = form.values["email"] != (saved.email or "")
    response = lead_to(f"/users/{saved.id}")
    leave_notice(response, "user_email_waits" if waits else "user_changed")
    return response


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def show_groups_of(caller: Caller, user_id: str) -> Response:
    """Show the groups that there are, with those that the user is in."""
    shown = _live(caller, user_id)
    groups = invitation_choices(caller, services()).groups
    present = {group.id for group in shown.view.groups}
    return form_page("user_groups.html", None, caller=caller, shown=shown, groups=groups, present=present)


@requires(Permission.ACCOUNT_GROUPS_MANAGE, session_caller)
def post_groups_of(caller: Caller, user_id: str) -> Response:
    """Put the user into the groups that were newly ticked, and take it out of those that were unticked (GRP-1).

    What came in between the showing of the form and its sending stays: a directory changes groups too.
    """
    shown = _live(caller, user_id)
    ticked, before = set(request.form.getlist("group_ids")), set(request.form.getlist("shown_ids"))
    for group_id in ticked | before:
        require_text("group", group_id)
    present = change_groups_of(caller, shown.view.user.id, ticked - before, before - ticked, services())
    response = lead_to(f"/users/{shown.view.user.id}")
    leave_notice(response, "groups_changed", len(present))
    return response


def _live(caller: Caller, user_id: str) -> UserPage:
    shown = user_page(caller, user_id, services())
    require_live(shown.view.user)
    return shown


def _edit_page(caller: Caller, shown: UserPage, form: Filled) -> Response:
    choices = invitation_choices(caller, services())
    return form_page("user_edit.html", form.code, caller=caller, form=form, shown=shown, choices=choices)
