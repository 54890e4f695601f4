"""Which addresses of an identity provider a browser may be sent to, on save and on use (saml.md 4, NET-1)."""

import ipaddress
from collections.abc import Callable
from urllib.parse import urlsplit

from provisioning.settings import Settings, is_loopback
from saml.metadata import https_only, is_address


def allowed_addresses(settings: Settings) -> Callable[[str], bool]:
    """Return whether a browser may be sent to an address: https, or http where NET-1 makes an exception.

    Args:
        settings: say where we are ourselves, and which inner hosts the operator lists.
    """
    listed = [entry.strip() for entry in settings.outgoing_allow.split(",")]
    on_loopback = settings.is_loopback and not settings.is_https

    def is_inner_http(url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "http" or not host or parts.username is not None:
            return False
        return (on_loopback and is_loopback(host)) or any(_fits(host, entry) for entry in listed)

    return lambda url: is_address(url, lambda address: https_only(address) or is_inner_http(address))


def _fits(host: str, entry: str) -> bool:
    """Whether a host is the listed name, or an address in the listed network."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return bool(entry) and host == entry.lower()
