"""A real receiver of webhooks on loopback, which keeps what it was sent and answers as it is told."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import time_machine
from standardwebhooks import Webhook as Verifier


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def event(self) -> dict:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified_by(self, secret: str) -> dict:
        """The event as the published library takes it; it raises where the signature is not of this secret."""
        with time_machine.travel(float(self.headers["webhook-timestamp"]), tick=False):
            return Verifier(secret).verify(self.body, self.headers)


class Receiver:
    """A server; `answer` says what it does with a request: the status, or something that takes its time."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], int] = lambda _: 204
        self.location = "http://127.0.0.1:1/elsewhere"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length).decode()
                if len(body.encode()) < length:
                    # Its sender was killed between two words.
                    return
                request = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                outer.received.append(request)
                status = outer.answer(request)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", outer.location)
                self.end_headers()
                if status >= 400:
                    self.wfile.write(b"secret words of the receiver\r\n" * 100)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def kinds(self) -> list[str]:
        return [each.event["type"] for each in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
