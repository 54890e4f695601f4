"""`bench scim`: ours beside scim2-server and scimmy-routers, and beside ourselves at a hundred times the size.

One run, everything in turn: two installations of ours, one with 1,000 people and one with 100,000, and one server of
each peer with 1,000. Of each operation every party gets short slots in turn, and what is compared are the medians of
CPU, of server and database together, a request: times of a shared machine say little, its CPU time stays comparable.
Bounds are set against scim2-server; what scimmy-routers costs is told.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import operations, parties, raw, verdicts
from benchmarks.installation import Site
from benchmarks.measure import Measured, NotAnswered
from benchmarks.measure import raw as measure_raw
from benchmarks.operations import PAGE, Operation, Slot
from benchmarks.parties import PEERS, Party
from benchmarks.peers.installing import Unavailable
from benchmarks.verdicts import ROUNDS, Verdict, Wanted, growth, less_cpu, share_of_rate, time_taken

SMALL, LARGE = 1_000, 100_000
FIRST, LAST = "first page", "last page"
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
        for part in (beside_peers, beside_ourselves, sizes_of_groups, in_bulk, beside_raw, by_index, by_cursor, crowds):
            try:
                yield from part(contest)
            except NotAnswered as fault:
                yield f"{part.__name__} is not measured: {fault}"


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
    """What is measured at 100,000 people against 1,000 alone."""
    for name, operation in ALONE_WITH_OURSELVES.items():
        pair = {OURS: contest.ours, AT_LARGE: contest.large}
        found = verdicts.in_turn({each: contest.run(operation, party) for each, party in pair.items()})
        yield growth(f"{name}, {LARGE:,} users", found[AT_LARGE], f"{SMALL:,} users", found[OURS], GROWTH)


def sizes_of_groups(contest: Contest) -> Iterator[Line]:
    """A member more of a large group beside a small one."""
    small, big = "group of 1,000", "group of 10,000"
    sizes = {small: operations.JOIN, big: operations.join_to(10_000)}
    found = verdicts.in_turn({name: contest.run(each, contest.large) for name, each in sizes.items()})
    yield growth(f"add one member, {big}", found[big], small, found[small], MEMBERS)


def in_bulk(contest: Contest) -> Iterator[Line]:
    """A create in bulk beside a single one."""
    kinds = {"single": operations.CREATE, "bulk": operations.BULK_CREATE}
    found = verdicts.in_turn({name: contest.run(each, contest.ours) for name, each in kinds.items()})
    yield growth("create in bulk, an operation", found["bulk"], "POST /Users", found["single"], BULK)


def beside_raw(contest: Contest) -> Iterator[Line]:
    """Creates beside what psycopg alone reaches with the same statements."""
    raw_run = raw_writes(site_of(contest.ours), contest.slot)
    found = verdicts.in_turn({"ours": contest.run(operations.CREATE, contest.ours), "raw": raw_run})
    yield share_of_rate("POST /Users a second", found["ours"], "raw psycopg", found["raw"], RAW)


def raw_writes(site: Site, slot: Slot) -> Run:
    """The writing statements of one create of ours, by psycopg alone over as many connections."""
    plan: dict[str, Any] = {
        "what": "write", "statements": raw.captured_create(site), "most": slot.enough() // slot.connections * 4,
        "seconds": slot.seconds, "connections": slot.connections,
    }  # fmt: skip
    return lambda: measure_raw(site, plan)


def by_index(contest: Contest) -> Iterator[Line]:
    """The last page of 100,000 beside the first, by index."""
    last = f"startIndex={LARGE - PAGE + 1}&count={PAGE}"
    yield from last_page(contest, "index", {FIRST: operations.LIST, LAST: operations.page_of(operations.pages(last))})


def by_cursor(contest: Contest) -> Iterator[Line]:
    """The last page of 100,000 beside the first, by cursor (RFC 9865)."""
    pages = {FIRST: "cursor", LAST: f"cursor={last_cursor(contest.large)}"}
    kinds = {
        name: operations.page_of(operations.pages(f"{query}&count={PAGE}"), holds=operations.holds_cursor)
        for name, query in pages.items()
    }
    yield from last_page(contest, "cursor", kinds)


def last_page(contest: Contest, way: str, kinds: Mapping[str, Operation]) -> Iterator[Line]:
    """The last page beside the first, by one way of paging."""
    found = verdicts.in_turn({name: contest.run(each, contest.large) for name, each in kinds.items()})
    yield growth(f"{LAST} of {LARGE:,} by {way}", found[LAST], FIRST, found[FIRST], PAGES)


def last_cursor(party: Party) -> str:
    """Walk through everybody by cursor; the cursor of the last whole page."""
    cursor = ""
    for _ in range(LARGE // PAGE - 1):
        status, body = party.ask(party.request("GET", f"/Users?cursor={cursor}&count={PAGE}&attributes=userName"))
        if status != 200 or "nextCursor" not in body:
            raise NotAnswered(f"{party.name} answered {status} and no cursor")
        cursor = str(body["nextCursor"])
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
