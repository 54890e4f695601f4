"""The account's security settings: who changes them, what stands in the report, and races with SAML connections."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.actions.security_settings import SecurityChanges, change_security, show_security
from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.actions.sso_settings import list_connections, update_connection
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected, saml_account
from tests.factories import PASSWORD, key_caller, make_active, make_user, person

BROWSER = Browser("203.0.113.7", "Firefox")


def code_of(refused):
    return refused.value.code


@pytest.mark.rule("AUZ-1", "TEN-1")
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MASTER_ADMIN])
def test_only_who_manages_security_sees_or_changes_it(services, account, role):
    lesser = key_caller(account, role)
    for act in (lambda: show_security(lesser, services),
                lambda: change_security(lesser, SecurityChanges(two_factor=TwoFactor.REQUIRED), services)):  # fmt: skip
        with pytest.raises(Refusal) as refused:
            act()
        assert code_of(refused) is Code.NOT_ALLOWED
    assert show_security(key_caller(account), services).two_factor is TwoFactor.OPTIONAL


@pytest.mark.rule("SES-4", "ROOT-7")
def test_a_person_needs_a_fresh_proof(services, account, clock):
    asked = SecurityChanges(two_factor=TwoFactor.REQUIRED)
    root = replace(person(account.root), proved_at=services.now() - timedelta(minutes=11))
    with pytest.raises(Refusal) as refused:
        change_security(root, asked, services)
    assert code_of(refused) is Code.PROOF_NEEDED
    fresh = replace(root, proved_at=services.now())
    assert change_security(fresh, asked, services).two_factor is TwoFactor.REQUIRED


@pytest.mark.rule("ACT-1", "TEN-4")
def test_the_report_names_what_changed_and_nothing_where_nothing_did(services, account, neighbour, caller, sql):
    change_security(caller, SecurityChanges(session_idle_seconds=600, two_factor=TwoFactor.OPTIONAL), services)
    change_security(caller, SecurityChanges(session_idle_seconds=600), services)
    change_security(caller, SecurityChanges(), services)
    entries = sql("select account_id, data->'fields' from activity where kind = 'security.changed'")
    assert entries == [(account.account.id, ["session_idle_seconds"])]
    assert show_security(key_caller(neighbour), services).session_idle_seconds == 43_200


@pytest.mark.rule("OUT-5", "SES-6")
def test_a_shorter_idle_limit_holds_for_sessions_that_are_open(services, caller, sql, clock):
    user = make_active(services, sql, make_user(caller, services))
    cookie = by_password(user.email, PASSWORD, None, BROWSER, services).secret
    clock.advance(seconds=301)
    change_security(caller, SecurityChanges(session_idle_seconds=300), services)
    assert check_session(cookie, services) is None


@pytest.mark.rule("OUT-5")
def test_a_shorter_absolute_limit_holds_from_the_next_login_on(services, caller, sql, clock):
    user = make_active(services, sql, make_user(caller, services))
    before = by_password(user.email, PASSWORD, None, BROWSER, services).secret
    change_security(caller, SecurityChanges(session_idle_seconds=300, session_max_seconds=600), services)
    after = by_password(user.email, PASSWORD, None, BROWSER, services)
    assert after.expires_at == services.now() + timedelta(seconds=600)
    for _ in range(3):
        clock.advance(seconds=250)
        found = [check_session(secret, services) is not None for secret in (before, after.secret)]
    assert found == [True, False]


@pytest.mark.rule("2FA-3")
def test_of_both_at_once_one_is_refused(services):
    """Provisioning on and the second factor optional never stand together, whoever comes first."""
    for _ in range(6):
        account = saml_account(services)
        caller, connection = operator(account.account.id), connected(services, account)
        acts = (
            lambda: change_security(caller, SecurityChanges(two_factor=TwoFactor.OPTIONAL), services),
            lambda: update_connection(caller, connection.id, {"provisioning": True}, services),
        )
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(act) for act in acts]
        refused = [future.exception() for future in futures if future.exception() is not None]
        assert [each.code for each in refused] in (
            [Code.PROVISIONING_BLOCKS_TWO_FACTOR],
            [Code.TWO_FACTOR_BLOCKS_PROVISIONING],
        )
        (now,) = list_connections(caller, services)
        assert now.provisioning is (show_security(caller, services).two_factor is TwoFactor.DISABLED)
