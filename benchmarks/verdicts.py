"""What a comparison says: the ratio, and whether it keeps what was set, as one line of a report."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.measure import Measured

ROUNDS = 5
HEAD = ("", "ours", "reference", "", "ratio", "floor", "goal", "")
WIDTHS = (50, 17, 16, 17, 8, 8, 8, 8)


@dataclass(frozen=True)
class Wanted:
    """What a ratio must reach.

    Attributes:
        floor, goal: the bounds; the floor is what must hold, the goal what is hoped for.
        at_least: whether more is better; else the bounds must not be passed.
    """

    floor: float
    goal: float
    at_least: bool

    def verdict(self, ratio: float) -> str:
        """`goal`, `floor` or `missed`."""
        reached = [ratio >= bound if self.at_least else ratio <= bound for bound in (self.goal, self.floor)]
        return "goal" if reached[0] else "floor" if reached[1] else "missed"

    def sign(self) -> str:
        """How the bounds are to be read."""
        return "≥" if self.at_least else "≤"


@dataclass(frozen=True)
class Verdict:
    """One line.

    Attributes:
        name: what was done.
        ours, reference: figures with their unit; no reference where the figure itself is what is bounded.
        against: what the reference is.
        ratio: what is compared with the bounds.
        wanted: None where a figure is only told.
    """

    name: str
    ours: str
    against: str
    reference: str
    ratio: float
    wanted: Wanted | None


def less_cpu(name: str, ours: Measured, against: str, reference: Measured, wanted: Wanted | None) -> Verdict:
    """How many times less CPU a request costs us."""
    return Verdict(name, cpu(ours), against, cpu(reference), reference.cpu_ms / ours.cpu_ms, wanted)


def growth(name: str, ours: Measured, against: str, reference: Measured, wanted: Wanted | None) -> Verdict:
    """How many times dearer a request of ours is than another of ours."""
    return Verdict(name, cpu(ours), against, cpu(reference), ours.cpu_ms / reference.cpu_ms, wanted)


def share_of_rate(name: str, ours: Measured, against: str, reference: Measured, wanted: Wanted | None) -> Verdict:
    """Which part of another rate ours is."""
    ours_text, reference_text = (f"{each.rate:,.0f} /s" for each in (ours, reference))
    return Verdict(name, ours_text, against, reference_text, ours.rate / reference.rate, wanted)


def time_taken(name: str, ours: Measured, wanted: Wanted) -> Verdict:
    """The median time of a request, in ms."""
    taken = ours.median_ms or 0.0
    return Verdict(name, f"{taken:.1f} ms", "", "", taken, wanted)


def cpu(measured: Measured) -> str:
    """CPU of a request for people: the server's and the database's, the latter left out where there is none."""
    database = f" + {measured.database_ms:.2f}" if measured.database_ms else ""
    return f"{measured.server_ms:.2f}{database} ms"


def in_turn(runs: Mapping[str, Callable[[], Measured]], rounds: int = ROUNDS) -> dict[str, Measured]:
    """Run each so many times, all in turn and every second round backwards; of each the medians.

    So whatever else the machine does meets all of them alike, and what comes once falls out.
    """
    found: dict[str, list[Measured]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in reversed(list(runs)) if number % 2 else runs:
            found[name].append(runs[name]())
    return {name: middle(slots) for name, slots in found.items()}


def middle(slots: list[Measured]) -> Measured:
    """The median of each figure; the number is that of all."""
    timed = [slot for slot in slots if slot.median_ms is not None and slot.p99_ms is not None]
    return replace(
        slots[0],
        rate=median(slot.rate for slot in slots),
        number=sum(slot.number for slot in slots),
        server_ms=median(slot.server_ms for slot in slots),
        database_ms=median(slot.database_ms for slot in slots),
        median_ms=median(slot.median_ms or 0.0 for slot in timed) if timed else None,
        p99_ms=median(slot.p99_ms or 0.0 for slot in timed) if timed else None,
    )


def report(lines: Iterable[Verdict | str]) -> None:
    """Print lines as they come; a text stands for what could not be measured."""
    print(row(HEAD))
    for line in lines:
        print(line if isinstance(line, str) else row(cells(line)), flush=True)


def cells(line: Verdict) -> tuple[str, ...]:
    """The columns of a line."""
    told = (line.name, line.ours, line.against, line.reference)
    if line.wanted is None:
        return (*told, f"{line.ratio:.2f}", "", "", "")
    bounds = (f"{line.wanted.sign()} {bound:g}" for bound in (line.wanted.floor, line.wanted.goal))
    return (*told, f"{line.ratio:.2f}", *bounds, line.wanted.verdict(line.ratio))


def row(columns: Iterable[str]) -> str:
    """Columns side by side."""
    return "  ".join(text.ljust(width) for text, width in zip(columns, WIDTHS, strict=True)).rstrip()
