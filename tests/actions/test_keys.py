"""Account keys, SCIM connections and tokens: shown once, good only while they are, never for another account."""

from dataclasses import replace

import pytest

from provisioning.actions.keys import create_account_key, find_key_caller, list_account_keys, revoke_account_key
from provisioning.actions.scim_connections import (
    create_scim_connection,
    delete_scim_connection,
    list_scim_connections,
    update_scim_connection,
)
from provisioning.actions.scim_tokens import (
    create_scim_token,
    find_scim_caller,
    list_scim_tokens,
    revoke_scim_token,
)
from provisioning.actions.users import create_user, edit_user, show_user
from provisioning.domain.errors import Code
from provisioning.domain.keys import with_checksum
from provisioning.domain.roles_legacy import Role
from provisioning.domain.scim_connections import ScimConnection
from provisioning.domain.users import NewUser, UserChanges
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_user, scim_caller_of


@pytest.mark.rule("API-1", "KEY-1", "KEY-2")
def test_a_keys_secret_is_shown_once_and_stored_as_a_hash(services, caller, sql):
    made = create_account_key(caller, "Terraform", Role.ADMIN, services)
    assert made.key.id.startswith("glk_")
    assert made.secret.startswith("gls_")
    found = find_key_caller(made.key.id, made.secret, "203.0.113.7", services)
    assert (found.role, found.account) == (Role.ADMIN, caller.account)
    assert made.secret not in str(sql("select * from account_keys"))
    assert "Terraform" in [key.name for key in list_account_keys(caller, services)]


@pytest.mark.rule("API-1", "KEY-1", "KEY-4")
def test_a_wrong_revoked_or_expired_key_is_one_answer(services, account, caller, clock):
    made = create_account_key(caller, "K", Role.ADMIN, services)
    other = with_checksum("gls_" + "A" * 43)
    for key_id, secret in [
        (made.key.id, other), (made.key.id, made.secret[:-1] + "x"), ("glk_unknown", made.secret), ("", ""),
        (made.key.id, ""), ("gl\0k", made.secret), ("glk_ü", made.secret), (account.token.token.id, made.secret),
    ]:  # fmt: skip
        assert code_of(lambda: find_key_caller(key_id, secret, None, services)) is Code.CREDENTIAL_INVALID
    clock.advance(days=364)
    assert find_key_caller(made.key.id, made.secret, None, services)
    revoke_account_key(caller, made.key.id, services)
    assert code_of(lambda: find_key_caller(made.key.id, made.secret, None, services)) is Code.CREDENTIAL_INVALID
    clock.advance(days=1)
    expired = lambda: find_key_caller(account.key.key.id, account.key.secret, None, services)
    assert code_of(expired) is Code.CREDENTIAL_INVALID


@pytest.mark.rule("API-1")
def test_the_last_use_is_shown(services, account, caller, clock):
    clock.advance(minutes=5)
    find_key_caller(account.key.key.id, account.key.secret, None, services)
    assert list_account_keys(caller, services)[0].last_used_at == clock.now


@pytest.mark.rule("KEY-5", "TEN-1")
def test_keys_and_tokens_of_another_account_are_not_found(services, account, caller, neighbour):
    assert code_of(lambda: revoke_account_key(caller, neighbour.key.key.id, services)) is Code.NOT_FOUND
    assert code_of(lambda: revoke_scim_token(caller, neighbour.token.token.id, services)) is Code.NOT_FOUND
    theirs = list_scim_connections(key_caller(neighbour), services)[0]
    assert code_of(lambda: delete_scim_connection(caller, theirs.id, services)) is Code.NOT_FOUND
    assert code_of(lambda: update_scim_connection(caller, theirs.id, {"enabled": False}, services)) is Code.NOT_FOUND
    assert scim_caller_of(neighbour, services).account == neighbour.account.id


@pytest.mark.rule("KEY-3", "AUZ-3")
def test_nobody_makes_a_key_above_their_own(services, account):
    for role in set(Role) - {Role.MASTER_ADMIN}:
        made = lambda: create_account_key(key_caller(account, role), "K", Role.REPORTS, services)
        assert code_of(made) is Code.NOT_ALLOWED


@pytest.mark.rule("API-2", "SCM-1")
def test_a_token_acts_for_its_connection_until_revoked(services, account, caller, clock):
    create_scim_connection(caller, ScimConnection(id="", account_id="", name="Okta"), services)
    made = create_scim_token(caller, "okta", services)
    found = find_scim_caller(made.text, None, services)
    assert (found.account, found.connection.name) == (caller.account, "Okta")
    assert [token.id for token in list_scim_tokens(caller, "Okta", services)] == [made.token.id]
    for text in ("", made.text + "x", made.text.replace("gst", "glk"), "a_b_c_d", "gst_" + "\0" * 9, made.text[:-9]):
        assert code_of(lambda: find_scim_caller(text, None, services)) is Code.CREDENTIAL_INVALID
    connection = found.connection
    update_scim_connection(caller, connection.id, {"enabled": False}, services)
    assert code_of(lambda: find_scim_caller(made.text, None, services)) is Code.CREDENTIAL_INVALID
    update_scim_connection(caller, connection.id, {"enabled": True}, services)
    revoke_scim_token(caller, made.token.id, services)
    assert code_of(lambda: find_scim_caller(made.text, None, services)) is Code.CREDENTIAL_INVALID
    assert find_scim_caller(account.token.text, None, services)


@pytest.mark.rule("SCM-2")
def test_connections_have_names_of_their_own_and_random_ids(services, caller):
    for name in ("Default", "DEFAULT"):
        made = lambda: create_scim_connection(caller, ScimConnection("", "", name), services)
        assert code_of(made) is Code.CONNECTION_NAME_TAKEN
    asked = ScimConnection(id="root", account_id="other", name="Mine")
    made = create_scim_connection(caller, asked, services)
    assert made.id != "root"
    assert made.account_id == caller.account


@pytest.mark.rule("IDN-3")
def test_one_email_domain_belongs_to_one_connection(services, caller):
    first = ScimConnection("", "", "A", email_domains=("ACME.example",))
    assert create_scim_connection(caller, first, services).email_domains == ("acme.example",)
    second = ScimConnection("", "", "B", email_domains=("acme.example",))
    assert code_of(lambda: create_scim_connection(caller, second, services)) is Code.EMAIL_DOMAIN_TAKEN
    bad = replace(second, email_domains=("not a domain",))
    assert code_of(lambda: create_scim_connection(caller, bad, services)) is Code.INVALID_VALUE


@pytest.mark.rule("SCM-1", "IDN-3", "SCM-4")
def test_a_token_changes_only_whom_it_made_or_may_take_over(services, caller, scim, account):
    mine = make_user(caller, services, "dana@acme.example")
    rename = lambda _: UserChanges(display_name="X")
    assert code_of(lambda: edit_user(scim, mine.id, rename, services)) is Code.USER_NOT_MANAGED
    update_scim_connection(caller, scim.connection.id, {"email_domains": ("acme.example",)}, services)
    allowed = scim_caller_of(account, services)
    taken = edit_user(allowed, mine.id, rename, services).user
    assert taken.connection_id == scim.connection.id
    master = make_user(caller, services, "m@acme.example", Role.MASTER_ADMIN)
    assert code_of(lambda: edit_user(allowed, master.id, rename, services)) is Code.ABOVE_OWN_ROLE
    assert code_of(lambda: edit_user(allowed, account.root.id, rename, services)) is Code.ROOT_USER_PROTECTED


@pytest.mark.rule("SCM-1")
@pytest.mark.parametrize("role", ["master_admin", "admin", "billing"])
def test_a_token_gives_no_role_above_its_cap(services, scim, role):
    command = NewUser(user_name="dana@acme.example", attributes={"roles": [{"value": role}]})
    assert code_of(lambda: create_user(scim, command, services)) is Code.ROLE_ABOVE_CAP
    known = NewUser(user_name="dana@acme.example", attributes={"roles": [{"value": "reports"}, {"value": "chef"}]})
    made = create_user(scim, known, services).user
    assert made.role is Role.REPORTS
    bare = edit_user(scim, made.id, lambda _: UserChanges(attributes={}), services).user
    assert bare.role is Role.MEDIA_LIBRARY_USER, "removed words take away what they gave"


@pytest.mark.rule("SCM-1")
@pytest.mark.parametrize(
    ("value", "role"),
    [
        ('{"id": "1", "value": "reports", "displayName": "Reports"}', Role.REPORTS),
        ('{"value": 7}', Role.MEDIA_LIBRARY_USER),
        ('{"value": "reports"', Role.MEDIA_LIBRARY_USER),
        ('{"value":' * 100_000, Role.MEDIA_LIBRARY_USER),
        ('["reports"]', Role.MEDIA_LIBRARY_USER),
    ],
)
def test_a_role_object_inside_a_text_is_read_for_the_role_and_kept_as_sent(services, scim, value, role):
    made = create_user(scim, NewUser(user_name="d@acme.example", attributes={"roles": [{"value": value}]}), services)
    assert made.user.role is role
    assert made.user.attributes["roles"] == [{"value": value}]


@pytest.mark.rule("USR-11")
def test_a_pushed_users_login_email_follows_its_addresses(services, scim):
    emails = [{"value": "home@acme.example", "type": "home"}, {"value": "Work@acme.example", "type": "Work"}]
    made = create_user(scim, NewUser(user_name="dana", attributes={"emails": emails}), services).user
    assert (made.email, made.user_name) == ("Work@acme.example", "dana")
    primary = [{"value": "p@acme.example", "primary": True}, *emails]
    moved = edit_user(scim, made.id, lambda _: UserChanges(attributes={"emails": primary}), services).user
    assert moved.email == "p@acme.example"
    none = edit_user(scim, made.id, lambda _: UserChanges(attributes={}), services).user
    assert none.email is None
    assert show_user(scim, made.id, services).user.name == "dana"
    address = create_user(scim, NewUser(user_name="eve@acme.example"), services).user
    assert address.email == "eve@acme.example"


@pytest.mark.rule("USR-11", "INV-1")
def test_a_pushed_user_without_email_holds_a_seat_and_is_owed_no_mail(services, scim, sql):
    made = create_user(scim, NewUser(user_name="dana"), services).user
    assert made.email is None
    assert sql("select count(*) from outbox where payload->>'user_id' = %s", made.id) == [(0,)]
    assert sql("select used from seats where account_id = %s", scim.account) == [(2,)]
