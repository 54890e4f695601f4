"""The queue: how RQ is used so that whoever can write to Redis still runs nothing but our own named jobs.

RQ's presets are pickle and function names that the worker imports. Both would make write access to Redis the same as
running code (JOB-1), so the job class here reads JSON whatever it is told, and looks a function up in a table instead
of importing it. Callbacks and webhooks, which RQ reads from Redis too, do not exist here. Arguments are ids (JOB-2).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

# One row of the outbox as a job is told of it: (account id, row id).
RowId = tuple[str, str]

QUEUE_NAME = "owed"
# Webhooks wait for receivers of which we know nothing, so they have a queue that is served after the other.
WEBHOOK_QUEUE_NAME = "webhooks"
# A job that has run leaves nothing behind; one that failed can be looked at for an hour, by its ids.
RESULT_TTL = 0
FAILURE_TTL = 3600
# A job stops by itself after its budget (see jobs/owed.py); this is for one that hangs.
JOB_TIMEOUT = 60
CONNECT_SECONDS = 2
ANSWER_SECONDS = 5


class NotOurJob(Exception):
    """Something in Redis asks for what no job of ours is; it is not run (JOB-1)."""


class OwedJob(Job):  # type: ignore[misc]
    """A job as it is stored and read: JSON only, one function of `functions`, no callbacks, no webhooks."""

    # What may run, by name. The relay only writes jobs and needs none; a worker's are bound by `job_class`.
    functions: Mapping[str, Callable[..., None]] = {}

    def __init__(self, id: str | None = None, connection: Any = None, serializer: object = None) -> None:  # noqa: ARG002
        # The serializer asked for is left aside: several paths of RQ fall back to pickle where they are given none.
        super().__init__(id, connection, serializer=JSONSerializer)

    @property
    def func(self) -> Callable[..., None]:
        """The function behind the name; nothing is imported, and there is no object to call a method of."""
        if self.instance is not None or self.func_name not in self.functions:
            raise NotOurJob("the function is not in the list of jobs")
        return self.functions[self.func_name]

    @property
    def success_callback(self) -> None:
        """None; a name in Redis is refused."""
        return self._no_callback(self._success_callback_name)

    @property
    def failure_callback(self) -> None:
        """None; a name in Redis is refused."""
        return self._no_callback(self._failure_callback_name)

    @property
    def stopped_callback(self) -> None:
        """None; a name in Redis is refused."""
        return self._no_callback(self._stopped_callback_name)

    def send_webhooks(self, status: object, *, exc_string: str | None = None) -> None:
        """Send nothing: an address that stands in Redis is nobody's that we know."""

    def _no_callback(self, name: str | None) -> None:
        if name:
            _refuse_callback()


def _refuse_callback() -> NoReturn:
    raise NotOurJob("no job of ours has a callback")


def job_class(functions: Mapping[str, Callable[..., None]]) -> type[OwedJob]:
    """Return the job class of a worker that may run these functions and no other."""
    return type("BoundJob", (OwedJob,), {"functions": functions})


def connect(redis_url: str) -> Redis:
    """Return a client that says quickly when Redis is away: a lost connection is tried anew once, without a pause."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


def is_reachable(connection: Redis) -> bool:
    """Return whether Redis answers now."""
    try:
        return bool(connection.ping())
    except RedisError:
        return False


def open_queue(connection: Redis, bound: type[OwedJob] = OwedJob, name: str = QUEUE_NAME) -> Queue:
    """Return a queue, on a connection; `bound` is the job class of a worker."""
    return Queue(name, connection=connection, job_class=bound, serializer=JSONSerializer)


def enqueue(queue: Queue, name: str, attempt: int, rows: Sequence[RowId]) -> None:
    """Put one job on the queue for rows of one kind, in one round trip.

    Args:
        queue: from `open_queue`.
        name: of the function, from `subscriptions.py`.
        attempt: of the first row; with its id it makes the job's id, so that each attempt is a job of its own.
        rows: at least one.

    Raises:
        RedisError: Redis is away; the rows come due again.
    """
    job = Queue.prepare_data(
        name,
        args=([list(row) for row in rows],),
        job_id=f"{rows[0][1]}-{attempt}",
        description=f"{name} {rows[0][1]} and {len(rows) - 1} more",
        timeout=JOB_TIMEOUT,
        result_ttl=RESULT_TTL,
        failure_ttl=FAILURE_TTL,
    )
    queue.enqueue_many([job])
