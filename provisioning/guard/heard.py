"""What the transactions of the present request have recorded: heard when they commit, read when it is answered."""

from collections.abc import Sequence

from flask import g, has_request_context

from provisioning.domain.activity import Entry

HEARD = "heard"


def hear(entries: Sequence[Entry]) -> None:
    """Keep entries of the activity report that were just committed, where a request is being answered."""
    if entries and has_request_context():
        g.setdefault(HEARD, []).extend(entries)


def heard() -> tuple[Entry, ...]:
    """Return what was kept for this request, in the order of commits."""
    return tuple(g.get(HEARD, ()))
