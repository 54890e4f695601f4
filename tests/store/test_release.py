"""A SCIM connection goes: whom and what it held is held by nobody, and every stored form says so (SCM-1, IDN-3)."""

import json

import pytest

from provisioning.actions.groups import NewGroup, create_group, show_group
from provisioning.actions.scim_connections import (
    create_scim_connection,
    delete_scim_connection,
    list_scim_connections,
    update_scim_connection,
)
from provisioning.actions.scim_tokens import create_scim_token, find_scim_caller
from provisioning.actions.users import create_user, delete_user, edit_user, show_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.users import NewUser, UserChanges
from provisioning.scim.representation import user_document, user_folded
from tests.actions.refusals import code_of
from tests.factories import scim_caller_of

PUSHED = (
    NewUser(user_name="ada@Acme.example", external_id="x-1", first_name="Ada"),
    NewUser(user_name="bob", external_id="x-2", attributes={"emails": [{"value": "bob@acme.example"}]}),
    NewUser(user_name="cy", attributes={"title": "Dr \u212a", "roles": [{"value": "x"}]}, active=False),
    NewUser(user_name="\u0131da@b\u00fccher.example"),
)


@pytest.mark.rule("SCM-1", "IDN-3", "AUZ-6", "TEN-1")
def test_people_and_groups_of_a_connection_that_goes_are_held_by_nobody(
    services, account, neighbour, caller, scim, sql
):
    people = [create_user(scim, command, services).user for command in PUSHED]
    gone = create_user(scim, NewUser(user_name="gone", external_id="x-9"), services).user
    delete_user(scim, gone.id, services)
    group = create_group(scim, NewGroup("Engineers", "g-1", member_ids=(people[0].id,)), services).group
    foreign_scim = scim_caller_of(neighbour, services)
    foreign = create_user(foreign_scim, PUSHED[0], services).user
    before = sql("select users::text from users where account_id = %s", neighbour.account.id)
    versions = dict(sql("select id, version from users"))

    delete_scim_connection(caller, scim.connection.id, services)

    assert list_scim_connections(caller, services) == []
    assert code_of(lambda: find_scim_caller(account.token.text, None, services)) is Code.CREDENTIAL_INVALID
    for person in people:
        after = show_user(caller, person.id, services).user
        assert (after.connection_id, after.external_id, after.version) == (None, None, versions[person.id] + 1)
        assert (after.email, after.role, after.is_disabled) == (person.email, person.role, person.is_disabled)
        assert json.loads(after.document) == json.loads(user_document(after))
        assert sql("select folded from users where id = %s", person.id) == [(user_folded(after),)]
    released = show_group(caller, group.id, services).group
    assert (released.connection_id, released.external_id, released.version) == (None, None, group.version + 1)
    assert sql("select count(*) from users where account_id = %s and connection_id is not null",
               account.account.id) == [(0,)]  # fmt: skip
    assert sql("select users::text from users where account_id = %s", neighbour.account.id) == before
    assert show_user(operator(neighbour.account.id), foreign.id, services).user.connection_id


@pytest.mark.rule("IDN-3")
def test_whom_nobody_holds_any_more_another_connection_takes_over_by_its_domains_alone(services, caller, scim):
    ada = create_user(scim, PUSHED[0], services).user
    delete_scim_connection(caller, scim.connection.id, services)
    made = create_scim_connection(caller, ScimConnection(id="", account_id="", name="Next"), services)
    update = UserChanges(first_name="Eve")
    token = create_scim_token(caller, "Next", services).text
    caller_of = lambda: find_scim_caller(token, None, services)
    assert code_of(lambda: edit_user(caller_of(), ada.id, lambda _: update, services)) is Code.USER_NOT_MANAGED
    update_scim_connection(caller, made.id, {"email_domains": ("acme.example",)}, services)
    assert edit_user(caller_of(), ada.id, lambda _: update, services).user.connection_id == made.id
