"""How every page of the Console is made: the frame around it, its form token, the notice it shows once."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from provisioning.console import words
from provisioning.console.assets import asset_url
from provisioning.console.navigation import CORNER, SIDE, entries, is_here
from provisioning.console.notices import forget_notice, take_notice
from provisioning.domain.caller import Caller
from provisioning.domain.users import UTC_NAME
from provisioning.guard.csrf import FIELD, form_token, keep_form_secret

# A script of ours asks with it for a part of a page; an answer that leads elsewhere must then be told to it.
SCRIPT_HEADER = "HX-Request"


def add_routes(blueprint: Blueprint, *routes: tuple[str, str, Callable[..., Any]]) -> None:
    """Add pages, each as (path, method, view): GET and POST of one path are views of their own (AUZ-2)."""
    for path, method, view in routes:
        blueprint.add_url_rule(path, view_func=view, methods=[method])


def page(
    template: str, *, caller: Caller | None = None, about: str = "", status: int = HTTPStatus.OK, **context: object
) -> Response:
    """Return a page.

    Args:
        template: its name below `templates/console`.
        caller: who is logged in and gets the navigation; None for pages that anyone sees.
        about: name of the person that a notice speaks of.
        status: HTTP status.
        context: what the template shows.
    """
    notice = take_notice(about)
    text = render_template(
        f"console/{template}",
        me=caller,
        side=entries(SIDE, caller),
        corner=entries(CORNER, caller),
        is_here=lambda entry: is_here(entry, request.path),
        notice=notice,
        asset_url=asset_url,
        form_token=form_token,
        form_field=FIELD,
        reference=g.get("request_id", ""),
        words=words.seen_in(caller.time_zone if caller else UTC_NAME),
        **context,
    )
    response = make_response(text, status)
    keep_form_secret(response)
    if notice is not None:
        forget_notice(response)
    return response


def lead_to(path: str) -> Response:
    """Return the answer that leads a browser to one of our paths, also where a script of ours asked."""
    if request.headers.get(SCRIPT_HEADER) == "true":
        return make_response("", HTTPStatus.NO_CONTENT, {"HX-Redirect": path})
    return redirect(path, code=HTTPStatus.SEE_OTHER)
