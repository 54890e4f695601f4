"""`python -m benchmarks [--seconds N] [--connections N] [names]`: the named measurements, by default all."""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from benchmarks import population
from benchmarks.installation import open_site
from benchmarks.measure import Measured
from benchmarks.scenarios import FEW, SCENARIOS, Bench, Line, growth, servers, side_by_side

NAMES = (*SCENARIOS, "growth", "servers")
RAW = """raw: what psycopg alone reaches at the same number of connections. For writes: the product's own writing
statements of one create in one transaction, with other ids; for reads: one SELECT by key. CPU is a request's."""
HEAD = ("", "a second", "ratio", "server ms", "database ms", "median ms", "p99 ms")
WIDTHS = (30, 10, 10, 11, 13, 11, 9)


def main() -> None:
    """Measure what is asked for and print it side by side."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="name", help=", ".join(NAMES))
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    parser.add_argument("--connections", type=int, default=8, help="at once; an even number")
    asked = parser.parse_args()
    names = asked.names or list(NAMES)
    print(
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} before; fsync on; {asked.connections} connections"
    )
    print(RAW)
    for group, lines in plan(names):
        print(f"\n{group}")
        with open_site() as site:
            users = population.copy_users(site, FEW, "first")
            report(lines(Bench(site, asked.seconds, asked.connections, users)), by_cost=group == "growth")


def plan(names: Sequence[str]) -> Iterator[tuple[str, Callable[[Bench], Iterable[Line]]]]:
    """What is measured together, each on a site of its own."""
    table = [name for name in names if name in SCENARIOS]
    if table:
        yield "side by side", lambda bench: side_by_side(bench, table)
    if "growth" in names:
        yield "growth", growth
    if "servers" in names:
        yield "servers", servers


def report(lines: Iterable[Line], *, by_cost: bool) -> None:
    """Print measurements as they come; the third of a line is what it is compared with.

    Args:
        by_cost: the ratio is of CPU, which must not grow; else of the rate, which should come near the limit's.
    """
    head = [name if name != "ratio" else ("cost ratio" if by_cost else "of raw") for name in HEAD]
    print("  ".join(name.ljust(width) for name, width in zip(head, WIDTHS, strict=True)).rstrip())
    for name, measured, compared in lines:
        ratio = "" if compared is None else f"{ratio_of(measured, compared, by_cost=by_cost):.2f}"
        print(f"{name:<{WIDTHS[0]}}  {'  '.join(cells(measured, ratio))}".rstrip(), flush=True)


def ratio_of(measured: Measured, compared: Measured, *, by_cost: bool) -> float:
    """One measurement over another, by CPU a request of server and database, or by rate."""
    if by_cost:
        return (measured.server_ms + measured.database_ms) / (compared.server_ms + compared.database_ms)
    return measured.rate / compared.rate


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
