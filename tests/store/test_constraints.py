"""Constraint -> refusal: every name exists, every violation that a request can bring about has its refusal."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from provisioning.actions.users import create_user
from provisioning.domain.errors import Code
from provisioning.domain.users import NewUser
from provisioning.store.constraints import REFUSED_BY, refusal_of
from tests.factories import key_caller, make_user

COPIED_USER = """
    insert into users select account_id, 'copy', {is_root}, {email}, {email}, {user_name}, {user_name}, {external_id},
    connection_id, first_name, last_name, display_name, name_key, {role}, all_environments, media_library, disabled_at,
    accepted_at, reset_at, inactive_at, password_hash, epoch, version, attributes, folded, document, providers,
    created_at, updated_at, last_login_at from users where {which}"""


def copied_user(which: str = "id = :user", **changed: str) -> str:
    """SQL that inserts a copy of a user with other names, but for what is given."""
    values = {"is_root": "is_root", "email": "'copy'", "user_name": "'copy'", "external_id": "null", "role": "role"}
    return COPIED_USER.format(**{**values, **changed}, which=which)


GROUP = "insert into groups values (:account, :id, :name, :name, :external, :connection, 1, 0, '{}', now(), now())"
# constraint -> (SQL that violates it, the code that is meant).
VIOLATIONS = {
    "ux_environments_cloud_name": (
        "insert into environments select account_id, 'copy', name, cloud_name, cloud_name_key, enabled, null, now(),"
        " now() from environments where account_id = :account",
        Code.CLOUD_NAME_TAKEN,
    ),
    "ux_groups_external_id": (
        "insert into groups select account_id, 'copy', 'copy', 'copy', external_id, connection_id, 1, 0, '{}', now(),"
        " now() from groups where id = 'held'",
        Code.EXTERNAL_ID_TAKEN,
    ),
    "ux_groups_name": (
        "insert into groups select account_id, 'copy', name, name_key, null, null, 1, 0, '{}', now(), now()"
        " from groups where id = 'held'",
        Code.GROUP_NAME_TAKEN,
    ),
    "ux_scim_connections_name": (
        "insert into scim_connections select account_id, 'copy', name, name_key, profile, null, email_domains, false,"
        " default_role, role_cap, true, now() from scim_connections where account_id = :account",
        Code.CONNECTION_NAME_TAKEN,
    ),
    "ux_users_email": (copied_user(email="email_key"), Code.EMAIL_TAKEN),
    "ux_users_user_name": (copied_user(user_name="user_name_key"), Code.USER_NAME_TAKEN),
    "ux_users_external_id": (copied_user(external_id="external_id"), Code.EXTERNAL_ID_TAKEN),
    "ux_users_root": (copied_user("is_root and account_id = :account"), Code.ROOT_USER_PROTECTED),
    "ck_users_root": (
        "update users set disabled_at = now(), access_ended_at = now() where is_root and account_id = :account",
        Code.ROOT_USER_PROTECTED,
    ),
    "fk_user_environments_environment": (
        "insert into user_environments values (:account, :user, 'nowhere')",
        Code.NOT_FOUND,
    ),
    "fk_group_members_user": ("insert into group_members values (:account, 'held', 'nobody')", Code.NOT_FOUND),
    "fk_group_members_group": ("insert into group_members values (:account, 'nowhere', :user)", Code.NOT_FOUND),
    "fk_users_connection": ("update users set connection_id = 'nowhere' where id = :user", Code.CREDENTIAL_INVALID),
    "fk_groups_connection": (
        "update groups set connection_id = 'nowhere' where account_id = :account",
        Code.CREDENTIAL_INVALID,
    ),
    "fk_saml_links_connection": (
        "insert into saml_links values (:account, 'nowhere', 'subject', :user, now())",
        Code.CONNECTION_DISABLED,
    ),
    "fk_saml_requests_connection": (
        "insert into saml_requests values (:account, 'r', 'nowhere', '', '', '/', now(), now(), null)",
        Code.CONNECTION_DISABLED,
    ),
    "fk_saml_spent_connection": (
        "insert into saml_spent values (:account, 'nowhere', 'assertion', 'a-1', now())",
        Code.CONNECTION_DISABLED,
    ),
    "saml_spent_pkey": (
        "insert into saml_spent select * from saml_spent where account_id = :account",
        Code.SAML_REPLAYED,
    ),
    "saml_links_pkey": (
        "insert into saml_links select * from saml_links where account_id = :account",
        Code.SAML_EMAIL_TAKEN,
    ),
}
# Unique indexes of what is written under a lock, or left alone where it is there already.
NEVER_TWICE = {"ux_revocations_user", "ux_webhook_deliveries_event"}
# Unique indexes that only a repeated random value of ours could violate: a fault, no refusal.
RANDOM = {
    "ux_access_keys_api_key", "ux_account_keys_id", "ux_links_secret", "ux_saml_connections_id", "ux_scim_tokens_id",
    "ux_sessions_secret", "ux_activity_seals_entry", "ux_second_steps_secret",
} | NEVER_TWICE  # fmt: skip


@pytest.fixture
def values(services, account, neighbour, scim, sql) -> dict[str, str]:
    """Rows of an account to be violated: a user and a group held by the SCIM connection, a SAML link and a spent id."""
    user = make_user(key_caller(account), services)
    account_id, connection = account.account.id, scim.connection.id
    sql("update users set external_id = 'e-1', connection_id = %s where id = %s", connection, user.id)
    sql(
        "insert into groups values (%s, 'held', 'Design', 'design', 'e-2', %s, 1, 0, '{}', now(), now())",
        account_id,
        connection,
    )
    sql("insert into saml_connections values (%s, 's', '{}', true, '', '', now(), null)", account_id)
    sql("insert into saml_spent values (%s, 's', 'assertion', 'a-1', now())", account_id)
    sql("insert into saml_links values (%s, 's', 'subject', %s, now())", account_id, user.id)
    return {"account": account_id, "user": user.id}


@pytest.mark.rule("USR-1", "ROOT-1", "ROOT-2", "ENV-1", "GRP-5", "SAM-4", "SCM-5")
@pytest.mark.parametrize("name", sorted(REFUSED_BY))
def test_each_violation_is_the_refusal_that_is_meant(services, values, name):
    statement, code = VIOLATIONS[name]
    with pytest.raises(IntegrityError) as fault, services.database.writer.begin() as connection:
        connection.execute(text(statement), values)
    assert fault.value.orig.diag.constraint_name == name
    assert refusal_of(fault.value, {}).code is code


@pytest.mark.rule("TEN-4")
def test_the_sentence_repeats_what_was_to_be_written_and_nothing_of_the_other_row(services, values):
    statement, _ = VIOLATIONS["ux_users_email"]
    with pytest.raises(IntegrityError) as fault, services.database.writer.begin() as connection:
        connection.execute(text(statement), values)
    sentence = refusal_of(fault.value, {"email": "DANA@acme.example"}).sentence
    assert sentence == "A user with the email 'DANA@acme.example' exists in this account."


def test_a_constraint_that_no_request_can_violate_is_a_fault_of_ours(services, values):
    with pytest.raises(IntegrityError) as fault, services.database.writer.begin() as connection:
        connection.execute(text("update users set role = null where id = :user"), values)
    assert fault.value.orig.diag.constraint_name == "ck_users_role"
    assert refusal_of(fault.value, {}) is None


@pytest.mark.rule("SES-2", "SCM-10")
@pytest.mark.parametrize("state", ["disabled_at", "inactive_at"])
def test_nobody_is_disabled_or_deleted_by_any_statement_that_does_not_end_the_access(services, values, sql, state):
    """Neither alone, nor after an earlier end: each time the access must end anew."""
    for ended in ("", "access_ended_at = now() - interval '1 second', ", "access_ended_at = null, "):
        statement = f"update users set {ended}{state} = now() where id = :user"
        with pytest.raises(IntegrityError) as fault, services.database.writer.begin() as connection:
            connection.execute(text(statement), values)
        assert fault.value.orig.diag.constraint_name == "ck_users_access"
        assert refusal_of(fault.value, {}) is None, "a fault of ours, which no request can cause"
    sql(f"update users set {state} = now(), access_ended_at = now() where id = %s", values["user"])


@pytest.mark.rule("SES-2")
def test_a_user_who_is_made_disabled_has_no_access_from_the_start(services, scim):
    made = create_user(scim, NewUser(user_name="eve@acme.example", active=False), services).user
    assert made.access_ended_at == made.disabled_at == made.created_at


def test_every_name_of_the_table_exists_and_every_unique_index_is_spoken_of(sql):
    constraints = {row[0] for row in sql("select conname from pg_constraint")}
    unique = {row[0] for row in sql(
        "select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid"
        " join pg_namespace n on n.oid = i.relnamespace"
        " where n.nspname = 'public' and x.indisunique and not x.indisprimary")}  # fmt: skip
    assert set(REFUSED_BY) <= constraints | unique
    assert unique == {name for name in REFUSED_BY if name.startswith("ux_")} | RANDOM
    assert set(VIOLATIONS) == set(REFUSED_BY)
