"""`python -m benchmarks [--seconds N] [--connections N] [names]`: the named measurements, by default all."""

import argparse
import os
from collections.abc import Iterable

from benchmarks import population
from benchmarks.installation import open_site
from benchmarks.measure import Measured
from benchmarks.scenarios import FEW, LARGE_GROUP, SCENARIOS, Bench, Line, growth, servers, side_by_side

NAMES = (*SCENARIOS, "growth", "servers")
HEAD = ("", "a second", "of raw", "server ms", "database ms", "median ms", "p99 ms")
WIDTHS = (34, 10, 8, 11, 13, 11, 9)


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
    with open_site() as site:
        users = population.copy_users(site, FEW, "first")
        bench = Bench(site, asked.seconds, asked.connections, users)
        table = [name for name in names if name in SCENARIOS]
        if table:
            if "member" in table:
                bench = Bench(
                    site, asked.seconds, asked.connections, population.copy_users(site, LARGE_GROUP, "people")
                )
            report(side_by_side(bench, table))
        if "servers" in names:
            report(servers(bench))
        if "growth" in names:
            everybody = population.copy_users(site, 3 * LARGE_GROUP, "members") if "growth" in names else users
            report(growth(Bench(site, asked.seconds, asked.connections, everybody)))


def report(lines: Iterable[Line]) -> None:
    """Print measurements as they come; the third of a line is what it is compared with."""
    print("  ".join(name.ljust(width) for name, width in zip(HEAD, WIDTHS, strict=True)).rstrip())
    for name, measured, limit in lines:
        ratio = f"{measured.rate / limit.rate:.2f}" if limit else ""
        print(f"{name:<{WIDTHS[0]}}  {'  '.join(cells(measured, ratio))}".rstrip(), flush=True)


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
