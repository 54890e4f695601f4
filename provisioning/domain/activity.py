"""ACT: one entry of the activity report, and the chain of seals behind which nobody can rewrite it (ACT-1, ACT-2)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64
# The event of the log line that the relay writes of each chain (AUD-3); `gatelodge activity verify --log` reads it.
HEAD_EVENT = "activity.head"


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to whom, when, from where, by which way in; `outcome` is `done` or `refused` with its code."""

    account_id: str
    id: str
    at: datetime
    kind: str
    outcome: str
    code: str | None
    way_in: str
    actor_id: str
    actor_name: str
    address: str | None
    target_kind: str
    target_id: str
    target_name: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seal:
    """One link of the chain: its number, the entry it seals, its hash and the hash before it."""

    number: int
    entry_id: str
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """What a line outside the database says of a chain: the number and the hash of its newest seal then (AUD-3)."""

    account_id: str
    number: int
    digest: str


def canonical(entry: Entry) -> bytes:
    """Return the bytes of an entry that are hashed: JSON with sorted keys, times in UTC with microseconds."""
    return json.dumps(as_mapping(entry), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def as_mapping(entry: Entry) -> dict[str, object]:
    """Return an entry as plain values, for hashing and for exports."""
    return {
        "account_id": entry.account_id,
        "id": entry.id,
        "at": entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "kind": entry.kind,
        "outcome": entry.outcome,
        "code": entry.code,
        "way_in": entry.way_in,
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "address": entry.address,
        "target_kind": entry.target_kind,
        "target_id": entry.target_id,
        "target_name": entry.target_name,
        "data": dict(entry.data),
    }


def seal_after(previous: Seal | None, entry: Entry) -> Seal:
    """Return the seal of an entry, chained to the one before (ACT-2)."""
    before = previous.digest if previous else GENESIS
    digest = hashlib.sha256(before.encode() + canonical(entry)).hexdigest()
    return Seal((previous.number if previous else 0) + 1, entry.id, before, digest)


def first_fault(chain: Iterable[tuple[Seal, Entry | None]]) -> str | None:
    """Return a sentence on the first broken link of a chain, None where it holds.

    Args:
        chain: seals in order, each with the entry it names, None where that entry is gone.
    """
    previous: Seal | None = None
    for seal, entry in chain:
        if entry is None:
            return f"seal {seal.number}: the entry {seal.entry_id} is gone."
        if seal != seal_after(previous, entry):
            return f"seal {seal.number}: the entry {seal.entry_id} or the seal was changed."
        previous = seal
    return None


def stray_fault(entry_id: str | None) -> str | None:
    """Return a sentence on an entry that stands outside the chain, None where there is none.

    Args:
        entry_id: id of an entry that has no seal and waits for none; whoever wrote it is not this service.
    """
    return None if entry_id is None else f"the entry {entry_id} was put in beside the chain."


def head_fault(heads: Iterable[Head], digests: Mapping[int, str]) -> str | None:
    """Return a sentence on the first line outside that the chain does not keep to, None where it keeps to all.

    A chain that its owner rebuilt as a whole holds in itself; only what was written elsewhere tells (AUD-3).

    Args:
        heads: lines of the log and of exports.
        digests: number -> hash of the chain's seals.
    """
    for head in sorted(heads, key=lambda head: head.number):
        if head.number not in digests:
            return f"seal {head.number}, which a line outside the database tells of, is gone: newest entries were cut."
        if digests[head.number] != head.digest:
            return f"seal {head.number} is not the one that a line outside tells of: the chain was made anew."
    return None
