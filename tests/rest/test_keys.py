"""Access keys of a product environment through the Provisioning API."""

import pytest

from tests.doors.api import done, refusal

MEMBERS_IN_ORDER = ["name", "api_key", "api_secret", "created_at", "updated_at", "enabled", "root"]


@pytest.fixture
def path(environment_id) -> str:
    return f"/sub_accounts/{environment_id}/access_keys"


def names(answer):
    return [key["name"] for key in done(answer)["access_keys"]]


@pytest.mark.rule("KEY-2")
def test_the_first_key_is_listed_with_its_secret_as_its_environment_shows_it(api, path, environment_id):
    listed = done(api.get(path))
    (key,) = listed["access_keys"]
    assert listed["total"] == 1
    assert list(key) == MEMBERS_IN_ORDER
    assert key["root"]
    (pair,) = done(api.get(f"/sub_accounts/{environment_id}"))["api_access_keys"]
    assert pair == {"key": key["api_key"], "secret": key["api_secret"], "enabled": True}


def test_a_key_is_generated_with_and_without_a_name(api, path):
    plain = done(api.post(path))
    assert list(plain) == MEMBERS_IN_ORDER
    assert (plain["enabled"], plain["root"], plain["name"]) == (True, False, "Key 2")
    named = done(api.post(path, {"name": "deploy", "enabled": "false"}))
    assert (named["enabled"], named["name"]) == (False, "deploy")
    assert len({plain["api_key"], named["api_key"]}) == len({plain["api_secret"], named["api_secret"]}) == 2


def test_a_change_changes_what_is_sent_and_a_dedication_moves(api, path):
    first, second = done(api.post(path, {"name": "a"})), done(api.post(path, {"name": "b"}))
    one = f"{path}/{first['api_key']}"
    changed = done(api.put(one, {"name": "c", "enabled": False, "dedicated_for": "webhooks"}))
    assert changed == first | {"name": "c", "enabled": False, "dedicated_for": ["webhooks"]}
    assert list(changed) == [*MEMBERS_IN_ORDER[:-1], "dedicated_for", "root"]
    done(api.put(f"{path}/{second['api_key']}", {"dedicated_for": "webhooks"}))
    dedicated = {key["name"]: key.get("dedicated_for") for key in done(api.get(path))["access_keys"]}
    assert dedicated == {"Root": None, "c": None, "b": ["webhooks"]}


@pytest.mark.rule("KEY-5")
def test_a_key_is_deleted_by_its_digits_or_by_its_name_and_by_nothing_else(api, path, sql):
    by_digits, _, _ = (done(api.post(path, {"name": name})) for name in ("digits", "in body", "in query"))
    assert done(api.delete(f"{path}/{by_digits['api_key']}", {})) == {"message": "ok"}
    assert done(api.delete(path, {"name": "in body"})) == {"message": "ok"}
    assert done(api.delete(path, query_string={"name": "in query"})) == {"message": "ok"}
    assert names(api.get(path)) == ["Root"]
    assert refusal(api.delete(path)) == (400, "invalid_value")
    assert refusal(api.delete(path, {"name": "Root"}, query_string={"name": "other"})) == (400, "invalid_value")
    assert refusal(api.delete(path, {"name": "none"})) == (404, "not_found")
    assert refusal(api.delete(f"{path}/{by_digits['api_key']}")) == (404, "not_found")
    assert sql("select count(*) from access_keys where name = 'Root'") == [(2,)]


@pytest.mark.rule("KEY-5", "TEN-2")
def test_a_name_that_several_keys_have_deletes_none_of_them(api, path):
    first, _ = (done(api.post(path, {"name": "deploy"})) for _ in range(2))
    assert refusal(api.delete(path, {"name": "deploy"})) == (400, "ambiguous")
    assert sorted(names(api.get(path))) == ["Root", "deploy", "deploy"]
    done(api.delete(f"{path}/{first['api_key']}"))
    assert done(api.delete(path, {"name": "deploy"})) == {"message": "ok"}


def test_keys_are_sorted_and_paged_and_the_total_counts_all(api, path, clock):
    for name in ("b", "a", "c"):
        clock.advance(seconds=1)
        done(api.post(path, {"name": name, "enabled": name != "a"}))
    assert names(api.get(path)) == ["c", "a", "b", "Root"]
    assert names(api.get(path, sort_order="asc")) == ["Root", "b", "a", "c"]
    assert names(api.get(path, sort_by="name", sort_order="asc")) == ["Root", "a", "b", "c"]
    assert names(api.get(path, sort_by="enabled", sort_order="asc", page_size=1)) == ["a"]
    page = api.get(path, page=2, page_size=3)
    assert names(page) == ["Root"]
    assert done(page)["total"] == 4
    assert names(api.get(path, page=3, page_size=3)) == []
    digits = [key["api_key"] for key in done(api.get(path, sort_by="api_key", sort_order="asc"))["access_keys"]]
    assert digits == sorted(digits)


@pytest.mark.rule("LIM-3")
def test_pages_and_orders_that_make_no_sense_are_refused(api, path, subtests):
    for query in (
        {"page": 0},
        {"page": 101},
        {"page": "x"},
        {"page": "9" * 5000},
        {"page_size": 1001},
        {"page_size": -1},
        {"sort_by": "api_secret"},
        {"sort_order": "up"},
    ):
        with subtests.test(query):
            assert refusal(api.get(path, **query)) == (400, "invalid_value")


@pytest.mark.rule("LIM-3", "IDN-5")
def test_members_that_make_no_sense_are_refused_and_change_nothing(api, path, subtests):
    before = done(api.get(path))
    one = f"{path}/{before['access_keys'][0]['api_key']}"
    for members, code in (
        ({"name": ""}, "invalid_value"),
        ({"name": "x" * 257}, "invalid_value"),
        ({"enabled": 1}, "invalid_value"),
        ({"dedicated_for": "all"}, "invalid_value"),
        ({"other": 1}, "invalid_value"),
        ({"api_secret": "x"}, "mutability"),
        ({"api_key": "417320958817264"}, "mutability"),
        ({"root": True}, "mutability"),
    ):
        with subtests.test(members):
            assert refusal(api.put(one, members)) == (400, code)
    assert done(api.get(path)) == before


@pytest.mark.rule("KEY-2", "OPS-2")
def test_secrets_are_not_stored_as_they_are_shown(api, path, sql):
    made = done(api.post(path))
    ((stored,),) = sql("select secret from access_keys where api_key = %s", made["api_key"])
    assert made["api_secret"].encode() not in bytes(stored)
