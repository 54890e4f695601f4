"""What every way of logging in ends with: a new session for the browser, and where it leads (SES-3, WEB-3, LGN-2)."""

from flask import request
from werkzeug.wrappers import Response

from provisioning.actions.sessions import Browser, OpenedSession, caller_of, log_out
from provisioning.guard.context import client_address, services
from provisioning.guard.cookie import (
    CHOICE,
    DEVICE,
    STEP,
    delete_cookie,
    present_session,
    read_cookie,
    set_cookie,
    set_session,
)
from provisioning.guard.csrf import FORM
from provisioning.guard.local_paths import is_own_page, local_path

DEVICE_SECONDS = 365 * 24 * 3600


def asked_for() -> str:
    """Return where the login leads: the page that was asked for, if it is one of ours (WEB-3)."""
    return local_path(request.values.get("next"), is_own_page)


def browser() -> Browser:
    """Return what is known of the browser that logs in."""
    return Browser(client_address(), request.headers.get("User-Agent"), read_cookie(DEVICE))


def set_device(response: Response, secret: str) -> None:
    """Give the browser the secret by which it is known (LGN-2)."""
    set_cookie(response, DEVICE, secret, max_age=DEVICE_SECONDS)


def enter(response: Response, opened: OpenedSession) -> Response:
    """Give the browser its new session; the one it had is over, and so is all that led here (SES-3)."""
    before = present_session()
    if before is not None:
        log_out(caller_of(before, client_address()), services())
    set_session(response, opened)
    if opened.device is not None:
        set_device(response, opened.device)
    for name in (CHOICE, STEP, FORM):
        delete_cookie(response, name)
    return response
