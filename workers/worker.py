"""RQ's worker in one process, with what we do not want of it switched off (JOB-1, JOB-2).

Jobs run in this process (a fork for each costs four times as much), under RQ's alarm. Commands that RQ takes over
publish and subscribe are not listened to: whoever can write to Redis shall not stop workers. Faults reach neither
Redis nor the log with their text, which may quote an address.
"""

import logging
import threading
from types import FrameType
from typing import Any

import structlog
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from workers.queues import WEBHOOK_QUEUE_NAME, OwedJob, open_queue

# RQ's heartbeat: it waits this long less 15 s for a job, and notices a silent Redis after 10 s more.
WORKER_TTL = 35
MAINTENANCE_SECONDS = 30
RECONNECT_SECONDS = 2.0
FAILURE_TEXT = "failed; the worker's log has the kind of fault"

log = structlog.get_logger("workers")


class ToOurLog(logging.Handler):
    """Hands the lines of RQ's own loggers to ours, without the texts of exceptions."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line of ours for one of theirs."""
        fault = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.log(record.levelno, "rq", text=record.getMessage(), fault=fault)


def take_over_logs() -> None:
    """Make RQ write where we write, warnings and worse only: a line a job says what its rows say already."""
    logger = logging.getLogger("rq")
    logger.handlers[:] = [ToOurLog()]
    logger.propagate = False
    for name in ("rq.worker", "rq.job", "rq.registry"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Worker(SimpleWorker):  # type: ignore[misc]
    """One worker on the queues; mails and what ends sessions come before webhooks.

    Args:
        connection: to Redis.
        bound: the job class with the functions that it may run.
        stop: set when the process is asked to stop; it is also set here when a signal comes.
    """

    max_connection_wait_time = RECONNECT_SECONDS

    def __init__(self, connection: Redis, bound: type[OwedJob], stop: threading.Event) -> None:
        super().__init__(
            [open_queue(connection, bound), open_queue(connection, bound, WEBHOOK_QUEUE_NAME)],
            connection=connection,
            job_class=bound,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE_SECONDS,
            log_job_description=False,
        )
        self._stop = stop

    def subscribe(self) -> None:
        """Listen to no commands."""

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the job at hand, then stop."""
        self._stop.set()
        super().request_stop(signum, frame)

    def set_shutdown_requested_date(self) -> None:
        """Tell Redis nothing: this runs inside a signal's handler, where its connection may be in use."""

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log the kind of a job's fault."""
        log.error("job.failed", job=job.id, fault=exc_info[0].__name__)

    def handle_job_failure(self, job: Job, queue: Any, *args: Any, exc_string: str = "", **kwargs: Any) -> None:  # noqa: ARG002
        """Keep of a failure that it was one."""
        super().handle_job_failure(job, queue, *args, exc_string=FAILURE_TEXT, **kwargs)

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()
        # A signal may have come before the handlers were there; whoever had it before us set the event.
        self._stop_requested = self._stop.is_set()
