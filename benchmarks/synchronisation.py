"""The first synchronisation: 100,000 people pushed one by one at full speed, and what the last of them cost.

It takes as long as it takes: the number is what matters, so `--seconds` does not bound it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from benchmarks import parties, usage
from benchmarks.measure import Measured, send
from benchmarks.operations import CREATE, Slot
from benchmarks.parties import NUMBERS, Party, person
from benchmarks.verdicts import Verdict, Wanted, growth, middle

PEOPLE, EACH = 100_000, 1_000
# The first and the last thousand are each the median of so many, as one of them may meet a checkpoint.
COMPARED = 5
SHOWN_EVERY = 10
LONGEST = 3600.0
COST = Wanted(1.3, 1.3, at_least=False)
# Memory must stay flat; what the processes hold after the first thousands is what they need.
MEMORY = Wanted(1.25, 1.1, at_least=False)


@dataclass(frozen=True)
class Thousand:
    """What one thousand cost, and the memory after it: MiB of the web's processes, each shared page counted once."""

    cost: Measured
    memory: float


def first(_seconds: float, connections: int) -> Iterator[Verdict | str]:
    """Push everybody; lines on the way, and at the end what the last cost beside the first."""
    with parties.ours("ours", 0) as party:
        # Processes load and prepare what they need.
        CREATE.run(party, Slot(1.0, connections))
        thousands = []
        for number, thousand in enumerate(islice(pushed(party, connections), PEOPLE // EACH), 1):
            thousands.append(thousand)
            if number % SHOWN_EVERY == 0 or number == 1:
                yield told(number, thousand)
        yield from judged(thousands)


def pushed(party: Party, connections: int) -> Iterator[Thousand]:
    """Push a thousand after the other."""
    while True:
        texts = [party.request("POST", "/Users", person(next(NUMBERS))) for _ in range(EACH)]
        spread = Slot(LONGEST, connections).spread(texts)
        pids = party.pid, party.database_pid
        cost = send(pids, party.port, spread, LONGEST, statuses=CREATE.statuses, repeat=False)
        yield Thousand(cost, usage.memory(party.pid)[0])


def told(number: int, thousand: Thousand) -> str:
    """One thousand, for people."""
    cost = thousand.cost
    return (
        f"after {number * EACH:>7,}: {cost.rate:,.0f} a second, {cost.server_ms:.2f} + {cost.database_ms:.2f} ms, "
        f"{thousand.memory:.0f} MiB"
    )


def judged(thousands: list[Thousand]) -> Iterator[Verdict]:
    """The last thousands beside the first, by cost and by memory."""
    early, late = thousands[:COMPARED], thousands[-COMPARED:]
    costs = [middle([each.cost for each in part]) for part in (late, early)]
    yield growth(f"the last thousand of {PEOPLE:,}", costs[0], "the first", costs[1], COST)
    memories = [max(each.memory for each in part) for part in (late, early)]
    texts = [f"{memory:.0f} MiB" for memory in memories]
    yield Verdict("memory of the web at the end", texts[0], "at the start", texts[1], memories[0] / memories[1], MEMORY)
