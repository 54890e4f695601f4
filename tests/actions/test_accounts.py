"""An account is made whole, and its limit moves only where the rules let it."""

import pytest

from provisioning.actions.accounts import NewAccount, create_account, list_accounts, set_seats, show_account
from provisioning.actions.keys import find_key_caller
from provisioning.actions.users import show_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.seats import Plan
from provisioning.domain.users import Status
from tests.factories import make_user


@pytest.mark.rule("ACC-2", "ROOT-1", "ROOT-4")
def test_an_account_is_made_with_root_user_environment_and_key(services, account):
    root = show_user(operator(account.account.id), account.root.id, services).user
    assert root.is_root
    assert root.role is None
    assert root.all_environments
    assert root.status is Status.ACTIVE
    assert account.environment.environment.enabled
    assert len(account.environment.keys) == 1
    key = find_key_caller(account.key.key.id, account.key.secret, None, services)
    assert key.account == account.account.id


@pytest.mark.rule("ACC-2")
def test_a_refused_account_leaves_nothing(services, sql):
    with pytest.raises(Refusal) as refused:
        create_account(operator(""), NewAccount(name="Acme", root_email="no address"), services)
    assert refused.value.code is Code.INVALID_VALUE
    for table in ("accounts", "users", "environments", "seats", "outbox"):
        assert sql(f"select count(*) from {table}") == [(0,)], table


@pytest.mark.rule("ACC-5")
def test_the_other_permission_system_is_refused_with_a_sentence(services):
    command = NewAccount(name="Acme", root_email="root@acme.example", permissions="roles_and_permissions")
    with pytest.raises(Refusal) as refused:
        create_account(operator(""), command, services)
    assert refused.value.code is Code.PERMISSION_SYSTEM_UNAVAILABLE


@pytest.mark.parametrize(("plan", "seats"), [(Plan.FREE, 3), (Plan.PAID, 10), (Plan.ENTERPRISE, 50)])
@pytest.mark.rule("SEAT-1")
def test_the_plan_gives_seats_and_the_root_user_holds_one(services, plan, seats):
    made = create_account(operator(""), NewAccount(name="A", root_email="r@a.example", plan=plan), services)
    counter = show_account(operator(made.account.id), services).seats
    assert (counter.used, counter.limit) == (1, seats)


@pytest.mark.rule("SEAT-2")
def test_the_limit_never_goes_below_the_seats_in_use(services, account, caller):
    make_user(caller, services)
    with pytest.raises(Refusal) as refused:
        set_seats(operator(account.account.id), 1, services)
    assert refused.value.code is Code.SEATS_BELOW_USE
    assert set_seats(operator(account.account.id), 2, services).limit == 2


@pytest.mark.rule("SEAT-2")
@pytest.mark.parametrize("number", [0, -1, 10_000_001])
def test_impossible_numbers_of_seats_are_refused(services, account, number):
    with pytest.raises(Refusal) as refused:
        set_seats(operator(account.account.id), number, services)
    assert refused.value.code is Code.INVALID_VALUE


@pytest.mark.rule("ACC-1", "AUZ-1")
def test_only_the_operator_lists_and_makes_accounts(services, account, neighbour, caller):
    assert {each.id for each in list_accounts(operator(""), services)} == {account.account.id, neighbour.account.id}
    for forbidden in (
        lambda: list_accounts(caller, services),
        lambda: create_account(caller, NewAccount(name="A", root_email="a@b.example"), services),
        lambda: set_seats(caller, 99, services),
    ):
        with pytest.raises(Refusal) as refused:
            forbidden()
        assert refused.value.code is Code.CREDENTIAL_NOT_ALLOWED
