"""Who may do what, read from the matrices: every role, every permission, every target; the tables are the product."""

from pathlib import Path

import pytest
import yaml

from provisioning.domain.caller import Caller, Credential, WayIn, nobody, operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import ALLOW, is_allowed, require
from provisioning.domain.predicates import RoleGift
from provisioning.domain.roles_legacy import HOLDERS, Role
from provisioning.domain.users import Verb
from tests.domain.people import (
    ACCOUNT,
    a_group,
    a_saml_connection,
    a_user,
    assertion,
    console,
    key,
    the_root,
    token,
)

MATRIX = Path(__file__).parents[1] / "matrix"
LEGACY = yaml.safe_load((MATRIX / "legacy_roles.yaml").read_text(encoding="utf-8"))
SCIM = yaml.safe_load((MATRIX / "scim_tokens.yaml").read_text(encoding="utf-8"))
MAY = {permission: set(row["may"]) for row in LEGACY["permissions"] for permission in row["permissions"]}
USERS = [(who, target, expected) for who in LEGACY["roles"] for target, expected in LEGACY["users"][who].items()]
CONNECTIONS = [
    (who, kind, expected) for who in LEGACY["roles"] for kind, expected in LEGACY["saml_connections"][who].items()
]
SETTINGS = {
    "plain": {},
    "allow_root": {"allow_root": True},
    "allow_master_admin": {"allow_master_admin": True},
    "both": {"allow_root": True, "allow_master_admin": True},
}


def answer(caller: Caller, permission: Permission, target: object = None) -> str:
    """'allowed', or the code of the refusal; the two functions of the policy must agree."""
    try:
        require(caller, permission, target)
    except Refusal as refusal:
        assert not is_allowed(caller, permission, target)
        return refusal.code.value
    assert is_allowed(caller, permission, target)
    return "allowed"


def callers_of(role: Role) -> list[Caller]:
    """A key of the role, and a person of the role in the Console."""
    return [key(role), console(a_user(id="me", role=role))]


@pytest.mark.rule("ROLE-1")
def test_the_matrix_speaks_of_every_role_and_every_permission():
    assert set(LEGACY["roles"]) == set(Role)
    assert set(MAY) | set(LEGACY["own"]["permissions"]) == set(Permission)
    assert set(LEGACY["users"]["verbs"]) == set(Verb)
    for who in LEGACY["roles"]:
        assert set(LEGACY["users"][who]) == {*Role, "root"}
        assert set(LEGACY["saml_connections"][who]) == set(SETTINGS)


@pytest.mark.rule("ROLE-1", "AUZ-1")
@pytest.mark.parametrize("permission", sorted(MAY))
@pytest.mark.parametrize("role", LEGACY["roles"])
def test_a_role_may_what_the_matrix_says_and_nothing_else(role, permission):
    for caller in callers_of(Role(role)):
        assert is_allowed(caller, Permission(permission)) is (role in MAY[permission])


@pytest.mark.rule("ROLE-1")
def test_the_table_of_holders_is_the_matrix():
    held = {permission.value: {role.value for role in roles} for permission, roles in HOLDERS.items()}
    everybody = {permission: set(LEGACY["roles"]) for permission in LEGACY["own"]["permissions"]}
    assert held == {permission: may for permission, may in (MAY | everybody).items() if may}


@pytest.mark.rule("USR-3", "AUZ-3")
@pytest.mark.parametrize(("who", "target", "expected"), USERS)
def test_users_are_managed_by_whom_the_matrix_says(who, target, expected):
    somebody = the_root() if target == "root" else a_user(role=Role(target))
    for caller in callers_of(Role(who)):
        assert answer(caller, Permission.ACCOUNT_USERS_MANAGE, somebody) == expected


@pytest.mark.rule("USR-3", "AUZ-3")
@pytest.mark.parametrize(("who", "role", "expected"), [row for row in USERS if row[1] != "root"])
def test_a_role_is_given_by_whom_the_matrix_says(who, role, expected):
    for caller in callers_of(Role(who)):
        assert answer(caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(Role(role))) == expected


@pytest.mark.rule("USR-3", "SSO-1")
@pytest.mark.parametrize(("who", "kind", "expected"), CONNECTIONS)
def test_saml_connections_are_set_up_by_whom_the_matrix_says(who, kind, expected):
    connection = a_saml_connection(**SETTINGS[kind])
    for caller in callers_of(Role(who)):
        assert answer(caller, Permission.ACCOUNT_SAML_CONNECTIONS_MANAGE, connection) == expected


@pytest.mark.rule("USR-10", "AUZ-1")
@pytest.mark.parametrize("role", LEGACY["roles"])
def test_everybody_edits_their_own_profile_and_nobody_elses(role):
    me, other = a_user(id="me", role=Role(role)), a_user(id="other", role=Role(role))
    own = LEGACY["own"]
    assert answer(console(me), Permission.SELF_PROFILE_MANAGE, me) == own["oneself"]
    assert answer(console(me), Permission.SELF_PROFILE_MANAGE, other) == own["somebody_else"]
    assert answer(console(me), Permission.SELF_PROFILE_MANAGE) == own["somebody_else"]


@pytest.mark.rule("ROOT-3")
@pytest.mark.parametrize("permission", sorted(set(Permission) - {Permission.SELF_PROFILE_MANAGE}))
def test_the_root_user_may_everything_but_what_is_the_operators(permission):
    expected = "credential_not_allowed" if permission is Permission.OPERATOR_ACCOUNTS_MANAGE else "allowed"
    targets = [None, a_user(role=Role.MASTER_ADMIN), a_group(), a_saml_connection(allow_root=True)]
    for target in targets:
        assert answer(console(the_root()), permission, target) == expected


@pytest.mark.rule("AUZ-1")
@pytest.mark.parametrize("permission", sorted(Permission))
def test_nobody_yet_may_nothing_and_the_operator_everything_but_to_be_somebody(permission):
    assert answer(nobody(WayIn.CONSOLE, None, ACCOUNT), permission) == "credential_not_allowed"
    expected = "not_allowed" if permission is Permission.SELF_PROFILE_MANAGE else "allowed"
    assert answer(operator(ACCOUNT), permission, a_user(role=Role.MASTER_ADMIN)) == expected


@pytest.mark.rule("AUZ-1")
def test_a_permission_without_a_row_is_denied(monkeypatch):
    assert set(ALLOW) == set(Permission)
    monkeypatch.delitem(ALLOW, Permission.ACCOUNT_SEATS_MANAGE)
    for caller in (key(), console(the_root()), operator(ACCOUNT)):
        assert answer(caller, Permission.ACCOUNT_SEATS_MANAGE) == "not_allowed"


@pytest.mark.rule("AUZ-1")
@pytest.mark.parametrize("permission", sorted(ALLOW))
def test_no_row_holds_an_empty_clause_that_would_let_everybody_in(permission):
    assert ALLOW[permission]
    assert all(ALLOW[permission])


@pytest.mark.rule("SCM-1", "SCM-4", "IDN-3")
@pytest.mark.parametrize("case", SCIM["users"], ids=lambda case: case["what"])
def test_a_scim_token_writes_the_users_that_the_matrix_says(case):
    target = dict(case["target"])
    if "role" in target:
        target["role"] = Role(target["role"])
    settings = {name: tuple(value) if isinstance(value, list) else value for name, value in case["connection"].items()}
    assert answer(token(**settings), Permission.ACCOUNT_USERS_MANAGE, a_user(**target)) == case["expected"]


@pytest.mark.rule("SCM-1")
@pytest.mark.parametrize("case", SCIM["groups"], ids=lambda case: case["what"])
def test_a_scim_token_writes_the_groups_that_the_matrix_says(case):
    for settings in ({}, {"allow_master_admin": True, "email_domains": ("acme.example",)}):
        group = a_group(**case["target"])
        assert answer(token(**settings), Permission.ACCOUNT_GROUPS_MANAGE, group) == case["expected"]


@pytest.mark.rule("SCM-1")
def test_a_refused_scim_write_says_what_it_was_about():
    for permission, target, word in (
        (Permission.ACCOUNT_USERS_MANAGE, a_user(connection_id="scim-2"), "this user "),
        (Permission.ACCOUNT_GROUPS_MANAGE, a_group(connection_id="scim-2"), "this group "),
    ):
        with pytest.raises(Refusal, match=word):
            require(token(), permission, target)


@pytest.mark.rule("SCM-1")
def test_a_scim_token_reads_and_makes_within_its_account():
    for permission in (Permission.ACCOUNT_USERS_READ, Permission.ACCOUNT_GROUPS_READ):
        assert answer(token(), permission) == "allowed"
    assert answer(token(), Permission.ACCOUNT_USERS_MANAGE, RoleGift(Role.REPORTS)) == "allowed"
    assert answer(token(), Permission.ACCOUNT_GROUPS_MANAGE) == "allowed"


@pytest.mark.rule("SCM-1", "AUZ-1")
def test_a_token_without_its_connection_writes_nothing():
    lone = Caller(ACCOUNT, WayIn.SCIM, Credential.SCIM_TOKEN, id="token-1")
    assert answer(lone, Permission.ACCOUNT_USERS_MANAGE, a_user(connection_id=None)) == "user_not_managed"
    assert answer(lone, Permission.ACCOUNT_GROUPS_MANAGE, a_group(connection_id=None)) == "user_not_managed"


@pytest.mark.rule("SSO-3", "AUZ-1")
@pytest.mark.parametrize("permission", sorted(Permission))
def test_a_saml_login_carries_what_provisioning_needs_and_no_more(permission):
    may = {Permission.ACCOUNT_USERS_MANAGE, Permission.ACCOUNT_GROUPS_MANAGE}
    assert answer(assertion(), permission) == ("allowed" if permission in may else "credential_not_allowed")


@pytest.mark.rule("USR-3")
def test_who_stands_above_is_named_in_the_refusal():
    named = {
        "the root user": (key(), the_root()),
        "a user with the role master_admin": (key(Role.ADMIN), a_user(role=Role.MASTER_ADMIN)),
        "a user with the role billing": (key(Role.ADMIN), RoleGift(Role.BILLING)),
    }
    for words, (caller, target) in named.items():
        with pytest.raises(Refusal, match=words) as refused:
            require(caller, Permission.ACCOUNT_USERS_MANAGE, target)
        assert refused.value.code is Code.ABOVE_OWN_ROLE


@pytest.mark.rule("AUZ-1")
def test_a_person_without_a_role_who_is_not_the_root_user_may_nothing():
    stray = Caller(ACCOUNT, WayIn.CONSOLE, Credential.SESSION, id="stray", role=None)
    assert {answer(stray, each, a_user()) for each in Permission} == {"not_allowed", "credential_not_allowed"}
