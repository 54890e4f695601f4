"""ACT-1, LIM-3: what is asked of the activity report is read one way at every door, and never half."""

from datetime import UTC, datetime

import pytest

from provisioning.domain.activity_query import ActivityQuery, Outcome, filters_of, query_from
from provisioning.domain.caller import WayIn
from provisioning.domain.errors import Code, Refusal

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.rule("ACT-1")
def test_texts_become_a_query_and_empty_ones_narrow_nothing():
    assert query_from({"person": "", "from": " ", "page": "7"}) == ActivityQuery()
    texts = {
        "person": "user-1", "kind": "user.created", "way_in": "scim", "outcome": "refused",
        "from": "2026-11-23T09:00:00Z", "to": "2026-11-23T10:00:00+01:00", "cursor": "entry-1",
        "limit": "200",
    }  # fmt: skip
    assert query_from(texts) == ActivityQuery(
        "user-1", "user.created", WayIn.SCIM, Outcome.REFUSED, NINE, NINE, "entry-1", 200
    )


@pytest.mark.rule("ACT-1")
def test_a_date_is_its_whole_day_in_utc():
    asked = query_from({"from": "2026-11-23", "to": "2026-11-23"})
    assert (asked.since, asked.until) == (datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC))
    assert query_from({"from": "2026-11-23T09:00"}).since == NINE


BAD = [
    ("person", "a\nb"), ("person", "x" * 129), ("person", "ü"), ("kind", "user.%"), ("kind", "user"),
    ("way_in", "door"), ("outcome", "maybe"), ("from", "yesterday"), ("from", "2026-02-30"), ("to", "9999-12-31"),
    ("to", "0001-01-01T00:00+23:59"), ("cursor", "\0"), ("limit", "0"), ("limit", "201"), ("limit", "-1"),
    ("limit", "1e3"), ("limit", "٣"), ("limit", "9" * 5000),
]  # fmt: skip


@pytest.mark.rule("LIM-3")
@pytest.mark.parametrize(("name", "text"), BAD)
def test_what_is_not_understood_is_refused_with_its_name_never_dropped(name, text):
    with pytest.raises(Refusal) as refused:
        query_from({name: text})
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, name)
    assert refused.value.sentence.startswith(f"'{name}' is ")


@pytest.mark.rule("AUD-1")
def test_the_entry_of_a_reading_tells_what_narrowed_it():
    asked = ActivityQuery(person="user-1", outcome=Outcome.DONE, since=NINE, cursor="entry-1", limit=3)
    assert filters_of(asked) == {"person": "user-1", "outcome": "done", "from": "2026-11-23T09:00:00+00:00"}
