"""ROOT: what nobody does to the root user, by verb, by field and by who pushes."""

import pytest

from provisioning.domain.caller import WayIn, nobody, operator
from provisioning.domain.environments import always_all
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.roles_legacy import Role
from provisioning.domain.root import (
    protect,
    protect_fields,
    protect_from_directory,
    protect_membership,
)
from provisioning.domain.users import UserChanges, Verb
from tests.domain.people import ACCOUNT, a_user, assertion, console, key, the_root, token

REFUSED_VERBS = {
    Verb.DELETE, Verb.DISABLE, Verb.FORCE_LOGOUT, Verb.RESET_PASSWORD, Verb.REMOVE_SECOND_FACTOR,
}  # fmt: skip
NOBODYS_FIELDS = {"role", "media_library", "all_environments", "environment_ids", "active"}
OWN_FIELDS = set(UserChanges.__annotations__) - NOBODYS_FIELDS
EVERYBODY = {
    "the root user": console(the_root()),
    "a master admin": console(a_user(id="master")),
    "a key": key(),
    "the operator": operator(ACCOUNT),
    "a SCIM token": token(allow_master_admin=True, email_domains=("acme.example",)),
    "a SAML login": assertion(),
}


def refusal_of(action) -> Refusal:
    with pytest.raises(Refusal) as refused:
        action()
    assert refused.value.code is Code.ROOT_USER_PROTECTED
    return refused.value


@pytest.mark.rule("ROOT-2")
@pytest.mark.parametrize("verb", sorted(Verb))
def test_the_root_user_is_never_deleted_disabled_logged_out_or_reset(verb):
    if verb not in REFUSED_VERBS:
        protect(the_root(), verb)
        return
    assert refusal_of(lambda: protect(the_root(), verb)).rule == "ROOT-2"


@pytest.mark.rule("ROOT-2")
@pytest.mark.parametrize("verb", sorted(Verb))
def test_others_are_not_protected_by_the_roots_rules(verb):
    protect(a_user(), verb)
    protect_from_directory(token(), a_user())
    protect_membership(token(), a_user())
    protect_fields(key(), a_user(), UserChanges.__annotations__)


@pytest.mark.rule("ROOT-2", "ROOT-3", "ROOT-4")
@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("field", sorted(NOBODYS_FIELDS))
def test_role_environments_and_state_of_the_root_user_are_changed_by_nobody(who, field):
    refusal = refusal_of(lambda: protect_fields(EVERYBODY[who], the_root(), [field]))
    assert refusal.field == field


@pytest.mark.rule("ROOT-6")
@pytest.mark.parametrize("who", sorted(set(EVERYBODY) - {"the root user"}))
@pytest.mark.parametrize("field", sorted(OWN_FIELDS))
def test_details_of_the_root_user_are_changed_by_nobody_else(who, field):
    refusal_of(lambda: protect_fields(EVERYBODY[who], the_root(), [field]))


@pytest.mark.rule("ROOT-1", "ROOT-6")
@pytest.mark.parametrize("field", sorted(OWN_FIELDS))
def test_the_root_user_changes_its_own_details(field):
    protect_fields(console(the_root()), the_root(), [field])


@pytest.mark.rule("ROOT-1")
def test_the_root_user_of_another_account_is_somebody_else():
    stranger = console(the_root(account_id="account-2", id="root-2"))
    refusal_of(lambda: protect_fields(stranger, the_root(), ["first_name"]))


@pytest.mark.rule("ROOT-2")
def test_one_forbidden_field_among_allowed_ones_refuses_the_change():
    refusal = refusal_of(lambda: protect_fields(console(the_root()), the_root(), ["first_name", "role"]))
    assert refusal.field == "role"
    protect_fields(console(the_root()), the_root(), [])


@pytest.mark.rule("ROOT-6", "SCM-4")
@pytest.mark.parametrize(("who", "refused"), [(token(), True), (assertion(), True), (key(), False),
                                              (console(the_root()), False), (operator(ACCOUNT), False),
                                              (nobody(WayIn.CONSOLE, None), False)])  # fmt: skip
def test_an_identity_provider_never_writes_the_root_user(who, refused):
    if refused:
        assert "identity provider" in refusal_of(lambda: protect_from_directory(who, the_root())).sentence
    else:
        protect_from_directory(who, the_root())


@pytest.mark.rule("ROOT-3", "SCM-4")
def test_the_root_user_is_put_into_no_group_by_a_directory_and_a_master_admin_only_where_it_may():
    assert "groups" in refusal_of(lambda: protect_membership(token(allow_master_admin=True), the_root())).sentence
    boss = a_user(role=Role.MASTER_ADMIN)
    with pytest.raises(Refusal) as refused:
        protect_membership(token(), boss)
    assert refused.value.code is Code.ABOVE_OWN_ROLE
    protect_membership(token(allow_master_admin=True), boss)


@pytest.mark.rule("ROOT-3", "ROOT-5")
def test_the_root_user_has_no_role_is_marked_and_holds_every_permission_of_its_account():
    root = the_root()
    assert (root.is_root, root.role) == (True, None)
    carried = set(Permission) - {Permission.OPERATOR_ACCOUNTS_MANAGE}
    assert {each for each in Permission if is_allowed(console(root), each, root)} == carried


@pytest.mark.rule("ROOT-4")
def test_the_root_user_has_all_product_environments_whatever_its_role_reads():
    assert always_all(None, True)
    assert not always_all(None, False)
