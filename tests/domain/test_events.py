"""ACT: facts are of known kinds, in the past tense, and what must be told outside is a table."""

import re

import pytest

from provisioning.domain.events import KINDS, TOLD, VERSION, Event


@pytest.mark.rule("ACT-1")
def test_kinds_are_named_alike_and_stand_in_order():
    assert [*KINDS] == sorted(KINDS)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", kind) for kind in KINDS)
    assert VERSION == 1


@pytest.mark.rule("ACT-1")
def test_every_kind_reads_as_a_sentence_between_who_and_whom():
    for sentence in KINDS.values():
        assert re.fullmatch(r"[a-z][A-Za-z ]+[a-z]", sentence), sentence


@pytest.mark.rule("ACT-1")
def test_a_fact_of_no_known_kind_cannot_be_made():
    with pytest.raises(ValueError, match=r"user\.vanished"):
        Event("user.vanished", "user", "user-1", "Dana")


@pytest.mark.rule("ACT-1")
def test_a_fact_cannot_be_changed_and_shares_nothing_with_another():
    first, second = Event("user.created", "user", "1", "A"), Event("user.created", "user", "2", "B")
    with pytest.raises(AttributeError):
        first.target_id = "2"
    assert first.data == {}
    assert first.data is not second.data


@pytest.mark.rule("OUT-2")
def test_those_who_rely_on_sessions_are_told_when_they_end():
    assert TOLD == {"sessions.ended": "sessions_ended"}
    assert set(TOLD) <= set(KINDS)
