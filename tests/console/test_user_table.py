"""The table's pages: nobody twice, nobody left out, forwards and backwards; statuses as the domain computes them."""

from dataclasses import replace
from itertools import product

import pytest

from provisioning.actions.user_table import user_table
from provisioning.actions.users import create_user, delete_user
from provisioning.domain.user_table import TableQuery
from provisioning.domain.users import NewUser, Status, status_of
from tests.factories import key_caller, make_user


def names(table) -> list[str]:
    return [row.view.user.name for row in table.rows]


@pytest.fixture
def people(caller, services):
    """Eleven people, some of the same name, in another order than that of their names."""
    order = ("Lea", "Åsa", "kim", "Kim", "Ada", "zoe", "Bo", "Kim", "Ole", "ada")
    for number, name in enumerate(order):
        create_user(caller, NewUser(email=f"p{number}@acme.example", first_name=name), services)
    return sorted((*order, "Root User"), key=str.casefold)


def test_pages_follow_each_other_by_name(caller, services, neighbour, people):
    make_user(key_caller(neighbour), services, "foreign@acme.example")
    seen, query = [], TableQuery(size=4)
    while True:
        table = user_table(caller, query, services)
        assert table.has_earlier is bool(seen)
        seen += [row.view.user for row in table.rows]
        if not table.has_later:
            break
        query = replace(query, after=seen[-1].id)
    assert [user.name.casefold() for user in seen] == [name.casefold() for name in people]
    assert len({user.id for user in seen}) == 11


def test_pages_lead_back_the_same_way(caller, services, people):
    first = user_table(caller, TableQuery(size=4), services)
    second = user_table(caller, TableQuery(size=4, after=first.rows[-1].view.user.id), services)
    back = user_table(caller, TableQuery(size=4, before=second.rows[0].view.user.id), services)
    assert [row.view.user.id for row in back.rows] == [row.view.user.id for row in first.rows]
    assert (back.has_earlier, back.has_later) == (False, True)


def test_a_neighbour_that_was_deleted_keeps_its_place(caller, services, people):
    first = user_table(caller, TableQuery(size=4), services)
    last = first.rows[-1].view.user
    second = user_table(caller, TableQuery(size=4, after=last.id), services)
    delete_user(caller, last.id, services)
    assert names(user_table(caller, TableQuery(size=4, after=last.id), services)) == names(second)


@pytest.mark.parametrize("neighbour_id", ["", "nobody", "'"])
def test_an_unknown_neighbour_counts_as_none(caller, services, people, neighbour_id):
    table = user_table(caller, TableQuery(size=3, after=neighbour_id), services)
    assert names(table) == names(user_table(caller, TableQuery(size=3), services))


@pytest.mark.rule("USR-9")
def test_every_combination_of_states_is_found_under_the_status_that_the_domain_computes(caller, services, clock, sql):
    columns = ("inactive_at", "disabled_at", "reset_at", "accepted_at")
    expected: dict[Status, set[str]] = {status: set() for status in Status}
    for number, states in enumerate(product((None, clock.now), repeat=4)):
        user = make_user(caller, services, f"p{number}@acme.example")
        settings = ", ".join(f"{column} = %s" for column in columns)
        ended = "epoch = epoch + 1, access_ended_at = %s"
        sql(f"update users set {settings}, {ended} where id = %s", *states, clock.now, user.id)
        expected[status_of(*states)].add(user.id)
    for status, ids in expected.items():
        table = user_table(caller, TableQuery(status=status), services)
        assert {row.view.user.id for row in table.rows if not row.view.user.is_root} == ids
