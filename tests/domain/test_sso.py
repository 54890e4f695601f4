"""SSO: what a SAML login may do with whom it finds, and what attributes never do."""

from itertools import product

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import SamlState
from provisioning.domain.passwords import may_use_password
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import (
    Connection,
    Profile,
    UnknownGroups,
    email_in_domains,
    require_linkable,
    require_may_log_in,
    role_from_assertion,
    saml_state,
    updates_fields,
)
from tests.domain.people import NOW, a_saml_connection, a_user, the_root

DOMAIN = {"email_domains": ("acme.example",)}


def code_of(action) -> Code | None:
    try:
        action()
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.rule("SSO-1", "SSO-2")
@pytest.mark.parametrize(("enabled", "enforced"), list(product([False, True], repeat=2)))
def test_enforcing_counts_only_while_a_connection_is_on(enabled, enforced):
    state = saml_state(enabled, enforced)
    assert state == SamlState(enabled=enabled, enforced=enabled and enforced)
    assert may_use_password(a_user(), state) is not (enabled and enforced)


@pytest.mark.rule("SSO-1", "SSO-5", "ROOT-6", "SAM-5", "XML-7")
def test_a_new_connection_allows_nothing_that_was_not_asked_for():
    connection = a_saml_connection()
    closed = ("enforce", "provisioning", "allow_idp_initiated", "allow_root", "allow_master_admin", "allow_cbc")
    assert not any(getattr(connection, name) for name in closed)
    assert connection.email_domains == ()
    assert connection.default_role is Role.MEDIA_LIBRARY_USER
    assert connection.unknown_groups is UnknownGroups.IGNORE
    assert "sp_private_key" not in repr(connection)
    assert {name for name in Connection.__dataclass_fields__ if name.startswith("allow_")} == {
        "allow_idp_initiated", "allow_root", "allow_master_admin", "allow_cbc",
    }  # fmt: skip


@pytest.mark.rule("IDN-3", "SSO-5")
@pytest.mark.parametrize(
    ("email", "domains", "inside"),
    [
        ("dana@acme.example", ("acme.example",), True),
        ("Dana@ACME.Example", ("acme.example",), True),
        ("dana@acme.example", (), False),
        ("dana@sub.acme.example", ("acme.example",), False),
        ("dana@notacme.example", ("acme.example",), False),
        ("dana@acme.example.evil.example", ("acme.example",), False),
        ("dana@bücher.example", ("xn--bcher-kva.example",), True),
        ("dana@evil.example@acme.example", ("acme.example",), False),
        ("acme.example", ("acme.example",), False),
        ("@acme.example", ("acme.example",), False),
        (None, ("acme.example",), False),
        ("", ("",), False),
    ],
)
def test_an_address_lies_in_a_domain_by_its_key_alone(email, domains, inside):
    assert email_in_domains(email, domains) is inside


# (connection, user found by email, address sent) -> refusal, None where they are linked.
LINKS = [
    (DOMAIN, a_user(), "dana@acme.example", None),
    ({}, a_user(), "dana@acme.example", Code.SAML_EMAIL_TAKEN),
    ({"email_domains": ("other.example",)}, a_user(), "dana@acme.example", Code.SAML_EMAIL_TAKEN),
    (DOMAIN, a_user(), None, Code.SAML_EMAIL_TAKEN),
    (DOMAIN, a_user(connection_id="scim-1"), "dana@acme.example", Code.SAML_EMAIL_TAKEN),
    (DOMAIN, a_user(role=Role.ADMIN), "dana@acme.example", None),
    (DOMAIN, a_user(role=Role.MASTER_ADMIN), "dana@acme.example", Code.SAML_EMAIL_TAKEN),
    ({**DOMAIN, "allow_master_admin": True}, a_user(role=Role.MASTER_ADMIN), "dana@acme.example", None),
    (DOMAIN, the_root(), "root@acme.example", Code.SAML_ROOT_REFUSED),
    ({**DOMAIN, "allow_master_admin": True}, the_root(), "root@acme.example", Code.SAML_ROOT_REFUSED),
    ({**DOMAIN, "allow_root": True}, the_root(), "root@acme.example", None),
    ({"allow_root": True}, the_root(), "root@acme.example", Code.SAML_EMAIL_TAKEN),
]


@pytest.mark.rule("IDN-3", "SSO-5", "ROOT-6")
@pytest.mark.parametrize(("settings", "user", "email", "code"), LINKS)
def test_an_existing_user_is_linked_by_email_only_where_the_connection_says_so(settings, user, email, code):
    assert code_of(lambda: require_linkable(a_saml_connection(**settings), user, email)) is code


@pytest.mark.rule("SSO-5", "ROOT-6", "USR-5")
@pytest.mark.parametrize(
    ("settings", "user", "code"),
    [
        ({}, a_user(), None),
        ({}, a_user(accepted_at=None, has_password=False), None),
        ({}, a_user(reset_at=NOW), None),
        ({}, a_user(disabled_at=NOW), Code.USER_DISABLED),
        ({"provisioning": True}, a_user(disabled_at=NOW), Code.USER_DISABLED),
        ({}, the_root(), Code.SAML_ROOT_REFUSED),
        ({"allow_root": True}, the_root(), None),
        ({"allow_master_admin": True}, the_root(), Code.SAML_ROOT_REFUSED),
    ],
)
def test_a_disabled_user_never_logs_in_and_the_root_user_only_where_allowed(settings, user, code):
    assert code_of(lambda: require_may_log_in(a_saml_connection(**settings), user)) is code


MAY = {"allow_master_admin": True}
# (connection, role sent, present role) -> role after the login.
ROLES = [
    ({}, None, None, Role.MEDIA_LIBRARY_USER),
    ({"default_role": Role.REPORTS}, None, None, Role.REPORTS),
    ({"default_role": Role.REPORTS}, "admin", None, Role.ADMIN),
    ({"default_role": Role.REPORTS}, "", None, Role.REPORTS),
    ({"default_role": Role.REPORTS}, "no such role", None, Role.REPORTS),
    ({"default_role": Role.REPORTS}, "Admin", None, Role.REPORTS),
    ({}, None, Role.BILLING, Role.BILLING),
    ({}, "no such role", Role.BILLING, Role.BILLING),
    ({}, "reports", Role.BILLING, Role.REPORTS),
    ({}, "master_admin", None, Role.MEDIA_LIBRARY_USER),
    ({}, "master_admin", Role.ADMIN, Role.ADMIN),
    (MAY, "master_admin", None, Role.MASTER_ADMIN),
    (MAY, "master_admin", Role.ADMIN, Role.MASTER_ADMIN),
]


@pytest.mark.rule("SSO-3", "SSO-4", "SSO-5")
@pytest.mark.parametrize(("settings", "sent", "present", "role"), ROLES)
def test_a_role_comes_from_the_attributes_within_the_connections_rights(settings, sent, present, role):
    assert role_from_assertion(a_saml_connection(**settings), sent, present) is role


@pytest.mark.rule("SSO-3", "SSO-5", "ROOT-6")
@pytest.mark.parametrize(
    ("provisioning", "user", "updates"),
    [
        (True, a_user(), True),
        (True, a_user(role=Role.ADMIN), True),
        (False, a_user(), False),
        (True, the_root(), False),
        (True, a_user(connection_id="scim-1"), False),
        (False, a_user(connection_id="scim-1"), False),
    ],
)
def test_later_logins_update_neither_the_root_user_nor_what_scim_owns(provisioning, user, updates):
    connection = a_saml_connection(provisioning=provisioning, allow_root=True)
    assert updates_fields(connection, user) is updates


@pytest.mark.rule("SSO-3", "SAM-8")
def test_a_profile_tells_not_sent_from_sent_empty():
    unsent = Profile(subject="s")
    optional = set(Profile.__dataclass_fields__) - {"subject"}
    assert {getattr(unsent, name) for name in optional} == {None}
    assert Profile(subject="s", groups=()).groups == ()
