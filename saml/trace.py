"""What is kept of every attempt to log in: a log line, and for refusals an entry in the account's report (AUD-1).

A flood of refused messages makes one entry a minute for each connection and code, with a count; the store sees to it.
The person's page shows the reference by which an administrator finds line and entry.
"""

import hashlib

import structlog

from provisioning.actions.saml_refusals import note_refused_message
from provisioning.actions.services import Services
from provisioning.domain.errors import Refusal
from provisioning.domain.sso import Connection
from saml.assertion import Assertion
from saml.errors import SamlError

log = structlog.get_logger("gatelodge")


class Trace:
    """Log lines and entries."""

    def message_refused(
        self, connection: Connection, error: SamlError, reference: str, address: str | None, services: Services
    ) -> None:
        """Keep a message that was refused before it said anything that could be believed."""
        cause = error.__cause__ if error.check == "no_unexpected_fault" else None
        log.warning(
            "saml message refused",
            connection=connection.id,
            outcome=error.code.value,
            check=error.check,
            expected=error.expected,
            received=error.received,
            address=address,
            exc_info=cause,
        )
        facts = {
            "code": error.code.value,
            "check": error.check,
            "expected": error.expected,
            "received": error.received,
            "reference": reference,
        }
        note_refused_message(connection, address, facts, services)

    def login(self, connection: Connection, assertion: Assertion, address: str | None, refusal: Refusal | None) -> None:
        """Log a verified assertion with its outcome; never its text, attributes or the person's name."""
        log.info(
            "saml login",
            connection=connection.id,
            outcome="accepted" if refusal is None else refusal.code.value,
            message_id=assertion.assertion_id,
            response_id=assertion.response_id,
            issuer=assertion.issuer,
            name_id_hash=hashlib.sha256(assertion.name_id.encode()).hexdigest(),
            fingerprint=assertion.fingerprint,
            algorithm=assertion.algorithm,
            address=address,
        )
