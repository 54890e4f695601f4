"""What a login asks beside the password: a code, a second factor to be set up, a longer password (LGN-3, 2FA-4, LGN-5).

The browser holds the secret of its unfinished login and nothing else; which step is next is what the action says. The
page of a step can be loaded again, as it shows no secret; seed and recovery codes stand on the one answer that makes
them (LGN-6).
"""

from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from provisioning.actions.sessions import OpenedSession
from provisioning.actions.sign_in_steps import (
    UnfinishedLogin,
    begin_set_up_at_login,
    confirm_set_up_at_login,
    give_code,
    set_password_at_login,
    show_step,
)
from provisioning.console.entering import asked_for, browser, enter
from provisioning.console.errors import LOGIN, form_page
from provisioning.console.forms import CodeForm, Filled, NewPasswordForm, read_form
from provisioning.console.notices import leave_notice
from provisioning.console.pages import lead_to, page
from provisioning.console.qr_code import qr_picture
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.passwords import SHORTEST_ALONE
from provisioning.domain.second_factor import PENDING_LIFETIME, Step
from provisioning.guard.context import services
from provisioning.guard.cookie import STEP, delete_cookie, read_cookie, set_cookie
from provisioning.guard.local_paths import HOME
from provisioning.guard.require import public

ADDRESS = "/login/step"
REASON = "people log in here; the password was proved by an unfinished login"
TEMPLATES = {
    Step.GIVE_CODE: "step_code.html",
    Step.SET_UP: "step_set_up.html",
    Step.NEW_PASSWORD: "step_password.html",
}


def add_login_steps(blueprint: Blueprint) -> None:
    """Add the routes of the steps behind the password."""
    blueprint.add_url_rule(ADDRESS, view_func=show_next_step, methods=["GET"])
    blueprint.add_url_rule(f"{ADDRESS}/code", view_func=post_code, methods=["POST"])
    blueprint.add_url_rule(f"{ADDRESS}/set-up", view_func=post_set_up, methods=["POST"])
    blueprint.add_url_rule(f"{ADDRESS}/confirm", view_func=post_confirm, methods=["POST"])
    blueprint.add_url_rule(f"{ADDRESS}/password", view_func=post_new_password, methods=["POST"])


def go_on(entry: OpenedSession | UnfinishedLogin) -> Response:
    """Let the browser in, or lead it to what it has to do next, with the secret of its unfinished login."""
    if isinstance(entry, OpenedSession):
        return enter(lead_to(asked_for()), entry)
    response = lead_to(_address_with_next())
    set_cookie(response, STEP, entry.secret, max_age=int(PENDING_LIFETIME.total_seconds()))
    return response


@public(REASON)
def show_next_step() -> Response:
    """Show what the login of this browser has to do next; without one, the login begins anew."""
    try:
        return _step_page(Filled())
    except Refusal as refusal:
        return _begin_anew(refusal)


@public(REASON)
def post_code() -> Response:
    """Take a code of the app or a recovery code."""
    form = read_form(CodeForm(), request.form)
    try:
        if not form.is_good:
            return _step_page(form)
        return go_on(give_code(_secret(), form.values["code"], browser(), services()))
    except Refusal as refusal:
        return _refused(form, "code", refusal)


@public(REASON)
def post_set_up() -> Response:
    """Begin to set up a second factor: picture and seed stand on this answer alone."""
    try:
        made = begin_set_up_at_login(_secret(), browser(), services())
    except Refusal as refusal:
        return _refused(Filled(), "", refusal)
    return page("step_confirm.html", form=Filled(), seed=made.seed, picture=qr_picture(made.address), next=asked_for())


@public(REASON)
def post_confirm() -> Response:
    """Take the first code of the app; the recovery codes stand on this answer alone."""
    form = read_form(CodeForm(), request.form)
    try:
        if not form.is_good:
            return _confirm_page(form)
        finished = confirm_set_up_at_login(_secret(), form.values["code"], browser(), services())
    except Refusal as refusal:
        return _refused(form, "code", refusal, again=refusal.code is Code.SECOND_FACTOR_WRONG)
    shown = page("recovery_codes.html", codes=finished.recovery_codes, onward=asked_for())
    return enter(shown, finished.entry) if isinstance(finished.entry, OpenedSession) else go_on(finished.entry)


@public(REASON)
def post_new_password() -> Response:
    """Take a longer password."""
    form = read_form(NewPasswordForm(), request.form)
    try:
        if not form.is_good:
            return _step_page(form)
        return go_on(set_password_at_login(_secret(), form.values["password"], browser(), services()))
    except Refusal as refusal:
        return _refused(form, "password", refusal)


def _refused(form: Filled, field: str, refusal: Refusal, *, again: bool = False) -> Response:
    """Return the page of a refused step: the same step once more, or the beginning where the login is over.

    Args:
        again: the code of a set-up that was begun is asked for once more, without what was shown once.
    """
    form.refuse(field, refusal)
    if again:
        return _confirm_page(form)
    try:
        return _step_page(form)
    except Refusal as over:
        return _begin_anew(over)


def _step_page(form: Filled) -> Response:
    shown = show_step(_secret(), browser(), services())
    template, back = TEMPLATES[shown.step], asked_for()
    return form_page(template, form.code, form=form, email=shown.email, next=back, shortest=SHORTEST_ALONE)


def _confirm_page(form: Filled) -> Response:
    return form_page("step_confirm.html", form.code, form=form, seed=None, picture=None, next=asked_for())


def _begin_anew(refusal: Refusal) -> Response:
    if refusal.code is not Code.LOGIN_EXPIRED:
        raise refusal
    response = lead_to(LOGIN if asked_for() == HOME else f"{LOGIN}?{urlencode({'next': asked_for()})}")
    delete_cookie(response, STEP)
    leave_notice(response, "login_over")
    return response


def _secret() -> str:
    return read_cookie(STEP) or ""


def _address_with_next() -> str:
    back = asked_for()
    return ADDRESS if back == HOME else f"{ADDRESS}?{urlencode({'next': back})}"
