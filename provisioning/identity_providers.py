"""Identity providers' metadata for those who set connections up: read by the SAML room, fetched by the guarded client.

The doors hand a document or an address to an action and know nothing of XML; the action knows this only as a protocol.
"""

from datetime import datetime

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.sso import Certificate, IdentityProvider
from provisioning.outgoing import Outgoing, OutgoingRefused
from saml.keys import trusted_key
from saml.metadata import identity_provider

PEM_MARK = "-----"


class IdentityProviders:
    """Reads metadata and certificates.

    Args:
        outgoing: fetches addresses, and says which ones people may be sent to (NET-1).
    """

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def document(self, data: bytes, pinned: str | None, now: datetime) -> IdentityProvider:
        """Return what a metadata document says.

        Args:
            data: XML, 1 MiB at most.
            pinned: certificate that must have signed it, None for none (SAM-9).
            now: expired metadata is refused.

        Raises:
            Refusal: INVALID_METADATA, with the point that failed.
        """
        return identity_provider(data, now, pinned, self._outgoing.may_name)

    def address(self, url: str, pinned: str | None, now: datetime) -> IdentityProvider:
        """Return what the metadata behind an address says; arguments and refusals as of `document`."""
        try:
            data = self._outgoing.get(url)
        except OutgoingRefused as refused:
            raise Refusal(Code.INVALID_METADATA, "metadata", detail=str(refused)) from refused
        return identity_provider(data, now, pinned, self._outgoing.may_name, url)

    def certificate(self, text: str) -> Certificate | None:
        """Return a certificate of PEM or base64 text, None where it is none or its key is too weak (SAM-2)."""
        body = "".join("".join(line for line in text.splitlines() if not line.startswith(PEM_MARK)).split())
        key = trusted_key(body) if body.isascii() else None
        return Certificate(body, key.fingerprint, key.not_after) if key is not None else None
