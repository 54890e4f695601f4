"""What is read from a verified assertion, as plain values; nothing else of a message leaves this package."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from saml import names as n
from saml.message import Element, children, only, text_of
from saml.signature import Verified

INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?Z", re.ASCII)

# SAM-4: ids are remembered until nothing could be accepted any more, and this much longer, and never shorter than that.
REMEMBERED_BEYOND = timedelta(seconds=60)
REMEMBERED_AT_LEAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: absent ones are not listed, an empty one has values (), ('',) is a value sent empty.

    Attributes:
        name: its Name, by which alone it is found.
        values: text values in order; None stands for a value that is not text (it had elements inside).
    """

    name: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified login, as the identity provider says it.

    Attributes:
        assertion_id, response_id: ids to spend, each once a connection (SAM-4).
        in_response_to: id of our request, None for an unsolicited one.
        name_id, name_id_format: the subject; the format is None where not given.
        session_index: the identity provider's name of its session.
        session_not_on_or_after: its end of that session.
        authn_instant: when the person proved who they are.
        attributes: in order of appearance, one entry a Name.
        valid_until: how long both ids must be remembered.
        issue_instant, issuer: for the log.
        fingerprint: SHA-256 of the certificate that signed.
        algorithm: its signature method.
    """

    assertion_id: str
    response_id: str
    in_response_to: str | None
    name_id: str
    name_id_format: str | None
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_instant: datetime
    attributes: tuple[Attribute, ...]
    valid_until: datetime
    issue_instant: datetime
    issuer: str
    fingerprint: str
    algorithm: str


def instant(text: str | None) -> datetime | None:
    """Return the time of an xs:dateTime with Z; None where it is missing or anything else (saml.md 5.4)."""
    match = INSTANT.fullmatch(text or "")
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole.replace(microsecond=int((match[2] or "0")[:6].ljust(6, "0")))


def read_assertion(
    envelope: Element, assertion: Element, proof: Verified, now: datetime, leeway: timedelta
) -> Assertion:
    """Return the values of an assertion that every check of `conditions` has let through.

    Args:
        envelope: the Response, for its ids.
        assertion: root or part of a tree that was parsed from verified bytes.
        proof: the verification that covers it.
        now: aware.
        leeway: the connection's clock tolerance.
    """
    name_id = _path(assertion, n.SUBJECT, n.NAME_ID)
    statement = _path(assertion, n.AUTHN_STATEMENT)
    authn_instant, issue_instant = instant(statement.get("AuthnInstant")), instant(assertion.get("IssueInstant"))
    if authn_instant is None or issue_instant is None:
        raise ValueError("an assertion is read after its checks only")
    return Assertion(
        assertion_id=assertion.get("ID") or "",
        response_id=envelope.get("ID") or "",
        in_response_to=envelope.get("InResponseTo"),
        name_id=text_of(name_id),
        name_id_format=name_id.get("Format"),
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=instant(statement.get("SessionNotOnOrAfter")),
        authn_instant=authn_instant,
        attributes=_attributes(assertion),
        valid_until=remembered_until(assertion, now, leeway),
        issue_instant=issue_instant,
        issuer=text_of(only(assertion, n.ISSUER)),
        fingerprint=proof.fingerprint,
        algorithm=proof.algorithm,
    )


def remembered_until(assertion: Element, now: datetime, leeway: timedelta) -> datetime:
    """Return when ids may be forgotten: a minute after the last NotOnOrAfter and leeway, an hour at least (SAM-4)."""
    ends = [instant(node.get("NotOnOrAfter")) for node in assertion.iter(n.CONDITIONS, n.CONFIRMATION_DATA)]
    last = max((end for end in ends if end is not None), default=now)
    return max(last + leeway + REMEMBERED_BEYOND, now + REMEMBERED_AT_LEAST)


def _path(element: Element, *tags: str) -> Element:
    for tag in tags:
        found = only(element, tag)
        if found is None:
            raise ValueError("an assertion is read after its checks only")
        element = found
    return element


def _attributes(assertion: Element) -> tuple[Attribute, ...]:
    """All attributes of all statements; values of one Name that came in several Attribute elements are put together."""
    values: dict[str, list[str | None]] = {}
    for node in _attribute_elements(assertion):
        found = values.setdefault(node.get("Name") or "", [])
        found.extend(_value(value) for value in children(node, n.ATTRIBUTE_VALUE))
    return tuple(Attribute(name, tuple(found)) for name, found in values.items())


def _attribute_elements(assertion: Element) -> Iterator[Element]:
    for statement in children(assertion, n.ATTRIBUTE_STATEMENT):
        yield from children(statement, n.ATTRIBUTE)


def _value(element: Element) -> str | None:
    return None if len(element) else text_of(element)
