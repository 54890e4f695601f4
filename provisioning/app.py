"""create_app: the doors on one Flask application, and what is the same at all of them.

An address that no route knows never reaches a blueprint, so its answer is chosen by the path: each protocol says 'not
found' in its own form. An exception that nobody expected is a refusal with a reference, never a pass (LIM-7).
"""

from dataclasses import replace
from functools import partial
from typing import Any

from flask import Flask, Response, g, jsonify, request
from redis import Redis
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as WerkzeugResponse

from provisioning.actions.services import Services
from provisioning.domain.errors import Code, Refusal, not_found
from provisioning.doors import DOORS
from provisioning.guard.browser import guard_browsers
from provisioning.guard.context import SERVICES, SETTINGS
from provisioning.guard.door import Door
from provisioning.guard.heard import hear
from provisioning.guard.pace import PACE, Pace
from provisioning.guard.require import public, require_declarations
from provisioning.guard.work import bound_work
from provisioning.observe import Health, log, observe_requests
from provisioning.scim.replay import run_again
from provisioning.settings import Settings
from provisioning.store.engine import QueryCancelled, Unavailable

MIB = 1024 * 1024
MOST_FORM_PARTS = 200


def create_app(services: Services, settings: Settings, redis: Redis | None = None) -> Flask:
    """Return the application.

    Args:
        services: from wiring.
        settings: checked.
        redis: asked by `/readyz` alone; None where no queue is used.
    """
    app = Flask("provisioning", static_folder=None, template_folder="console/templates")
    app.config.update(MAX_CONTENT_LENGTH=4 * MIB, MAX_FORM_MEMORY_SIZE=MIB, MAX_FORM_PARTS=MOST_FORM_PARTS)
    app.config.update(PROPAGATE_EXCEPTIONS=False, JSON_SORT_KEYS=False)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    services = replace(services, committed=hear, run_again=partial(run_again, app, services.public_url))
    app.extensions[SERVICES], app.extensions[SETTINGS] = services, settings
    app.extensions[PACE] = Pace(settings)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )
    observe_requests(app, services)
    guard_browsers(app)
    bound_work(app, settings)
    for door in DOORS:
        door.register(app)
    add_health(app, services, redis)
    add_error_handlers(app)
    require_declarations(app)
    return app


def door_of(path: str) -> Door | None:
    """Return the door whose prefix fits a path best."""
    fitting = [(len(prefix), door) for door in DOORS for prefix in door.prefixes if path.startswith(prefix)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def add_health(app: Flask, services: Services, redis: Redis | None) -> None:
    """Add `/healthz` (the process answers) and `/readyz` (what works of the rest, and how far it is behind)."""
    health = Health(services, redis)

    @app.get("/healthz")
    @public("tells only that the process answers")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    @public("tells only which parts answer")
    def readyz() -> tuple[Response, int]:
        parts = health.parts()
        return jsonify(parts), 200 if parts["database"] == "ok" else 503


def add_error_handlers(app: Flask) -> None:
    """Answer every refusal and fault in the form of the door it happened at."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> WerkzeugResponse:
        return answer(refusal)

    @app.errorhandler(QueryCancelled)
    def cancelled(_: QueryCancelled) -> WerkzeugResponse:
        return answer(Refusal(Code.TOO_MANY_RESULTS))

    @app.errorhandler(Unavailable)
    def unavailable(fault: Unavailable) -> WerkzeugResponse:
        log.error("database unavailable", state=str(fault))
        return faulted(503)

    @app.errorhandler(HTTPException)
    def protocol_error(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        if error.code >= 500:
            return faulted(error.code)
        made = answer(refusal_of(error))
        if error.code == 405 and error.get_response().headers.get("Allow"):
            made.headers["Allow"] = error.get_response().headers["Allow"]
        if error.code == 421:
            made.status_code = 421
        return made

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> WerkzeugResponse:
        log.error("unexpected exception", exc_info=error, endpoint=request.endpoint)
        return faulted(500)


def answer(refusal: Refusal) -> WerkzeugResponse:
    """Return a refusal in the form of the door that the path belongs to; a fault where the door cannot say it."""
    door = door_of(request.path)
    try:
        return door.answer(refusal) if door else jsonify(code=refusal.code, message=refusal.sentence)
    except Exception as fault:
        log.error("a refusal could not be said", exc_info=fault, endpoint=request.endpoint)
        return faulted(500)


def faulted(status: int) -> WerkzeugResponse:
    """Return a fault of ours in the form of the door, with the request's id and nothing else of it (LIM-7)."""
    door = door_of(request.path)
    reference = g.get("request_id", "")
    try:
        made = door.fault(status, reference) if door is not None else jsonify(code="fault", reference=reference)
    except Exception as fault:
        # What writes pages or JSON is broken itself; the answer is still one, and still a refusal.
        log.error("a fault could not be said", exc_info=fault, endpoint=request.endpoint)
        made = Response(f"fault {reference}\n", mimetype="text/plain")
    made.status_code = status
    return made


def refusal_of(error: HTTPException) -> Refusal:
    """Return the refusal that a protocol error of Flask means."""
    table = {
        404: lambda: not_found("Address"),
        405: lambda: Refusal(Code.METHOD_NOT_ALLOWED, method=request.method),
        413: lambda: Refusal(Code.BODY_TOO_LARGE, limit="size"),
        415: lambda: Refusal(Code.MEDIA_TYPE),
        429: lambda: Refusal(Code.TOO_MANY_REQUESTS),
    }
    made = table.get(error.code or 0)
    return made() if made else Refusal(Code.INVALID_SYNTAX, detail=error.name)
