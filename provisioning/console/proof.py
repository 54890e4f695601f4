"""A grave act asks people once more who they are; this page takes the proof and leads back (SES-4)."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.fresh_proof import prove_again
from provisioning.actions.second_factor import own_second_factor
from provisioning.console.entering import asked_for
from provisioning.console.errors import PROOF, form_page
from provisioning.console.forms import Filled, ProofForm, read_form
from provisioning.console.pages import lead_to
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller, set_session
from provisioning.guard.require import requires

# Refusal -> the field that it is said beside.
FIELDS = {Code.INVALID_CREDENTIALS: "password", Code.SECOND_FACTOR_WRONG: "code", Code.TOO_MANY_REQUESTS: ""}


def add_proof(blueprint: Blueprint) -> None:
    """Add the routes of the fresh proof."""
    blueprint.add_url_rule(PROOF, view_func=show_proof, methods=["GET"])
    blueprint.add_url_rule(PROOF, view_func=post_proof, methods=["POST"])


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def show_proof(caller: Caller) -> Response:
    """Ask for the password and, where one is on, the second factor."""
    return _proof_page(caller, Filled())


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def post_proof(caller: Caller) -> Response:
    """Take the proof, give the session a new secret, and lead back (SES-3)."""
    form = read_form(ProofForm(), request.form)
    if not form.is_good:
        return _proof_page(caller, form)
    try:
        renewed = prove_again(caller, form.values["password"], form.values["code"], services())
    except Refusal as refusal:
        if refusal.code not in FIELDS:
            raise
        form.refuse(FIELDS[refusal.code], refusal)
        return _proof_page(caller, form)
    response = lead_to(asked_for())
    set_session(response, renewed)
    return response


def _proof_page(caller: Caller, form: Filled) -> Response:
    factor, back = own_second_factor(caller, services()), asked_for()
    return form_page("proof.html", form.code, caller=caller, form=form, factor=factor, next=back)
