"""Reads the form that carries a Response; its limits are set before a single field is looked at (LIM-1)."""

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request

from provisioning.domain.errors import Code, Refusal
from provisioning.guard.browser import is_own_host
from saml.errors import SamlCode, SamlError

MOST_BYTES = 512 * 1024
MOST_PARTS = 20
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class PostedResponse:
    """The fields of the form.

    Attributes:
        saml_response: base64, as posted.
        relay_state: as posted, None where missing.
        token: ours, on the form of the question alone.
    """

    saml_response: str
    relay_state: str | None
    token: str | None


def posted_response() -> PostedResponse:
    """Return the fields of the posted form.

    Raises:
        Refusal: MEDIA_TYPE for another content type.
        SamlError: UNREADABLE, where SAMLResponse does not come exactly once or another field comes twice.
        RequestEntityTooLarge: beyond 512 KiB.
    """
    request.max_content_length = MOST_BYTES
    request.max_form_memory_size = MOST_BYTES
    request.max_form_parts = MOST_PARTS
    if request.mimetype != FORM:
        raise Refusal(Code.MEDIA_TYPE)
    return PostedResponse(_once("SAMLResponse") or "", _once("RelayState"), _once("token"))


def _once(name: str) -> str | None:
    values = request.form.getlist(name)
    if len(values) > 1 or (name == "SAMLResponse" and not values):
        raise SamlError(SamlCode.UNREADABLE, "one_field_of_a_name", f"one {name}", str(len(values)))
    return values[0] if values else None


def require_own_form(token: str | None, expected: str) -> None:
    """Refuse a form that our own page in this session did not carry (WEB-1).

    Args:
        token: as posted.
        expected: what the page of this session holds.

    Raises:
        Refusal: NOT_ALLOWED.
    """
    if not _from_own_page() or not hmac.compare_digest((token or "").encode(), expected.encode()):
        raise Refusal(Code.NOT_ALLOWED)


def _from_own_page() -> bool:
    """By Sec-Fetch-Site, else by Origin, which is 'null' from pages without referrer such as ours."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "null")
    return origin == "null" or is_own_host(urlsplit(origin).netloc)
