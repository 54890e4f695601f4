"""What a first synchronisation takes: 10,000 people by bulk, then all of them into a group by one PATCH."""

import time

import pytest

from tests.scim.bulk import bulk, new_group, new_user, statuses

PEOPLE, AT_ONCE = 10_000, 1_000


@pytest.mark.long
def test_ten_thousand_people_come_by_bulk_and_join_a_group_by_one_patch(idp, account, sql):
    sql("update seats set plan_seats = 20000")
    began = time.monotonic()
    for start in range(0, PEOPLE, AT_ONCE):
        operations = [person(number) for number in range(start, start + AT_ONCE)]
        assert set(statuses(bulk(idp, *operations))) == {"201"}
    assert time.monotonic() - began < 180
    ids = [row[0] for row in sql("select id from users where user_name like 'u%%@big.example'")]
    assert len(ids) == PEOPLE
    assert sql("select used from seats where account_id = %s", account.account.id) == [(PEOPLE + 1,)]

    group = idp.group("Everybody")
    path = f"/Groups/{group['id']}"
    began = time.monotonic()
    added = idp.patch(path, {"op": "add", "path": "members", "value": [{"value": each} for each in ids]})
    assert time.monotonic() - began < 30
    assert added.status_code == 204
    assert sql("select member_count from groups") == [(PEOPLE,)]

    began = time.monotonic()
    members = [{"method": "POST", "path": "/Groups", "bulkId": "again", "data": {"displayName": "Again", "members":
               [{"value": each} for each in ids]}}]  # fmt: skip
    assert statuses(bulk(idp, *members, new_group("empty"))) == ["201", "201"]
    assert time.monotonic() - began < 30
    assert sql("select member_count from groups where name = 'Again'") == [(PEOPLE,)]


def person(number: int) -> dict:
    name = f"u{number}@big.example"
    return new_user(
        name, externalId=f"e{number}", emails=[{"value": name, "type": "work", "primary": True}], active=True
    )
