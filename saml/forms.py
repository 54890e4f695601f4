"""Reads the form that carries a Response; its limits are set before a single field is looked at (LIM-1)."""

from dataclasses import dataclass

from flask import request

from provisioning.domain.errors import Code, Refusal
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
    """

    saml_response: str
    relay_state: str | None


def limit_form() -> None:
    """Set the limits of the form to come; runs before every view of this door."""
    request.max_content_length = MOST_BYTES
    request.max_form_memory_size = MOST_BYTES
    request.max_form_parts = MOST_PARTS


def posted_response() -> PostedResponse:
    """Return the fields of the posted form.

    Raises:
        Refusal: MEDIA_TYPE for another content type.
        SamlError: UNREADABLE, where SAMLResponse does not come exactly once or RelayState comes twice.
        RequestEntityTooLarge: beyond 512 KiB.
    """
    if request.mimetype != FORM:
        raise Refusal(Code.MEDIA_TYPE)
    return PostedResponse(_once("SAMLResponse") or "", _once("RelayState"))


def _once(name: str) -> str | None:
    values = request.form.getlist(name)
    if len(values) > 1 or (name == "SAMLResponse" and not values):
        raise SamlError(SamlCode.UNREADABLE, "one_field_of_a_name", f"one {name}", str(len(values)))
    return values[0] if values else None
