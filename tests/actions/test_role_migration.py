"""ROLE-3: the obsolete roles Contributor and Viewer become groups; nobody with one breaks anything before that."""

import pytest

from provisioning.actions.groups import NewGroup, create_group, list_groups_with_users
from provisioning.actions.role_migration import migrate_obsolete_roles
from provisioning.actions.users import delete_user, show_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code
from provisioning.domain.roles_legacy import ObsoleteRole, Role
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_user, person


def members(caller, services) -> dict[str, set[str]]:
    return {view.group.name: {each.id for each in view.members} for view in list_groups_with_users(caller, services)}


def with_role(sql, user, role: str) -> str:
    """Give a user a role of earlier times, as a database that was brought in has it."""
    sql("update users set role = %s where id = %s", role, user.id)
    return user.id


@pytest.mark.rule("ROLE-3", "GRP-2")
def test_those_with_obsolete_roles_become_media_library_users_in_groups(services, account, neighbour, caller, sql):
    ann, bob, gone = (make_user(caller, services, f"{name}@acme.example") for name in ("ann", "bob", "gone"))
    delete_user(caller, gone.id, services)
    with_role(sql, ann, "contributor")
    with_role(sql, bob, "viewer")
    with_role(sql, gone, "viewer")
    theirs = with_role(sql, make_user(key_caller(neighbour), services, "eve@neighbour.example"), "viewer")
    assert show_user(caller, ann.id, services).user.role is Role.MEDIA_LIBRARY_USER, "readable before it is moved"
    before = show_user(caller, bob.id, services).user.version
    migrate_obsolete_roles(operator(caller.account), {}, services)
    assert members(caller, services) == {"Contributor": {ann.id}, "Viewer": {bob.id}}
    assert show_user(caller, bob.id, services).user.version > before
    assert [group.name for group in show_user(caller, ann.id, services).groups] == ["Contributor"]
    stored = dict(sql("select id, role from users where not is_root"))
    assert stored == dict.fromkeys((ann.id, bob.id, gone.id), "media_library_user") | {theirs: "viewer"}
    assert members(key_caller(neighbour), services) == {}


@pytest.mark.rule("ROLE-3")
def test_moving_again_changes_nothing_and_a_group_that_is_there_is_used(services, caller, sql):
    kim = make_user(caller, services, "kim@acme.example")
    ann = make_user(caller, services, "ann@acme.example")
    group = create_group(caller, NewGroup("VIEWER", member_ids=(kim.id,)), services).group
    shell = operator(caller.account)
    named = {ObsoleteRole.VIEWER: ["ANN@acme.example", ann.id]}
    first = migrate_obsolete_roles(shell, named, services)
    assert [(each.role, each.user_ids) for each in first] == [("contributor", ()), ("viewer", (ann.id,))]
    again = migrate_obsolete_roles(shell, named, services)
    assert again[1].group.id == group.id
    assert members(caller, services) == {"VIEWER": {kim.id, ann.id}, "Contributor": set()}
    assert sql("select count(*) from activity where kind = 'group.members_changed'") == [(2,)]


@pytest.mark.rule("ROLE-3", "USR-3")
def test_only_the_operator_moves_and_nobody_is_demoted_by_it(services, account, neighbour, caller, sql):
    for other in (caller, person(account.root)):
        moved = lambda other=other: migrate_obsolete_roles(other, {}, services)
        assert code_of(moved) in (Code.NOT_ALLOWED, Code.CREDENTIAL_NOT_ALLOWED)
    shell = operator(caller.account)
    chef = make_user(caller, services, "chef@acme.example", Role.ADMIN)
    foreign = make_user(key_caller(neighbour), services, "eve@neighbour.example")
    for name, code in [(chef.email, Code.INVALID_VALUE), (account.root.id, Code.INVALID_VALUE),
                       (foreign.id, Code.NOT_FOUND), (foreign.email, Code.NOT_FOUND)]:  # fmt: skip
        named = {ObsoleteRole.VIEWER: [name]}
        assert code_of(lambda named=named: migrate_obsolete_roles(shell, named, services)) is code
    assert sql("select count(*) from groups") == [(0,)]
