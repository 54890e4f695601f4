"""What an identity provider asks, as texts of requests that are made before the clock starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from benchmarks.measure import Measured, NotAnswered, send
from benchmarks.parties import NUMBERS, Party, person

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
# More than any connection sends in the time; what is made afresh for each slot must not run out.
MOST_A_SECOND = 1500
MOST_DELETES_A_SECOND = 800
READ = 100
PAGE = 100
BULK_OPERATIONS = 100
BULKS_AT_ONCE = 2
# How many each group of a slot can still get; they are people who are no members yet.
JOINING = 200


@dataclass(frozen=True)
class Slot:
    """How long and over how many connections at once."""

    seconds: float
    connections: int

    def spread(self, texts: Sequence[str]) -> list[list[str]]:
        """Requests in as many lists as there are connections; each has one at least."""
        return [list(texts[number :: self.connections] or texts[:1]) for number in range(self.connections)]

    def enough(self, a_second: int = MOST_A_SECOND) -> int:
        """More requests than can be sent."""
        return int(self.seconds * a_second)


@dataclass(frozen=True)
class Operation:
    """One kind of request.

    Attributes:
        texts: the requests of each connection for one slot.
        statuses: what the answers may have.
        repeat: whether a connection begins again when its requests run out.
        each: number of operations that a request carries.
        holds: whether the body of an answer is what was asked for; looked at once, before the clock starts.
        most_at_once: connections beyond which a server refuses such requests as too many; None for no such bound.
    """

    texts: Callable[[Party, Slot], list[list[str]]]
    statuses: frozenset[str] = frozenset({"200"})
    repeat: bool = False
    each: int = 1
    holds: Callable[[Any], bool] = lambda _: True
    most_at_once: int | None = None

    def check(self, party: Party, slot: Slot) -> None:
        """Send one request and look at the answer.

        Raises:
            NotAnswered: it is not what was asked for.
        """
        status, body = party.ask(self.texts(party, slot)[0][0])
        if str(status) not in self.statuses or not self.holds(body):
            raise NotAnswered(f"{party.name} answered {status}: {str(body)[:200]}")

    def run(self, party: Party, slot: Slot) -> Measured:
        """Measure one slot."""
        if self.most_at_once is not None:
            slot = replace(slot, connections=min(slot.connections, self.most_at_once))
        return send(
            (party.pid, party.database_pid), party.port, self.texts(party, slot), slot.seconds,
            statuses=self.statuses, repeat=self.repeat, each=self.each,
        )  # fmt: skip


def reads(party: Party, slot: Slot) -> list[list[str]]:
    """GET /Users/{id}."""
    return slot.spread([party.request("GET", f"/Users/{person_id}") for person_id, _ in party.people[:READ]])


def searches(party: Party, slot: Slot) -> list[list[str]]:
    """GET /Users?filter=userName eq "…": what a provider asks before each push."""
    filters = [quote(f'userName eq "{address}"') for _, address in party.people[:READ]]
    return slot.spread([party.request("GET", f"/Users?filter={each}") for each in filters])


def pages(query: str) -> Callable[[Party, Slot], list[list[str]]]:
    """GET /Users with a query, the same each time."""
    return lambda party, slot: slot.spread([party.request("GET", f"/Users?{query}")] * slot.connections)


def creates(party: Party, slot: Slot) -> list[list[str]]:
    """POST /Users, each a new person."""
    return slot.spread([party.request("POST", "/Users", person(next(NUMBERS))) for _ in range(slot.enough())])


def bulk_creates(party: Party, slot: Slot) -> list[list[str]]:
    """POST /Bulk with new persons."""
    return slot.spread([bulk(party) for _ in range(slot.enough() // BULK_OPERATIONS + slot.connections)])


def bulk(party: Party) -> str:
    """One bulk request."""
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"b{number}", "data": person(next(NUMBERS))}
        for number in range(BULK_OPERATIONS)
    ]
    return party.request("POST", "/Bulk", {"schemas": [BULK], "Operations": operations})


def replacements(party: Party, slot: Slot) -> list[list[str]]:
    """PUT /Users/{id}: the whole record, with another name each time."""

    def text(number: int) -> str:
        person_id, address = party.people[number % READ]
        body = {**person(0), "userName": address, "externalId": address, "displayName": f"Ann {next(NUMBERS)}",
                "emails": [{"value": address, "type": "work", "primary": True}]}  # fmt: skip
        return party.request("PUT", f"/Users/{person_id}", body)

    return slot.spread([text(number) for number in range(slot.enough())])


def changes(party: Party, slot: Slot) -> list[list[str]]:
    """PATCH /Users/{id}: one attribute, with another value each time, in Okta's shape."""

    def text(number: int) -> str:
        operation = {"op": "replace", "value": {"displayName": f"Ann {next(NUMBERS)}"}}
        body = {"schemas": [PATCH], "Operations": [operation]}
        return party.request("PATCH", f"/Users/{party.people[number % READ][0]}", body)

    return slot.spread([text(number) for number in range(slot.enough())])


def deletes(party: Party, slot: Slot) -> list[list[str]]:
    """DELETE /Users/{id} of people who are made for it beforehand."""
    known = len(party.people)
    party.add_people(slot.enough(MOST_DELETES_A_SECOND))
    leaving = [person_id for person_id, _ in party.people[known:]]
    del party.people[known:]
    return slot.spread([party.request("DELETE", f"/Users/{person_id}") for person_id in leaving])


def joins(size: int) -> Callable[[Party, Slot], list[list[str]]]:
    """PATCH /Groups/{id}: add one member, in Okta's shape; each connection has a new group of so many to itself."""

    def texts(party: Party, slot: Slot) -> list[list[str]]:
        ids = [person_id for person_id, _ in party.people[: size + JOINING]]
        groups = party.make_groups(slot.connections, ids[:size])
        return [[join(party, group_id, person_id) for person_id in ids[size:]] for group_id in groups]

    return texts


def join_to(size: int) -> Operation:
    """Adding one member; a group of many is answered without a body by ours and by scim2-server, with one by others."""
    return Operation(joins(size), frozenset({"200", "204"}))


def join(party: Party, group_id: str, person_id: str) -> str:
    """One member added."""
    operation = {"op": "add", "path": "members", "value": [{"value": person_id}]}
    return party.request("PATCH", f"/Groups/{group_id}", {"schemas": [PATCH], "Operations": [operation]})


def holds_page(body: Any) -> bool:
    """Whether an answer has a whole page."""
    return len(body["Resources"]) == PAGE


def holds_cursor(body: Any) -> bool:
    """Whether an answer has a whole page of a walk by cursor."""
    return holds_page(body) and ("nextCursor" in body or "previousCursor" in body)


def holds_made(body: Any) -> bool:
    """Whether every operation of a bulk request has made something."""
    return [str(each["status"]) for each in body["Operations"]] == ["201"] * BULK_OPERATIONS


def page_of(texts: Callable[[Party, Slot], list[list[str]]], holds: Callable[[Any], bool] = holds_page) -> Operation:
    """Reading the same page again and again."""
    return Operation(texts, repeat=True, holds=holds)


CREATE = Operation(creates, frozenset({"201"}))
# A process takes on few bulks at once (LIM-4), and both connections may be with the same one.
BULK_CREATE = Operation(bulk_creates, each=BULK_OPERATIONS, holds=holds_made, most_at_once=BULKS_AT_ONCE)
READ_ONE = Operation(reads, repeat=True, holds=lambda body: "userName" in body)
SEARCH = Operation(searches, repeat=True, holds=lambda body: body["totalResults"] == 1)
LIST = page_of(pages(f"count={PAGE}"))
REPLACE = Operation(replacements)
CHANGE = Operation(changes)
DELETE = Operation(deletes, frozenset({"204"}))
JOIN = join_to(1_000)
