"""One measurement: requests or raw statements, with the CPU of each side apart."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import usage
from benchmarks.installation import Site, Web


class NotAnswered(Exception):
    """A server does not answer as it was asked, so that what an answer costs would say nothing."""


@dataclass(frozen=True)
class Measured:
    """What came out.

    Attributes:
        rate: requests or transactions a second.
        number: how many there were.
        server_ms, database_ms: CPU a request.
        median_ms, p99_ms: from the first byte sent to the last received; None for raw statements.
    """

    rate: float
    number: int
    server_ms: float
    database_ms: float
    median_ms: float | None = None
    p99_ms: float | None = None

    @property
    def cpu_ms(self) -> float:
        """CPU of server and database together, a request."""
        return self.server_ms + self.database_ms


def requests(
    site: Site, web: Web, texts: Sequence[Sequence[str]], seconds: float, *, status: str, repeat: bool
) -> Measured:
    """Send requests over so many connections as there are lists of them.

    Args:
        texts: the requests of each connection.
        status: what every answer must have.
        repeat: whether a connection begins again when its requests run out.
    """
    pids = web.pid, site.postgres_pid
    return send(pids, web.port, texts, seconds, statuses=frozenset({status}), repeat=repeat)


def send(
    pids: tuple[int, int],
    port: int,
    texts: Sequence[Sequence[str]],
    seconds: float,
    *,
    statuses: frozenset[str],
    repeat: bool,
    each: int = 1,
) -> Measured:
    """Send requests to a server, whosever it is.

    Args:
        pids: of server and database; 0 where it has no database.
        statuses: what every answer must have, one of them.
        each: number of operations that a request carries; rate, number and CPU are those of an operation.

    Raises:
        NotAnswered: an answer had another status, or there was none.
    """
    plan = {"host": "127.0.0.1", "port": port, "seconds": seconds, "requests": texts, "repeat": repeat}
    before = [cpu_of(pid) for pid in pids]
    result = child("benchmarks.load", plan)
    server, database = (cpu_of(pid) - spent for pid, spent in zip(pids, before, strict=True))
    number = sum(result["statuses"].values()) * each
    if not number or set(result["statuses"]) - statuses:
        raise NotAnswered(f"answers other than {' or '.join(sorted(statuses))}: {result['statuses']}")
    return Measured(
        rate=number / result["seconds"],
        number=number,
        server_ms=server / number * 1000,
        database_ms=database / number * 1000,
        median_ms=result["median_ms"],
        p99_ms=result["p99_ms"],
    )


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and all below it; nought where there is none."""
    return usage.cpu_seconds(pid) if pid else 0.0


def raw(site: Site, plan: dict[str, Any]) -> Measured:
    """Send raw statements; `server_ms` is nought, as there is no server of ours."""
    before = usage.cpu_seconds(site.postgres_pid)
    result = child("benchmarks.raw", {"url": site.settings.database_url, **plan})
    spent = usage.cpu_seconds(site.postgres_pid) - before
    number = result["number"]
    return Measured(number / result["seconds"], number, 0.0, spent / number * 1000)


def child(module: str, plan: dict[str, Any]) -> Any:
    """Run one of our programs with a plan on stdin; its result."""
    done = subprocess.run(
        [sys.executable, "-m", module], input=json.dumps(plan), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)
