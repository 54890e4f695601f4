"""Product environments and their access keys."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.access_keys import (
    delete_access_key,
    edit_access_key,
    generate_access_key,
    list_access_keys,
)
from provisioning.actions.environments import (
    NewEnvironment,
    create_environment,
    delete_environment,
    edit_environment,
    environments_of_user,
    list_environments,
    show_environment,
)
from provisioning.actions.users import show_user
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_user


@pytest.mark.rule("ENV-1")
def test_an_environment_is_made_with_one_key_and_a_cloud_name(services, caller):
    made = create_environment(caller, NewEnvironment(name="Acme shop!"), services)
    assert made.environment.cloud_name.startswith("acme-shop-")
    assert [(len(key.api_key), key.enabled, key.is_first) for key in made.keys] == [(15, True, True)]
    assert made.keys[0].api_key.isdigit()
    assert show_environment(caller, made.environment.id, services) == made


@pytest.mark.rule("ENV-1", "TEN-4")
@pytest.mark.parametrize("same", ["acme_shop", "ACME_Shop"])
def test_cloud_names_are_unique_over_all_accounts(services, caller, neighbour, same):
    create_environment(caller, NewEnvironment(name="A", cloud_name="acme_shop"), services)
    for actor in (caller, key_caller(neighbour)):
        taken = lambda: create_environment(actor, NewEnvironment(name="B", cloud_name=same), services)
        assert code_of(taken) is Code.CLOUD_NAME_TAKEN


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize(
    ("cloud_name", "code"),
    [("a b", Code.INVALID_VALUE), ("ümlaut", Code.INVALID_VALUE), ("-a", Code.INVALID_VALUE),
     ("a" * 65, Code.INVALID_VALUE), ("a\0", Code.INVALID_VALUE), ("Provisioning", Code.CLOUD_NAME_TAKEN)],
)  # fmt: skip
def test_cloud_names_of_another_shape_or_reserved_are_refused(services, caller, cloud_name, code):
    command = NewEnvironment(name="A", cloud_name=cloud_name)
    assert code_of(lambda: create_environment(caller, command, services)) is code


@pytest.mark.rule("ENV-1")
def test_the_last_enabled_environment_stays(services, account, caller):
    first = account.environment.environment.id
    assert code_of(lambda: delete_environment(caller, first, services)) is Code.LAST_ENVIRONMENT
    assert code_of(lambda: edit_environment(caller, first, {"enabled": False}, services)) is Code.LAST_ENVIRONMENT
    second = create_environment(caller, NewEnvironment(name="B"), services).environment.id
    edit_environment(caller, second, {"enabled": False}, services)
    assert code_of(lambda: delete_environment(caller, first, services)) is Code.LAST_ENVIRONMENT
    edit_environment(caller, second, {"enabled": True}, services)
    delete_environment(caller, first, services)
    assert [view.environment.id for view in list_environments(caller, services)] == [second]


@pytest.mark.rule("ENV-1")
def test_two_deletions_at_once_leave_one_environment(services, account, caller):
    second = create_environment(caller, NewEnvironment(name="B"), services).environment.id

    def attempt(environment_id):
        try:
            return delete_environment(caller, environment_id, services).environment.id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(attempt, [account.environment.environment.id, second]))
    assert answers.count(Code.LAST_ENVIRONMENT) == 1
    assert len(list_environments(caller, services)) == 1


@pytest.mark.rule("ENV-2")
def test_all_means_also_those_made_later(services, caller):
    user = make_user(caller, services)
    later = create_environment(caller, NewEnvironment(name="Later"), services).environment.id
    assert later in [view.environment.id for view in environments_of_user(caller, user.id, services)]


@pytest.mark.rule("ENV-5")
def test_a_user_left_with_none_keeps_none_and_is_named(services, account, caller):
    gone = create_environment(caller, NewEnvironment(name="Gone"), services).environment.id
    kept = account.environment.environment.id
    only = make_user(caller, services, "only@acme.example", environment_ids=(gone,))
    both = make_user(caller, services, "both@acme.example", environment_ids=(gone, kept))
    assert delete_environment(caller, gone, services).users_left_with_none == (only.id,)
    after = show_user(caller, only.id, services).user
    assert (after.all_environments, after.environment_ids) == (False, ())
    assert show_user(caller, both.id, services).user.environment_ids == (kept,)
    assert environments_of_user(caller, only.id, services) == []


@pytest.mark.rule("KEY-2", "OPS-2")
def test_access_keys_are_made_changed_and_deleted_and_their_secret_is_encrypted(services, account, caller, sql):
    environment = account.environment.environment.id
    made = generate_access_key(caller, environment, "mine", True, services)
    assert made.api_secret.encode() not in b"".join(bytes(row[0]) for row in sql("select secret from access_keys"))
    first = list_access_keys(caller, environment, services)[0]
    edit_access_key(caller, environment, first.api_key, {"dedicated_for": ("webhooks",)}, services)
    edit_access_key(caller, environment, made.api_key, {"dedicated_for": ("webhooks",), "enabled": False}, services)
    after = {key.api_key: key for key in list_access_keys(caller, environment, services)}
    assert after[first.api_key].dedicated_for == ()
    assert (after[made.api_key].dedicated_for, after[made.api_key].enabled) == (("webhooks",), False)
    delete_access_key(caller, environment, services, name="mine")
    assert [key.api_key for key in list_access_keys(caller, environment, services)] == [first.api_key]
    assert code_of(lambda: delete_access_key(caller, environment, services)) is Code.NOT_FOUND


@pytest.mark.rule("TEN-1", "KEY-5")
def test_environments_and_keys_of_another_account_do_not_exist(services, account, caller, neighbour):
    theirs = neighbour.environment.environment.id
    their_key = neighbour.environment.keys[0].api_key
    mine = account.environment.environment.id
    for verb in (
        lambda: show_environment(caller, theirs, services),
        lambda: edit_environment(caller, theirs, {"name": "X"}, services),
        lambda: delete_environment(caller, theirs, services),
        lambda: list_access_keys(caller, theirs, services),
        lambda: generate_access_key(caller, theirs, None, True, services),
        lambda: edit_access_key(caller, mine, their_key, {"enabled": False}, services),
        lambda: delete_access_key(caller, mine, services, api_key=their_key),
        lambda: create_environment(caller, NewEnvironment(name="A", copied_from=theirs), services),
    ):
        assert code_of(verb) is Code.NOT_FOUND


@pytest.mark.rule("AUZ-1", "ROLE-1")
def test_roles_reach_environments_as_the_table_says(services, account):
    technical = key_caller(account, Role.TECHNICAL_ADMIN)
    environment = account.environment.environment.id
    assert list_access_keys(technical, environment, services)
    refused = lambda: create_environment(technical, NewEnvironment(name="A"), services)
    assert code_of(refused) is Code.NOT_ALLOWED
    reports = key_caller(account, Role.REPORTS)
    assert code_of(lambda: list_access_keys(reports, environment, services)) is Code.NOT_ALLOWED
