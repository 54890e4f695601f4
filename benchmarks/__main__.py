"""`python -m benchmarks [--seconds N] [--connections N] [names]`: the named measurements, by default all."""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from benchmarks import mails, population, promises, scim, synchronisation, verdicts
from benchmarks.installation import open_site
from benchmarks.measure import Measured
from benchmarks.scenarios import FEW, SCENARIOS, Bench, Line, growth, servers, side_by_side

# What stands apart from the table: its lines, and whether they are compared by cost, which must not grow.
APART: dict[str, tuple[Callable[[Bench], Iterable[Line]], str]] = {
    "growth": (growth, "cost"),
    "servers": (servers, "rate"),
    "logout": (promises.logout, "cost"),
    "sessions": (promises.sessions, "cost"),
    "pages": (promises.pages, "cost"),
    "mails": (mails.mails, "own cost"),
}
# What brings its own servers, and is compared with bounds.
JUDGED: dict[str, Callable[[float, int], Iterable[verdicts.Verdict | str]]] = {
    "scim": scim.table,
    "scim-sync": synchronisation.first,
}
NAMES = (*SCENARIOS, *APART, *JUDGED)
# Takes a quarter of an hour and more, whatever --seconds says; runs only where it is named.
LONG = {"scim-sync"}
RAW = """raw: what psycopg alone reaches at the same number of connections. For writes: the product's own writing
statements of one create in one transaction, with other ids; for reads: one SELECT by key. CPU is a request's."""
HEAD = ("", "a second", "ratio", "server ms", "database ms", "median ms", "p99 ms")
WIDTHS = (34, 10, 10, 11, 13, 11, 9)


def main() -> None:
    """Measure what is asked for and print it side by side."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="name", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    parser.add_argument("--connections", type=int, default=8, help="at once; an even number")
    asked = parser.parse_args()
    names = asked.names or [name for name in NAMES if name not in LONG]
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before; fsync on; {asked.connections} connections"
    )
    print(RAW)
    for group, lines, compared_by in plan(names):
        print(f"\n{group}")
        with open_site() as site:
            users = population.copy_users(site, FEW, "first")
            report(lines(Bench(site, asked.seconds, asked.connections, users)), compared_by)
    for name, judged in JUDGED.items():
        if name in names:
            print(f"\n{name}")
            verdicts.report(judged(asked.seconds, asked.connections))
    print(f"load {os.getloadavg()[0]:.1f} after")


def plan(names: Sequence[str]) -> Iterator[tuple[str, Callable[[Bench], Iterable[Line]], str]]:
    """What is measured together, each on a site of its own, and by what it is compared."""
    table = [name for name in names if name in SCENARIOS]
    if table:
        yield "side by side", lambda bench: side_by_side(bench, table), "rate"
    for name, (lines, compared_by) in APART.items():
        if name in names:
            yield name, lines, compared_by


def report(lines: Iterable[Line], compared_by: str) -> None:
    """Print measurements as they come; the third of a line is what it is compared with, by a key of `RATIOS`."""
    title, ratio_of = RATIOS[compared_by]
    head = [name if name != "ratio" else title for name in HEAD]
    print("  ".join(name.ljust(width) for name, width in zip(head, WIDTHS, strict=True)).rstrip())
    for name, measured, compared in lines:
        ratio = "" if compared is None else f"{ratio_of(measured, compared):.2f}"
        print(f"{name:<{WIDTHS[0]}}  {'  '.join(cells(measured, ratio))}".rstrip(), flush=True)


def rate_ratio(measured: Measured, compared: Measured) -> float:
    """By rate, which should come near the limit's."""
    return measured.rate / compared.rate


def cost_ratio(measured: Measured, compared: Measured) -> float:
    """By CPU of server and database, which must not grow."""
    return (measured.server_ms + measured.database_ms) / (compared.server_ms + compared.database_ms)


def own_cost_ratio(measured: Measured, compared: Measured) -> float:
    """By CPU of our own processes."""
    return measured.server_ms / compared.server_ms


RATIOS = {
    "rate": ("of raw", rate_ratio),
    "cost": ("cost ratio", cost_ratio),
    "own cost": ("own cost", own_cost_ratio),
}


def cells(measured: Measured, ratio: str) -> list[str]:
    """The numbers of a line."""
    found = (
        f"{measured.rate:,.0f}",
        ratio,
        f"{measured.server_ms:.2f}" if measured.server_ms else "",
        f"{measured.database_ms:.2f}",
        f"{measured.median_ms:.1f}" if measured.median_ms else "",
        f"{measured.p99_ms:.1f}" if measured.p99_ms else "",
    )
    return [cell.ljust(width) for cell, width in zip(found, WIDTHS[1:], strict=True)]


if __name__ == "__main__":
    main()
