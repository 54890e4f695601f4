"""Numbers for operators: requests, the stages of ending somebody's access, and how far relay and workers are behind.

The labels are names of our own functions and stages and three-digit numbers; nothing that a client sends can make a new
series (LIM-5). The processes of one machine share their numbers through files; one thread beside them answers
`/metrics` on an address of its own, so that the numbers are never on the public one.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
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
ENDINGS = Histogram(
    "gatelodge_access_ended_seconds",
    "Time from ending somebody's access until it was effective, settled, and confirmed by a webhook.",
    ["stage"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600),
    registry=REGISTRY,
)
LONGEST = Gauge(
    "gatelodge_access_ended_longest_seconds",
    "The longest of these times since the processes started.",
    ["stage"],
    multiprocess_mode="max",
    registry=REGISTRY,
)
STATES: Mapping[str, str] = {
    "unconfirmed": "For how long the oldest end of sessions waits for a webhook's confirmation.",
    "due": "For how long the oldest due row of the outbox waits for the relay.",
    "owed": "For how long the oldest row of the outbox waits for a worker, rows with a fault of their own left aside.",
    "unsealed": "For how long the oldest entry of the activity report waits for its seal.",
}
WAITING = {
    name: Gauge(f"gatelodge_{name}_seconds", text, multiprocess_mode="mostrecent", registry=REGISTRY)
    for name, text in STATES.items()
}
ROWS = Counter("gatelodge_outbox_rows", "Rows of the outbox that workers tried, by outcome.", ["outcome"],
               registry=REGISTRY)  # fmt: skip
LOGGED = Counter("gatelodge_provisioning_log_rows", "Entries of the provisioning log, by outcome: written, written "
                 "directly by the request as the queue was full, lost.", ["outcome"], registry=REGISTRY)  # fmt: skip
RELAY_TURN = Gauge("gatelodge_relay_turn_timestamp_seconds", "When a relay last looked at the outbox.",
                   multiprocess_mode="mostrecent", registry=REGISTRY)  # fmt: skip
NO_ENDPOINT = "none"


def _ending(stage: str) -> Callable[[float], None]:
    times, longest = ENDINGS.labels(stage), LONGEST.labels(stage)
    known = 0.0

    def note(seconds: float) -> None:
        nonlocal known
        times.observe(seconds)
        if seconds > known:
            known = seconds
            longest.set(seconds)

    return note


# What is measured, by the names that actions and workers use.
METERS: Mapping[str, Callable[[float], None]] = {
    **{stage: _ending(stage) for stage in ("effective", "settled", "confirmed")},
    **{name: gauge.set for name, gauge in WAITING.items()},
    **{f"row_{outcome}": ROWS.labels(outcome).inc for outcome in ("done", "fault")},
    **{f"log_{outcome}": LOGGED.labels(outcome).inc for outcome in ("written", "direct", "lost")},
    "relay_turn": RELAY_TURN.set,
}


def measure(name: str, value: float) -> None:
    """Note a number: `services.measure` of every process that has metrics.

    Args:
        name: of `METERS`.
        value: seconds, or how many.
    """
    METERS[name](value)


@cache
def _of_endpoint(endpoint: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Return what counts a request; looked up once for each endpoint and status, of which there are few (LIM-5)."""
    return REQUESTS.labels(endpoint, str(status)).inc, SECONDS.labels(endpoint).observe


def observe(app: Flask) -> None:
    """Count the requests of an application; must come before its other hooks, so that refused ones count too."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        count, took = _of_endpoint(request.endpoint or NO_ENDPOINT, response.status_code)
        count()
        if "began" in g:
            took(time.perf_counter() - g.began)
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
