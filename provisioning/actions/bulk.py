"""Many operations in few transactions: a chunk of them is one transaction, and each stands or falls by itself.

A chunk first runs without savepoints, as if nothing in it could be refused: then it costs one commit and one look at
the seat counter, and holds that row for a moment. Where anything is refused, all of the chunk is rolled back and runs
again with a savepoint around each part, so that the refusal is that part's alone; its entry is written after its
roll-back. Where the database asks for it (a deadlock between two bulks), the chunk runs again as any action does, and
where that does not help, each of its parts has a transaction of its own, as if it were no bulk.
"""

from collections import ChainMap, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields

from provisioning.actions.services import Services, repeated
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal, Refusals
from provisioning.store.engine import Conflict, QueryCancelled
from provisioning.store.joint import Interrupted, Joint, open_joint
from provisioning.store.unit_of_work import Unit

# How many operations share a transaction: enough to spread its cost, few enough to hold no row for long.
MOST_TOGETHER = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicesInBulk(Services):
    """The services as actions of a bulk see them: their units are parts of one open transaction."""

    joint: Joint

    def unit(self, caller: Caller) -> AbstractContextManager[Unit]:
        """Open a unit of one action within the transaction."""
        return self.joint.unit(caller)

    def read(self, caller: Caller) -> AbstractContextManager[Unit]:
        """Open a unit for reads within the transaction."""
        return self.joint.read(caller)


@dataclass(frozen=True, slots=True)
class Written:
    """What an operation left: the id of its resource and the version, None where the resource is gone."""

    id: str
    version: int | None


# Number of an operation -> what it left, or why it was refused.
Outcomes = Mapping[int, Written | Refusal]


@dataclass(frozen=True, slots=True)
class Part:
    """Operations of a bulk that stand or fall together: nearly always one.

    Attributes:
        numbers: of its operations in the bulk.
        names: ids of the users and groups that its operations name as those that they change.
        is_plain: whether it is one create of a user, which writes rows and reads next to none.
        run: runs them on the services given, knowing the outcomes so far; raises a refusal, or `Refusals` with one for
            each of its operations.
    """

    numbers: tuple[int, ...]
    names: frozenset[str]
    is_plain: bool
    run: Callable[[Services, Outcomes], Mapping[int, Written]]


def run_bulk(caller: Caller, parts: Iterable[Part], services: Services, most_errors: int | None) -> Outcomes:
    """Run the parts of a bulk in order and return the outcome of each operation that ran.

    Args:
        caller: who asks; each action asks for itself what the caller may do.
        parts: in the order in which they run.
        services: from outside.
        most_errors: after how many refused operations the rest is left (`failOnErrors`), None for never.
    """
    outcomes: dict[int, Written | Refusal] = {}
    waiting = deque(_chunks(parts))
    run_chunk = _run_hopefully
    while waiting:
        errors_left = None if most_errors is None else most_errors - _errors(outcomes)
        if errors_left is not None and errors_left <= 0:
            break
        chunk = waiting.popleft()
        try:
            found = run_chunk(caller, chunk, outcomes, services, errors_left)
            # A bulk that is sent again after a time-out is refused throughout: nothing is gained by hoping.
            run_chunk = _one_by_one if 2 * _errors(found) > len(found) else _run_hopefully
            outcomes |= found
        except Conflict:
            if len(chunk) == 1:
                raise
            waiting.extendleft([part] for part in reversed(chunk))
    return outcomes


def _run_hopefully(
    caller: Caller, chunk: Sequence[Part], before: Outcomes, services: Services, most_errors: int | None
) -> Outcomes:
    try:
        return _together(caller, chunk, before, services)
    except (Refusal, Refusals, Interrupted, QueryCancelled):
        return _one_by_one(caller, chunk, before, services, most_errors)


def _chunks(parts: Iterable[Part]) -> Iterator[list[Part]]:
    chunk: list[Part] = []
    count = 0
    for part in parts:
        chunk.append(part)
        count += len(part.numbers)
        if count >= MOST_TOGETHER:
            yield chunk
            chunk, count = [], 0
    if chunk:
        yield chunk


def _errors(outcomes: Outcomes) -> int:
    return sum(isinstance(outcome, Refusal) for outcome in outcomes.values())


@repeated
def _together(caller: Caller, chunk: Sequence[Part], before: Outcomes, services: Services) -> Outcomes:
    """Run a chunk in one transaction without savepoints; a refusal anywhere undoes all of it."""
    found: dict[int, Written | Refusal] = {}
    known = ChainMap(found, dict(before))
    with _opened(caller, chunk, services, in_one_go=all(part.is_plain for part in chunk)) as inside:
        for part in chunk:
            found.update(part.run(inside, known))
    return found


@repeated
def _one_by_one(
    caller: Caller, chunk: Sequence[Part], before: Outcomes, services: Services, most_errors: int | None
) -> Outcomes:
    """Run a chunk in one transaction with a savepoint around each part; a refusal undoes that part alone."""
    found: dict[int, Written | Refusal] = {}
    known = ChainMap(found, dict(before))
    with _opened(caller, chunk, services, in_one_go=False) as inside:
        for part in chunk:
            if most_errors is not None and _errors(found) >= most_errors:
                break
            found.update(_alone(part, inside, known))
    return found


def _alone(part: Part, inside: ServicesInBulk, known: Outcomes) -> Outcomes:
    try:
        with inside.joint.savepoint():
            return part.run(inside, known)
    except Refusal as refusal:
        refused: Mapping[int, Refusal] = dict.fromkeys(part.numbers, refusal)
    except Refusals as refusals:
        refused = refusals.rows
    except QueryCancelled:
        refused = dict.fromkeys(part.numbers, Refusal(Code.TOO_MANY_RESULTS))
    for each in refused.values():
        inside.joint.note_refusal(each)
    return refused


@contextmanager
def _opened(caller: Caller, chunk: Sequence[Part], services: Services, *, in_one_go: bool) -> Iterator[ServicesInBulk]:
    """Open the transaction of a chunk; what it recorded is told once it is committed."""
    with open_joint(services.database, caller, services.adapters(), in_one_go=in_one_go) as joint:
        joint.hold(frozenset().union(*(part.names for part in chunk)))
        given = {field.name: getattr(services, field.name) for field in fields(Services)}
        yield ServicesInBulk(**given, joint=joint)
    services.committed(joint.recorded)
