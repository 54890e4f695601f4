"""Who writes the provisioning log: nothing waits longer than half a second, nothing is lost unseen (ADR 11)."""

import threading
from collections import Counter

import pytest

from provisioning.request_log import BatchedLog, ImmediateLog
from tests.domain.provisioning import a_request


class Place:
    """Where entries are written; it can be out of reach, or refuse one of them."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.is_there = True
        self.refused = ""
        self.written = threading.Event()

    def __call__(self, entries) -> bool:
        ids = [entry.id for entry in entries]
        if not self.is_there:
            return False
        if self.refused in ids:
            raise ValueError("refused")
        self.batches.append(ids)
        self.written.set()
        return True

    @property
    def ids(self) -> list[str]:
        return [each for batch in self.batches for each in batch]


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def counted() -> Counter:
    return Counter()


@pytest.fixture
def measure(counted):
    return lambda name, number: counted.update({name: int(number)})


def add(log, *ids: str) -> None:
    for each in ids:
        log.add(a_request(id=each))


def without_a_turn(log: BatchedLog) -> BatchedLog:
    """The log while its thread is at work elsewhere."""
    log._turn.acquire()
    return log


@pytest.mark.rule("SCM-9")
def test_entries_are_written_together_without_being_asked(place, measure, counted):
    log = BatchedLog(place, measure)
    add(log, "a", "b", "c")
    assert place.written.wait(10)
    log.flush()
    assert place.ids == ["a", "b", "c"]
    assert counted == {"log_written": 3}


@pytest.mark.rule("SCM-9")
def test_where_too_many_wait_the_request_writes_its_own(place, measure, counted):
    log = without_a_turn(BatchedLog(place, measure, most_queued=2))
    add(log, "a", "b", "c")
    assert place.ids == ["c"]
    log._turn.release()
    log.flush()
    assert place.ids == ["c", "a", "b"]
    assert counted == {"log_direct": 1, "log_written": 3}


@pytest.mark.rule("SCM-9")
def test_what_the_database_cannot_take_waits_and_comes_in_its_order(place, measure, counted):
    place.is_there = False
    log = BatchedLog(place, measure)
    add(log, "a", "b")
    log.flush()
    add(log, "c")
    assert place.ids == []
    place.is_there = True
    log.flush()
    assert place.ids == ["a", "b", "c"]
    assert counted["log_lost"] == 0


@pytest.mark.rule("SCM-9")
def test_one_refused_entry_is_counted_and_holds_up_no_other(place, measure, counted, capsys):
    place.refused = "b"
    log = without_a_turn(BatchedLog(place, measure))
    add(log, "a", "b", "c")
    log._turn.release()
    log.flush()
    assert place.ids == ["a", "c"]
    assert counted == {"log_written": 2, "log_lost": 1}


@pytest.mark.rule("SCM-9")
def test_an_entry_that_is_written_at_once_is_written_or_counted(place, measure, counted):
    log = ImmediateLog(place, measure)
    add(log, "a")
    place.is_there = False
    add(log, "b")
    place.is_there, place.refused = True, "c"
    add(log, "c")
    log.flush()
    assert place.ids == ["a"]
    assert counted == {"log_written": 1, "log_lost": 2}


def test_many_threads_lose_nothing(place, measure, counted):
    log = BatchedLog(place, measure, most_queued=50)
    threads = [
        threading.Thread(target=add, args=(log, *(f"{number}-{each}" for each in range(50)))) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.flush()
    assert sorted(place.ids) == sorted(f"{number}-{each}" for number in range(8) for each in range(50))
    assert counted["log_written"] == 400
