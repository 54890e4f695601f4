"""KEY-4: from which network addresses a key or token may be used, as ranges in CIDR form."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from provisioning.domain.errors import invalid

MOST_RANGES = 50
FIELD = "address_ranges"


def checked_ranges(texts: Iterable[str]) -> tuple[str, ...]:
    """Return ranges in their shortest form, each once; a lone address is a range of one.

    Raises:
        Refusal: INVALID_VALUE for what is no range, or for more than 50.
    """
    found = tuple(dict.fromkeys(_checked(text) for text in texts))
    if len(found) > MOST_RANGES:
        raise invalid(FIELD, f"At most {MOST_RANGES} address ranges can be given.")
    return found


def _checked(text: str) -> str:
    try:
        return str(ip_network(text.strip()))
    except ValueError as fault:
        raise invalid(FIELD, "An address range has the form 203.0.113.0/24 or 2001:db8::/32.") from fault


def is_within(address: str | None, ranges: Sequence[str]) -> bool:
    """Return whether an address lies in one of the ranges; without ranges every address does.

    Args:
        address: as the door knows it, None where it does not; then no range holds it.
        ranges: from `checked_ranges`.
    """
    if not ranges:
        return True
    known = _plain(address)
    return known is not None and any(known in ip_network(each) for each in ranges)


def _plain(address: str | None) -> IPv4Address | IPv6Address | None:
    """Return an address; an IPv4 address in IPv6 clothes (`::ffff:…`) is the IPv4 address."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
