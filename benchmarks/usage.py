"""CPU and memory of a tree of processes, from /proc."""

import os
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    parents = dict(_parents())
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def cpu_seconds(pid: int) -> float:
    """CPU of a process and all below it, those that have ended included."""
    total = 0.0
    for number, each in enumerate(tree(pid)):
        fields = _stat(each)
        if fields:
            # utime, stime; and of ended children cutime, cstime, which the root of the tree has collected.
            total += sum(map(int, fields[11:13])) + (sum(map(int, fields[13:15])) if number == 0 else 0)
    return total / TICKS


def memory(pid: int) -> tuple[float, float]:
    """(PSS, RSS) of a tree in MiB; shared pages count in PSS by their share."""
    pss = rss = 0
    for each in tree(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        values = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:] if line.endswith("kB")}
        pss += values["Pss"]
        rss += values["Rss"]
    return pss / 1024, rss / 1024


def _parents() -> Iterator[tuple[int, int]]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields:
                yield int(entry), int(fields[1])


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
