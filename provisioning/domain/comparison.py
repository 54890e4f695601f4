"""The comparison key of names: one function for emails, user names, group names, cloud names and domains (IDN-1).

Databases compare text by collations that differ between servers and versions; a dotless i or a Kelvin sign then makes
two people one, or one person two. So the key is computed here, stored in a column of its own, and the unique index
stands on that column.
"""

import re
import unicodedata

LONGEST_NAME = 256
# Categories refused in names that are compared: control, format (bidirectional and zero-width), surrogate,
# private use and unassigned characters.
REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
PLAIN = re.compile(r"[\x21-\x7e]+(?: [\x21-\x7e]+)*")


def has_refused_characters(text: str) -> bool:
    """Return whether a name holds a character that people cannot see or that no one has assigned (IDN-1)."""
    if text.isascii():
        return not text.isprintable()
    return any(unicodedata.category(character) in REFUSED_CATEGORIES for character in text)


def comparison_key(text: str) -> str:
    """Return the key by which a name is compared: NFKC, case fold, NFKC, trimmed, repeated until it stays (IDN-1).

    The function is idempotent: the key of a key is the key.
    """
    if PLAIN.fullmatch(text):
        return text.lower()
    key = _folded(text)
    while (again := _folded(key)) != key:
        key = again
    return key


def part_key(text: str) -> str:
    """Return the key by which a part of a name is looked for: as `comparison_key`, but blanks around it count."""
    if text.isascii():
        return text.lower()
    key = _unified(text)
    while (again := _unified(key)) != key:
        key = again
    return key


def _folded(text: str) -> str:
    return _unified(text).strip()


def _unified(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def domain_key(domain: str) -> str:
    """Return the key of a domain name: the comparison key in IDNA A-label form.

    Raises:
        ValueError: IDNA has no form of it.
    """
    key = comparison_key(domain)
    if key.isascii():
        return key
    return key.encode("idna").decode("ascii").lower()


def email_key(email: str) -> str:
    """Return the key of an email address: the local part's key, the domain in A-label form (IDN-1).

    Raises:
        ValueError: the text has no `@` or a domain that IDNA does not allow.
    """
    key = comparison_key(email)
    local, at, domain = key.rpartition("@")
    if not at or not local or not domain:
        raise ValueError("an email address has the form name@domain")
    return f"{local}@{domain_key(domain)}"
