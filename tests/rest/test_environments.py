"""Product environments through the Provisioning API."""

import pytest

from tests.doors.api import done, refusal

MEMBERS_IN_ORDER = ["cloud_name", "name", "enabled", "id", "api_access_keys", "created_at", "updated_at"]


def ids(answer):
    return [each["id"] for each in done(answer)["sub_accounts"]]


@pytest.mark.rule("ENV-1", "KEY-2")
def test_a_new_product_environment_comes_with_one_key(api):
    made = api.environment("Acme Shop")
    assert list(made) == MEMBERS_IN_ORDER
    assert made["enabled"]
    assert made["cloud_name"].startswith("acme-shop-")
    (key,) = made["api_access_keys"]
    assert list(key) == ["key", "secret", "enabled"]
    assert key["key"].isdigit()
    assert len(key["key"]) == 15
    assert done(api.get(f"/sub_accounts/{made['id']}")) == made


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize("cloud_name", ["acme_shop", "acme-shop", "ACME", "a", "a" * 64, "12e34"])
def test_a_cloud_name_is_taken_as_given_and_once_over_all_accounts(api, foreign_api, cloud_name):
    assert api.environment("One", cloud_name=cloud_name)["cloud_name"] == cloud_name
    again = {"name": "Two", "cloud_name": cloud_name.swapcase()}
    assert refusal(foreign_api.post("/sub_accounts", again)) == (409, "cloud_name_taken")


@pytest.mark.parametrize("cloud_name", ["", "-acme", "acme-", "ac me", "acme/shop", "a" * 65, "äcme", "a.b", 5])
def test_a_cloud_name_of_another_shape_is_refused(api, cloud_name, sql):
    before = sql("select count(*) from environments")
    assert refusal(api.post("/sub_accounts", {"name": "One", "cloud_name": cloud_name})) == (400, "invalid_value")
    assert sql("select count(*) from environments") == before


def test_a_reserved_cloud_name_is_taken(api):
    answer = api.post("/sub_accounts", {"name": "One", "cloud_name": "Provisioning"})
    assert refusal(answer) == (409, "cloud_name_taken")


def test_a_change_changes_what_is_sent(api, clock):
    made = api.environment("One", custom_attributes={"a": {"b": [True, 1.5, None]}}, enabled="false")
    assert made["custom_attributes"] == {"a": {"b": [True, 1.5, None]}}
    assert not made["enabled"]
    clock.advance(seconds=5)
    changed = done(api.put(f"/sub_accounts/{made['id']}", {"name": "Two", "enabled": "true", "cloud_name": "two"}))
    expected = {"name": "Two", "enabled": True, "cloud_name": "two", "updated_at": "2026-11-23T09:00:05Z"}
    assert changed == made | expected
    replaced = done(api.put(f"/sub_accounts/{made['id']}", {"custom_attributes": {"c": 1}}))
    assert replaced["custom_attributes"] == {"c": 1}
    assert "custom_attributes" not in done(api.put(f"/sub_accounts/{made['id']}", {"custom_attributes": {}}))


def test_settings_are_copied_and_custom_attributes_are_not(api):
    base = api.environment("One", custom_attributes={"a": 1})
    assert "custom_attributes" not in api.environment("Two", base_sub_account_id=base["id"])
    missing = api.post("/sub_accounts", {"name": "Three", "base_sub_account_id": "9zz"})
    assert missing.get_json()["error"] == {"message": "Cannot find sub account with id 9zz", "code": "not_found"}


@pytest.mark.rule("ENV-1")
def test_the_last_enabled_one_is_neither_disabled_nor_deleted(api, environment_id):
    path = f"/sub_accounts/{environment_id}"
    api.environment("Off", enabled=False)
    assert refusal(api.put(path, {"enabled": False})) == (403, "last_environment")
    assert refusal(api.delete(path)) == (403, "last_environment")
    api.environment("On")
    assert done(api.delete(path)) == {"message": "ok"}
    assert refusal(api.get(path)) == (404, "not_found")


@pytest.mark.rule("ENV-5")
def test_deleting_names_the_users_who_are_left_with_none(api):
    made = api.environment("One")
    user = api.user("dana@acme.example", sub_account_ids=[made["id"]])
    assert done(api.delete(f"/sub_accounts/{made['id']}")) == {"message": "ok", "users_left_with_none": [user["id"]]}
    left = done(api.get(f"/users/{user['id']}"))
    assert (left["all_sub_accounts"], left["sub_account_ids"], left["sub_account_count"]) == (False, "", 0)
    assert done(api.get(f"/users/{user['id']}/sub_accounts")) == {"sub_accounts": []}


def test_lists_filter_by_enabled_prefix_and_cloud_name_and_by_ids_alone(api, environment_id):
    first = environment_id
    shop, shed = api.environment("Shop", cloud_name="c-shop")["id"], api.environment("shed", enabled=False)["id"]
    assert ids(api.get("/sub_accounts")) == [first, shop, shed]
    assert ids(api.get("/sub_accounts", enabled="true")) == [first, shop]
    assert ids(api.get("/sub_accounts", enabled="false")) == [shed]
    assert ids(api.get("/sub_accounts", prefix="SH")) == [shop, shed]
    assert ids(api.get("/sub_accounts", prefix="SH", enabled="true")) == [shop]
    assert ids(api.get("/sub_accounts", cloud_names="C-Shop,none")) == [shop]
    assert ids(api.get("/sub_accounts", ids=f"{shed},{shop}", enabled="false", prefix="none")) == [shop, shed]
    assert ids(api.get("/sub_accounts", ids="none")) == []
    assert ids(api.get("/sub_accounts?enabled=&prefix=&ids=&cloud_names=")) == [first, shop, shed]


@pytest.mark.rule("LIM-3")
def test_filters_that_make_no_sense_are_refused(api, subtests):
    for query in (
        {"enabled": "yes"},
        {"enabled": "2"},
        {"enabled": "01"},
        {"ids": ["x"] * 101},
        {"cloud_names": ",".join(["x"] * 101)},
        {"prefix": "x" * 1025},
        {"prefix": "a\0b"},
    ):
        with subtests.test(str(query)[:40]):
            assert refusal(api.get("/sub_accounts", **query)) == (400, "invalid_value")
