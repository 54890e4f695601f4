"""What every answer tells a browser, and which requests are refused before any door sees them (WEB, LNK-5)."""

import re

from flask import Flask, Response, abort, request
from werkzeug.exceptions import MisdirectedRequest

from provisioning.guard.context import settings
from provisioning.settings import is_loopback

# Health checks come by whatever address the machine has.
ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})
# An encoded slash or a dot segment could mean one path to a proxy and another to us (WEB-6); NUL is in no id of ours,
# and a server that hands on no raw address shows it decoded.
AMBIGUOUS = re.compile(r"%2f|%5c|%00|\0|(?:^|/)(?:\.|%2e){1,2}(?:/|$|\?)|//", re.I)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HTTPS_HEADERS = HEADERS | {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def guard_browsers(app: Flask) -> None:
    """Refuse foreign hosts and ambiguous paths; put the security headers on every answer."""

    @app.before_request
    def refuse_ambiguous() -> None:
        raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
        if AMBIGUOUS.search(raw.partition("?")[0].removeprefix("http://").removeprefix("https://")):
            abort(400)

    @app.before_request
    def refuse_foreign_host() -> None:
        if request.path not in ANY_HOST and not is_own_host(request.host):
            raise MisdirectedRequest()

    @app.after_request
    def add_headers(response: Response) -> Response:
        wanted = HTTPS_HEADERS if settings().is_https else HEADERS
        # One look through what is there; `setdefault` reads all of them again for each, which showed in every answer.
        present = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in wanted.items() if name.lower() not in present])
        return response


def is_own_host(host: str) -> bool:
    """Return whether a Host header names the configured host; on loopback the loopback names are one host."""
    name = host.rpartition(":")[0] if re.search(r":\d+\Z", host) else host
    name = name.strip("[]").lower()
    if settings().is_loopback:
        return is_loopback(name)
    return name == settings().public_host
