"""Email addresses: their shape, and the refusal of what could not be compared or mailed (IDN-1, NET-3)."""

import re

from provisioning.domain.comparison import email_key, has_refused_characters
from provisioning.domain.errors import invalid

LONGEST_EMAIL = 254
LONGEST_LOCAL_PART = 64
# RFC 5321 dot-atom, with letters beyond ASCII before the @ (RFC 6531); quoted local parts are not taken.
LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\.]+(?:\.[^\s@\"(),:;<>\[\]\\.]+)*")
DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def is_email(text: str) -> bool:
    """Return whether the text has the shape of an address that mail can be sent to."""
    if len(text) > LONGEST_EMAIL or has_refused_characters(text) or text != text.strip():
        return False
    local, at, _ = text.rpartition("@")
    try:
        domain = email_key(text).rpartition("@")[2]
    except (ValueError, UnicodeError):
        return False
    return bool(at and len(local) <= LONGEST_LOCAL_PART and LOCAL_PART.fullmatch(local) and DOMAIN.fullmatch(domain))


def checked_email(field: str, text: str) -> str:
    """Return the address as given; refuse what is none (USR-1).

    Raises:
        Refusal: INVALID_VALUE with the name of the field.
    """
    if not is_email(text):
        raise invalid(field, f"{field} is not an email address.")
    return text
