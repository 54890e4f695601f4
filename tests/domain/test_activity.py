"""ACT: an entry says who, what, whom, when, from where, which way in; a chain of seals shows every tampering."""

import json
from dataclasses import fields, replace
from datetime import timedelta, timezone

import pytest

from provisioning.domain.activity import GENESIS, Entry, as_mapping, canonical, first_fault, seal_after, stray_fault
from tests.domain.people import ACCOUNT, NOW, OTHER


def an_entry(number: int = 1, **changed: object) -> Entry:
    values: dict[str, object] = {
        "account_id": ACCOUNT,
        "id": f"entry-{number}",
        "at": NOW + timedelta(seconds=number),
        "kind": "user.created",
        "outcome": "done",
        "code": None,
        "way_in": "console",
        "actor_id": "user-1",
        "actor_name": "root@acme.example",
        "address": "192.0.2.1",
        "target_kind": "user",
        "target_id": "user-2",
        "target_name": "Dana Roe",
        "data": {"role": "admin"},
    }
    return Entry(**{**values, **changed})


def chain_of(length: int):
    chain, last = [], None
    for number in range(1, length + 1):
        entry = an_entry(number)
        last = seal_after(last, entry)
        chain.append((last, entry))
    return chain


@pytest.mark.rule("ACT-1")
def test_an_entry_says_all_that_the_report_promises():
    said = as_mapping(an_entry())
    assert set(said) == {field.name for field in fields(Entry)}
    assert said["at"] == "2026-11-23T09:00:01.000000Z"
    assert json.loads(canonical(an_entry())) == said


@pytest.mark.rule("ACT-2")
def test_the_same_entry_has_the_same_bytes_whatever_the_order_of_its_data():
    left = an_entry(data={"a": 1, "b": ["ü", None, True]})
    right = an_entry(data={"b": ["ü", None, True], "a": 1})
    assert canonical(left) == canonical(right)


@pytest.mark.rule("ACT-2")
def test_a_moment_is_hashed_in_utc_wherever_it_was_read():
    elsewhere = an_entry().at.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert canonical(an_entry(at=elsewhere)) == canonical(an_entry())


@pytest.mark.rule("ACT-2")
def test_seals_are_numbered_and_chained_to_the_one_before():
    (first, _), (second, _), (third, _) = chain_of(3)
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert first.previous == GENESIS == "0" * 64
    assert (second.previous, third.previous) == (first.digest, second.digest)
    assert len({first.digest, second.digest, third.digest}) == 3


@pytest.mark.rule("ACT-2")
@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_whole_chain_has_no_fault(length):
    assert first_fault(chain_of(length)) is None


OTHER_VALUES = {
    "account_id": OTHER, "id": "entry-9", "at": NOW, "kind": "user.deleted", "outcome": "refused",
    "code": "not_allowed", "way_in": "scim", "actor_id": "user-9", "actor_name": "eve", "address": None,
    "target_kind": "group", "target_id": "user-3", "target_name": "Eve", "data": {"role": "billing"},
}  # fmt: skip


@pytest.mark.rule("ACT-2")
@pytest.mark.parametrize("name", sorted(field.name for field in fields(Entry)))
def test_a_change_of_any_part_of_an_entry_is_found_at_its_seal(name):
    chain = chain_of(4)
    seal, entry = chain[2]
    chain[2] = (seal, replace(entry, **{name: OTHER_VALUES[name]}))
    assert first_fault(chain).startswith("seal 3:")


@pytest.mark.rule("ACT-2")
@pytest.mark.parametrize(("name", "value"), [("number", 7), ("entry_id", "entry-7"), ("previous", "0" * 64),
                                             ("digest", "f" * 64)])  # fmt: skip
def test_a_changed_seal_is_found(name, value):
    chain = chain_of(4)
    seal, entry = chain[2]
    chain[2] = (replace(seal, **{name: value}), entry)
    assert first_fault(chain).startswith(f"seal {value if name == 'number' else 3}:")


@pytest.mark.rule("ACT-2")
def test_a_deleted_entry_is_found():
    chain = chain_of(3)
    chain[1] = (chain[1][0], None)
    assert first_fault(chain) == "seal 2: the entry entry-2 is gone."


@pytest.mark.rule("ACT-2")
def test_a_deleted_link_an_inserted_one_and_another_order_are_found():
    whole = chain_of(4)
    assert first_fault([whole[0], *whole[2:]]).startswith("seal 3:")
    assert first_fault(whole[1:]).startswith("seal 2:")
    forged = an_entry(9)
    inserted = [*whole[:2], (seal_after(whole[1][0], forged), forged), *whole[2:]]
    assert first_fault(inserted).startswith("seal 3:")
    assert first_fault([whole[1], whole[0], *whole[2:]]).startswith("seal 2:")


@pytest.mark.rule("ACT-2", "TEN-5")
def test_a_chain_of_another_account_is_another_chain():
    ours, theirs = seal_after(None, an_entry()), seal_after(None, an_entry(account_id=OTHER))
    assert ours.digest != theirs.digest


@pytest.mark.rule("ACT-2")
def test_an_entry_beside_the_chain_is_a_fault_of_its_own():
    assert stray_fault(None) is None
    assert stray_fault("entry-9") == "the entry entry-9 was put in beside the chain."
