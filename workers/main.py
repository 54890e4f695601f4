"""Starts a worker on our wiring: the process behind `gatelodge worker`."""

import threading

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq.exceptions import StopRequested

from provisioning.actions.services import Services
from provisioning.settings import Settings, is_loopback
from workers.jobs.mail import MailDesk
from workers.letters import Writer
from workers.mailer import open_mailer
from workers.queues import OwedJob, connect, is_reachable, job_class
from workers.subscriptions import functions
from workers.worker import Worker, take_over_logs

WAIT_SECONDS = 0.5

log = structlog.get_logger("workers")


def run(services: Services, settings: Settings, stop: threading.Event) -> int:
    """Work until a signal comes; to be called in the main thread, which takes the signals.

    Args:
        services: from outside.
        settings: where Redis is, where mail goes and from whom.
        stop: set by whoever handled SIGTERM and SIGINT so far; RQ's handlers take over once Redis answers.

    Returns:
        The exit status: 0 after a signal; 1 where Redis was lost for good, so that a supervisor starts a new process.

    Raises:
        MailUrlError, ValueError: MAIL_URL or GATELODGE_MAIL_FROM cannot be used.
    """
    bound = bound_jobs(services, settings)
    connection = connect(settings.redis_url)
    if not _wait_for_redis(connection, stop):
        return 0
    take_over_logs()
    try:
        Worker(connection, bound, stop).work(logging_level=None)
    except StopRequested:
        # The signal came between RQ's taking the signals over and its loop.
        return 0
    except RedisError as fault:
        log.warning("worker.redis_lost", fault=type(fault).__name__)
    return 0 if stop.is_set() else 1


def _wait_for_redis(connection: Redis, stop: threading.Event) -> bool:
    """Wait until Redis answers; False where the wait ended because the process is to stop."""
    if not is_reachable(connection):
        log.warning("worker.waits_for_redis")
    while not stop.is_set() and not is_reachable(connection):
        stop.wait(WAIT_SECONDS)
    return not stop.is_set()


def bound_jobs(services: Services, settings: Settings) -> type[OwedJob]:
    """Return the job class of our workers: every job of `subscriptions.py`, bound to what it needs."""
    desk = MailDesk(
        services=services,
        writer=Writer(settings.mail_from, settings.public_host),
        mailer=open_mailer(settings.mail_url, is_loopback),
    )
    return job_class(functions(desk))
