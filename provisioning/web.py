"""The process behind `gatelodge web`: `python -m provisioning.web HOST PORT`, on gunicorn or granian.

Which of the two is preset, and why, is docs/adr/0001-web-server.md. Both load the application once and then make their
processes, so that its code is in memory once. Both get the limits of LIM-2: 16 KiB of headers, and on gunicorn 30 s for
a whole request, after which a slow client is cut off and its thread is free again; granian does so for headers alone.
"""

import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker
from redis import Redis

from provisioning import metrics
from provisioning.app import create_app
from provisioning.observe import set_up_logs
from provisioning.request_log import BatchedLog
from provisioning.settings import Settings, load
from provisioning.wiring import services_from
from saml.self_check import check_libraries

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WHOLE_REQUEST_SECONDS = 30
# Shorter than the supervisor's patience, which is shorter than the 25 s of OPS-6.
GRACE_SECONDS = 12
KEEP_ALIVE_SECONDS = 30
HEADER_BYTES = 16 * 1024
LONGEST_LINE = 8190
MOST_HEADERS = 64
# What a header costs beside its name and value: colon, blank and the end of its line.
HEADER_OVERHEAD = 4
REDIS_SECONDS = 2
PR_SET_PDEATHSIG = 1

log = structlog.get_logger("gatelodge")


class ToOurLog(logging.Handler):
    """Hands the lines of the servers' own loggers to ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line of ours for one of theirs; of an exception its kind, as its text may quote a request."""
        fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.log(record.levelno, "web server", text=record.getMessage(), fault=fault)


GRANIAN_LOGS = {
    "handlers": {"ours": {"()": ToOurLog}},
    "loggers": {name: {"handlers": ["ours"], "propagate": False} for name in ("_granian", "granian.access")},
}


class TimedWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads, which cuts off whoever takes longer than 30 s to one request (LIM-2).

    gunicorn reads a request in a thread that waits for each byte; a client that sends one byte now and then would keep
    the thread for ever. The main loop of the worker, which comes round every second, ends such a connection.

    Nor does a thread wait for the first byte, which gunicorn lets it do for 5 s: as many connections as there are
    threads, opened and left silent, would keep everybody waiting for so long, health checks too (LIM-4). Such a
    connection goes to the selector at once, and comes back once there is something to read.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._since: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        """Handle a request in a thread, and note since when; without a first byte none is handled yet."""
        if not conn.initialized and not conn.wait_for_data(0):
            return _DEFER
        self._since[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self._since.pop(conn, None)

    def murder_pending(self) -> None:
        """Close what has waited too long, also inside a thread."""
        super().murder_pending()
        oldest = time.monotonic() - WHOLE_REQUEST_SECONDS
        for conn, since in list(self._since.items()):
            if since < oldest:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RDWR)


class Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn with our options and no other: neither its files nor its environment variables are read.

    Args:
        application: what it serves.
        options: names of gunicorn's settings -> values.
    """

    def __init__(self, application: "WSGIApplication", options: dict[str, Any]) -> None:
        self._application = application
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take our options."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """Return the application."""
        return self._application


def with_header_limit(application: "WSGIApplication") -> "WSGIApplication":
    """Return the application, which refuses more than 16 KiB of headers with 431 (LIM-2, RFC 6585 section 5)."""

    def limited(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        size = sum(len(name) + len(value) - 1 for name, value in environ.items() if name[:5] == "HTTP_")
        if size > HEADER_BYTES:
            start_response("431 Request Header Fields Too Large", [("Content-Length", "0"), ("Connection", "close")])
            return [b""]
        return application(environ, start_response)

    return limited


def application_from(settings: Settings) -> "WSGIApplication":
    """Return the application as it is served; nothing is connected yet, so that processes can be made of this one."""
    services = services_from(settings, measure=metrics.measure, make_log=BatchedLog)
    redis = Redis.from_url(settings.redis_url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    observe = metrics.observe if settings.metrics_address else None
    app = create_app(services, settings, redis)
    if observe is not None:
        observe(app)
    return with_header_limit(app)


def serve_gunicorn(application: "WSGIApplication", settings: Settings, host: str, port: int) -> None:
    """Serve until a signal comes."""
    Gunicorn(
        application,
        {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": settings.web_workers,
            "threads": settings.web_threads,
            "worker_class": TimedWorker,
            "preload_app": True,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": GRACE_SECONDS,
            "timeout": WHOLE_REQUEST_SECONDS,
            "limit_request_line": LONGEST_LINE,
            "limit_request_fields": MOST_HEADERS,
            "limit_request_field_size": LONGEST_LINE,
            # Nobody's X-Forwarded headers are believed here; GATELODGE_TRUSTED_PROXIES decides, in the application.
            "forwarded_allow_ips": "",
            "control_socket_disable": True,
            "proc_name": "gatelodge",
            "errorlog": os.devnull,
            "loglevel": "warning",
        },
    ).run()


def serve_granian(application: "WSGIApplication", settings: Settings, host: str, port: int) -> None:
    """Serve until a signal comes."""
    parent = os.getpid()
    Granian(
        "provisioning.web",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=WHOLE_REQUEST_SECONDS * 1000, max_buffer_size=LONGEST_LINE + HEADER_BYTES
        ),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        log_dictconfig=GRANIAN_LOGS,
        log_level=LogLevels.warning,
    ).serve(target_loader=lambda _target: load_in_child(application, parent))


def load_in_child(application: "WSGIApplication", parent: int) -> "WSGIApplication":
    """Return the application, in a process of granian's that ends with its parent: granian itself does not see to it.

    Args:
        parent: process id of the one that made this one.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    return application


SERVERS: dict[str, Callable[["WSGIApplication", Settings, str, int], None]] = {
    "gunicorn": serve_gunicorn,
    "granian": serve_granian,
}


def take_over_logs() -> None:
    """Make gunicorn write where we write, warnings and worse only; granian gets its handlers as an option."""
    logger = logging.getLogger("gunicorn.error")
    logger.addHandler(ToOurLog())
    logger.setLevel(logging.WARNING)
    logger.propagate = False


def main(host: str, port: int) -> None:
    """Serve on an address until a signal comes.

    Raises:
        SettingsError: the configuration cannot be used.
        SelfCheckError: the XML libraries do not do what they must.
    """
    set_up_logs()
    settings = load(os.environ)
    set_up_logs(people=settings.log_people)
    check_libraries()
    application = application_from(settings)
    if settings.metrics_address:
        metrics.serve(settings.metrics_address)
    take_over_logs()
    # What is loaded by now lives as long as the process; left out of collections, it stays shared between processes.
    gc.collect()
    gc.freeze()
    SERVERS[settings.server](application, settings, host, port)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
