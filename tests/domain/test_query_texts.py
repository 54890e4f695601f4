"""LIM-3: what narrows a list is read or refused with a sentence, never left aside."""

from datetime import UTC, datetime

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.query_texts import COMMON_READERS, LONGEST_ID, MOST_ON_A_PAGE, values_of


def test_moments_are_in_utc_and_a_date_alone_holds_its_whole_day():
    texts = {"from": "2026-11-23T09:00:00+02:00", "to": "2026-11-23", "limit": " 7 ", "cursor": "", "other": "x"}
    assert values_of(texts, COMMON_READERS) == {
        "since": datetime(2026, 11, 23, 7, tzinfo=UTC),
        "until": datetime(2026, 11, 24, tzinfo=UTC),
        "limit": 7,
    }


@pytest.mark.rule("LIM-3")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("from", "yesterday"),
        ("to", "9999-12-31"),
        ("limit", "0"),
        ("limit", str(MOST_ON_A_PAGE + 1)),
        ("limit", "٣"),
        ("limit", "-1"),
        ("cursor", "x" * (LONGEST_ID + 1)),
        ("cursor", "\x00"),
        ("cursor", "ü"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(name, text):
    with pytest.raises(Refusal) as refused:
        values_of({name: text}, COMMON_READERS)
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, name)
