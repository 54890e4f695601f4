"""What the account rules promise about cost: force logout, session check, pages.

Each is measured beside something that it must stay close to: the same call on a small account, or a constant answer of
the same web server.
"""

import base64
import http.client
import time
from collections.abc import Iterator, Sequence

from benchmarks import population, usage
from benchmarks.installation import Site, Web, open_web
from benchmarks.measure import Measured
from benchmarks.scenarios import Bench, Line, constant
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.sessions import Browser, open_session
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.sessions import Method

SESSIONS = 100_000
SESSIONS_EACH = 10
CHECKED = 200
SMALL, LARGE = 1_000, 100_000
PAGE = 100
GROUPS = 200

COPIED_SESSIONS = """
insert into sessions select (jsonb_populate_record(s, jsonb_build_object(
    'id', gen_random_uuid()::text, 'secret_hash', md5(random()::text) || md5(random()::text), 'user_id', u.id,
    'epoch', u.epoch))).*
from sessions s, users u, generate_series(1, %s)
where s.account_id = %s and s.id = %s and u.account_id = s.account_id and u.id = any(%s)
"""


def logout(bench: Bench) -> Iterator[Line]:
    """Force logout of one user where the account has few sessions, and where it has 100,000.

    The last line is the time of the next check of a session after its end was answered: each said that it has ended.
    """
    site, own = bench.site, [user_id for user_id, _ in bench.users]
    with open_web(site) as web:
        copy_sessions(site, own, SESSIONS_EACH)
        few = bench.send(web, [logout_request(bench, user_id) for user_id in own], repeat=False)
        yield f"force logout, {len(own) * SESSIONS_EACH:,} sessions", few, None
        people = [user_id for user_id, _ in population.copy_users(site, SESSIONS // SESSIONS_EACH, "sessions")]
        copy_sessions(site, people, SESSIONS_EACH)
        texts = [logout_request(bench, user_id) for user_id in people[:-CHECKED]]
        yield f"force logout, {SESSIONS:,} sessions", bench.send(web, texts, repeat=False), few
        yield f"the next check after one of {CHECKED}", ended_checks(bench, web, people[-CHECKED:]), None
        crowded = people[0]
        copy_sessions(site, [crowded], SESSIONS)
        yield (
            f"force logout of {SESSIONS:,} sessions",
            bench.send(web, [logout_request(bench, crowded)] * bench.connections),
            few,
        )


def ended_checks(bench: Bench, web: Web, user_ids: Sequence[str]) -> Measured:
    """End the sessions of one user after the other and ask at once about one of them; the time is the question's."""
    site = bench.site
    found = site.sql("select distinct on (user_id) user_id, id from sessions where user_id = any(%s)", list(user_ids))
    before = usage.cpu_seconds(web.pid), usage.cpu_seconds(site.postgres_pid)
    took = []
    connection = http.client.HTTPConnection("127.0.0.1", web.port)
    for user_id, session_id in found:
        answered(connection, "POST", f"{account_path(bench)}/users/{user_id}/force_logout", authorization(bench))
        began = time.perf_counter()
        path = f"/session/v1/introspect?session={session_id}"
        if answered(connection, "GET", path, authorization(bench)) != b'{"active":false}\n':
            raise RuntimeError("a session was good after its end had been answered")
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    after = usage.cpu_seconds(web.pid), usage.cpu_seconds(site.postgres_pid)
    took.sort()
    server, database = ((late - early) / len(took) * 1000 for late, early in zip(after, before, strict=True))
    return Measured(1000 / took[len(took) // 2], len(took), server, database, took[len(took) // 2], took[-1])


def sessions(bench: Bench) -> Iterator[Line]:
    """The check of a session by its cookie, beside a constant answer of the same server."""
    cookie = open_one(bench.site, bench.users[0][0])
    with open_web(bench.site) as web:
        least = constant(bench, web)
        yield "web: a constant answer", least, None
        text = f"GET /session/v1/introspect HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: gatelodge_session={cookie}\r\n\r\n"
        yield "session check", bench.send(web, [text] * bench.connections), least


def pages(bench: Bench) -> Iterator[Line]:
    """A page of users and of groups beside 1,000 users and beside 100,000."""
    site = bench.site
    people = population.copy_users(site, SMALL - len(bench.users), "small")
    caller = find_scim_caller(site.account.token.text, None, site.services)
    for number in range(GROUPS):
        create_group(caller, NewGroup(name=f"Group {number}"), site.services)
    with open_web(site) as web:
        small = dict(page_lines(bench, web))
        for name, measured in small.items():
            yield f"{name}, {SMALL:,} users", measured, None
        population.copy_users(site, LARGE - SMALL, f"large{len(people)}")
        for name, measured in page_lines(bench, web):
            yield f"{name}, {LARGE:,} users", measured, small[name]


def page_lines(bench: Bench, web: Web) -> Iterator[tuple[str, Measured]]:
    """One page by each way that lists."""
    account = account_path(bench)
    v1_users = call(bench, "GET", f"{account}/users?page=1&page_size={PAGE}")
    yield "v1 page of users", bench.send(web, [v1_users] * bench.connections)
    v1_groups = call(bench, "GET", f"{account}/user_groups")
    yield "v1 list of groups", bench.send(web, [v1_groups] * bench.connections)
    for noun in ("Users", "Groups"):
        text = bench.request("GET", f"/scim/v2/{noun}?count={PAGE}")
        yield f"SCIM page of {noun}", bench.send(web, [text] * bench.connections)


def copy_sessions(site: Site, user_ids: Sequence[str], each: int) -> None:
    """Give users so many sessions each: copies of one that the product opened."""
    open_one(site, user_ids[0])
    account = site.account.account.id
    (pattern,) = site.sql(
        "select id from sessions where account_id = %s order by created_at desc, id desc limit 1", account
    )
    site.sql(COPIED_SESSIONS, each, account, pattern[0], list(user_ids))
    site.sql("analyze sessions")


def open_one(site: Site, user_id: str) -> str:
    """Open a session of a user; the cookie's value."""
    services = site.services
    with services.unit(nobody(WayIn.CONSOLE, None, site.account.account.id)) as unit:
        user = unit.users.lock(user_id)
        browser = Browser("127.0.0.1", "benchmark")
        return open_session(unit, unit.accounts.get(), user, Method.PASSWORD, browser, services).secret


def account_path(bench: Bench) -> str:
    """The path of the account in the Provisioning API."""
    return f"/v1_1/provisioning/accounts/{bench.site.account.account.id}"


def authorization(bench: Bench) -> str:
    """The header's value for the account key."""
    key = bench.site.account.key
    return "Basic " + base64.b64encode(f"{key.key.id}:{key.secret}".encode()).decode()


def call(bench: Bench, method: str, path: str) -> str:
    """The text of a request of the Provisioning API without a body."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization(bench)}\r\n"
        f"Content-Length: 0\r\n\r\n"
    )


def logout_request(bench: Bench, user_id: str) -> str:
    """The text of one force logout."""
    return call(bench, "POST", f"{account_path(bench)}/users/{user_id}/force_logout")


def answered(connection: http.client.HTTPConnection, method: str, path: str, authorization: str) -> bytes:
    """Send one request over a connection that stays open; the answer's body."""
    connection.request(method, path, headers={"Authorization": authorization})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{method} {path}: {answer.status}")
    return body
