"""Who is measured: one running server each, with its people, whether it is ours or another product's.

All get the same requests in the same shapes; only base path, token and ids differ.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import population
from benchmarks.installation import WEB_SECONDS, Site, open_site, open_web
from benchmarks.peers import installing
from embedded import EmbeddedPostgres
from embedded.folder import free_port

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
NUMBERS = count()

# Of a person the id and the userName.
Person = tuple[str, str]


@dataclass
class Party:
    """One server that is measured.

    Attributes:
        name: in the report.
        pid: its root process.
        database_pid: of its PostgreSQL, 0 where it has none.
        port, base, token: how it is reached; base is a path.
        site: the installation behind it where it is ours, which allows to fill its tables past the product.
        people: who is there.
    """

    name: str
    pid: int
    database_pid: int
    port: int
    base: str
    token: str
    site: Site | None = None
    people: list[Person] = field(default_factory=list)

    def request(self, method: str, path: str, body: object = None) -> str:
        """The text of a SCIM request."""
        content = "" if body is None else json.dumps(body)
        return (
            f"{method} {self.base}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/scim+json\r\nAccept: application/scim+json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n{content}"
        )

    def ask(self, text: str) -> tuple[int, Any]:
        """Send one request over a connection of its own; status and body, read as JSON where there is one."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(text.encode())
            answer = http.client.HTTPResponse(connection, method=text.partition(" ")[0])
            answer.begin()
            body = answer.read()
        return answer.status, json.loads(body) if body else None

    def made(self, path: str, body: object) -> str:
        """Make a resource by the protocol; its id.

        Raises:
            RuntimeError: it was not made.
        """
        status, answer = self.ask(self.request("POST", path, body))
        if status != 201:
            raise RuntimeError(f"{self.name}: POST {path} was answered {status}")
        return str(answer["id"])

    def add_people(self, number: int) -> None:
        """Make so many people: past the product where it is ours, else by the protocol."""
        if self.site is not None:
            self.people += population.copy_users(self.site, number, f"batch{next(NUMBERS)}")
            return
        for _ in range(number):
            body = person(next(NUMBERS))
            self.people.append((self.made("/Users", body), str(body["userName"])))

    def make_groups(self, number: int, member_ids: Sequence[str]) -> list[str]:
        """Make so many groups with these members each; their ids."""
        names = [f"group-{next(NUMBERS)}" for _ in range(number)]
        if self.site is not None:
            return population.make_groups(self.site, names, member_ids)
        members = [{"value": member_id} for member_id in member_ids]
        return [self.made("/Groups", {"schemas": [GROUP], "displayName": name, "members": members}) for name in names]


def person(number: int) -> dict[str, object]:
    """The body of a push of one new person, as Okta and Entra send it."""
    address = f"person{number}@bench.example"
    return {
        "schemas": [USER],
        "userName": address,
        "externalId": address,
        "name": {"givenName": "Ann", "familyName": "Example"},
        "displayName": "Ann Example",
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    }


@contextmanager
def ours(name: str, people: int) -> Iterator[Party]:
    """Gatelodge as an operator runs it, on servers and processes of its own, with so many people."""
    with open_site() as site, open_web(site) as web:
        party = Party(name, web.pid, site.postgres_pid, web.port, "/scim/v2", site.account.token.text, site)
        party.add_people(people)
        yield party


@contextmanager
def scim2_server(name: str, people: int) -> Iterator[Party]:
    """scim2-server in memory, under gunicorn with one process: with more each would have people of its own."""
    python = installing.scim2_server()
    port, token = free_port(), secrets.token_hex(16)
    argv = [
        str(python), "-m", "gunicorn", "--chdir", str(installing.HERE / "scim2_server"), "--bind", f"127.0.0.1:{port}",
        "--workers", "1", "--worker-class", "gthread", "--threads", "8", "--keep-alive", "30", "--log-level", "error",
        "application:application",
    ]  # fmt: skip
    with running(argv, {"PEER_TOKEN": token}) as process:
        yield settled(Party(name, process.pid, 0, port, "/v2", token), process, people)


@contextmanager
def scimmy(name: str, people: int) -> Iterator[Party]:
    """scimmy-routers on Express 4 with a PostgreSQL of its own, set as ours is."""
    program = installing.scimmy()
    port, token = free_port(), secrets.token_hex(16)
    folder = Path(tempfile.mkdtemp(prefix="gatelodge-bench-"))
    folder.chmod(0o711)
    try:
        with EmbeddedPostgres(folder / "postgres") as postgres:
            environment = {
                "PEER_DATABASE_URL": postgres.owner_url, "PEER_PORT": str(port), "PEER_TOKEN": token,
                "NODE_ENV": "production",
            }  # fmt: skip
            with running(["node", str(program)], environment) as process:
                party = Party(name, process.pid, postgres.pid or 0, port, "/scim/v2", token)
                yield settled(party, process, people)
    finally:
        shutil.rmtree(folder)


PEERS: dict[str, Callable[[str, int], Any]] = {"scim2-server": scim2_server, "scimmy-routers": scimmy}


@contextmanager
def running(argv: Sequence[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program, in whose environment nothing of our own Python is, until the context ends."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    process = subprocess.Popen(argv, env={**kept, **environment}, stdout=sys.stderr)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def settled(party: Party, process: "subprocess.Popen[bytes]", people: int) -> Party:
    """Wait until a peer answers and give it its people.

    Raises:
        Unavailable: it did not come up.
    """
    deadline = time.monotonic() + WEB_SECONDS
    while not answers(party):
        if time.monotonic() > deadline or process.poll() is not None:
            raise installing.Unavailable("it was installed, and did not start")
        time.sleep(0.1)
    party.add_people(people)
    return party


def answers(party: Party) -> bool:
    """Whether a server is ready."""
    try:
        return party.ask(party.request("GET", "/ServiceProviderConfig"))[0] == 200
    except OSError:
        return False
