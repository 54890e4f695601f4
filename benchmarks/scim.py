"""`bench scim`: ours beside scim2-server and scimmy-routers, and beside ourselves at a hundred times the size.

One run, everything in turn: two installations of ours, one with 1,000 people and one with 100,000, and one server of
each peer with 1,000. Of each operation every party gets short slots in turn, and what is compared are the medians of
CPU, of server and database together, a request: times of a shared machine say little, its CPU time stays comparable.
Bounds are set against scim2-server, the cheaper of the peers where it matters.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import operations, parties, raw, verdicts
from benchmarks.installation import Site
from benchmarks.measure import Measured
from benchmarks.measure import raw as measure_raw
from benchmarks.operations import PAGE, Operation, Slot
from benchmarks.parties import PEERS, Party
from benchmarks.peers.installing import Unavailable
from benchmarks.verdicts import ROUNDS, Verdict, Wanted, growth, less_cpu, share_of_rate, time_taken

SMALL, LARGE = 1_000, 100_000
OURS, AT_LARGE, REFERENCE = "ours", f"at {LARGE:,}", "scim2-server"
# One request is sent before the clock starts; what is made for it is little.
CHECKED = Slot(0.02, 1)
ALONE = 1

at_least = partial(Wanted, at_least=True)
at_most = partial(Wanted, at_least=False)
GROWTH = at_most(1.5, 1.2)
MEMBERS = at_most(1.3, 1.1)
PAGES = at_most(2, 1.2)
BULK = at_most(0.5, 0.25)
RAW = at_least(0.25, 0.45)
# Milliseconds of one request by one connection.
CROWD = at_most(50, 50)

# Of each operation that the peers do too: its name, and how many times less CPU than scim2-server it is to cost.
AGAINST_PEERS: dict[str, tuple[Operation, Wanted]] = {
    "GET /Users/{id}": (operations.READ_ONE, at_least(1.5, 3)),
    "filter userName eq": (operations.SEARCH, at_least(2, 4)),
    "list of 100": (operations.LIST, at_least(40, 80)),
    "add one member, group of 1,000": (operations.JOIN, at_least(15, 25)),
    "POST /Users": (operations.CREATE, at_least(1.5, 2.5)),
}
ALONE_WITH_OURSELVES: dict[str, Operation] = {
    "PATCH /Users/{id}": operations.CHANGE,
    "PUT /Users/{id}": operations.REPLACE,
    "DELETE /Users/{id}": operations.DELETE,
}

Line = Verdict | str
Run = Callable[[], Measured]


@dataclass(frozen=True)
class Contest:
    """Who takes part in one run.

    Attributes:
        slot: length and connections of one slot.
        ours, large: the two installations of ours, with few and with many people.
        peers: those that could be had, by name.
    """

    slot: Slot
    ours: Party
    large: Party
    peers: Mapping[str, Party]

    def run(self, operation: Operation, party: Party) -> Run:
        """One slot of an operation, after a look at whether it is answered as asked."""
        operation.check(party, CHECKED)
        return lambda: operation.run(party, self.slot)


def table(seconds: float, connections: int) -> Iterator[Line]:
    """The whole table.

    Args:
        seconds: of each operation for each party, all slots together.
        connections: at once.
    """
    with ExitStack() as undo:
        peers: dict[str, Party] = {}
        for name, start in PEERS.items():
            try:
                peers[name] = undo.enter_context(start(name, SMALL))
            except Unavailable as fault:
                yield f"{name} is not measured: {fault}"
        ours = undo.enter_context(parties.ours(OURS, SMALL))
        large = undo.enter_context(parties.ours(AT_LARGE, LARGE))
        contest = Contest(Slot(seconds / ROUNDS, connections), ours, large, peers)
        for part in (beside_peers, beside_ourselves, beside_raw, last_pages, crowds):
            yield from part(contest)


def beside_peers(contest: Contest) -> Iterator[Line]:
    """What the peers do too, and the same at 100,000 people."""
    for name, (operation, wanted) in AGAINST_PEERS.items():
        if operation is operations.JOIN:
            for party in (contest.ours, *contest.peers.values()):
                party.add_people(operations.JOINING)
        everybody = {OURS: contest.ours, AT_LARGE: contest.large, **contest.peers}
        found = verdicts.in_turn({each: contest.run(operation, party) for each, party in everybody.items()})
        for peer in contest.peers:
            yield less_cpu(name, found[OURS], peer, found[peer], wanted if peer == REFERENCE else None)
        yield growth(f"{name}, {LARGE:,} users", found[AT_LARGE], f"{SMALL:,} users", found[OURS], GROWTH)


def beside_ourselves(contest: Contest) -> Iterator[Line]:
    """What is measured at 100,000 people against 1,000 alone, and a member of a large group against a small one."""
    for name, operation in ALONE_WITH_OURSELVES.items():
        pair = {OURS: contest.ours, AT_LARGE: contest.large}
        found = verdicts.in_turn({each: contest.run(operation, party) for each, party in pair.items()})
        yield growth(f"{name}, {LARGE:,} users", found[AT_LARGE], f"{SMALL:,} users", found[OURS], GROWTH)
    small, big = "group of 1,000", "group of 10,000"
    sizes = {small: operations.JOIN, big: operations.join_to(10_000)}
    found = verdicts.in_turn({name: contest.run(each, contest.large) for name, each in sizes.items()})
    yield growth(f"add one member, {big}", found[big], small, found[small], MEMBERS)


def beside_raw(contest: Contest) -> Iterator[Line]:
    """A create in bulk beside a single one, and beside what psycopg alone reaches with the same statements."""
    site = site_of(contest.ours)
    runs = {
        "single": contest.run(operations.CREATE, contest.ours),
        "bulk": contest.run(operations.BULK_CREATE, contest.ours),
        "raw": raw_writes(site, contest.slot),
    }
    found = verdicts.in_turn(runs)
    yield growth("create in bulk, an operation", found["bulk"], "POST /Users", found["single"], BULK)
    yield share_of_rate("POST /Users a second", found["single"], "raw psycopg", found["raw"], RAW)


def raw_writes(site: Site, slot: Slot) -> Run:
    """The writing statements of one create of ours, by psycopg alone over as many connections."""
    plan: dict[str, Any] = {
        "what": "write", "statements": raw.captured_create(site), "most": slot.enough() // slot.connections * 4,
        "seconds": slot.seconds, "connections": slot.connections,
    }  # fmt: skip
    return lambda: measure_raw(site, plan)


def last_pages(contest: Contest) -> Iterator[Line]:
    """The last page of 100,000 beside the first, by index and by cursor."""
    large = contest.large
    queries = {
        "first page": f"count={PAGE}",
        "last page by index": f"startIndex={LARGE - PAGE + 1}&count={PAGE}",
        "first page by cursor": f"cursor&count={PAGE}",
        "last page by cursor": f"cursor={last_cursor(large)}&count={PAGE}",
    }
    runs = {name: contest.run(operations.page_of(operations.pages(query)), large) for name, query in queries.items()}
    found = verdicts.in_turn(runs)
    for name in queries:
        if name != "first page":
            yield growth(f"{name} of {LARGE:,}", found[name], "first page", found["first page"], PAGES)


def last_cursor(party: Party) -> str:
    """Walk through everybody by cursor; the cursor of the last whole page."""
    cursor, before = "", ""
    for _ in range(LARGE // PAGE - 1):
        status, body = party.ask(party.request("GET", f"/Users?cursor={cursor}&count={PAGE}&attributes=userName"))
        if status != 200:
            raise RuntimeError(f"a page by cursor was answered {status}")
        before, cursor = cursor, body.get("nextCursor", "")
        if not cursor:
            return before
    return cursor


def crowds(contest: Contest) -> Iterator[Line]:
    """A group of 50,000: the time of a member added and of a read without members."""
    slot, large, size = Slot(contest.slot.seconds, ALONE), contest.large, 50_000
    group_id = large.make_groups(1, [person_id for person_id, _ in large.people[:size]])[0]
    reading = f"/Groups/{group_id}?excludedAttributes=members"
    read = Operation(lambda party, slot: slot.spread([party.request("GET", reading)]), repeat=True)
    runs: dict[str, tuple[Operation, str]] = {
        "add": (operations.join_to(size), f"add one member, group of {size:,}"),
        "read": (read, f"read without members, group of {size:,}"),
    }
    found = verdicts.in_turn({name: partial(each.run, large, slot) for name, (each, _) in runs.items()})
    for name, (_, text) in runs.items():
        yield time_taken(text, found[name], CROWD)


def site_of(party: Party) -> Site:
    """The installation of a party of ours."""
    assert party.site is not None
    return party.site
