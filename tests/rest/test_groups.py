"""User groups through the Provisioning API."""

import pytest

from provisioning.actions.groups import NewGroup, create_group
from tests.doors.api import done, refusal

TIME = "2026-11-23T09:00:00Z"


def person(user):
    return {name: user[name] for name in ("id", "name", "email")}


@pytest.mark.rule("GRP-1")
def test_a_group_is_made_shown_renamed_listed_and_deleted(api):
    made = done(api.post("/user_groups", {"name": "Design"}))
    assert list(made) == ["id", "name"]
    assert done(api.get(f"/user_groups/{made['id']}")) == made
    renamed = done(api.put(f"/user_groups/{made['id']}", {"name": "Print"}))
    assert renamed == {"id": made["id"], "name": "Print"}
    assert done(api.get("/user_groups")) == {"user_groups": [renamed]}
    assert done(api.delete(f"/user_groups/{made['id']}")) == {"ok": True, "message": "ok"}
    assert done(api.get("/user_groups")) == {"user_groups": []}
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/users"), ("POST", "/users/x")):
        assert refusal(api.send(method, f"/user_groups/{made['id']}{path}")) == (404, "not_found")


@pytest.mark.rule("GRP-1")
def test_members_and_times_are_shown_only_with_extended_details(api):
    user = api.user("dana@acme.example")
    made = done(api.post("/user_groups", {"name": "Design", "extended_details": True}))
    assert made == {"id": made["id"], "name": "Design", "users": [], "created_at": TIME, "updated_at": TIME}
    done(api.post(f"/user_groups/{made['id']}/users/{user['id']}"))
    whole = made | {"users": [person(user)]}
    assert done(api.get(f"/user_groups/{made['id']}", extended_details="true")) == whole
    assert done(api.get("/user_groups", extended_details="true")) == {"user_groups": [whole]}
    assert done(api.get("/user_groups", extended_details="false")) == {
        "user_groups": [{"id": made["id"], "name": "Design"}]
    }
    renamed = done(api.put(f"/user_groups/{made['id']}", {"name": "Print", "extended_details": "true"}))
    assert renamed == whole | {"name": "Print"}


@pytest.mark.rule("GRP-1", "GRP-2")
def test_adding_answers_the_user_and_all_removing_the_rest(api):
    first, second = api.user("a@acme.example", "A One"), api.user("b@acme.example", "B Two")
    group = api.group("Design", first["id"])
    added = done(api.post(f"/user_groups/{group['id']}/users/{second['id']}"))
    assert added == person(second) | {"users": [person(first), person(second)]}
    assert done(api.post(f"/user_groups/{group['id']}/users/{second['id']}"))["users"] == [
        person(first),
        person(second),
    ]
    assert done(api.get(f"/user_groups/{group['id']}/users")) == {"users": [person(first), person(second)]}
    assert done(api.delete(f"/user_groups/{group['id']}/users/{first['id']}")) == {"users": [person(second)]}
    assert done(api.delete(f"/user_groups/{group['id']}/users/{first['id']}")) == {"users": [person(second)]}


@pytest.mark.rule("GRP-5")
def test_group_names_are_unique_without_case(api, foreign_api):
    api.group("Design")
    other = api.group("Print")
    assert refusal(api.post("/user_groups", {"name": "DESIGN"})) == (409, "group_name_taken")
    assert refusal(api.put(f"/user_groups/{other['id']}", {"name": "ｄesign"})) == (409, "group_name_taken")
    assert foreign_api.group("Design")["name"] == "Design"


@pytest.mark.rule("IDN-1", "LIM-3")
def test_a_name_that_is_none_is_refused(api, sql, subtests):
    for name in ("", "   ", "x" * 257, "De\u200bsign", "De\nsign", "De\0sign", 5, None, ["Design"]):
        with subtests.test(repr(name)[:40]):
            assert refusal(api.post("/user_groups", {"name": name})) == (400, "invalid_value")
    assert sql("select count(*) from groups") == [(0,)]


def test_an_update_without_a_name_changes_nothing(api):
    made = api.group("Design")
    assert done(api.put(f"/user_groups/{made['id']}", {})) == made


def test_groups_within_groups_are_not_shown_as_users(api, caller, services):
    inner = api.group("Inner")
    outer = create_group(caller, NewGroup("Outer", member_ids=(inner["id"],)), services).group
    assert done(api.get(f"/user_groups/{outer.id}/users")) == {"users": []}


def test_deleted_users_leave_their_groups(api):
    user = api.user("dana@acme.example")
    group = api.group("Design", user["id"])
    done(api.delete(f"/users/{user['id']}"))
    assert done(api.get(f"/user_groups/{group['id']}/users")) == {"users": []}
