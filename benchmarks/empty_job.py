"""RQ as it comes, with a job that does nothing: the least that any job costs.

Started as `python -m benchmarks.empty_job REDIS_URL`; it works until a signal comes.
"""

import sys

from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

QUEUE = "empty"


def nothing() -> None:
    """Do nothing."""


def main() -> None:
    """Work until a signal comes."""
    connection = Redis.from_url(sys.argv[1])
    SimpleWorker([QUEUE], connection=connection, serializer=JSONSerializer).work(logging_level="ERROR")


if __name__ == "__main__":
    main()
