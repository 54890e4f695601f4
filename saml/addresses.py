"""Which addresses of an identity provider a browser may be sent to, on save and on use (saml.md 4, NET-1)."""

import ipaddress
from urllib.parse import urlsplit

from provisioning.guard.browser import is_own_host
from provisioning.guard.context import settings
from saml.metadata import https_only, is_address


def may_send_to(url: str) -> bool:
    """Return whether a browser may be sent to this address: https, or http where NET-1 makes an exception."""
    return is_address(url, lambda address: https_only(address) or _is_inner_http(address))


def _is_inner_http(url: str) -> bool:
    """Plain http to a host that the operator lists, or to loopback where we are there on http ourselves."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not host or parts.username is not None:
        return False
    on_loopback = not settings().is_https and settings().is_loopback and is_own_host(parts.netloc)
    return on_loopback or any(_fits(host, entry.strip()) for entry in settings().outgoing_allow.split(","))


def _fits(host: str, entry: str) -> bool:
    """Whether a host is the listed name, or an address in the listed network."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return bool(entry) and host == entry.lower()
