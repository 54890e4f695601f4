"""API: the form of keys and tokens, what is stored of them, and when one is good."""

import hashlib
import string
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.domain.keys import (
    ACCOUNT_KEY,
    ACCOUNT_SECRET,
    BASE62,
    CHECKSUM_LENGTH,
    LIFETIME,
    RANDOM_BYTES,
    RANDOM_LENGTH,
    SCIM_TOKEN,
    AccountKey,
    ScimToken,
    base62,
    checksum,
    has_checksum,
    is_same_hash,
    is_usable,
    secret_hash,
    with_checksum,
)
from tests.domain.people import NOW

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


@pytest.mark.rule("API-1", "API-2", "KEY-4")
@pytest.mark.parametrize(
    ("expires_in", "revoked", "usable"),
    [(1, False, True), (0, False, False), (-1, False, False), (1, True, False), (-1, True, False)],
)
def test_a_key_is_good_until_it_expires_or_is_revoked(expires_in, revoked, usable):
    assert is_usable(NOW, NOW + timedelta(seconds=expires_in), NOW if revoked else None) is usable


@pytest.mark.rule("API-1", "KEY-4")
def test_a_key_that_is_revoked_in_the_future_is_revoked_and_a_year_is_the_default():
    assert not is_usable(NOW, NOW + LIFETIME, NOW + timedelta(days=1))
    assert timedelta(days=365) == LIFETIME
