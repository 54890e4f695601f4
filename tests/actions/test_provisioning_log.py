"""The provisioning log as its readers see it: within the account, narrowed, by page, for 30 days, and with advice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.actions.accounts import cancel_account
from provisioning.actions.erasure import erase_cancelled_accounts
from provisioning.actions.provisioning_log import (
    REMOVED,
    forget_old_requests,
    list_requests,
    read_advice,
    replay_request,
    show_request,
)
from provisioning.actions.scim_connections import delete_scim_connection
from provisioning.domain.activity_query import Outcome
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.domain.provisioning_log import KEPT_FOR, LogQuery
from provisioning.domain.roles_legacy import Role
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_user, refused_request


@pytest.fixture
def keep(account, services, clock):
    """Keeps a request, of `account` unless told otherwise."""

    def add(of=account, at=None, **fields):
        entry = refused_request(of, services.new_id(), at or clock.now, **fields)
        services.request_log.add(entry)
        return entry

    return add


@pytest.fixture
def ids(caller, services):
    return lambda **query: [each.entry.id for each in list_requests(caller, LogQuery(**query), services).requests]


@pytest.mark.rule("SCM-9", "LIM-3")
def test_the_list_is_narrowed_and_goes_by_page(keep, ids, caller, services, clock):
    user = make_user(caller, services)
    kept = [
        keep(at=clock.now + timedelta(hours=number), **fields)
        for number, fields in enumerate(
            [
                {"status": 201, "code": None, "answer": None},
                {"method": "PATCH", "path": f"/Users/{user.id}", "resource_id": user.id, "notes": ("100% odd",)},
                {"connection_id": "other"},
                {"method": "GET", "query": 'filter=userName eq "ZOË"', "body": None},
            ]
        )
    ]
    first, second, third, fourth = (entry.id for entry in kept)
    assert ids() == [fourth, third, second, first]
    assert ids(status=Outcome.DONE) == [first]
    assert ids(status=Outcome.REFUSED, method="PATCH") == [second]
    assert ids(resource=user.id) == [second]
    assert ids(connection="other") == [third]
    assert ids(text="zoë") == [fourth]
    assert ids(text="0% O") == [second]
    assert ids(text="_00%") == []
    assert ids(since=clock.now + timedelta(hours=1), until=clock.now + timedelta(hours=3)) == [third, second]
    page = list_requests(caller, LogQuery(limit=3), services)
    assert page.cursor == second
    assert ids(cursor=page.cursor) == [first]
    assert code_of(lambda: ids(cursor="nobodys")) is Code.INVALID_VALUE
    told = show_request(caller, second, services)
    assert told.sentence == "default tried to change Dana Roe"
    assert told.entry == kept[1]


@pytest.mark.rule("SCM-9", "TEN-1", "TEN-4", "ACC-1")
def test_another_account_sees_and_runs_nothing(keep, neighbour, caller, services, sql):
    entry = keep()
    keep(of=neighbour)
    foreign = key_caller(neighbour)
    assert len(list_requests(foreign, LogQuery(), services).requests) == 1
    assert list_requests(foreign, LogQuery(resource=entry.resource_id, cursor=None), services).cursor is None
    before = sql("select p::text from provisioning_log p order by id")
    for act in (
        lambda: show_request(foreign, entry.id, services),
        lambda: replay_request(foreign, entry.id, services),
    ):
        assert code_of(act) is Code.NOT_FOUND
    assert code_of(lambda: list_requests(foreign, LogQuery(cursor=entry.id), services)) is Code.INVALID_VALUE
    assert {each.connection.account_id for each in read_advice(foreign, services)} == {neighbour.account.id}
    assert sql("select p::text from provisioning_log p order by id") == before


@pytest.mark.rule("SCM-9", "AUZ-1")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MASTER_ADMIN])
def test_who_does_not_manage_connections_sees_nothing(keep, account, role, services):
    entry, caller = keep(), key_caller(account, role)
    for act in (
        lambda: list_requests(caller, LogQuery(), services),
        lambda: show_request(caller, entry.id, services),
        lambda: replay_request(replace(caller, id=account.key.key.id), entry.id, services),
        lambda: read_advice(caller, services),
    ):
        assert code_of(act) is Code.NOT_ALLOWED


@pytest.mark.rule("SCM-9")
def test_requests_are_forgotten_after_thirty_days(keep, ids, neighbour, services, clock, sql):
    keep()
    keep(of=neighbour)
    later = keep(at=clock.now + timedelta(days=1))
    clock.advance(days=30)
    assert forget_old_requests(services) == 0
    clock.advance(seconds=1)
    assert forget_old_requests(services) == 2
    assert ids() == [later.id]
    assert forget_old_requests(services) == 0
    assert timedelta(days=30) == KEPT_FOR


@pytest.mark.rule("SCM-9")
def test_what_a_removed_connection_asked_for_can_be_read_and_not_run(keep, caller, services, scim):
    entry = keep()
    delete_scim_connection(caller, scim.connection.id, services)
    assert show_request(caller, entry.id, services).connection == REMOVED
    assert code_of(lambda: replay_request(caller, entry.id, services)) is Code.NOT_FOUND


@pytest.mark.rule("SCM-9")
def test_advice_is_read_from_the_last_seven_days_of_each_connection(keep, caller, services, clock, scim):
    keep(at=clock.now - timedelta(days=8))
    newest = keep(at=clock.now - timedelta(hours=1))
    keep(at=clock.now - timedelta(hours=2))
    keep(connection_id="removed")
    (found,) = read_advice(caller, services)
    assert found.connection.id == scim.connection.id
    (advice,) = found.advice
    assert (advice.case.name, advice.count, advice.last_at) == ("made_twice", 2, newest.at)
    assert advice.shown_by[0] == newest.id


def test_an_entry_that_is_written_twice_stands_once(keep, ids, services):
    entry = keep()
    services.request_log.add(entry)
    assert ids() == [entry.id]


@pytest.mark.rule("ACC-3", "SCM-9")
def test_an_erased_account_leaves_no_log(keep, account, neighbour, services, clock, sql):
    keep(at=clock.now + timedelta(days=30))
    foreign = keep(of=neighbour)
    cancel_account(operator(account.account.id), None, None, services)
    clock.advance(days=31)
    assert erase_cancelled_accounts(services) == 1
    assert sql("select id from provisioning_log") == [(foreign.id,)]
