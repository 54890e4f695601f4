"""The load generator: a process of its own, so that its CPU is not the server's; blocking sockets, one a thread.

Started as `python -m benchmarks.load`; one JSON plan on stdin, one JSON result on stdout. It writes requests that were
made beforehand, reads answers by their Content-Length or to their last chunk, and does nothing else: about 40 µs of CPU
a request.

Plan: {"host", "port", "connections", "seconds", "requests": [[text, …] for each connection]}. Each connection sends its
own requests in turn; where they run out before the time does, it stops, or begins again where "repeat" is true.
"""

import json
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass, field

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"
CHUNKED = b"transfer-encoding: chunked"
LAST_CHUNK = b"\r\n0\r\n\r\n"


@dataclass
class Sender:
    """One kept-open connection and what it measured."""

    address: tuple[str, int]
    requests: list[bytes]
    repeat: bool
    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    def run(self, until: float, start: threading.Event) -> None:
        """Send from `start` until a moment or the end of the requests."""
        connection = socket.create_connection(self.address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start.wait()
        position = 0
        while time.monotonic() < until and (position < len(self.requests) or self.repeat):
            began = time.perf_counter()
            connection.sendall(self.requests[position % len(self.requests)])
            status = read_answer(connection)
            self.latencies.append(time.perf_counter() - began)
            self.statuses[status] = self.statuses.get(status, 0) + 1
            position += 1
        connection.close()


def read_answer(connection: socket.socket) -> str:
    """Read one answer whole; its status."""
    data = connection.recv(65536)
    while HEAD_END not in data:
        data += more(connection)
    head, _, body = data.partition(HEAD_END)
    lines = head.lower().split(b"\r\n")
    if CHUNKED in lines:
        while not body.endswith(LAST_CHUNK):
            body += more(connection)
        return head[9:12].decode()
    # An answer that has no length has no body either: 204 (RFC 9110 section 15.3.5).
    length = next((int(line[len(LENGTH) :]) for line in lines if line.startswith(LENGTH)), 0)
    missing = length - len(body)
    while missing > 0:
        missing -= len(more(connection))
    return head[9:12].decode()


def more(connection: socket.socket) -> bytes:
    """Read on; an answer that ends in the middle ends the measurement."""
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return data


def main() -> None:
    """Run the plan."""
    plan = json.load(sys.stdin)
    address = (plan["host"], plan["port"])
    senders = [Sender(address, [text.encode() for text in each], plan["repeat"]) for each in plan["requests"]]
    start = threading.Event()
    until = time.monotonic() + plan["seconds"]
    threads = [threading.Thread(target=sender.run, args=(until, start)) for sender in senders]
    for thread in threads:
        thread.start()
    began, cpu = time.monotonic(), os.times()
    start.set()
    for thread in threads:
        thread.join()
    elapsed, after = time.monotonic() - began, os.times()
    statuses: dict[str, int] = {}
    for sender in senders:
        for status, number in sender.statuses.items():
            statuses[status] = statuses.get(status, 0) + number
    latencies = sorted(latency for sender in senders for latency in sender.latencies)
    result = {
        "seconds": elapsed,
        "statuses": statuses,
        "median_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        "cpu_seconds": after.user + after.system - cpu.user - cpu.system,
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
