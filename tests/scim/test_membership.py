"""PATCH of members: edits of membership in each provider's shape, without reading a member list."""

import pytest
from flask import Flask

from provisioning.actions.groups import GroupView
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.groups import Member, MembershipEdit
from provisioning.scim.membership import group_edit, noted
from provisioning.scim.notes import notes_kept
from provisioning.scim.operations import PATCH_OP, read_patch
from provisioning.scim.traits import GROUPS
from tests.scim.people import a_group

ADA, BOB = Member("u1", Member.USER, "Ada"), Member("u2", Member.USER, "Bob")


def steps(*operations: dict):
    return read_patch({"schemas": [PATCH_OP], "Operations": list(operations)}, GROUPS)


def edits(*operations: dict) -> tuple[MembershipEdit, ...]:
    return group_edit(steps(*operations))(a_group()).members


@pytest.mark.rule("SCM-6")
@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "Add", "path": "members", "value": [{"value": "u1"}, {"value": "u"}]}, MembershipEdit(add=("u1", "u"))),
        ({"op": "Add", "path": "members", "value": [{"$ref": None, "value": "u1"}]}, MembershipEdit(add=("u1",))),
        ({"op": "add", "path": "members", "value": {"value": "u1"}}, MembershipEdit(add=("u1",))),
        ({"op": "add", "path": "members", "value": ["u1"]}, MembershipEdit(add=("u1",))),
        ({"op": "add", "path": "members", "value": [{"$ref": "../Users/u1"}]}, MembershipEdit(add=("u1",))),
        ({"op": "add", "path": "members", "value": [{"value": "u1"}, {"value": "u1"}]}, MembershipEdit(add=("u1",))),
        ({"op": "add", "value": {"members": [{"value": "u1"}]}}, MembershipEdit(add=("u1",))),
        ({"op": "replace", "path": "members", "value": [{"value": "u1"}]}, MembershipEdit(clear=True, add=("u1",))),
        ({"op": "replace", "path": "members", "value": []}, MembershipEdit(clear=True)),
        ({"op": "replace", "path": "members", "value": None}, MembershipEdit(clear=True)),
        ({"op": "remove", "path": "members"}, MembershipEdit(clear=True)),
        ({"op": "Remove", "path": "members", "value": [{"value": "u1"}]}, MembershipEdit(remove=("u1",))),
        ({"op": "Remove", "path": "members", "value": {"value": "u1"}}, MembershipEdit(remove=("u1",))),
        ({"op": "Remove", "path": 'members[value eq "u1"]'}, MembershipEdit(remove=("u1",))),
        ({"op": "Remove", "path": 'MEMBERS[VALUE EQ "u1" or value eq "u2"]'}, MembershipEdit(remove=("u1", "u2"))),
        ({"op": "Remove", "path": 'members[$ref eq "http://x/Users/u1"]'}, MembershipEdit(remove=("u1",))),
    ],
)  # fmt: skip
def test_each_shape_becomes_an_edit_of_membership(operation, expected):
    assert edits(operation) == (expected,)


@pytest.mark.rule("SCM-6")
def test_a_remove_with_an_empty_list_takes_nobody_out():
    assert edits({"op": "Remove", "path": "members", "value": []}) == ()


def test_add_and_remove_in_one_request_keep_their_order():
    found = edits(
        {"op": "remove", "path": 'members[value eq "u1"]'}, {"op": "add", "path": "members", "value": [{"value": "u2"}]}
    )
    assert found == (MembershipEdit(remove=("u1",)), MembershipEdit(add=("u2",)))


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        ('type eq "User" and display sw "b"', [BOB]), ('not (value eq "u1")', [BOB]), ('display eq "ADA"', [ADA]),
        ('value eq "U1" or type eq "Group"', []), ('value pr', [ADA, BOB]), ('value eq "u1" and display pr', [ADA]),
        ('value eq "u1" or display co "o"', [ADA, BOB]), ('$ref ne "http://x/Users/u1"', [BOB]),
    ],
)  # fmt: skip
def test_a_selection_by_more_than_ids_is_asked_of_the_members(selection, chosen):
    (edit,) = edits({"op": "remove", "path": f"members[{selection}]"})
    assert (edit.clear, edit.remove, edit.add) == (False, (), ())
    assert [member for member in (ADA, BOB) if edit.matching(member)] == chosen


@pytest.mark.rule("SCM-6")
@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": [{"display": "Ada"}]},
        {"op": "remove", "path": "members", "value": [{"display": "Ada"}]},
        {"op": "remove", "path": "members", "value": [7]},
        {"op": "add", "path": "members", "value": [{"value": 7}]},
        {"op": "add", "path": "members", "value": 7},
    ],
)
def test_a_member_that_names_nobody_is_refused(operation):
    with pytest.raises(Refusal) as caught:
        edits(operation)
    assert caught.value.code is Code.INVALID_VALUE


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": 'members[value eq "u1"].value', "value": "u2"},
        {"op": "replace", "path": 'members[value eq "u1"].display', "value": "x"},
        {"op": "replace", "path": 'members[value eq "u1"]', "value": {"value": "u2"}},
        {"op": "remove", "path": "members.value"},
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "id", "value": "g2"},
    ],
)
def test_what_clients_cannot_change_is_refused(operation):
    with pytest.raises(Refusal) as caught:
        edits(operation)
    assert caught.value.code is Code.MUTABILITY


def test_okta_pushes_a_name_together_with_the_unchanged_id():
    edit = group_edit(steps({"op": "replace", "value": {"id": "g1", "displayName": "Makers"}}))(a_group())
    assert edit.changes == {"name": "Makers", "external_id": "G-1"}
    assert edit.members == ()


def test_a_patch_that_changes_nothing_asks_for_nothing():
    edit = group_edit(steps({"op": "replace", "value": {"displayName": "Engineers", "externalId": "G-1"}}))(a_group())
    assert (edit.changes, edit.members) == ({}, ())


@pytest.mark.rule("SCM-6", "SCM-9")
def test_whom_an_edit_left_out_is_noted_for_the_provisioning_log():
    view = GroupView(a_group(), None, left_out=("u9", "x" * 1000), missed=("u8",))
    with Flask(__name__).app_context():
        assert noted(view) is view
        assert ["'u9'" in text for text in notes_kept()] == [True, False, False]
        assert "x" * 65 not in "".join(notes_kept())
        assert "'u8'" in notes_kept()[2]
