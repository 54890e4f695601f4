"""Structured logs with a redaction list, a request id on every answer, and health that tells the truth.

Nothing that a client sends becomes a field name or a label (LIM-5). Values that could hold a secret are hidden by the
name of their field, names and addresses of people where the operator says so (AUD-2). Of an exception a line has its
kind and where it happened, never its text: that may quote a statement with its values, or a message of somebody else.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request
from redis import Redis
from redis.exceptions import RedisError

from provisioning.actions.lag import Lag, read_lag
from provisioning.actions.services import Services
from provisioning.domain.caller import WayIn, nobody
from provisioning.store.engine import QueryCancelled, Unavailable
from provisioning.store.schema import is_current
from workers import RELAY_KEY

REDACTED_FIELDS = re.compile(
    r"(password|secret|token|cookie|authorization|assertion|samlresponse|relaystate|code|private)", re.I
)
PERSONAL_FIELDS = frozenset({"name", "email", "address", "recipient", "user_name", "actor_name"})
HIDDEN = "[hidden]"
# Refusals of credentials, rights and pace; others are a client's everyday business.
LOGGED_REFUSALS = frozenset({401, 403, 429})
CODE_HEADER = "Gatelodge-Error"
# An answer that the protocol foresees (SCIM's optional parts), no fault of ours.
NOT_IMPLEMENTED = 501
MOST_FRAMES = 12
# From here on something is behind: seconds that the oldest due row, owed row and unsealed entry wait.
BEHIND = Lag(due=30, owed=120, unsealed=30)
# Readiness is asked by anybody; the database is asked how far things are behind no more often than this.
LAG_KEPT_SECONDS = 1.0
Event = MutableMapping[str, Any]
log = structlog.get_logger("gatelodge")


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Hide the value of every field whose name speaks of a secret."""
    return {name: HIDDEN if REDACTED_FIELDS.search(name) else value for name, value in event.items()}


def hide_people(_logger: object, _method: str, event: Event) -> Event:
    """Hide names, email addresses and network addresses."""
    return {name: HIDDEN if name in PERSONAL_FIELDS else value for name, value in event.items()}


def describe_fault(_logger: object, _method: str, event: Event) -> Event:
    """Replace an exception by the kinds of it and its causes, and by where it happened."""
    fault = event.pop("exc_info", None)
    if isinstance(fault, BaseException):
        frames = traceback.extract_tb(fault.__traceback__)[-MOST_FRAMES:]
        event["fault"] = " < ".join(_kinds(fault))
        event["where"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _kinds(fault: BaseException | None) -> list[str]:
    found: list[str] = []
    while fault is not None and len(found) < MOST_FRAMES:
        found.append(type(fault).__name__)
        fault = fault.__cause__ or fault.__context__
    return found


def set_up_logs(*, people: bool = True) -> None:
    """Write one JSON object a line to standard error; JSON escapes line breaks in values (AUD-2).

    Args:
        people: False hides names and addresses of people, and network addresses.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            *([] if people else [hide_people]),
            describe_fault,
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
        status = response.status_code
        if status >= 500 and status != NOT_IMPLEMENTED:
            log.error("request failed", method=request.method, endpoint=request.endpoint, status=status)
        elif status in LOGGED_REFUSALS:
            log.info(
                "request refused",
                method=request.method,
                endpoint=request.endpoint,
                status=status,
                refusal=response.headers.get(CODE_HEADER),
                address=request.remote_addr,
            )
        return response


class Health:
    """What works, asked anew each time but for how far things are behind.

    Args:
        services: from outside.
        redis: the client, None where no queue is used.
        clock: seconds that never go back.
    """

    def __init__(self, services: Services, redis: Redis | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._services, self._redis, self._clock = services, redis, clock
        self._lag: tuple[float, Lag] | None = None

    def parts(self) -> dict[str, str]:
        """Return by name `ok`, or a short word for what is wrong.

        The service answers without Redis, relay and worker, so only the database decides whether it is ready; the
        others say that mails, seals and jobs wait.
        """
        database, redis = self._database(), self._redis_word()
        found = {"database": database, "redis": redis}
        if database == "ok" and self._redis is not None:
            lag = self._read_lag()
            found["relay"] = _word(self._relay_word(redis), lag.due > BEHIND.due)
            found["worker"] = _word("ok", lag.owed > BEHIND.owed)
            found["seals"] = _word("ok", lag.unsealed > BEHIND.unsealed)
        return found

    def _database(self) -> str:
        try:
            with self._services.read(nobody(WayIn.WORKER, None)) as unit:
                return "ok" if is_current(unit.connection) else "schema is not current"
        except (Unavailable, QueryCancelled):
            return "unreachable"

    def _redis_word(self) -> str:
        if self._redis is None:
            return "not used"
        try:
            return "ok" if self._redis.ping() else "unreachable"
        except RedisError:
            return "unreachable"

    def _relay_word(self, redis: str) -> str:
        """Whether a relay runs, as its key in Redis says; without Redis nobody can say."""
        if self._redis is None or redis != "ok":
            return "unknown"
        try:
            return "ok" if self._redis.exists(RELAY_KEY) else "not running"
        except RedisError:
            return "unknown"

    def _read_lag(self) -> Lag:
        now = self._clock()
        if self._lag is None or now - self._lag[0] >= LAG_KEPT_SECONDS:
            self._lag = now, read_lag(self._services)
        return self._lag[1]


def _word(word: str, is_behind: bool) -> str:
    return "behind" if is_behind and word == "ok" else word
