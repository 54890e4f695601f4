"""API-2, SCM-1: what a SCIM connection may by default, which is little."""

import pytest

from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import Profile, ScimConnection
from tests.domain.people import a_scim_connection


@pytest.mark.rule("API-2", "SCM-1", "SCM-4", "IDN-3")
def test_a_new_connection_takes_nobody_over_and_gives_no_administrator():
    connection = a_scim_connection()
    assert connection.enabled
    assert connection.email_domains == ()
    assert not connection.allow_master_admin
    assert connection.default_role is Role.MEDIA_LIBRARY_USER
    assert not connection.role_cap & {Role.MASTER_ADMIN, Role.ADMIN, Role.BILLING}
    assert connection.saml_connection is None


@pytest.mark.rule("API-2")
def test_a_connection_holds_no_secret_and_names_its_account():
    assert not [name for name in ScimConnection.__dataclass_fields__ if "token" in name or "secret" in name]
    assert a_scim_connection().account_id


@pytest.mark.parametrize("profile", sorted(Profile))
def test_only_the_strict_profile_refuses_what_is_merely_odd(profile):
    assert a_scim_connection(profile=profile).is_strict is (profile is Profile.STRICT)
