"""Refusal to page: one status a code, and plain words where the product's sentence speaks of protocols.

The same table gives the sentence beside a field of a form. A page tells its reference, by which the log has the rest,
and nothing of the inside (LIM-7).
"""

from collections.abc import Mapping
from http import HTTPStatus as S
from typing import Any
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from provisioning.console.pages import lead_to, page
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.throttle import wait_in_words
from provisioning.guard.local_paths import is_own_page

CODE_HEADER = "Gatelodge-Error"
LOGIN = "/login"
PROOF = "/profile/proof"

STATUSES: Mapping[Code, S] = {
    Code.ABOVE_OWN_ROLE: S.FORBIDDEN,
    Code.ACCOUNT_CANCELLED: S.FORBIDDEN,
    Code.ACCOUNT_NOT_RESTORABLE: S.CONFLICT,
    Code.ADDRESS_NOT_ALLOWED: S.FORBIDDEN,
    Code.AMBIGUOUS: S.CONFLICT,
    Code.BODY_TOO_LARGE: S.REQUEST_ENTITY_TOO_LARGE,
    Code.BULK_REFERENCE: S.CONFLICT,
    Code.CLOUD_NAME_TAKEN: S.CONFLICT,
    Code.CONNECTION_DISABLED: S.FORBIDDEN,
    Code.CONNECTION_INCOMPLETE: S.UNPROCESSABLE_ENTITY,
    Code.CONNECTION_NAME_TAKEN: S.CONFLICT,
    Code.CREATIVE_APPROVAL_NEEDED: S.CONFLICT,
    Code.CREDENTIAL_INVALID: S.SEE_OTHER,
    Code.CREDENTIAL_NOT_ALLOWED: S.FORBIDDEN,
    Code.CREDENTIAL_NOT_ROTATABLE: S.CONFLICT,
    Code.EMAIL_DOMAIN_TAKEN: S.CONFLICT,
    Code.EMAIL_TAKEN: S.CONFLICT,
    Code.ENFORCE_NEEDS_LOGIN: S.CONFLICT,
    Code.ENVIRONMENT_LIMIT: S.UNPROCESSABLE_ENTITY,
    Code.EXPIRED_CURSOR: S.UNPROCESSABLE_ENTITY,
    Code.EXTERNAL_ID_TAKEN: S.CONFLICT,
    Code.GROUP_NAME_TAKEN: S.CONFLICT,
    Code.INVALID_COUNT: S.UNPROCESSABLE_ENTITY,
    Code.INVALID_CREDENTIALS: S.FORBIDDEN,
    Code.INVALID_CURSOR: S.UNPROCESSABLE_ENTITY,
    Code.INVALID_FILTER: S.UNPROCESSABLE_ENTITY,
    Code.INVALID_METADATA: S.UNPROCESSABLE_ENTITY,
    Code.INVALID_PATH: S.UNPROCESSABLE_ENTITY,
    Code.INVALID_SYNTAX: S.BAD_REQUEST,
    Code.INVALID_VALUE: S.UNPROCESSABLE_ENTITY,
    Code.LAST_ENVIRONMENT: S.CONFLICT,
    Code.LAST_ENFORCED_CONNECTION: S.CONFLICT,
    Code.LINK_INVALID: S.GONE,
    Code.LOGIN_EXPIRED: S.FORBIDDEN,
    Code.MASTER_ADMIN_ENVIRONMENTS: S.UNPROCESSABLE_ENTITY,
    Code.MEDIA_LIBRARY_PERMISSIONS: S.UNPROCESSABLE_ENTITY,
    Code.MEDIA_TYPE: S.UNSUPPORTED_MEDIA_TYPE,
    Code.METHOD_NOT_ALLOWED: S.METHOD_NOT_ALLOWED,
    Code.MUTABILITY: S.UNPROCESSABLE_ENTITY,
    Code.NO_PASSWORD_TO_RESET: S.CONFLICT,
    Code.NO_TARGET: S.UNPROCESSABLE_ENTITY,
    Code.NOT_ALLOWED: S.FORBIDDEN,
    Code.NOT_FOUND: S.NOT_FOUND,
    Code.NOT_OFFERED: S.NOT_FOUND,
    Code.NOT_ON_ONESELF: S.FORBIDDEN,
    Code.NOT_OWED: S.CONFLICT,
    Code.NOT_REPLAYABLE: S.CONFLICT,
    Code.PASSWORD_REFUSED: S.UNPROCESSABLE_ENTITY,
    Code.PERMISSION_SYSTEM_UNAVAILABLE: S.UNPROCESSABLE_ENTITY,
    Code.PROOF_NEEDED: S.SEE_OTHER,
    Code.PROVISIONING_BLOCKS_TWO_FACTOR: S.CONFLICT,
    Code.ROLE_ABOVE_CAP: S.FORBIDDEN,
    Code.ROOT_USER_ONLY: S.FORBIDDEN,
    Code.ROOT_USER_PROTECTED: S.FORBIDDEN,
    Code.SAML_EMAIL_MISSING: S.FORBIDDEN,
    Code.SAML_EMAIL_TAKEN: S.FORBIDDEN,
    Code.SAML_REPLAYED: S.FORBIDDEN,
    Code.SAML_REQUEST_UNKNOWN: S.FORBIDDEN,
    Code.SAML_ROOT_REFUSED: S.FORBIDDEN,
    Code.SAML_UNKNOWN_USER: S.FORBIDDEN,
    Code.SAML_UNKNOWN_VALUE: S.FORBIDDEN,
    Code.SAML_UNSOLICITED: S.FORBIDDEN,
    Code.SEAT_LIMIT_REACHED: S.FORBIDDEN,
    Code.SEATS_BELOW_USE: S.CONFLICT,
    Code.SECOND_FACTOR_DISABLED: S.CONFLICT,
    Code.SECOND_FACTOR_EXISTS: S.CONFLICT,
    Code.SECOND_FACTOR_MISSING: S.CONFLICT,
    Code.SECOND_FACTOR_WRONG: S.FORBIDDEN,
    Code.SENSITIVE: S.FORBIDDEN,
    Code.SIGN_UP_CLOSED: S.FORBIDDEN,
    Code.STALE_VERSION: S.CONFLICT,
    Code.TOO_MANY_INVITATIONS: S.UNPROCESSABLE_ENTITY,
    Code.TOO_MANY_REQUESTS: S.TOO_MANY_REQUESTS,
    Code.TOO_MANY_RESULTS: S.UNPROCESSABLE_ENTITY,
    Code.TWO_FACTOR_BLOCKS_PROVISIONING: S.CONFLICT,
    Code.USER_DISABLED: S.FORBIDDEN,
    Code.USER_INACTIVE: S.CONFLICT,
    Code.USER_NAME_TAKEN: S.CONFLICT,
    Code.USER_NOT_MANAGED: S.FORBIDDEN,
}

# Where the product's sentence is right and yet not for people: what a page and a field say instead.
PLAIN_WORDS: Mapping[Code, str] = {
    Code.BODY_TOO_LARGE: "That is more than this page takes. Send less at once.",
    Code.CREDENTIAL_INVALID: "Log in first.",
    Code.EMAIL_TAKEN: "A user with this email exists in this account. Use another email, or search the table for it.",
    Code.ENVIRONMENT_LIMIT: "Choose at most {limit} product environments, or give access to all.",
    Code.INVALID_CREDENTIALS: "The email or the password is wrong. Try again, or choose 'Forgot your password'.",
    Code.INVALID_SYNTAX: "This request could not be understood. Go back, load the page again and try once more.",
    Code.LINK_INVALID: "This link is not valid any more. Ask for a new one: choose 'Forgot your password', or ask "
    "whoever invited you to send the invitation again.",
    Code.MEDIA_LIBRARY_PERMISSIONS: "Only a Media Library user can have these. Choose that role, or none of these.",
    Code.MEDIA_TYPE: "This page takes its own forms only. Go back, load the page again and try once more.",
    Code.METHOD_NOT_ALLOWED: "This address cannot be used in that way.",
    Code.NO_PASSWORD_TO_RESET: "The user has no password to reset. To end the sessions, use 'Force logout'.",
    Code.NOT_ALLOWED: "You are not allowed to do this. Ask an administrator of your account.",
    Code.NOT_FOUND: "{what} not found. Perhaps the address was mistyped, or what it led to is gone.",
    Code.TOO_MANY_REQUESTS: "Too many tries in a short time. Wait {wait} and try again.",
    Code.TOO_MANY_RESULTS: "This takes too long to find. Search for something narrower.",
    Code.USER_NAME_TAKEN: "A user with this email exists in this account under another login email.",
}
TITLES: Mapping[S, str] = {
    S.NOT_FOUND: "There is no such page",
    S.FORBIDDEN: "This is not allowed",
    S.GONE: "This link does not work any more",
    S.CONFLICT: "This cannot be done now",
    S.TOO_MANY_REQUESTS: "Wait a moment",
}
OTHER_TITLE = "That did not work"
FAULT_TITLE = "Something failed on our side"
FAULT_SENTENCE = "Try again in a moment. If it happens again, tell your administrator the reference below."


def sentence(refusal: Refusal) -> str:
    """Return what a page or a field says of a refusal."""
    plain = PLAIN_WORDS.get(refusal.code)
    if plain is None:
        return refusal.sentence
    return plain.format_map({"wait": wait_in_words(seconds_to_wait(refusal)), **refusal.values})


def seconds_to_wait(refusal: Refusal) -> int:
    """Return after how many seconds the same may be tried again; one where the refusal tells none."""
    told = refusal.values.get("retry_after")
    return told if isinstance(told, int) else 1


def form_page(template: str, code: Code | None, **context: Any) -> Response:
    """Return a page with a form; its status and header tell the refusal that the form met, None where it met none.

    Args:
        template: its name below `templates/console`.
        code: of the first refusal.
        context: what `page` takes.
    """
    response = page(template, status=S.OK if code is None else STATUSES[code], **context)
    if code is not None:
        response.headers[CODE_HEADER] = code.value
    if code is Code.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(getattr(context.get("form"), "wait", 1))
    return response


def error_page(refusal: Refusal) -> Response:
    """Return the page of a refusal; who is not logged in, or has to prove again who they are, is led there and back."""
    if refusal.code is Code.CREDENTIAL_INVALID:
        response = lead_to(_login_and_back())
    elif refusal.code is Code.PROOF_NEEDED:
        response = lead_to(_proof_and_back())
    else:
        title = TITLES.get(STATUSES[refusal.code], OTHER_TITLE)
        response = form_page("error.html", refusal.code, title=title, text=sentence(refusal))
    response.headers[CODE_HEADER] = refusal.code.value
    if refusal.code is Code.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(seconds_to_wait(refusal))
    return response


def fault_page(status: int, reference: str) -> Response:
    """Return the page of a fault of ours; it tells nothing but the reference (LIM-7)."""
    return page("error.html", status=status, title=FAULT_TITLE, text=FAULT_SENTENCE, fault_reference=reference)


def _proof_and_back() -> str:
    """Return the address of the fresh proof, with the page that was asked for or that the refused act began on."""
    path = request.path
    while path and not is_own_page(path):
        path = path.rpartition("/")[0]
    if path == request.path and request.method in ("GET", "HEAD"):
        path = request.full_path.removesuffix("?")
    return f"{PROOF}?next={quote(path or '/', safe='')}"


def _login_and_back() -> str:
    """Return the login page's address with the page that was asked for, where it is one to come back to."""
    if request.method not in ("GET", "HEAD") or request.path == "/":
        return LOGIN
    path = request.full_path.removesuffix("?")
    return f"{LOGIN}?next={quote(path, safe='')}"
