"""From the posted value to a verified Assertion, in the order that matters: read, look, verify, judge (saml.md 5).

Every way into SAML login goes through `read_response` (SAM-7). Nothing is read from the received tree but what can
only refuse, and whatever goes wrong, in a way we know or not, is a refusal (XML-8).
"""

from dataclasses import dataclass
from datetime import datetime

from provisioning.domain.sso import Connection
from saml import encryption, message, names, shape
from saml.assertion import Assertion, read_assertion
from saml.conditions import Received, leeway, require_conditions
from saml.errors import SamlCode, SamlError
from saml.keys import trusted_keys
from saml.message import Element
from saml.signature import Verified, require_algorithms, signature_of, unsigned, verify


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of a message after verification.

    Attributes:
        envelope: the Response, from verified bytes where `response_signed`.
        assertion: the Assertion, always from verified bytes.
        proof: the verification that covers the assertion: its own, else that of the Response around it.
        response_signed, assertion_signed: which of the two was signed, and verified.
    """

    envelope: Element
    assertion: Element
    proof: Verified
    response_signed: bool
    assertion_signed: bool


def read_response(post_value: str, connection: Connection, acs_url: str, sp_entity_id: str, now: datetime) -> Assertion:
    """Return the verified assertion of a posted SAMLResponse.

    Args:
        post_value: the form value, base64.
        connection: found by our own URL, never by the message (SAM-1).
        acs_url: this connection's ACS URL, from the configured public URL.
        sp_entity_id: our entity id for this connection.
        now: aware.

    Raises:
        SamlError: any refusal; unexpected faults too, as UNREADABLE with their cause chained.
    """
    try:
        return _read(post_value, connection, acs_url, sp_entity_id, now)
    except SamlError:
        raise
    except Exception as error:
        raise message.unreadable("no_unexpected_fault", received=type(error).__name__) from error


def _read(post_value: str, connection: Connection, acs_url: str, sp_entity_id: str, now: datetime) -> Assertion:
    root = message.parse(message.decode(post_value))
    shape.require_response(root)
    shape.require_success(root)
    parts = _verified(root, shape.require_one_assertion(root), connection)
    _require_wanted(parts, connection)
    shape.require_success(parts.envelope)  # once more, now as the signature covers it
    require_conditions(
        Received(parts.envelope, parts.assertion, parts.response_signed, connection, acs_url, sp_entity_id, now)
    )
    return read_assertion(parts.envelope, parts.assertion, parts.proof, now, leeway(connection))


def _verified(root: Element, received: Element, connection: Connection) -> Parts:
    """Verify the Response, decrypt, verify the assertion: each where there is something to do, one of the two always.

    A signed assertion in a signed Response is verified where it came, as a prefix list may name what stands around it.
    """
    keys = trusted_keys(connection.certificates)
    _require_algorithms(root)
    _require_algorithms(received)
    response_proof = verify(root, keys) if signature_of(root) is not None else None
    envelope = response_proof.element if response_proof is not None else root
    assertion = _in_plain(envelope, received, connection, response_proof is not None)
    if signature_of(assertion) is not None:
        proof = verify(assertion, keys)
        return Parts(envelope, proof.element, proof, response_proof is not None, assertion_signed=True)
    if response_proof is None:
        raise unsigned("signature_over_assertion_or_response")
    covered = shape.require_one_assertion(envelope) if assertion is received else assertion
    return Parts(envelope, covered, response_proof, response_signed=True, assertion_signed=False)


def _require_algorithms(holder: Element) -> None:
    signature = signature_of(holder)
    if signature is not None:
        require_algorithms(signature)


def _in_plain(envelope: Element, received: Element, connection: Connection, response_signed: bool) -> Element:
    """The assertion, decrypted where it is encrypted.

    Where the Response is signed, only what its signature covers is decrypted.
    """
    if received.tag == names.ENCRYPTED_ASSERTION:
        assertion = _decrypted(shape.require_one_assertion(envelope), connection, response_signed)
        _require_algorithms(assertion)
        return assertion
    if connection.want_encrypted:
        raise SamlError(SamlCode.NOT_ENCRYPTED, "assertion_is_encrypted", encryption.DEMANDS["assertion_is_encrypted"])
    return received


def _decrypted(encrypted: Element, connection: Connection, response_signed: bool) -> Element:
    """Decrypt, then read and look anew (XML-7); a failure of any of the three is the same to whoever sent it."""
    ours = tuple(key for key in (connection.sp_private_key, connection.sp_next_private_key) if key)
    try:
        plain = encryption.decrypt(encrypted, ours, connection.allow_cbc and response_signed)
        assertion = message.parse(plain)
        shape.require_assertion(assertion)
    except SamlError as error:
        raise encryption.failed(error.check, error.expected, error.received) from error
    return assertion


def _require_wanted(parts: Parts, connection: Connection) -> None:
    """Refuse what the connection wants signed and is not (SAM-2)."""
    wanted = (
        (connection.want_signed_response, parts.response_signed, "response_is_signed"),
        (connection.want_signed_assertion, parts.assertion_signed, "assertion_is_signed"),
    )
    for is_wanted, is_signed, check in wanted:
        if is_wanted and not is_signed:
            raise unsigned(check)
