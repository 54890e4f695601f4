"""Where a login leads: only to a page of ours that people log in for, whatever was asked for (WEB-3, SAM-10).

One function for every way of logging in. A bad value is never an error and never leads outside; it leads home.
"""

from collections.abc import Callable
from urllib.parse import unquote

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from provisioning.guard.require import MARK

HOME = "/"
LONGEST_PATH = 512
# Name of the blueprint whose pages a login may lead to.
PAGES = "console"


def local_path(value: str | None, is_page: Callable[[str], bool]) -> str:
    """Return the value where it is a path to a page of ours, else the home page.

    Args:
        value: what came as RelayState or `next`, as received.
        is_page: whether a path, without its query, is answered to GET by one of our pages.
    """
    if value is None or not _is_local(value):
        return HOME
    path = value.partition("#")[0].partition("?")[0]
    return value if is_page(path) else HOME


def is_own_page(path: str) -> bool:
    """Return whether a path is a Console page for people who are logged in; public pages (login, links) are none."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    mark: str = getattr(current_app.view_functions[endpoint], MARK, "")
    return endpoint.startswith(f"{PAGES}.") and bool(mark) and not mark.startswith("public")


def _is_local(value: str) -> bool:
    """One leading slash, visible ASCII only, and neither as sent nor decoded a way out of our own host."""
    return len(value) <= LONGEST_PATH and _is_plain(value) and _is_plain(unquote(value), ascii_only=False)


def _is_plain(value: str, ascii_only: bool = True) -> bool:
    visible = value.isprintable() and (not ascii_only or (value.isascii() and " " not in value))
    leaves = value.startswith("//") or "\\" in value or _has_dot_segment(value)
    return value.startswith("/") and visible and not leaves


def _has_dot_segment(value: str) -> bool:
    path = value.partition("?")[0]
    return any(segment in (".", "..") for segment in path.split("/"))
