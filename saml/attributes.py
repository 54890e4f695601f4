"""From an assertion's attributes to the profile that the action understands (saml.md 9, SAM-8).

Found by Name only. The three families that identity providers send by themselves are understood without any mapping;
a mapping of the connection replaces them for that field. Absent (None), empty ('' or ()) and several values are three
things. A value that is too long, not text or not printable refuses the login; nothing is cut.
"""

from collections.abc import Mapping

from provisioning.domain.comparison import has_refused_characters
from provisioning.domain.sso import Connection, Profile
from saml.assertion import Assertion, Attribute
from saml.errors import SamlCode, SamlError
from saml.names import FORMAT_EMAIL, FORMAT_TRANSIENT, FORMAT_UNSPECIFIED

LONGEST_VALUE = 1024
LONGEST_SUBJECT = 512  # it is stored and indexed
MOST_VALUES = 1000
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
MICROSOFT = "http://schemas.microsoft.com/ws/2008/06/identity/claims"

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "username": ("username",),
    "email": ("email", "mail", "urn:oid:0.9.2342.19200300.100.1.3", f"{CLAIMS}/emailaddress"),
    "first_name": ("firstName", "first_name", "givenName", "urn:oid:2.5.4.42", f"{CLAIMS}/givenname"),
    "last_name": ("lastName", "last_name", "surname", "sn", "urn:oid:2.5.4.4", f"{CLAIMS}/surname"),
    "role": ("role", f"{MICROSOFT}/role"),
    "groups": ("groups", f"{MICROSOFT}/groups", "http://schemas.xmlsoap.org/claims/Group"),
    "product_environments": ("product_environments", "sub_accounts"),
}


def read_profile(assertion: Assertion, connection: Connection) -> Profile:
    """Return who logs in and what the identity provider says of them.

    Raises:
        SamlError: ATTRIBUTE for a value that cannot be used, SUBJECT or TRANSIENT for a missing subject.
    """
    sent = _Sent(assertion, connection)
    return Profile(
        subject=_subject(assertion, connection, sent),
        email=_email(assertion, sent),
        first_name=sent.one("first_name"),
        last_name=sent.one("last_name"),
        role=sent.one("role"),
        groups=sent.several("groups"),
        product_environments=sent.several("product_environments"),
    )


def received_names(assertion: Assertion) -> str:
    """Return the attribute names that came, for administrators: 'your mapping lacks …' needs them."""
    return ", ".join(attribute.name for attribute in assertion.attributes)


class _Sent:
    """The attributes of one assertion, looked up by our field names."""

    def __init__(self, assertion: Assertion, connection: Connection) -> None:
        self._by_name = {attribute.name: attribute for attribute in assertion.attributes}
        self._mapping = connection.mapping
        self._split_commas = connection.split_commas

    def one(self, field: str) -> str | None:
        """The single value of a field; None where absent, '' where sent empty."""
        attribute = self._find(field)
        return None if attribute is None else self.single(attribute)

    def several(self, field: str) -> tuple[str, ...] | None:
        """All values of a list field that are not empty; None where absent."""
        attribute = self._find(field)
        if attribute is None:
            return None
        values = self._values(attribute)
        if self._split_commas and len(values) == 1:
            values = tuple(part.strip() for part in values[0].split(","))
        return tuple(dict.fromkeys(value for value in values if value))

    def named(self, name: str) -> Attribute | None:
        """The attribute of that Name."""
        return self._by_name.get(name)

    def single(self, attribute: Attribute) -> str:
        """The one value of an attribute; the same value twice is one."""
        values = tuple(dict.fromkeys(self._values(attribute)))
        if len(values) > 1:
            raise _refused("single_value", f"one value of {attribute.name}", f"{len(values)} values")
        return values[0] if values else ""

    def _find(self, field: str) -> Attribute | None:
        mapped = self._mapping.get(field)
        names = (mapped,) if mapped else FAMILIES[field]
        return next((self._by_name[name] for name in names if name in self._by_name), None)

    def _values(self, attribute: Attribute) -> tuple[str, ...]:
        if len(attribute.values) > MOST_VALUES:
            raise _refused("value_count", f"at most {MOST_VALUES} values of {attribute.name}")
        return tuple(_plain(value, attribute.name) for value in attribute.values)


def _plain(value: str | None, name: str) -> str:
    """A value trimmed; markup in it is text (SAM-8)."""
    if value is None:
        raise _refused("value_is_text", f"text in {name}", "elements")
    trimmed = value.strip()
    if len(trimmed) > LONGEST_VALUE:
        raise _refused("value_length", f"at most {LONGEST_VALUE} characters in {name}", str(len(trimmed)))
    if has_refused_characters(trimmed):
        raise _refused("value_is_printable", f"no control characters in {name}")
    return trimmed


def _subject(assertion: Assertion, connection: Connection, sent: _Sent) -> str:
    """The attribute that the administrator names, else the username if sent, else the NameID unless transient."""
    if connection.subject_attribute:
        return _from_named_attribute(connection.subject_attribute, assertion, sent)
    username = sent.one("username")
    if username is not None:
        return _as_subject(username, "username")
    if assertion.name_id_format == FORMAT_TRANSIENT:
        raise SamlError(SamlCode.TRANSIENT, "lasting_subject", "a subject attribute", received_names(assertion))
    return _from_name_id(assertion)


def _from_named_attribute(name: str, assertion: Assertion, sent: _Sent) -> str:
    attribute = sent.named(name)
    if attribute is None:
        raise SamlError(SamlCode.SUBJECT, "subject_attribute", name, received_names(assertion))
    return _as_subject(sent.single(attribute), name)


def _from_name_id(assertion: Assertion) -> str:
    """Exact text, but an address is compared trimmed and in lower-case ASCII (IDN-2)."""
    name_id = assertion.name_id
    if assertion.name_id_format == FORMAT_EMAIL:
        name_id = _ascii_lower(name_id.strip())
    if has_refused_characters(name_id):
        raise _refused("value_is_printable", "no control characters in NameID")
    return _as_subject(name_id, "NameID")


def _as_subject(value: str, name: str) -> str:
    if len(value) > LONGEST_SUBJECT:
        raise _refused("subject_length", f"at most {LONGEST_SUBJECT} characters in {name}", str(len(value)))
    if not value.strip():
        raise SamlError(SamlCode.SUBJECT, "subject_is_not_blank", name)
    return value


def _email(assertion: Assertion, sent: _Sent) -> str | None:
    """The email sent, else a NameID that is one by its format, or by its look where the format is left open."""
    email = sent.one("email")
    if email is not None:
        return email
    left_open = assertion.name_id_format in (None, FORMAT_UNSPECIFIED) and "@" in assertion.name_id
    if assertion.name_id_format == FORMAT_EMAIL or left_open:
        return _plain(assertion.name_id, "NameID")
    return None


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


def _refused(check: str, expected: str, received: str = "") -> SamlError:
    return SamlError(SamlCode.ATTRIBUTE, check, expected, received)
