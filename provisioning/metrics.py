"""Numbers for operators: requests by endpoint and status, and how long they took.

The labels are names of our own functions and three-digit numbers; nothing that a client sends can make a new series
(LIM-5). The web runs in several processes, which share their counters through files; one thread beside them answers
`/metrics` on an address of its own, so that the numbers are never on the public one.
"""

import os
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

# Made at the first import, in files where PROMETHEUS_MULTIPROC_DIR names a folder (`gatelodge web` and `up` set it).
REGISTRY = CollectorRegistry()
REQUESTS = Counter(
    "gatelodge_requests", "Requests answered, by endpoint and status.", ["endpoint", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "gatelodge_request_seconds",
    "Time from a request's first line to its answer, by endpoint.",
    ["endpoint"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=REGISTRY,
)
NO_ENDPOINT = "none"


def observe(app: Flask) -> None:
    """Count the requests of an application; must come before its other hooks, so that refused ones count too."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        endpoint = request.endpoint or NO_ENDPOINT
        REQUESTS.labels(endpoint, str(response.status_code)).inc()
        if "began" in g:
            SECONDS.labels(endpoint).observe(time.perf_counter() - g.began)
        return response


def serve(address: str) -> None:
    """Answer `/metrics` of all processes on an address `host:port`, in a thread that ends with this process.

    Raises:
        OSError: the address cannot be listened on.
        ValueError: it is none.
    """
    parts = urlsplit(f"//{address}")
    if not parts.hostname or not parts.port:
        raise ValueError(f"GATELODGE_METRICS_ADDRESS is HOST:PORT, such as 127.0.0.1:9090, not {address!r}.")
    start_http_server(parts.port, parts.hostname, registry=shared_registry())


def shared_registry() -> CollectorRegistry:
    """Return the numbers of all processes where they share a folder, else of this one."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
