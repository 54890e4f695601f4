"""AUZ-4: what somebody has, they have by an id; a thing made again under the name of a deleted one gives nothing."""

import pytest

from provisioning.actions.environments import (
    NewEnvironment,
    create_environment,
    delete_environment,
    edit_environment,
    environments_of_user,
)
from provisioning.actions.groups import (
    GroupEdit,
    NewGroup,
    add_member,
    create_group,
    delete_group,
    edit_group,
    show_group,
)
from provisioning.actions.keys import create_account_key, find_key_caller, revoke_account_key
from provisioning.actions.scim_connections import create_scim_connection, delete_scim_connection
from provisioning.actions.scim_tokens import create_scim_token, find_scim_caller
from provisioning.actions.sso_settings import disconnect
from provisioning.actions.users import create_user, delete_user, edit_user, show_user
from provisioning.domain.errors import Code
from provisioning.domain.groups import GroupChanges
from provisioning.domain.keys import secret_hash
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.users import NewUser, UserChanges
from tests.actions.refusals import code_of
from tests.actions.saml_world import Logins, connected, saml_account
from tests.factories import key_caller, make_user


@pytest.mark.rule("AUZ-4", "GRP-5")
def test_a_group_made_again_under_its_name_has_nobody_in_it(services, caller, neighbour):
    user = make_user(caller, services)
    first = create_group(caller, NewGroup("Design", member_ids=(user.id,)), services).group
    delete_group(caller, first.id, services)
    again = create_group(caller, NewGroup("design"), services)
    assert (again.members, again.group.member_count) == ((), 0)
    assert show_user(caller, user.id, services).groups == ()
    assert code_of(lambda: add_member(caller, first.id, user.id, services)) is Code.NOT_FOUND


@pytest.mark.rule("AUZ-4", "AUZ-6")
def test_a_renamed_group_keeps_its_members_and_its_old_name_gives_nothing(services, caller):
    user = make_user(caller, services)
    first = create_group(caller, NewGroup("Design", member_ids=(user.id,)), services).group
    edit_group(caller, first.id, lambda _: GroupEdit(GroupChanges(name="Art")), services)
    other = create_group(caller, NewGroup("Design"), services).group
    assert [group.name for group in show_user(caller, user.id, services).groups] == ["Art"]
    assert show_group(caller, other.id, services).members == ()


@pytest.mark.rule("AUZ-4", "ENV-5")
def test_an_environment_made_again_under_its_names_is_in_nobodys_choice(services, caller):
    first = create_environment(caller, NewEnvironment("Video", "acme-video"), services).environment
    user = make_user(caller, services, environment_ids=(first.id,))
    everybody = make_user(caller, services, "all@acme.example")
    assert delete_environment(caller, first.id, services).users_left_with_none == (user.id,)
    again = create_environment(caller, NewEnvironment("Video", "acme-video"), services).environment
    assert environments_of_user(caller, user.id, services) == []
    assert again.id in {view.environment.id for view in environments_of_user(caller, everybody.id, services)}
    edit_user(caller, user.id, lambda _: UserChanges(environment_ids=(again.id,)), services)
    edit_environment(caller, again.id, {"name": "Film", "cloud_name": "acme-film"}, services)
    create_environment(caller, NewEnvironment("Video", "acme-video"), services)
    assert [view.environment.id for view in environments_of_user(caller, user.id, services)] == [again.id]


@pytest.mark.rule("AUZ-4", "USR-7")
def test_a_new_user_of_an_old_email_has_nothing_of_the_old_one(services, caller):
    group = create_group(caller, NewGroup("Design"), services).group.id
    more = {"group_ids": (group,), "media_library": frozenset({"create_collection"})}
    old = make_user(caller, services, environment_ids=(), **more)
    delete_user(caller, old.id, services)
    new = create_user(caller, NewUser(email=old.email), services)
    assert (new.groups, new.user.media_library, new.user.all_environments) == ((), frozenset(), True)
    assert new.user.id != old.id


@pytest.mark.rule("AUZ-4", "SCM-2", "KEY-1")
def test_a_connection_made_again_under_its_name_knows_no_old_token_and_holds_nobody(services, caller):
    first = create_scim_connection(caller, ScimConnection("", "", "Okta"), services)
    token = create_scim_token(caller, "Okta", services).text
    pushed = create_user(find_scim_caller(token, None, services), NewUser(user_name="d@acme.example"), services).user
    delete_scim_connection(caller, first.id, services)
    again = create_scim_connection(caller, ScimConnection("", "", "Okta"), services)
    assert again.id != first.id
    assert code_of(lambda: find_scim_caller(token, None, services)) is Code.CREDENTIAL_INVALID
    fresh = find_scim_caller(create_scim_token(caller, "Okta", services).text, None, services)
    rename = lambda: edit_user(fresh, pushed.id, lambda _: UserChanges(display_name="X"), services)
    assert code_of(rename) is Code.USER_NOT_MANAGED


@pytest.mark.rule("AUZ-4", "API-1")
def test_a_key_of_an_old_name_is_another_key(services, caller, sql):
    old = create_account_key(caller, "Terraform", Role.MASTER_ADMIN, services)
    revoke_account_key(caller, old.key.id, services)
    new = create_account_key(caller, "Terraform", Role.REPORTS, services)
    assert code_of(lambda: find_key_caller(old.key.id, old.secret, None, services)) is Code.CREDENTIAL_INVALID
    assert code_of(lambda: find_key_caller(new.key.id, old.secret, None, services)) is Code.CREDENTIAL_INVALID
    assert find_key_caller(new.key.id, new.secret, None, services).role is Role.REPORTS
    assert sql("select count(*) from account_keys where secret_hash = %s", secret_hash(old.secret)) == [(1,)]


@pytest.mark.rule("AUZ-4", "AUZ-6", "IDN-2")
def test_a_saml_connection_made_again_knows_no_old_subject(services, neighbour, sql):
    made = saml_account(services)
    first = connected(services, made, enabled=True, provisioning=True)
    user = Logins(services, first).enter("s-1", email="dana@acme.example").opened.user
    disconnect(key_caller(made), first.id, services)
    assert sql("select count(*) from saml_links where account_id = %s", made.account.id) == [(0,)]
    second = connected(services, made, enabled=True, provisioning=True)
    taken = lambda: Logins(services, second).enter("s-1", email="dana@acme.example")
    assert code_of(taken) is Code.SAML_EMAIL_TAKEN, "the same name at the provider is nobody here any more"
    assert show_user(key_caller(made), user.id, services).user.id == user.id
