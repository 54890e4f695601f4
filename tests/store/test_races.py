"""Many at once: what rules count or allow once is right whatever the order in which transactions meet."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.accounts import set_seats, show_account
from provisioning.actions.environments import (
    NewEnvironment,
    create_environment,
    delete_environment,
    edit_environment,
    list_environments,
)
from provisioning.actions.groups import NewGroup, add_member, create_group, delete_group, remove_member, show_group
from provisioning.actions.users import delete_user, disable_user, show_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from tests.factories import key_caller, make_user


def at_once(*actions) -> list[object]:
    """Begin all actions together; what each returned or was refused with."""
    ready = threading.Barrier(len(actions))

    def run(action) -> object:
        ready.wait(10)
        try:
            return action()
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize("how", ["delete", "disable", "one of each"])
def test_of_the_last_two_environments_one_stays_enabled(services, account, neighbour, caller, how):
    first = account.environment.environment.id
    second = create_environment(caller, NewEnvironment(name="Second"), services).environment.id
    off = {"enabled": False}
    ways = {
        "delete": [lambda e: delete_environment(caller, e, services)] * 2,
        "disable": [lambda e: edit_environment(caller, e, off, services)] * 2,
        "one of each": [
            lambda e: delete_environment(caller, e, services),
            lambda e: edit_environment(caller, e, off, services),
        ],
    }[how]
    answers = at_once(lambda: ways[0](first), lambda: ways[1](second))
    assert answers.count(Code.LAST_ENVIRONMENT) == 1
    assert [view.environment.enabled for view in list_environments(caller, services)].count(True) == 1
    assert len(list_environments(key_caller(neighbour), services)) == 1


@pytest.mark.rule("GRP-1", "GRP-2")
def test_the_number_of_members_is_that_of_the_members_whoever_came_and_went(services, account, caller, sql):
    set_seats(operator(account.account.id), 50, services)
    people = [make_user(caller, services, f"user{number}@acme.example").id for number in range(12)]
    group = create_group(caller, NewGroup("Design", member_ids=tuple(people[:6])), services).group.id
    at_once(
        *[lambda each=each: add_member(caller, group, each, services) for each in people[4:12]],
        *[lambda each=each: remove_member(caller, group, each, services) for each in people[:4]],
        *[lambda each=each: delete_user(caller, each, services) for each in people[4:6]],
    )
    shown = show_group(caller, group, services)
    assert {member.id for member in shown.members} == set(people[6:])
    assert shown.group.member_count == 6
    assert sql("select count(*) from group_members") == [(6,)]


@pytest.mark.rule("GRP-1", "GRP-5")
def test_a_group_that_goes_while_somebody_joins_leaves_nothing_behind(services, account, caller, sql):
    user = make_user(caller, services).id
    for number in range(5):
        group = create_group(caller, NewGroup(f"Group {number}"), services).group.id
        answers = at_once(
            lambda: add_member(caller, group, user, services),
            lambda: delete_group(caller, group, services),
        )
        assert answers[0] is Code.NOT_FOUND or show_user(caller, user, services).groups == ()
    assert sql("select count(*) from group_members") == [(0,)]
    assert sql("select count(*) from groups") == [(0,)]


@pytest.mark.rule("GRP-5")
def test_of_many_groups_of_one_name_at_once_one_is_made(services, account, neighbour, caller, sql):
    create_group(key_caller(neighbour), NewGroup("Design"), services)
    spellings = ["Design", "DESIGN", "design ", "ｄesign"]
    answers = at_once(*[lambda name=name: create_group(caller, NewGroup(name), services) for name in spellings * 2])
    assert answers.count(Code.GROUP_NAME_TAKEN) == 7
    assert sql("select count(*) from groups where account_id = %s", caller.account) == [(1,)]


@pytest.mark.rule("SEAT-1", "SEAT-3", "USR-7")
def test_seats_in_use_are_the_live_users_whoever_came_and_went(services, account, neighbour, caller, sql):
    set_seats(operator(account.account.id), 8, services)
    people = [make_user(caller, services, f"user{number}@acme.example").id for number in range(6)]
    answers = at_once(
        *[lambda each=each: delete_user(caller, each, services) for each in people[:3]],
        *[lambda n=n: make_user(caller, services, f"new{n}@acme.example") for n in range(9)],
    )
    live = sql("select count(*) from users where account_id = %s and inactive_at is null", caller.account)[0][0]
    seats = show_account(operator(caller.account), services).seats
    assert seats.used == live <= seats.limit == 8
    assert answers.count(Code.SEAT_LIMIT_REACHED) == 9 - (live - 4)
    assert show_account(operator(neighbour.account.id), services).seats.used == 1


@pytest.mark.rule("USR-6", "SEAT-1")
def test_a_user_who_is_deleted_by_many_at_once_gives_one_seat_back(services, account, caller, sql):
    user = make_user(caller, services).id
    answers = at_once(*[lambda: delete_user(caller, user, services)] * 6)
    assert answers.count(Code.NOT_FOUND) == 5
    assert show_account(operator(caller.account), services).seats.used == 1
    assert sql("select count(*) from activity where kind = 'user.deleted'") == [(1,)]


@pytest.mark.rule("USR-5", "OUT-2")
def test_of_many_who_disable_at_once_one_ends_the_sessions(services, account, caller, sql):
    user = make_user(caller, services)
    at_once(*[lambda: disable_user(caller, user.id, services)] * 6)
    assert sql("select count(*) from activity where kind = 'user.disabled'") == [(1,)]
    assert show_user(caller, user.id, services).user.epoch == user.epoch + 1
