"""What a verified assertion must say before it is a login: a table of named checks (SAM-3, saml.md 5.4).

All of it is required, nothing is 'checked if present'. Where only the assertion is signed, the Response around it is
in an attacker's hand: its values can make a check fail, never pass alone. Comparisons are exact, the clock is handed
in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from provisioning.domain.sso import MOST_CLOCK_TOLERANCE, Connection
from saml import names as n
from saml.assertion import instant
from saml.errors import SamlCode, SamlError
from saml.message import Element, children, only, text_of

OLDEST = timedelta(hours=1)
LONGEST_WINDOW = timedelta(hours=24)
LONGEST_ID = 512  # it is stored and indexed
FORCED_WITHIN = timedelta(minutes=10)  # as long as a request of ours lives


@dataclass(frozen=True, slots=True)
class Received:
    """What the checks look at.

    Attributes:
        envelope: the Response; from verified bytes where `response_signed`.
        assertion: the Assertion, always from verified bytes.
        now: aware.
    """

    envelope: Element
    assertion: Element
    response_signed: bool
    connection: Connection
    acs_url: str
    sp_entity_id: str
    now: datetime

    @property
    def leeway(self) -> timedelta:
        """The connection's clock tolerance, never more than SAM-3 allows."""
        return leeway(self.connection)

    def within(self, tag: str) -> Element | None:
        """The one child of the assertion with that name."""
        return only(self.assertion, tag)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What a check wanted and what came instead."""

    expected: str
    received: str = ""


Test = Callable[[Received], Mismatch | None]


def leeway(connection: Connection) -> timedelta:
    """Return the clock tolerance of a connection, 180 s at most (SAM-3)."""
    return timedelta(seconds=min(max(connection.clock_tolerance, 0), MOST_CLOCK_TOLERANCE))


def _equal(expected: str, received: str | None) -> Mismatch | None:
    return None if received == expected else Mismatch(expected, received or "")


def _skewed(text: str | None, now: datetime) -> str:
    """A received time with its distance from our clock, for administrators."""
    found = instant(text)
    return text or "" if found is None else f"{text} ({(found - now).total_seconds():+.0f} s)"


def versions_are_two(r: Received) -> Mismatch | None:
    """Response and Assertion are of SAML 2.0."""
    return _equal("2.0", r.envelope.get("Version")) or _equal("2.0", r.assertion.get("Version"))


def ids_are_there(r: Received) -> Mismatch | None:
    """Both carry an ID, which is spent at login (SAM-4); like SessionIndex they are short enough to be stored."""
    ids = [r.envelope.get("ID") or "", r.assertion.get("ID") or "", _authn(r, "SessionIndex") or "none"]
    fits = all(0 < len(id_) <= LONGEST_ID for id_ in ids)
    return None if fits else Mismatch(f"an ID of up to {LONGEST_ID} characters on both", " ".join(ids))


def issuer_is_ours(r: Received) -> Mismatch | None:
    """The assertion's Issuer, an entity, is the connection's identity provider (Prof 4.1.4.2, SAM-1)."""
    return _issuer(r.connection.idp_entity_id, only(r.assertion, n.ISSUER))


def response_issuer_fits(r: Received) -> Mismatch | None:
    """The Response's Issuer is the same, where there is one."""
    issuer = only(r.envelope, n.ISSUER)
    return None if issuer is None else _issuer(r.connection.idp_entity_id, issuer)


def _issuer(expected: str, issuer: Element | None) -> Mismatch | None:
    if issuer is None or issuer.get("Format", n.FORMAT_ENTITY) != n.FORMAT_ENTITY:
        return Mismatch(expected)
    return _equal(expected, text_of(issuer))


def destination_is_ours(r: Received) -> Mismatch | None:
    """Destination equals this ACS URL; only an unsigned Response may go without (Bind 3.5.5.2)."""
    destination = r.envelope.get("Destination")
    if destination is None and not r.response_signed:
        return None
    return _equal(r.acs_url, destination)


def issued_lately(r: Received) -> Mismatch | None:
    """Both IssueInstants are neither in the future nor older than an hour, but for the leeway."""
    for element in (r.envelope, r.assertion):
        issued = instant(element.get("IssueInstant"))
        if issued is None or not r.now - OLDEST - r.leeway <= issued <= r.now + r.leeway:
            return Mismatch(f"within the last hour at {r.now}", _skewed(element.get("IssueInstant"), r.now))
    return None


def conditions_are_there(r: Received) -> Mismatch | None:
    """Conditions are there, with both ends of their window."""
    conditions = r.within(n.CONDITIONS)
    if conditions is None or not conditions.get("NotBefore") or not conditions.get("NotOnOrAfter"):
        return Mismatch("Conditions with NotBefore and NotOnOrAfter")
    return None


def conditions_have_begun(r: Received) -> Mismatch | None:
    """NotBefore has come, but for the leeway."""
    text = _conditions_time(r, "NotBefore")
    begin = instant(text)
    begun = begin is not None and begin <= r.now + r.leeway
    return None if begun else Mismatch(f"not after {r.now}", _skewed(text, r.now))


def conditions_have_not_ended(r: Received) -> Mismatch | None:
    """NotOnOrAfter has not come, but for the leeway."""
    text = _conditions_time(r, "NotOnOrAfter")
    end = instant(text)
    lasting = end is not None and r.now - r.leeway < end
    return None if lasting else Mismatch(f"after {r.now}", _skewed(text, r.now))


def conditions_window_is_short(r: Received) -> Mismatch | None:
    """No window is longer than a day, so that the store of spent ids stays small."""
    begin, end = instant(_conditions_time(r, "NotBefore")), instant(_conditions_time(r, "NotOnOrAfter"))
    fits = begin is not None and end is not None and timedelta(0) < end - begin <= LONGEST_WINDOW
    return None if fits else Mismatch(f"at most {LONGEST_WINDOW}", f"{begin} to {end}")


def _conditions_time(r: Received, name: str) -> str | None:
    conditions = r.within(n.CONDITIONS)
    return conditions.get(name) if conditions is not None else None


def conditions_are_known(r: Received) -> Mismatch | None:
    """OneTimeUse and ProxyRestriction come at most once; any unknown condition invalidates (Core 2.5.1.1)."""
    conditions = r.within(n.CONDITIONS)
    tags = [str(child.tag) for child in conditions] if conditions is not None else []
    unknown = [tag for tag in tags if tag not in (n.AUDIENCE_RESTRICTION, n.ONE_TIME_USE, n.PROXY_RESTRICTION)]
    several = [tag for tag in (n.ONE_TIME_USE, n.PROXY_RESTRICTION) if tags.count(tag) > 1]
    return Mismatch("known conditions", " ".join(unknown + several)) if unknown or several else None


def audience_is_ours(r: Received) -> Mismatch | None:
    """There is an AudienceRestriction, and each of them names our entity id (Core 2.5.1.4)."""
    conditions = r.within(n.CONDITIONS)
    restrictions = children(conditions, n.AUDIENCE_RESTRICTION) if conditions is not None else []
    named = [[text_of(audience) for audience in children(node, n.AUDIENCE)] for node in restrictions]
    if named and all(r.sp_entity_id in audiences for audiences in named):
        return None
    return Mismatch(r.sp_entity_id, " ".join(chain.from_iterable(named)))


def name_id_is_there(r: Received) -> Mismatch | None:
    """The Subject has a NameID with text in it, short enough to be stored with the session."""
    name_id = _name_id(r)
    text = text_of(name_id)
    fits = name_id is not None and text.strip() and len(text) <= LONGEST_ID
    return None if fits else Mismatch(f"a NameID of 1 to {LONGEST_ID} characters", f"{len(text)} characters")


def name_id_is_for_us(r: Received) -> Mismatch | None:
    """SPNameQualifier, where given, is our entity id."""
    name_id = _name_id(r)
    qualifier = name_id.get("SPNameQualifier") if name_id is not None else None
    return None if qualifier is None else _equal(r.sp_entity_id, qualifier)


def _name_id(r: Received) -> Element | None:
    subject = r.within(n.SUBJECT)
    return only(subject, n.NAME_ID) if subject is not None else None


def one_authentication(r: Received) -> Mismatch | None:
    """There is exactly one AuthnStatement."""
    count = len(children(r.assertion, n.AUTHN_STATEMENT))
    return None if count == 1 else Mismatch("one AuthnStatement", str(count))


def authentication_has_happened(r: Received) -> Mismatch | None:
    """AuthnInstant is there and not in the future, but for the leeway."""
    text = _authn(r, "AuthnInstant")
    found = instant(text)
    return None if found is not None and found <= r.now + r.leeway else Mismatch(f"by {r.now}", _skewed(text, r.now))


def authentication_is_fresh_when_forced(r: Received) -> Mismatch | None:
    """Where the connection asks for ForceAuthn, the person proved themself after our request (SES-4)."""
    if not r.connection.force_authn:
        return None
    text = _authn(r, "AuthnInstant")
    found = instant(text)
    fresh = found is not None and r.now - FORCED_WITHIN - r.leeway <= found
    return None if fresh else Mismatch(f"within {FORCED_WITHIN} of {r.now}", _skewed(text, r.now))


def session_has_not_ended(r: Received) -> Mismatch | None:
    """SessionNotOnOrAfter, where given, lies in the future."""
    text = _authn(r, "SessionNotOnOrAfter")
    end = instant(text)
    lasting = text is None or (end is not None and r.now < end)
    return None if lasting else Mismatch(f"after {r.now}", _skewed(text, r.now))


def _authn(r: Received, name: str) -> str | None:
    statement = r.within(n.AUTHN_STATEMENT)
    return statement.get(name) if statement is not None else None


def a_bearer_is_there(r: Received) -> Mismatch | None:
    """The Subject has a bearer confirmation, with its data."""
    return None if _bearer_data(r) else Mismatch("a bearer SubjectConfirmation with SubjectConfirmationData")


def unsolicited_is_allowed(r: Received) -> Mismatch | None:
    """A Response that answers no request comes only where the connection allows it (SAM-5)."""
    answers = [r.envelope.get("InResponseTo"), *(data.get("InResponseTo") for data in _bearer_data(r))]
    solicited = any(answer is not None for answer in answers)
    return None if solicited or r.connection.allow_idp_initiated else Mismatch("InResponseTo")


def answers_one_request(r: Received) -> Mismatch | None:
    """Response and bearer confirmation name one request, or neither names any (Prof 4.1.4.3)."""
    outer = r.envelope.get("InResponseTo")
    inner = [data.get("InResponseTo") for data in _bearer_data(r)]
    return None if outer in inner else Mismatch(outer or "none", " ".join(value or "none" for value in inner))


def a_bearer_confirms(r: Received) -> Mismatch | None:
    """At least one bearer confirmation holds in every point (Prof 4.1.4.2)."""
    failures = [_first_failure(r, data) for data in _bearer_data(r)]
    return None if None in failures else failures[0]


def _bearer_data(r: Received) -> list[Element]:
    subject = r.within(n.SUBJECT)
    confirmations = children(subject, n.CONFIRMATION) if subject is not None else []
    found = [only(node, n.CONFIRMATION_DATA) for node in confirmations if node.get("Method") == n.BEARER]
    return [data for data in found if data is not None]


def _first_failure(r: Received, data: Element) -> Mismatch | None:
    return next((mismatch for test in CONFIRMATION_TESTS if (mismatch := test(r, data)) is not None), None)


def recipient_is_ours(r: Received, data: Element) -> Mismatch | None:
    """Recipient equals this ACS URL."""
    return _equal(r.acs_url, data.get("Recipient"))


def confirmation_has_not_ended(r: Received, data: Element) -> Mismatch | None:
    """NotOnOrAfter is there, has not come but for the leeway, and lies within a day."""
    text = data.get("NotOnOrAfter")
    end = instant(text)
    fits = end is not None and r.now - r.leeway < end <= r.now + r.leeway + LONGEST_WINDOW
    return None if fits else Mismatch(f"after {r.now}, within {LONGEST_WINDOW}", _skewed(text, r.now))


def confirmation_has_no_beginning(_r: Received, data: Element) -> Mismatch | None:
    """A bearer confirmation carries no NotBefore (Prof 4.1.4.2)."""
    return None if data.get("NotBefore") is None else Mismatch("no NotBefore", data.get("NotBefore") or "")


def confirmation_answers_the_request(r: Received, data: Element) -> Mismatch | None:
    """The same confirmation, not another one, names the request that the Response names."""
    outer = r.envelope.get("InResponseTo")
    return None if data.get("InResponseTo") == outer else Mismatch(outer or "none", data.get("InResponseTo") or "none")


CONFIRMATION_TESTS: tuple[Callable[[Received, Element], Mismatch | None], ...] = (
    recipient_is_ours,
    confirmation_has_not_ended,
    confirmation_has_no_beginning,
    confirmation_answers_the_request,
)

CHECKS: tuple[tuple[Test, SamlCode], ...] = (
    (versions_are_two, SamlCode.SHAPE),
    (one_authentication, SamlCode.AUTHENTICATION),
    (ids_are_there, SamlCode.SHAPE),
    (issuer_is_ours, SamlCode.ISSUER),
    (response_issuer_fits, SamlCode.ISSUER),
    (destination_is_ours, SamlCode.DESTINATION),
    (issued_lately, SamlCode.TIME),
    (conditions_are_there, SamlCode.CONDITIONS),
    (conditions_are_known, SamlCode.CONDITIONS),
    (conditions_have_begun, SamlCode.TIME),
    (conditions_have_not_ended, SamlCode.TIME),
    (conditions_window_is_short, SamlCode.TIME),
    (audience_is_ours, SamlCode.AUDIENCE),
    (name_id_is_there, SamlCode.SUBJECT),
    (name_id_is_for_us, SamlCode.SUBJECT),
    (authentication_has_happened, SamlCode.TIME),
    (authentication_is_fresh_when_forced, SamlCode.AUTHENTICATION),
    (session_has_not_ended, SamlCode.TIME),
    (a_bearer_is_there, SamlCode.CONFIRMATION),
    (unsolicited_is_allowed, SamlCode.UNSOLICITED),
    (answers_one_request, SamlCode.REQUEST_UNKNOWN),
    (a_bearer_confirms, SamlCode.CONFIRMATION),
)


def require_conditions(received: Received) -> None:
    """Refuse a verified message at the first check that fails.

    Raises:
        SamlError: with the check's code and name, what it wanted and what came.
    """
    for test, code in CHECKS:
        mismatch = test(received)
        if mismatch is not None:
            raise SamlError(code, test.__name__, mismatch.expected, mismatch.received)
