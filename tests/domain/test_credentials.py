"""SCM-1: which credential may carry which permission at all, whatever role stands behind it."""

import pytest

from provisioning.domain.caller import Credential, WayIn, nobody, operator
from provisioning.domain.credentials import CARRIES, may_carry
from provisioning.domain.permissions import Permission
from tests.domain.people import ACCOUNT, assertion, console, key, the_root, token

SCIM = {
    Permission.ACCOUNT_USERS_READ,
    Permission.ACCOUNT_USERS_MANAGE,
    Permission.ACCOUNT_GROUPS_READ,
    Permission.ACCOUNT_GROUPS_MANAGE,
}
EXPECTED = {
    Credential.SESSION: set(Permission) - {Permission.OPERATOR_ACCOUNTS_MANAGE},
    Credential.ACCOUNT_KEY: set(Permission) - {Permission.OPERATOR_ACCOUNTS_MANAGE, Permission.SELF_PROFILE_MANAGE},
    Credential.SCIM_TOKEN: SCIM,
    Credential.ASSERTION: {Permission.ACCOUNT_USERS_MANAGE, Permission.ACCOUNT_GROUPS_MANAGE},
    Credential.LINK: {Permission.SELF_PROFILE_MANAGE},
    Credential.NONE: set(),
    Credential.SHELL: set(Permission),
}


@pytest.mark.rule("SCM-1", "API-2", "AUZ-1")
@pytest.mark.parametrize("credential", sorted(Credential))
@pytest.mark.parametrize("permission", sorted(Permission))
def test_each_credential_carries_what_it_is_for(credential, permission):
    assert may_carry(credential, permission) is (permission in EXPECTED[credential])


@pytest.mark.rule("AUZ-1")
def test_every_kind_has_a_row_and_an_unknown_kind_carries_nothing():
    assert set(CARRIES) == set(Credential)
    assert not any(may_carry("made up", permission) for permission in Permission)


@pytest.mark.rule("ROOT-6", "SCM-4")
def test_scim_and_saml_are_directories_and_nobody_else():
    directories = (token(), assertion())
    others = (key(), console(the_root()), operator(ACCOUNT), nobody(WayIn.CONSOLE, None))
    assert all(caller.is_directory for caller in directories)
    assert not any(caller.is_directory for caller in others)


@pytest.mark.rule("OPS-5")
def test_the_operator_leaves_a_reason_or_that_none_was_given():
    assert operator(ACCOUNT, "asked for by the customer").reason == "asked for by the customer"
    assert operator(ACCOUNT).reason == "not given"
    assert operator(ACCOUNT).is_operator
    assert key().reason is None
