"""Groups: unique names, members that never get lost, versions that move."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.groups import (
    GroupEdit,
    NewGroup,
    add_member,
    create_group,
    delete_group,
    edit_group,
    groups_of_user,
    list_groups,
    remove_member,
    show_group,
)
from provisioning.actions.users import create_user, show_user
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.groups import GroupChanges, MembershipEdit
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser
from tests.actions.refusals import code_of
from tests.factories import key_caller, make_user


@pytest.fixture
def people(caller, services):
    return [make_user(caller, services, f"user{number}@acme.example") for number in range(4)]


@pytest.mark.rule("GRP-1")
def test_a_group_is_made_renamed_and_deleted(services, caller, people):
    made = create_group(caller, NewGroup(" Design ", member_ids=(people[0].id,)), services)
    assert (made.group.name, made.group.version, made.group.member_count) == ("Design", 1, 1)
    renamed = edit_group(caller, made.group.id, lambda _: GroupEdit(GroupChanges(name="Art")), services)
    assert (renamed.group.name, renamed.group.version) == ("Art", 2)
    delete_group(caller, made.group.id, services)
    assert code_of(lambda: show_group(caller, made.group.id, services)) is Code.NOT_FOUND
    assert show_user(caller, people[0].id, services).groups == ()


@pytest.mark.rule("GRP-5")
@pytest.mark.parametrize("same", ["Design", "DESIGN", "ｄesign", " design "])
def test_names_are_unique_in_the_account_after_case_folding(services, caller, neighbour, same):
    create_group(caller, NewGroup("Design"), services)
    assert code_of(lambda: create_group(caller, NewGroup(same), services)) is Code.GROUP_NAME_TAKEN
    other = create_group(caller, NewGroup("Other"), services).group
    rename = lambda: edit_group(caller, other.id, lambda _: GroupEdit(GroupChanges(name=same)), services)
    assert code_of(rename) is Code.GROUP_NAME_TAKEN
    assert create_group(key_caller(neighbour), NewGroup(same), services).group.name == same.strip()


@pytest.mark.rule("GRP-1")
@pytest.mark.parametrize("name", ["", "   ", "x" * 257, "a\u200bb", "a\nb", "a\0b"])
def test_names_that_nobody_could_read_are_refused(services, caller, name):
    assert code_of(lambda: create_group(caller, NewGroup(name), services)) is Code.INVALID_VALUE


@pytest.mark.rule("GRP-2")
def test_a_user_is_in_several_groups_and_can_join_when_made(services, caller, people):
    first = create_group(caller, NewGroup("A"), services).group
    second = create_group(caller, NewGroup("B"), services).group
    made = create_user(caller, NewUser(email="new@acme.example", group_ids=(first.id, second.id)), services)
    assert [group.name for group in made.groups] == ["A", "B"]
    assert made.user.role is Role.MEDIA_LIBRARY_USER
    assert {group.name for group in groups_of_user(caller, made.user.id, services)} == {"A", "B"}
    assert {(group.name, group.member_count, group.version) for group in list_groups(caller, services)} == {
        ("A", 1, 2), ("B", 1, 2)
    }  # fmt: skip


@pytest.mark.rule("GRP-1")
def test_one_member_joins_and_leaves_and_versions_move(services, caller, people):
    group = create_group(caller, NewGroup("Design"), services).group
    before = show_user(caller, people[0].id, services).user.version
    add_member(caller, group.id, people[0].id, services)
    add_member(caller, group.id, people[0].id, services)
    add_member(caller, group.id, people[1].id, services)
    view = show_group(caller, group.id, services)
    assert {member.id for member in view.members} == {people[0].id, people[1].id}
    assert (view.group.version, view.group.member_count) == (3, 2), "joining twice changes nothing"
    assert show_user(caller, people[0].id, services).user.version == before + 1
    remove_member(caller, group.id, people[0].id, services)
    assert {member.id for member in show_group(caller, group.id, services).members} == {people[1].id}


def test_edits_of_members_apply_in_order_under_one_version(services, caller, people):
    ids = [user.id for user in people]
    group = create_group(caller, NewGroup("Design", member_ids=(ids[0], ids[1])), services).group
    edits = (MembershipEdit(remove=(ids[0],)), MembershipEdit(add=(ids[2],)), MembershipEdit(clear=True, add=(ids[3],)))
    view = edit_group(caller, group.id, lambda _: GroupEdit(members=edits), services)
    assert [member.id for member in view.members] == [ids[3]]
    assert (view.group.version, view.group.member_count) == (2, 1)
    undone = (MembershipEdit(clear=True), MembershipEdit(add=(ids[3],)))
    same = edit_group(caller, group.id, lambda _: GroupEdit(members=undone), services)
    assert same.group.version == 2, "an edit that ends where it began changes nothing"


def test_concurrent_additions_all_survive(services, caller):
    group = create_group(caller, NewGroup("Design"), services).group
    people = [make_user(caller, services, f"p{number}@acme.example") for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda user: add_member(caller, group.id, user.id, services), people))
    view = show_group(caller, group.id, services)
    assert {member.id for member in view.members} == {user.id for user in people}
    assert view.group.member_count == 24


@pytest.mark.rule("TEN-1", "TEN-3")
def test_members_and_groups_of_another_account_do_not_exist(services, caller, neighbour, people, sql):
    theirs = key_caller(neighbour)
    foreign = make_user(theirs, services, "eve@neighbour.example")
    their_group = create_group(theirs, NewGroup("Theirs", member_ids=(foreign.id,)), services).group
    mine = create_group(caller, NewGroup("Mine", member_ids=(foreign.id, "made-up", their_group.id)), services)
    assert mine.members == ()
    assert code_of(lambda: add_member(caller, mine.group.id, foreign.id, services)) is Code.NOT_FOUND
    assert code_of(lambda: add_member(caller, their_group.id, people[0].id, services)) is Code.NOT_FOUND
    assert code_of(lambda: delete_group(caller, their_group.id, services)) is Code.NOT_FOUND
    assert [member.id for member in show_group(theirs, their_group.id, services).members] == [foreign.id]


def test_a_group_in_a_group_is_kept_and_gives_nothing(services, caller, people):
    inner = create_group(caller, NewGroup("Inner", member_ids=(people[0].id,)), services).group
    outer = create_group(caller, NewGroup("Outer", member_ids=(inner.id, people[1].id)), services)
    assert {(member.id, member.kind) for member in outer.members} == {(inner.id, "Group"), (people[1].id, "User")}
    assert [group.name for group in show_user(caller, people[0].id, services).groups] == ["Inner"]
    delete_group(caller, inner.id, services)
    assert [member.id for member in show_group(caller, outer.group.id, services).members] == [people[1].id]


@pytest.mark.rule("SCM-4", "ROOT-6")
def test_a_directory_cannot_put_the_root_user_into_a_group(services, account, scim):
    refused = lambda: create_group(scim, NewGroup("Admins", member_ids=(account.root.id,)), services)
    assert code_of(refused) is Code.ROOT_USER_PROTECTED
    group = create_group(scim, NewGroup("Admins"), services).group
    edit = GroupEdit(members=(MembershipEdit(add=(account.root.id,)),))
    assert code_of(lambda: edit_group(scim, group.id, lambda _: edit, services)) is Code.ROOT_USER_PROTECTED
    assert show_group(scim, group.id, services).members == ()


@pytest.mark.rule("SCM-1")
def test_a_directory_changes_only_groups_that_it_made(services, caller, scim, people):
    mine = create_group(caller, NewGroup("Console's"), services).group
    edit = GroupEdit(members=(MembershipEdit(add=(people[0].id,)),))
    assert code_of(lambda: edit_group(scim, mine.id, lambda _: edit, services)) is Code.USER_NOT_MANAGED
    assert code_of(lambda: delete_group(scim, mine.id, services)) is Code.USER_NOT_MANAGED
    theirs = create_group(scim, NewGroup("Directory's"), services).group
    edited = edit_group(scim, theirs.id, lambda _: edit, services)
    assert [member.id for member in edited.members] == [people[0].id], "members may be any user but the root"


@pytest.mark.rule("GRP-1", "AUZ-1")
@pytest.mark.parametrize("role", sorted(set(Role) - {Role.MASTER_ADMIN, Role.ADMIN}))
def test_only_admins_manage_groups(services, account, role):
    with pytest.raises(Refusal) as refused:
        create_group(key_caller(account, role), NewGroup("Design"), services)
    assert refused.value.code is Code.NOT_ALLOWED


@pytest.mark.rule("TEN-1", "GRP-2")
def test_nobody_is_made_into_a_group_that_the_account_does_not_have(services, caller, neighbour, sql):
    theirs = create_group(key_caller(neighbour), NewGroup("Theirs"), services).group
    for group_id in (theirs.id, "made-up"):
        command = NewUser(email="new@acme.example", group_ids=(group_id,))
        assert code_of(lambda: create_user(caller, command, services)) is Code.NOT_FOUND
    assert sql("select count(*) from users where email = 'new@acme.example'") == [(0,)]
