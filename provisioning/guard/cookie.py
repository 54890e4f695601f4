"""Console session cookie -> Caller, checked against the database at every request (SES-1, SES-5, OUT-2)."""

from flask import request
from werkzeug.wrappers import Response

from provisioning.actions.sessions import OpenedSession, caller_of, check_session
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.sessions import Session
from provisioning.guard.context import client_address, services, settings

SESSION = "gatelodge_session"
# A login that is not finished: the account to be chosen, or what is to be proved beside the password (LGN-3).
CHOICE = "gatelodge_choice"
STEP = "gatelodge_step"
# By it a browser is known that somebody has logged in with before; it opens nothing (LGN-2).
DEVICE = "gatelodge_device"
LONGEST_SECRET = 128


def cookie_name(name: str) -> str:
    """Return a cookie's name: with the prefix that browsers hold to https and to our host alone (SES-5)."""
    return f"__Host-{name}" if settings().is_https else name


def set_cookie(response: Response, name: str, value: str, *, max_age: int | None, cross_site: bool = False) -> None:
    """Set a cookie as SES-5 wants it.

    Args:
        response: gets the cookie.
        name: without prefix.
        value: a random secret.
        max_age: seconds; None for as long as the browser is open.
        cross_site: True for the ACS's binding cookie alone, which a cross-site POST must carry; on plain http it is
            Lax, as browsers refuse SameSite=None without Secure.
    """
    secure = settings().is_https
    response.set_cookie(
        cookie_name(name),
        value,
        max_age=max_age,
        secure=secure,
        httponly=True,
        path="/",
        samesite="None" if cross_site and secure else "Lax",
    )


def delete_cookie(response: Response, name: str) -> None:
    """Delete a cookie."""
    response.delete_cookie(cookie_name(name), path="/", secure=settings().is_https, httponly=True, samesite="Lax")


def read_cookie(name: str) -> str | None:
    """Return a cookie of ours, None where it is missing or too long to be one."""
    value = request.cookies.get(cookie_name(name))
    return value if value and len(value) <= LONGEST_SECRET else None


def present_session() -> Session | None:
    """Return the browser's session if it is good now."""
    secret = read_cookie(SESSION)
    return check_session(secret, services()) if secret else None


def session_caller() -> Caller:
    """Return the caller behind the browser's session.

    Raises:
        Refusal: CREDENTIAL_INVALID where there is no good session.
    """
    session = present_session()
    if session is None:
        raise Refusal(Code.CREDENTIAL_INVALID)
    return caller_of(session, client_address())


def set_session(response: Response, opened: OpenedSession) -> None:
    """Give the browser the session just opened; an earlier value is overwritten (SES-3)."""
    age = int((opened.expires_at - services().now()).total_seconds())
    set_cookie(response, SESSION, opened.secret, max_age=max(age, 0))
