"""One measurement: requests or raw statements, with the CPU of each side apart."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import usage
from benchmarks.installation import Site, Web


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


def requests(
    site: Site, web: Web, texts: Sequence[Sequence[str]], seconds: float, *, status: str, repeat: bool
) -> Measured:
    """Send requests over so many connections as there are lists of them.

    Args:
        texts: the requests of each connection.
        status: what every answer must have.
        repeat: whether a connection begins again when its requests run out.
    """
    plan = {"host": "127.0.0.1", "port": web.port, "seconds": seconds, "requests": texts, "repeat": repeat}
    before = usage.cpu_seconds(web.pid), usage.cpu_seconds(site.postgres_pid)
    result = child("benchmarks.load", plan)
    after = usage.cpu_seconds(web.pid), usage.cpu_seconds(site.postgres_pid)
    number = sum(result["statuses"].values())
    if set(result["statuses"]) != {status}:
        raise RuntimeError(f"answers other than {status}: {result['statuses']}")
    return Measured(
        rate=number / result["seconds"],
        number=number,
        server_ms=(after[0] - before[0]) / number * 1000,
        database_ms=(after[1] - before[1]) / number * 1000,
        median_ms=result["median_ms"],
        p99_ms=result["p99_ms"],
    )


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
