"""SAML connections: what may be switched on, by whom, and what Enforce asks for first."""

import pytest

from provisioning.actions.accounts import NewAccount, create_account
from provisioning.actions.invitations import open_link, send_invitation_again
from provisioning.actions.sessions import Browser
from provisioning.actions.sign_in import by_password, organisations_of
from provisioning.actions.sso_settings import (
    connect,
    connection_for_door,
    disconnect,
    list_connections,
    show_connection,
    update_connection,
)
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import Role
from tests.actions.forgotten import forgot_password
from tests.actions.refusals import code_of
from tests.actions.saml_world import PROVIDER, Logins, connected, saml_account
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user

BROWSER = Browser(None, None)


@pytest.fixture
def acme(services):
    return saml_account(services)


@pytest.fixture
def enforced(services, acme):
    """A connection through which somebody has logged in, enforced."""
    connection = connected(services, acme, provisioning=True)
    Logins(services, connection).enter("first", email="first@acme.example")
    update_connection(operator(acme.account.id), connection.id, {"enforce": True}, services)
    return connection


@pytest.mark.rule("SSO-1")
def test_a_connection_starts_with_the_safe_presets(services, acme, neighbour):
    made = connected(services, acme)
    shown = show_connection(operator(acme.account.id), made.id, services)
    assert (shown.enabled, shown.enforce, shown.provisioning, shown.allow_idp_initiated) == (True, False, False, False)
    assert (shown.allow_root, shown.allow_master_admin, shown.email_domains, shown.clock_tolerance) == (
        False, False, (), 60
    )  # fmt: skip
    assert shown.sp_private_key.startswith("-----BEGIN PRIVATE KEY-----")
    assert connection_for_door(made.id, services).account_id == acme.account.id
    foreign = lambda: show_connection(operator(neighbour.account.id), made.id, services)
    assert code_of(foreign) is Code.NOT_FOUND
    assert list_connections(operator(neighbour.account.id), services) == []


@pytest.mark.rule("OPS-2")
def test_the_private_key_is_encrypted_at_rest(services, acme, sql):
    connected(services, acme)
    assert b"PRIVATE KEY" not in bytes(sql("select sp_private_key from saml_connections")[0][0])


@pytest.mark.rule("2FA-3")
@pytest.mark.parametrize("setting", [TwoFactor.OPTIONAL, TwoFactor.REQUIRED])
def test_provisioning_needs_the_second_factor_to_be_disabled(services, setting):
    command = NewAccount(name="A", root_email="r@a.example", two_factor=setting)
    made = create_account(operator(""), command, services)
    assert code_of(lambda: connected(services, made, provisioning=True)) is Code.TWO_FACTOR_BLOCKS_PROVISIONING


@pytest.mark.rule("SSO-6")
def test_enforce_waits_for_a_login_that_succeeded(services, acme):
    connection = connected(services, acme, provisioning=True)
    actor = operator(acme.account.id)
    turn_on = lambda: update_connection(actor, connection.id, {"enforce": True}, services)
    assert code_of(turn_on) is Code.ENFORCE_NEEDS_LOGIN
    assert code_of(lambda: connected(services, acme, enforce=True)) is Code.ENFORCE_NEEDS_LOGIN
    Logins(services, connection).enter()
    assert turn_on().enforce


@pytest.mark.rule("SSO-1")
def test_the_last_enforced_connection_cannot_be_switched_off_or_removed(services, acme, enforced):
    actor = operator(acme.account.id)
    off = lambda: update_connection(actor, enforced.id, {"enabled": False}, services)
    assert code_of(off) is Code.LAST_ENFORCED_CONNECTION
    assert code_of(lambda: disconnect(actor, enforced.id, services)) is Code.LAST_ENFORCED_CONNECTION
    update_connection(actor, enforced.id, {"enforce": False}, services)
    disconnect(actor, enforced.id, services)
    assert code_of(lambda: connection_for_door(enforced.id, services)) is Code.NOT_FOUND


@pytest.mark.rule("SAM-2")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"certificates": ()}, Code.CONNECTION_INCOMPLETE),
        ({"clock_tolerance": 181}, Code.INVALID_VALUE),
        ({"clock_tolerance": -1}, Code.INVALID_VALUE),
        ({"session_cap": 0}, Code.INVALID_VALUE),
        ({"email_domains": ("no domain",)}, Code.INVALID_VALUE),
        ({"default_role": Role.MASTER_ADMIN}, Code.INVALID_VALUE),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(services, acme, changes, code):
    connection = connected(services, acme)
    change = lambda: update_connection(operator(acme.account.id), connection.id, changes, services)
    assert code_of(change) is code
    assert show_connection(operator(acme.account.id), connection.id, services) == connection


@pytest.mark.rule("IDN-3")
def test_one_email_domain_belongs_to_one_connection(services, acme):
    connected(services, acme, email_domains=("ACME.example",))
    assert code_of(lambda: connected(services, acme, email_domains=("acme.example",))) is Code.EMAIL_DOMAIN_TAKEN


@pytest.mark.rule("AUZ-3", "SSO-1")
@pytest.mark.parametrize("right", ["allow_root", "allow_master_admin"])
def test_an_admin_does_not_set_up_what_only_a_master_admin_may(services, acme, right):
    admin = key_caller(acme, Role.ADMIN)
    assert code_of(lambda: connect(admin, PROVIDER, {right: True}, services)) is Code.NOT_ALLOWED
    strong = connect(key_caller(acme), PROVIDER, {right: True}, services)
    weaken = lambda: update_connection(admin, strong.id, {right: False}, services)
    assert code_of(weaken) is Code.NOT_ALLOWED
    assert connect(admin, PROVIDER, {}, services).enabled


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize(
    ("enforce", "role", "send", "kind"),
    [
        (False, Role.MEDIA_LIBRARY_USER, True, "invitation"),
        (False, Role.MEDIA_LIBRARY_USER, False, "confirmation"),
        (True, Role.MEDIA_LIBRARY_USER, True, "confirmation"),
        (True, Role.ADMIN, False, "confirmation"),
        (False, Role.MASTER_ADMIN, False, "invitation"),
        (True, Role.MASTER_ADMIN, False, "invitation"),
    ],
)
def test_the_mail_owed_follows_saml_enforce_role_and_choice(services, acme, enforced, sql, enforce, role, send, kind):
    update_connection(operator(acme.account.id), enforced.id, {"enforce": enforce}, services)
    user = make_user(key_caller(acme), services, role=role, send_invitation=send)
    assert sql("select kind from outbox where payload->>'user_id' = %s", user.id) == [(kind,)]


@pytest.mark.rule("SSO-2", "PWD-3")
def test_under_enforce_only_master_admins_and_the_root_use_a_password(services, acme, sql):
    caller = key_caller(acme)
    plain = make_active(services, sql, make_user(caller, services, "plain@acme.example", Role.ADMIN))
    master = make_active(services, sql, make_user(caller, services, "m@acme.example", Role.MASTER_ADMIN))
    pending = make_user(caller, services, "pending@acme.example")
    secret = link_secret(services, sql, pending)
    connection = connected(services, acme, provisioning=True)
    log_in = lambda email, password=PASSWORD: by_password(email, password, None, BROWSER, services)
    assert log_in(plain.email).user.id == plain.id, "not enforced: both ways"
    Logins(services, connection).enter("x", email="x@acme.example")
    update_connection(operator(acme.account.id), connection.id, {"enforce": True}, services)
    assert code_of(lambda: log_in(plain.email)) is Code.INVALID_CREDENTIALS
    assert log_in(master.email).user.id == master.id
    assert log_in("root@acme.example", acme.root_password).user.is_root
    assert code_of(lambda: open_link(secret, None, services)) is Code.LINK_INVALID
    assert code_of(lambda: send_invitation_again(caller, pending.id, services)) is Code.NOT_OWED
    forgot_password(plain.email, None, services)
    assert sql("select kind from outbox where payload->>'user_id' = %s order by id desc limit 1", plain.id) == [
        ("confirmation",)
    ], "the mail shows the way to the organisation"


@pytest.mark.rule("LGN-1", "PWD-3")
def test_the_organisations_login_is_offered_by_the_domain_alone(services, acme):
    connection = connected(services, acme, email_domains=("acme.example",))
    for email in ("known@acme.example", "unknown@ACME.example"):
        assert organisations_of(email, services) == [(connection.id, "Saml")]
    for email in ("dana@other.example", "no address", "@", "x@\0"):
        assert organisations_of(email, services) == []
