"""LIM-4, LGN-5: hashing has few places and a short queue; whoever comes beyond it is told to come again at once."""

import threading
from time import monotonic

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.hashing import AT_ONCE, Hasher, waiting_places

PASSWORD = "correct horse battery staple"


@pytest.mark.rule("LIM-4", "LGN-5")
def test_two_hundred_at_once_use_few_places_and_the_rest_is_refused_at_once():
    hasher = Hasher(16 * 1024, most_waiting=3)
    stored = hasher.hash(PASSWORD)
    begin = threading.Barrier(200)
    answers: list[object] = []

    def check() -> None:
        begin.wait()
        began = monotonic()
        try:
            answers.append(hasher.is_right(PASSWORD, stored))
        except Refusal as refusal:
            answers.append((refusal.code, refusal.values["retry_after"], monotonic() - began < 2))

    threads = [threading.Thread(target=check) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [answer for answer in answers if answer is not True]
    assert len(answers) == 200
    assert set(refused) == {(Code.TOO_MANY_REQUESTS, 1, True)}
    assert answers.count(True) >= AT_ONCE
    assert hasher.is_right(PASSWORD, stored), "every place was given back"


@pytest.mark.rule("LIM-4")
@pytest.mark.parametrize("threads", [1, 2, 4, 8, 64])
def test_some_threads_of_the_web_are_always_free_for_other_work(threads):
    assert waiting_places(threads) >= 1
    if threads > AT_ONCE + 2:
        assert AT_ONCE + waiting_places(threads) < threads


@pytest.mark.rule("LGN-5", "PWD-4")
def test_parameters_stand_in_the_hash_and_weaker_ones_are_seen():
    weak, strong = Hasher(64), Hasher(128)
    stored = weak.hash(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert "m=64" in stored
    assert (weak.needs_rehash(stored), strong.needs_rehash(stored)) == (False, True)
    assert strong.is_right(PASSWORD, stored)
    assert not strong.is_right(PASSWORD, "not a hash")
    assert not strong.is_right(PASSWORD, None)
