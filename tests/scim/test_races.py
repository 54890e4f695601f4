"""Requests at the same moment, on real threads: what one wins, what none may lose, and what must not come back."""

import threading
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.doors.scim import PATCH_OP, ScimClient


@pytest.fixture
def together(app, account) -> Callable[..., list[TestResponse]]:
    """Sends requests at the same moment, each by a client of its own; their answers in order."""

    def send(*requests: Callable[[ScimClient], TestResponse]) -> list[TestResponse]:
        barrier, answers = threading.Barrier(len(requests)), [None] * len(requests)

        def run(number: int) -> None:
            client = ScimClient(app, account.token.text)
            barrier.wait()
            answers[number] = requests[number](client)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    return send


def statuses(answers: list[TestResponse]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def members(idp: ScimClient, path: str) -> list[str]:
    return [member["value"] for member in idp.get(path).get_json().get("members", [])]


def add(member_id: str) -> dict:
    return {"op": "add", "path": "members", "value": [{"value": member_id}]}


@pytest.mark.rule("SCM-5")
def test_of_twenty_equal_creates_one_is_made_and_the_others_harm_nothing(together, idp, sql):
    body = {"userName": "Ada", "externalId": "x-1", "title": "Dr", "emails": [{"value": "ada@x.example"}]}
    answers = together(*[lambda client: client.post("/Users", body)] * 20)
    assert statuses(answers) == [201, *[409] * 19]
    made = next(answer.get_json() for answer in answers if answer.status_code == 201)
    assert {answer.get_json()["scimType"] for answer in answers if answer.status_code == 409} == {"uniqueness"}
    assert idp.get(f"/Users/{made['id']}").get_json() == made
    assert idp.find("/Users", 'externalId eq "x-1"').get_json()["Resources"] == [made]
    assert sql("select count(*) from outbox where payload->>'user_id' = %s", made["id"]) == [(1,)]
    named = together(*[lambda client: client.post("/Groups", {"displayName": "Engineers"})] * 20)
    assert statuses(named) == [201, *[409] * 19]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_of_eight_writers_on_one_version_exactly_one_wins(together, idp, kind, method):
    made = idp.post(f"/{kind}", {"userName": "ada", "displayName": "Zero"})
    path, headers = f"/{kind}/{made.get_json()['id']}", {"If-Match": made.headers["ETag"]}

    def write(number: int) -> Callable[[ScimClient], TestResponse]:
        operation = {"op": "replace", "path": "displayName", "value": f"Name {number}"}
        patch = {"schemas": [PATCH_OP], "Operations": [operation]}
        body = patch if method == "PATCH" else {"userName": "ada", "displayName": f"Name {number}"}
        return lambda client: client.send(method, path, body, headers=headers)

    answers = together(*[write(number) for number in range(8)])
    assert statuses(answers) == [200, *[412] * 7]
    assert idp.get(path).get_json() == next(answer.get_json() for answer in answers if answer.status_code == 200)
    assert idp.get(path).headers["ETag"] == 'W/"2"'


@pytest.mark.rule("SCM-6")
def test_of_a_hundred_members_added_at_once_none_is_lost(together, idp, sql):
    sql("update seats set plan_seats = 200")
    people = [idp.user(f"u{number}")["id"] for number in range(100)]
    group = idp.group("Engineers")
    path = f"/Groups/{group['id']}"
    answers = together(*[lambda client, each=each: client.patch(path, add(each)) for each in people])
    assert statuses(answers) == [200] * 100
    assert set(members(idp, path)) == set(people)
    assert sql("select member_count, version from groups where id = %s", group["id"]) == [(100, 101)]
    gone = [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in people[:50]]
    twice = together(*[lambda client, each=each: client.patch(path, each) for each in gone + gone])
    assert statuses(twice) == [200] * 100
    assert set(members(idp, path)) == set(people[50:])
    assert sql("select member_count, version from groups where id = %s", group["id"]) == [(50, 151)]


@pytest.mark.rule("SCM-6")
def test_one_person_put_into_many_groups_at_once_is_in_all_of_them(together, idp):
    ada = idp.user("ada")["id"]
    paths = [f"/Groups/{idp.group(f'Group {number}')['id']}" for number in range(12)]
    assert statuses(together(*[lambda client, each=each: client.patch(each, add(ada)) for each in paths])) == [200] * 12
    assert len(idp.get(f"/Users/{ada}").get_json()["groups"]) == 12


@pytest.mark.rule("USR-6", "GRP-5")
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_a_deletion_that_races_an_addition_leaves_no_ghost(together, idp, sql, kind):
    for attempt in range(12):
        body = {"userName": f"u{attempt}", "displayName": f"Inner {attempt}"}
        member = idp.post(f"/{kind}", body).get_json()["id"]
        group = idp.group(f"Outer {attempt}", *[member] * (attempt % 2))["id"]
        path = f"/Groups/{group}"
        racing = [
            lambda client, member=member: client.delete(f"/{kind}/{member}"),
            lambda client, path=path, member=member: client.patch(path, add(member)),
            lambda client, path=path, member=member: client.patch(path, add(member)),
        ]
        assert statuses(together(*racing)) == [200, 200, 204]
        assert members(idp, path) == []
        assert sql("select member_count from groups where id = %s", group) == [(0,)]
    assert sql("select count(*) from group_members") == [(0,)]
    assert sql("select count(*) from group_children") == [(0,)]


@pytest.mark.rule("GRP-5")
def test_a_group_that_goes_while_members_come_is_gone(together, idp, sql):
    ada = idp.user("ada")["id"]
    for attempt in range(8):
        path = f"/Groups/{idp.group(f'Group {attempt}')['id']}"
        racing = [lambda client, path=path: client.delete(path)]
        racing += [lambda client, path=path: client.patch(path, add(ada))] * 3
        answers = together(*racing)
        assert answers[0].status_code == 204
        assert {answer.status_code for answer in answers[1:]} <= {200, 404}
        assert idp.get(path).status_code == 404
    assert sql("select count(*) from group_members") == [(0,)]
    assert "groups" not in idp.get(f"/Users/{ada}").get_json()


def test_two_groups_that_take_each_other_in_at_once_both_do(together, idp):
    one, other = idp.group("One")["id"], idp.group("Other")["id"]
    answers = together(
        lambda client: client.patch(f"/Groups/{one}", add(other)),
        lambda client: client.patch(f"/Groups/{other}", add(one)),
    )
    assert statuses(answers) == [200, 200]
    assert (members(idp, f"/Groups/{one}"), members(idp, f"/Groups/{other}")) == ([other], [one])
