"""The certificates of identity providers as pages show them: when each ends, how many days are left, what follows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from provisioning.actions.services import Services
from provisioning.console.words import counted
from provisioning.domain.sso import Connection

# From here on the page warns: time enough to ask an identity provider's people for their next certificate.
WARN_DAYS = 30


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """One certificate: its SHA-256 in hexadecimal, its end, and the whole days until then, negative once over."""

    sha256: str
    expires_at: datetime
    days_left: int

    @property
    def is_near(self) -> bool:
        """Whether its end is near or over."""
        return self.days_left < WARN_DAYS

    @property
    def left(self) -> str:
        """How long it still holds, in words."""
        if self.days_left < 0:
            return "Over"
        return f"{counted(self.days_left, 'day')} left"


def certificates_of(connection: Connection, services: Services) -> list[ShownCertificate]:
    """Return the certificates of a connection that can be read, the one that ends first before the others."""
    now = services.now()
    found = (services.providers.certificate(text) for text in connection.certificates)
    shown = [
        ShownCertificate(each.sha256, each.expires_at, (each.expires_at - now).days)
        for each in found
        if each is not None
    ]
    return sorted(shown, key=lambda each: each.expires_at)


def next_ends(connections: Iterable[Connection], services: Services) -> dict[str, ShownCertificate]:
    """Return the certificate that ends first of each connection by the connection's id; none for one without."""
    found = ((connection.id, certificates_of(connection, services)) for connection in connections)
    return {connection_id: certificates[0] for connection_id, certificates in found if certificates}
