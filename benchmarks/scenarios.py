"""What is measured, by name; each returns lines of the report."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from urllib.parse import quote

from benchmarks import population, raw, usage
from benchmarks.installation import Site, Web, open_web
from benchmarks.measure import Measured, requests
from benchmarks.measure import raw as measure_raw

FEW, MANY = 100, 20_000
SMALL_GROUP, LARGE_GROUP = 10, 10_000
# Beyond those that an answer shows unasked, so that it is 204 and holds no list.
PLAIN_GROUP = 1_000
# More than any connection sends in the time; the list must not run out.
MOST_A_SECOND = 1500
NUMBERS = count()


@dataclass(frozen=True)
class Bench:
    """One run.

    Attributes:
        site: servers and account.
        seconds: length of each measurement.
        connections: at once.
        users: ids and addresses of people who are there.
    """

    site: Site
    seconds: float
    connections: int
    users: Sequence[tuple[str, str]]

    def request(self, method: str, path: str, body: object = None) -> str:
        """The text of a SCIM request."""
        content = "" if body is None else json.dumps(body)
        return (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.site.account.token.text}\r\n"
            f"Content-Type: application/scim+json\r\nAccept: application/scim+json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n{content}"
        )

    def spread(self, texts: Sequence[str]) -> list[list[str]]:
        """Requests in as many lists as there are connections."""
        return [list(texts[number :: self.connections]) for number in range(self.connections)]

    def enough(self) -> int:
        """More requests than can be sent."""
        return int(self.seconds * MOST_A_SECOND)

    def send(self, web: Web, texts: Sequence[str], *, status: str = "200", repeat: bool = True) -> Measured:
        """Measure requests."""
        return requests(self.site, web, self.spread(texts), self.seconds, status=status, repeat=repeat)


def constant(bench: Bench, web: Web) -> Measured:
    """The least that this web server can do: `/healthz`."""
    return bench.send(web, [bench.request("GET", "/healthz")] * bench.connections)


def create(bench: Bench, web: Web) -> Measured:
    """POST /Users, each a new person."""
    return bench.send(web, [create_request(bench) for _ in range(bench.enough())], status="201", repeat=False)


def create_request(bench: Bench) -> str:
    """A push of one new person, as Okta and Entra send it."""
    address = f"person{next(NUMBERS)}@bench.example"
    body = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": address,
        "externalId": address,
        "name": {"givenName": "Ann", "familyName": "Example"},
        "displayName": "Ann Example",
        "emails": [{"value": address, "type": "work", "primary": True}],
        "active": True,
    }
    return bench.request("POST", "/scim/v2/Users", body)


def read(bench: Bench, web: Web) -> Measured:
    """GET /Users/{id}."""
    return bench.send(web, [bench.request("GET", f"/scim/v2/Users/{user_id}") for user_id, _ in bench.users])


def find(bench: Bench, web: Web) -> Measured:
    """GET /Users?filter=userName eq "…": what an identity provider asks before each push."""
    filters = [quote(f'userName eq "{address}"') for _, address in bench.users]
    return bench.send(web, [bench.request("GET", f"/scim/v2/Users?filter={each}") for each in filters])


def member(bench: Bench, web: Web) -> Measured:
    """PATCH /Groups/{id}: add one member, in Okta's shape."""
    people = population.copy_users(bench.site, PLAIN_GROUP + bench.enough(), f"members{next(NUMBERS)}")
    return add_members(replace(bench, users=people), web, PLAIN_GROUP, "", "204")


def add_members(bench: Bench, web: Web, members: int, query: str, status: str) -> Measured:
    """Add one member a request to a group that has so many."""
    ids = [user_id for user_id, _ in bench.users]
    group_id = population.make_group(bench.site, f"group-{next(NUMBERS)}", ids[:members])
    texts = [member_request(bench, f"/scim/v2/Groups/{group_id}{query}", user_id) for user_id in ids[members:]]
    return bench.send(web, texts, status=status, repeat=False)


def member_request(bench: Bench, path: str, user_id: str) -> str:
    """One member added."""
    operation = {"op": "add", "path": "members", "value": [{"value": user_id}]}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    return bench.request("PATCH", path, body)


def raw_write(bench: Bench) -> Measured:
    """The product's own writing statements of a create, by psycopg alone, with begin and commit."""
    statements = raw.captured_create(bench.site)
    plan = {"what": "write", "statements": statements, "most": bench.enough() // bench.connections * 4}
    return measure_raw(bench.site, {**plan, "seconds": bench.seconds, "connections": bench.connections})


def raw_read(bench: Bench) -> Measured:
    """One SELECT by key, by psycopg alone."""
    keys = [(bench.site.account.account.id, user_id) for user_id, _ in bench.users]
    plan = {"what": "read", "keys": keys, "most": 0}
    return measure_raw(bench.site, {**plan, "seconds": bench.seconds, "connections": bench.connections})


Line = tuple[str, Measured, Measured | None]
SCENARIOS: dict[str, tuple[Callable[[Bench, Web], Measured], str]] = {
    "create": (create, "write"),
    "read": (read, "read"),
    "filter": (find, "read"),
    "member": (member, "write"),
}


def side_by_side(bench: Bench, names: Sequence[str]) -> Iterator[Line]:
    """The scenarios of these names beside their raw limits."""
    limits = {"write": raw_write(bench), "read": raw_read(bench)}
    yield "raw: the writes of a create", limits["write"], None
    yield "raw: a SELECT by key", limits["read"], None
    with open_web(bench.site) as web:
        yield "web: a constant answer", constant(bench, web), None
        for name in names:
            scenario, limit = SCENARIOS[name]
            yield f"SCIM {name}", scenario(bench, web), limits[limit]
        pss, rss = usage.memory(web.pid)
    print(f"memory of the web ({bench.site.settings.web_workers} processes and their parent): "
          f"{pss:.0f} MiB PSS, {rss:.0f} MiB RSS")  # fmt: skip


def growth(bench: Bench) -> Iterator[Line]:
    """What must not grow: a create beside few and many users, a member beside few and many members.

    Args:
        bench: on a site that has few users.
    """
    without_list = "?excludedAttributes=members"
    with open_web(bench.site) as web:
        first = create(bench, web)
        yield f"create beside {FEW:,} users", first, None
        many = population.copy_users(bench.site, MANY, "many")
        yield f"create beside {MANY:,} users", create(bench, web), first
        crowd = replace(bench, users=many)
        small = add_members(crowd, web, SMALL_GROUP, without_list, "200")
        yield f"member beside {SMALL_GROUP}", small, None
        yield f"member beside {LARGE_GROUP:,}", add_members(crowd, web, LARGE_GROUP, without_list, "200"), small


def servers(bench: Bench) -> Iterator[Line]:
    """gunicorn and granian, the same requests."""
    for server in ("gunicorn", "granian"):
        with open_web(bench.site, server) as web:
            yield f"{server}: constant", constant(bench, web), None
            yield f"{server}: create", create(bench, web), None
            yield f"{server}: read", read(bench, web), None
            pss, rss = usage.memory(web.pid)
        print(f"{server}: {pss:.0f} MiB PSS, {rss:.0f} MiB RSS")
