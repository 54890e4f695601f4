"""Structured logs with a redaction list, a request id on every answer, and health that tells the truth.

Nothing that a client sends becomes a field name or a label (LIM-5); values that could hold a secret are hidden by the
name of their field (AUD-2).
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request
from redis import Redis
from redis.exceptions import RedisError

from provisioning.actions.services import Services
from provisioning.domain.caller import WayIn, nobody
from provisioning.store.engine import Unavailable
from provisioning.store.schema import is_current

REDACTED_FIELDS = re.compile(
    r"(password|secret|token|cookie|authorization|assertion|samlresponse|relaystate|code|private)", re.I
)
HIDDEN = "[hidden]"
# An answer that the protocol foresees (SCIM's optional parts), no fault of ours.
NOT_IMPLEMENTED = 501
log = structlog.get_logger("gatelodge")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide the value of every field whose name speaks of a secret."""
    return {name: HIDDEN if REDACTED_FIELDS.search(name) else value for name, value in event.items()}


def set_up_logs() -> None:
    """Write one JSON object a line to standard error; JSON escapes line breaks in values (AUD-2)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def observe_requests(app: Flask, services: Services) -> None:
    """Give every request an id, on the answer and in every log line of it."""

    @app.before_request
    def begin() -> None:
        g.request_id = services.new_id()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if response.status_code >= 500 and response.status_code != NOT_IMPLEMENTED:
            log.error("request failed", method=request.method, endpoint=request.endpoint, status=response.status_code)
        return response


def health(services: Services, redis: Redis | None) -> dict[str, str]:
    """Return what works, by name: `ok` or a short word for what is wrong."""
    return {"database": _database(services), "redis": "not used" if redis is None else _redis(redis)}


def _database(services: Services) -> str:
    try:
        with services.read(nobody(WayIn.WORKER, None)) as unit:
            return "ok" if is_current(unit.connection) else "schema is not current"
    except Unavailable:
        return "unreachable"


def _redis(redis: Redis) -> str:
    try:
        return "ok" if redis.ping() else "unreachable"
    except RedisError:
        return "unreachable"
