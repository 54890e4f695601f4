"""An identity provider's metadata, read for somebody who may set connections up, and for nobody else.

Fetching an address is a request that leaves this machine, so who may not manage connections cannot cause one (NET-1).
"""

from dataclasses import dataclass

from provisioning.actions.services import Services
from provisioning.domain import policy
from provisioning.domain.caller import Caller
from provisioning.domain.errors import invalid
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.sso import IdentityProvider


@dataclass(frozen=True, slots=True)
class ProviderSource:
    """Where metadata comes from: a document or an address, never both."""

    document: str | None = None
    address: str | None = None


def read_provider(caller: Caller, source: ProviderSource, pinned: str | None, services: Services) -> IdentityProvider:
    """Return what an identity provider's metadata says.

    Args:
        caller: needs to manage SAML connections.
        source: document or address.
        pinned: certificate that must have signed the document, None for none (SAM-9).
        services: from outside.

    Raises:
        Refusal: INVALID_METADATA, INVALID_VALUE for none or both sources, not allowed.
    """
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE)
        require_fresh(caller, unit.now)
    if (source.document is None) == (source.address is None):
        raise invalid("idp_metadata", "Give the metadata either as a document or as an address.")
    if source.address is not None:
        return services.providers.address(source.address, pinned, services.now())
    return services.providers.document((source.document or "").encode(), pinned, services.now())


def checked_certificate(name: str, text: str, services: Services) -> str:
    """Return a certificate as it is kept, DER in base64; refuse what is none or has a weak key (SAM-2).

    Args:
        name: of the setting, for the refusal.
        text: PEM or base64.
        services: from outside.
    """
    found = services.providers.certificate(text)
    if found is None:
        raise invalid(name, f"{name} is a certificate with a strong key, in PEM or base64.")
    return found.text
