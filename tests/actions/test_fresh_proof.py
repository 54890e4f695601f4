"""SES-4: every grave act, asked by somebody whose proof is eleven minutes old, and by the same with a fresh one."""

import ast

import pytest

from provisioning.actions.access_keys import edit_access_key, generate_access_key, list_access_keys
from provisioning.actions.accounts import cancel_account
from provisioning.actions.activity import export_activity
from provisioning.actions.environments import NewEnvironment, create_environment, list_environments, show_environment
from provisioning.actions.identity_providers import ProviderSource, read_provider
from provisioning.actions.keys import create_account_key, rotate_account_key
from provisioning.actions.profile import change_own_email, change_own_names, change_own_password
from provisioning.actions.provisioning_log import replay_request
from provisioning.actions.scim_connections import DEFAULT_NAME
from provisioning.actions.scim_tokens import create_scim_token, rotate_scim_token
from provisioning.actions.second_factor import (
    begin_set_up,
    confirm_set_up,
    new_recovery_codes,
    remove_of,
    remove_own,
)
from provisioning.actions.security_settings import SecurityChanges, change_security
from provisioning.actions.sessions import end_other_sessions
from provisioning.actions.sso_settings import connect, disconnect, update_connection
from provisioning.actions.users import edit_user
from provisioning.actions.webhooks import NewWebhook, create_webhook, rotate_webhook_secret
from provisioning.domain.activity_export import Form
from provisioning.domain.activity_query import ActivityQuery
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import UserChanges
from tests.actions.refusals import code_of
from tests.actions.saml_world import PROVIDER, connected
from tests.architecture.sources import functions, is_in, modules
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

# The other acts of the list, which the rest of the tests does for real: all that is looked at here is that they ask.
ASK_TOO = {
    "cancel_account": lambda who, made, dana, services: cancel_account(who, made.root_password, "", services),
    "rotate_account_key": lambda who, made, dana, services: rotate_account_key(who, made.key.key.id, 60, services),
    "rotate_scim_token": lambda who, made, dana, services: rotate_scim_token(who, made.token.token.id, 60, services),
    "read_provider": lambda who, made, dana, services: read_provider(who, ProviderSource(), None, services),
    "change_security": lambda who, made, dana, services: change_security(
        who, SecurityChanges(session_idle_seconds=600), services
    ),
    "create_webhook": lambda who, made, dana, services: create_webhook(
        who, NewWebhook(url="https://hooks.example/x"), services
    ),
    "rotate_webhook_secret": lambda who, made, dana, services: rotate_webhook_secret(who, "made-up", services),
    "_begin_replay": lambda who, made, dana, services: replay_request(who, "made-up", services),
    "begin_set_up": lambda who, made, dana, services: begin_set_up(who, services),
    "confirm_set_up": lambda who, made, dana, services: confirm_set_up(who, "000000", services),
    "remove_own": lambda who, made, dana, services: remove_own(who, services),
    "remove_of": lambda who, made, dana, services: remove_of(who, dana.id, services),
    "new_recovery_codes": lambda who, made, dana, services: new_recovery_codes(who, services),
    "end_other_sessions": lambda who, made, dana, services: end_other_sessions(who, services),
    "change_own_names": lambda who, made, dana, services: change_own_names(who, "Ruth", "", "", services),
    "change_own_email": lambda who, made, dana, services: change_own_email(who, "new@acme.example", services),
    "change_own_password": lambda who, made, dana, services: change_own_password(
        who, made.root_password, "seven quiet lanterns swim", services
    ),
}
# Functions that ask for the acts above, and one act whose test is with its room: only a changed address asks.
BEHIND = {"_require_root_user", "_require_may_make", "_hash_if_acceptable", "change_webhook"}


def test_the_other_acts_of_the_list_ask_again_too(services, account, clock, sql):
    dana = make_active(services, sql, make_user(person(account.root), services, role=Role.MEDIA_LIBRARY_USER))
    clock.advance(minutes=11)
    before = sql("select count(*) from activity")
    for name, act in ASK_TOO.items():
        stale = person(account.root, proved_at=START)
        assert code_of(lambda act=act, who=stale: act(who, account, dana, services)) is Code.PROOF_NEEDED, name
    assert sql("select count(*) from activity") == before


def test_whoever_asks_for_a_fresh_proof_stands_in_these_tables():
    asking = {
        function.name
        for module in modules()
        if is_in(module.name, "provisioning.actions")
        for function in functions(module)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "require_fresh"
    }
    assert asking <= ACTS.keys() | ASK_TOO.keys() | BEHIND
    assert asking >= BEHIND


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
