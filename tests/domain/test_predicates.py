"""The small questions that the policy asks; each with neighbours that must not count."""

import pytest

from provisioning.domain import predicates as p
from provisioning.domain.caller import operator
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import Claim, RoleGift
from provisioning.domain.roles_legacy import Role
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

MANAGE = Permission.ACCOUNT_USERS_MANAGE
ADMIN, MASTER = key(Role.ADMIN), key(Role.MASTER_ADMIN)
DOMAIN = token(email_domains=("acme.example",))
HELD = a_user(connection_id="scim-1")
FREE = a_user(connection_id=None)
FOREIGN = a_user(connection_id="scim-2")
PARTNER = token(saml_connection="saml-1")


def known_to(*saml_connections: str, **fields: object) -> Claim:
    """A claim on a user whom no SCIM connection holds and who logs in through these SAML connections."""
    return Claim(a_user(connection_id=None, **fields), frozenset(saml_connections))


CASES = [
    (p.caller_is_root, console(the_root()), None, True),
    (p.caller_is_root, console(a_user(role=Role.MASTER_ADMIN)), the_root(), False),
    (p.caller_is_root, MASTER, None, False),
    (p.caller_is_operator, operator(ACCOUNT), None, True),
    (p.caller_is_operator, console(the_root()), None, False),
    (p.role_holds_permission, ADMIN, None, True),
    (p.role_holds_permission, key(Role.REPORTS), None, False),
    (p.role_holds_permission, key(None), None, False),
    (p.role_holds_permission, console(the_root()), None, False),
    (p.caller_is_scim, token(), None, True),
    (p.caller_is_scim, assertion(), None, False),
    (p.caller_is_login, assertion(), None, True),
    (p.caller_is_login, token(), None, False),
    (p.target_not_above_caller, MASTER, a_user(role=Role.MASTER_ADMIN), True),
    (p.target_not_above_caller, MASTER, the_root(), False),
    (p.target_not_above_caller, ADMIN, a_user(role=Role.ADMIN), True),
    (p.target_not_above_caller, ADMIN, a_user(role=Role.BILLING), False),
    (p.target_not_above_caller, ADMIN, RoleGift(Role.MASTER_ADMIN), False),
    (p.target_not_above_caller, ADMIN, RoleGift(None), True),
    (p.target_not_above_caller, key(Role.REPORTS), a_user(role=Role.REPORTS), False),
    (p.target_not_above_caller, ADMIN, known_to(role=Role.MASTER_ADMIN), False),
    (p.target_not_above_caller, ADMIN, a_group(), True),
    (p.target_not_above_caller, ADMIN, None, True),
    (p.connection_holds_target, token(), HELD, True),
    (p.connection_holds_target, token(), FREE, False),
    (p.connection_holds_target, DOMAIN, FREE, True),
    (p.connection_holds_target, DOMAIN, FOREIGN, False),
    (p.connection_holds_target, DOMAIN, known_to(), True),
    (p.connection_holds_target, DOMAIN, known_to(email="dana@other.example"), False),
    (p.connection_holds_target, DOMAIN, known_to("saml-1"), False),
    (p.connection_holds_target, PARTNER, known_to(), False),
    (p.connection_holds_target, PARTNER, known_to("saml-1"), True),
    (p.connection_holds_target, PARTNER, known_to("saml-2"), False),
    (p.connection_holds_target, PARTNER, known_to("saml-1", "saml-2"), False),
    (p.connection_holds_target, token(), a_group(connection_id="scim-1"), True),
    (p.connection_holds_target, DOMAIN, a_group(connection_id=None), False),
    (p.connection_holds_target, token(), a_group(connection_id="scim-2"), False),
    (p.connection_holds_target, token(), None, True),
    (p.connection_holds_target, ADMIN, HELD, False),
    (p.target_not_protected_from_connection, token(), HELD, True),
    (p.target_not_protected_from_connection, token(), a_user(role=Role.MASTER_ADMIN), False),
    (p.target_not_protected_from_connection, token(allow_master_admin=True), a_user(role=Role.MASTER_ADMIN), True),
    (p.target_not_protected_from_connection, ADMIN, a_user(role=Role.MASTER_ADMIN), False),
    (p.target_not_protected_from_connection, PARTNER, known_to("saml-1", role=Role.MASTER_ADMIN), False),
    (p.target_not_protected_from_connection, token(), RoleGift(Role.MASTER_ADMIN), False),
    (p.target_not_protected_from_connection, token(), RoleGift(Role.ADMIN), True),
    (p.target_not_protected_from_connection, token(allow_master_admin=True), RoleGift(Role.MASTER_ADMIN), True),
    (p.target_not_protected_from_connection, token(), a_group(), True),
    (p.connection_grants_no_more_than_caller, ADMIN, a_saml_connection(), True),
    (p.connection_grants_no_more_than_caller, ADMIN, a_saml_connection(allow_root=True), False),
    (p.connection_grants_no_more_than_caller, ADMIN, a_saml_connection(allow_master_admin=True), False),
    (p.connection_grants_no_more_than_caller, MASTER, a_saml_connection(allow_root=True), True),
    (p.connection_grants_no_more_than_caller, ADMIN, None, True),
    (p.target_is_caller, console(a_user()), a_user(), True),
    (p.target_is_caller, console(a_user()), a_user(id="user-2"), False),
    (p.target_is_caller, console(a_user()), a_group(id="user-1"), False),
    (p.target_is_caller, console(a_user()), None, False),
]


@pytest.mark.rule("AUZ-1")
@pytest.mark.parametrize(
    ("predicate", "caller", "target", "holds"), CASES, ids=[f"{case[0].__name__}-{n}" for n, case in enumerate(CASES)]
)
def test_each_question_has_its_answer(predicate, caller, target, holds):
    assert predicate(MANAGE, caller, target) is holds


@pytest.mark.rule("AUZ-1")
def test_an_empty_id_is_nobody_and_so_never_oneself():
    nameless = console(a_user(id=""))
    assert not p.target_is_caller(MANAGE, nameless, a_user(id=""))


@pytest.mark.rule("AUZ-1")
def test_every_question_is_tried_with_yes_and_with_no():
    named = {name for name, value in vars(p).items() if callable(value) and value.__module__ == p.__name__}
    asked = {case[0].__name__: {other[3] for other in CASES if other[0] is case[0]} for case in CASES}
    assert set(asked) == named - {"RoleGift", "Claim", "user_behind", "_may_take_over"}
    assert set(map(frozenset, asked.values())) == {frozenset({True, False})}
