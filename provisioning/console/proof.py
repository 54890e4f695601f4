"""A grave act asks people once more who they are; this page takes the proof and leads back (SES-4).

Pages whose forms need a fresh proof ask for it before they are shown, so that nothing typed is lost on the way.
"""

from datetime import timedelta
from urllib.parse import quote, urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.fresh_proof import WaysOfProof, prove_again, ways_of_proof
from provisioning.console.entering import asked_for
from provisioning.console.errors import PROOF, form_page
from provisioning.console.forms import Filled, ProofForm, read_form
from provisioning.console.pages import lead_to
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.guard.context import services
from provisioning.guard.cookie import session_caller, set_session
from provisioning.guard.require import requires

# Refusal -> the field that it is said beside.
WRONG_PASSWORD = "This is not your password. Try again."  # noqa: S105 - a sentence, not a password.
FIELDS = {Code.INVALID_CREDENTIALS: "password", Code.SECOND_FACTOR_WRONG: "code", Code.TOO_MANY_REQUESTS: ""}

# For so long, at least, a form that was shown can be sent without another proof.
TIME_TO_TYPE = timedelta(minutes=5)


def add_proof(blueprint: Blueprint) -> None:
    """Add the routes of the fresh proof."""
    blueprint.add_url_rule(PROOF, view_func=show_proof, methods=["GET"])
    blueprint.add_url_rule(PROOF, view_func=post_proof, methods=["POST"])


def ask_before(caller: Caller) -> None:
    """Ask for a proof before a page with a form that needs one is shown, which stays fresh while people type.

    Raises:
        Refusal: PROOF_NEEDED.
    """
    require_fresh(caller, services().now() + TIME_TO_TYPE)


@requires(Permission.SELF_PROFILE_MANAGE, session_caller)
def show_proof(caller: Caller) -> Response:
    """Ask for the password and, where one is on, the second factor; or for a login at the organisation."""
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
        if refusal.code is Code.INVALID_CREDENTIALS:
            form.errors["password"] = WRONG_PASSWORD
        return _proof_page(caller, form)
    response = lead_to(asked_for())
    set_session(response, renewed)
    return response


def _proof_page(caller: Caller, form: Filled) -> Response:
    ways, back = ways_of_proof(caller, services()), asked_for()
    shown = {"ways": ways, "organisation": _organisation(ways, back), "next": back}
    response = form_page("proof.html", form.code, caller=caller, form=form, **shown)
    if form.code is Code.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(form.wait)
    return response


def _organisation(ways: WaysOfProof, back: str) -> str | None:
    """Return the address of a login that asks the organisation for a fresh proof, None for who came by password."""
    if ways.connection_id is None:
        return None
    return f"/saml/{quote(ways.connection_id)}/login?{urlencode({'proof': 'fresh', 'next': back})}"
