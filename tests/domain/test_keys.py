"""API: the form of keys and tokens, what is stored of them, and when one is good."""

import hashlib
import string
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.keys import (
    ACCOUNT_KEY,
    ACCOUNT_SECRET,
    BASE62,
    CHECKSUM_LENGTH,
    LIFETIME,
    LONGEST_LIFETIME,
    RANDOM_BYTES,
    RANDOM_LENGTH,
    SCIM_TOKEN,
    AccountKey,
    Review,
    ScimToken,
    Terms,
    base62,
    checked_terms,
    checksum,
    has_checksum,
    is_same_hash,
    is_usable,
    overlap_ends_at,
    require_rotatable,
    review_of,
    secret_hash,
    warned_from_the_start,
    warning_due,
    with_checksum,
)
from provisioning.domain.roles_legacy import Role
from tests.domain.people import NOW, a_user

SECRET = with_checksum("gls_01_" + "a" * RANDOM_LENGTH)


@pytest.mark.rule("API-1", "KEY-1")
def test_the_prefix_tells_the_kind_and_the_random_part_has_256_bits():
    assert {ACCOUNT_KEY, ACCOUNT_SECRET, SCIM_TOKEN} == {"glk", "gls", "gst"}
    assert RANDOM_BYTES * 8 == 256
    assert 62**RANDOM_LENGTH >= 2**256
    assert 62**CHECKSUM_LENGTH >= 2**32


@pytest.mark.rule("KEY-1")
@settings(deadline=None)
@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES), st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_random_bytes_become_letters_and_digits_without_loss(left, right):
    texts = [base62(data, RANDOM_LENGTH) for data in (left, right)]
    assert all(len(text) == RANDOM_LENGTH and set(text) <= set(BASE62) for text in texts)
    assert (texts[0] == texts[1]) == (left == right)
    assert set(BASE62) == set(string.ascii_letters + string.digits)


@pytest.mark.rule("KEY-1")
@given(st.integers(0, len(SECRET) - 1), st.sampled_from(BASE62))
def test_one_mistyped_character_is_known_without_a_database(place, character):
    mistyped = SECRET[:place] + character + SECRET[place + 1 :]
    assert has_checksum(mistyped) == (mistyped == SECRET)


@pytest.mark.rule("KEY-1", "LIM-7")
@pytest.mark.parametrize("text", ["", "_", "gls", "gls_", "_" + checksum(""), SECRET[:-1], SECRET + "x", " " + SECRET,
                                  SECRET.upper(), "gls_ü_" + checksum("gls_ü"), "\0", "\ud800_000000"])  # fmt: skip
def test_what_has_no_checksum_is_no_credential(text):
    assert not has_checksum(text)


@pytest.mark.rule("KEY-1")
@given(st.text(max_size=200))
def test_every_text_gets_an_answer(text):
    if text.isascii() and text:
        assert has_checksum(with_checksum(text))
    assert has_checksum(text) in (True, False)


@pytest.mark.rule("API-1", "API-2", "KEY-1")
def test_only_a_hash_is_stored_and_lists_have_no_room_for_a_secret():
    assert secret_hash(SECRET) == hashlib.sha256(SECRET.encode()).hexdigest()
    assert is_same_hash(secret_hash(SECRET), secret_hash(SECRET))
    assert not is_same_hash(secret_hash(SECRET), secret_hash(SECRET[:-1]))
    for shown in (AccountKey, ScimToken):
        assert not [name for name in shown.__dataclass_fields__ if "secret" in name or "hash" in name]


def a_key(**changed: object) -> AccountKey:
    """A key made now that ends in a year."""
    values = dict.fromkeys(("disabled_at", "revoked_at", "last_used_at", "replaced_by"))
    values |= {"account_id": "a", "id": "glk_1", "made_by": "u", "answerable": "u", "address_ranges": ()}
    values |= {"created_at": NOW, "expires_at": NOW + LIFETIME, "name": "K", "role": Role.ADMIN}
    return AccountKey(**(values | changed))


@pytest.mark.rule("API-1", "API-2", "KEY-4")
@pytest.mark.parametrize(
    ("expires_in", "ended", "usable"),
    [(1, None, True), (0, None, False), (-1, None, False), (1, "revoked_at", False), (-1, "revoked_at", False),
     (1, "disabled_at", False)],
)  # fmt: skip
def test_a_key_is_good_until_it_expires_or_is_revoked_or_switched_off(expires_in, ended, usable):
    key = a_key(expires_at=NOW + timedelta(seconds=expires_in), **({ended: NOW} if ended else {}))
    assert is_usable(NOW, key) is usable


@pytest.mark.rule("API-1", "KEY-4")
def test_a_key_that_is_revoked_in_the_future_is_revoked_and_a_year_is_the_default():
    assert not is_usable(NOW, a_key(revoked_at=NOW + timedelta(days=1)))
    assert timedelta(days=365) == LIFETIME == Terms().lifetime


@pytest.mark.rule("KEY-4")
@pytest.mark.parametrize(
    ("days_left", "warned", "due"),
    [(31, None, None), (30, None, 30), (30, 30, None), (8, 30, None), (7, 30, 7), (7, None, 7), (1.01, 7, None),
     (1, 7, 1), (0.5, None, 1), (0.5, 1, None), (0, 7, None), (-1, None, None)],
)  # fmt: skip
def test_each_stretch_before_the_end_is_warned_of_once(days_left, warned, due):
    assert warning_due(NOW + timedelta(days=days_left), warned, NOW) == due


@pytest.mark.rule("KEY-4")
@pytest.mark.parametrize(("days", "counts"), [(365, None), (31, None), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1)])
def test_who_asks_for_a_short_life_is_not_warned_of_what_was_asked_for(days, counts):
    assert warned_from_the_start(timedelta(days=days)) == counts


@pytest.mark.rule("KEY-4")
@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=59), LONGEST_LIFETIME + timedelta(seconds=1)])
def test_an_impossible_lifetime_is_refused(lifetime):
    with pytest.raises(Refusal) as refused:
        checked_terms(Terms(lifetime))
    assert refused.value.field == "expires_in"


@pytest.mark.rule("KEY-2")
def test_what_is_rotated_ends_after_the_overlap_and_never_later_than_before():
    assert overlap_ends_at(a_key(), 3600, NOW) == NOW + timedelta(hours=1)
    soon = a_key(expires_at=NOW + timedelta(minutes=1))
    assert overlap_ends_at(soon, 3600, NOW) == soon.expires_at
    for seconds in (-1, 30 * 86400 + 1):
        with pytest.raises(Refusal):
            overlap_ends_at(a_key(), seconds, NOW)


@pytest.mark.rule("KEY-2")
@pytest.mark.parametrize(
    "ended", [{"revoked_at": NOW}, {"disabled_at": NOW}, {"replaced_by": "x"}, {"expires_at": NOW}]
)
def test_only_a_good_key_is_rotated_and_once(ended):
    require_rotatable("key", a_key(), NOW)
    with pytest.raises(Refusal) as refused:
        require_rotatable("key", a_key(**ended), NOW)
    assert refused.value.code is Code.CREDENTIAL_NOT_ROTATABLE


@pytest.mark.rule("KEY-3")
@pytest.mark.parametrize(
    ("maker", "why"),
    [({"role": Role.MASTER_ADMIN}, None), ({"role": None, "is_root": True}, None),
     ({"role": Role.ADMIN}, Review.MAKER_LOST_PERMISSION),
     ({"role": Role.MASTER_ADMIN, "disabled_at": NOW}, Review.MAKER_DISABLED),
     ({"role": Role.MASTER_ADMIN, "disabled_at": NOW, "inactive_at": NOW}, Review.MAKER_DELETED)],
)  # fmt: skip
def test_a_key_is_to_be_reviewed_when_its_maker_is_gone_or_lost_the_right(maker, why):
    assert review_of(a_key(), a_user(id="u", **maker)) is why
    assert review_of(a_key(), None) is None
    assert review_of(a_key(revoked_at=NOW), a_user(id="u", **maker)) is None
