"""Wrong keys and tokens, counted by network address for all processes together (KEY-4)."""

from provisioning.actions.services import Services, repeated
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.throttle import of_wrong_keys
from provisioning.store.throttle import take

WINDOW_SECONDS = 300


@repeated
def count_wrong_key(address: str | None, services: Services) -> int:
    """Count a wrong key; returns how many the address has shown in these five minutes.

    Args:
        address: network address; of IPv6 the network that one customer has counts.
        services: from outside.
    """
    with services.unit(nobody(WayIn.PROVISIONING_API, address)) as unit:
        window = int(unit.now.timestamp()) // WINDOW_SECONDS
        return sum(take(unit.connection, [of_wrong_keys(address, window)], unit.now, gated=False).values())
