"""SES-4: every grave act, asked by somebody whose proof is eleven minutes old, and by the same with a fresh one."""

import pytest

from provisioning.actions.access_keys import edit_access_key, generate_access_key, list_access_keys
from provisioning.actions.activity import export_activity
from provisioning.actions.environments import NewEnvironment, create_environment, list_environments, show_environment
from provisioning.actions.keys import create_account_key
from provisioning.actions.scim_connections import DEFAULT_NAME
from provisioning.actions.scim_tokens import create_scim_token
from provisioning.actions.sso_settings import connect, disconnect, update_connection
from provisioning.actions.users import edit_user
from provisioning.domain.activity_export import Form
from provisioning.domain.activity_query import ActivityQuery
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import UserChanges
from tests.actions.refusals import code_of
from tests.actions.saml_world import PROVIDER, connected
from tests.factories import START, make_active, make_user, person

pytestmark = pytest.mark.rule("SES-4")

# What SES-4 names, and the act that it means: (caller, the account, id of its SAML connection, services).
ACTS = {
    "create_account_key": lambda who, made, saml, services: create_account_key(who, "Key", Role.ADMIN, services),
    "create_environment": lambda who, made, saml, services: create_environment(
        who, NewEnvironment(name="Brand"), services
    ),
    "generate_access_key": lambda who, made, saml, services: generate_access_key(
        who, made.environment.environment.id, None, True, services
    ),
    "list_access_keys": lambda who, made, saml, services: list_access_keys(
        who, made.environment.environment.id, services
    ),
    "edit_access_key": lambda who, made, saml, services: edit_access_key(
        who, made.environment.environment.id, made.environment.keys[0].api_key, {"name": "Renamed"}, services
    ),
    "create_scim_token": lambda who, made, saml, services: create_scim_token(who, DEFAULT_NAME, services),
    "connect": lambda who, made, saml, services: connect(who, PROVIDER, {}, services),
    "update_connection": lambda who, made, saml, services: update_connection(
        who, saml, {"clock_tolerance": 30}, services
    ),
    "disconnect": lambda who, made, saml, services: disconnect(who, saml, services),
    "export_activity": lambda who, made, saml, services: export_activity(who, ActivityQuery(), Form.JSONL, services),
    "edit_user": lambda who, made, saml, services: edit_user(
        who, made.root.id, lambda _: UserChanges(first_name="Ruth"), services
    ),
}


def test_each_act_of_the_list_asks_again_after_eleven_minutes_and_goes_on_after_a_fresh_proof(
    services, account, clock, sql
):
    connection = connected(services, account)
    dana = make_active(services, sql, make_user(person(account.root), services, role=Role.MEDIA_LIBRARY_USER))
    clock.advance(minutes=11)
    before = sql("select count(*) from activity")
    for name, act in ACTS.items():
        stale = person(account.root, proved_at=START)
        assert code_of(lambda act=act, who=stale: act(who, account, connection.id, services)) is Code.PROOF_NEEDED, name
    assert sql("select count(*) from activity") == before, "nothing has happened"
    for name, act in ACTS.items():
        weak = person(dana, proved_at=START)
        assert code_of(lambda act=act, who=weak: act(who, account, connection.id, services)) is Code.NOT_ALLOWED, name
    for act in ACTS.values():
        act(person(account.root, proved_at=clock.now), account, connection.id, services)


def test_access_keys_of_an_environment_are_hidden_from_a_session_without_a_fresh_proof(services, account, clock):
    environment = account.environment.environment.id
    fresh, stale = person(account.root), person(account.root, proved_at=START)
    assert show_environment(fresh, environment, services).keys
    clock.advance(minutes=11)
    assert show_environment(stale, environment, services).keys == ()
    assert [view.keys for view in list_environments(stale, services)] == [()]
