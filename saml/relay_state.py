"""Where a login leads: only to a page of ours, whatever RelayState says (saml.md 6, SAM-10, WEB-3).

A bad value is never an error and never leads outside; it leads home.
"""

from collections.abc import Callable
from urllib.parse import unquote

HOME = "/"
LONGEST_PATH = 512


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
