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
from saml.keys import TrustedKey, trusted_keys
from saml.message import Element
from saml.signature import Verified, require_algorithms, signature_of, verify


@dataclass(frozen=True, slots=True)
class Parts:
    """The two parts of a message after verification; at least one of the two proofs is there.

    Attributes:
        envelope: the Response, from verified bytes where `response_proof` is there.
        assertion: the Assertion, from verified bytes.
    """

    envelope: Element
    assertion: Element
    response_proof: Verified | None
    assertion_proof: Verified | None

    @property
    def proof(self) -> Verified:
        """The verification that covers the assertion."""
        proof = self.assertion_proof or self.response_proof
        if proof is None:
            raise _unsigned("signature_over_assertion_or_response")
        return proof


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
    response_signed = parts.response_proof is not None
    require_conditions(
        Received(parts.envelope, parts.assertion, response_signed, connection, acs_url, sp_entity_id, now)
    )
    return read_assertion(parts.envelope, parts.assertion, parts.proof, now, leeway(connection))


def _verified(root: Element, assertion: Element, connection: Connection) -> Parts:
    keys = trusted_keys(connection.certificates)
    for holder in (root, assertion):
        signature = signature_of(holder)
        if signature is not None:
            require_algorithms(signature)
    response_proof = verify(root, keys) if signature_of(root) is not None else None
    if assertion.tag == names.ENCRYPTED_ASSERTION:
        return _encrypted_parts(root, response_proof, connection, keys)
    return _plain_parts(root, assertion, response_proof, connection, keys)


def _plain_parts(
    root: Element,
    assertion: Element,
    response_proof: Verified | None,
    connection: Connection,
    keys: tuple[TrustedKey, ...],
) -> Parts:
    if connection.want_encrypted:
        raise SamlError(SamlCode.NOT_ENCRYPTED, "assertion_is_encrypted")
    proof = verify(assertion, keys) if signature_of(assertion) is not None else None
    if proof is not None:
        envelope = response_proof.element if response_proof is not None else root
        return Parts(envelope, proof.element, response_proof, proof)
    if response_proof is None:
        raise _unsigned("signature_over_assertion_or_response")
    return Parts(response_proof.element, shape.require_one_assertion(response_proof.element), response_proof, None)


def _encrypted_parts(
    root: Element, response_proof: Verified | None, connection: Connection, keys: tuple[TrustedKey, ...]
) -> Parts:
    """The plain text is a new message: read, looked at and verified from its own bytes (XML-7)."""
    envelope = response_proof.element if response_proof is not None else root
    assertion = _decrypted(envelope, connection, response_signed=response_proof is not None)
    signature = signature_of(assertion)
    if signature is None:
        return Parts(envelope, assertion, response_proof, None)
    require_algorithms(signature)
    proof = verify(assertion, keys)
    return Parts(envelope, proof.element, response_proof, proof)


def _decrypted(envelope: Element, connection: Connection, response_signed: bool) -> Element:
    """Decrypt, parse and look; a failure of any of the three is the same to whoever sent it."""
    try:
        plain = encryption.decrypt(
            shape.require_one_assertion(envelope), connection.sp_private_key, connection.allow_cbc and response_signed
        )
        assertion = message.parse(plain)
        shape.require_assertion(assertion)
    except SamlError as error:
        raise encryption.failed(error.check, error.expected, error.received) from error
    return assertion


def _require_wanted(parts: Parts, connection: Connection) -> None:
    """Refuse what the connection wants signed and is not; one of the two always is (SAM-2)."""
    wanted = (
        (True, parts.assertion_proof or parts.response_proof, "signature_over_assertion_or_response"),
        (connection.want_signed_response, parts.response_proof, "response_is_signed"),
        (connection.want_signed_assertion, parts.assertion_proof, "assertion_is_signed"),
    )
    for is_wanted, proof, check in wanted:
        if is_wanted and proof is None:
            raise _unsigned(check)


def _unsigned(check: str) -> SamlError:
    return SamlError(SamlCode.UNSIGNED, check)
