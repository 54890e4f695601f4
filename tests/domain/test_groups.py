"""GRP: names of groups, and edits of membership that never need the whole list."""

import pytest

from provisioning.domain.comparison import LONGEST_NAME, comparison_key
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.groups import GroupChanges, Member, MembershipEdit, checked_group_name
from provisioning.domain.users import GroupName, NewUser, UserView
from tests.domain.people import a_group, a_user


@pytest.mark.rule("GRP-1", "GRP-5")
@pytest.mark.parametrize(
    ("given", "kept"),
    [("Design", "Design"), ("  Design ", "Design"), ("Größe & Co", "Größe & Co"), ("設計", "設計"), ("<b>", "<b>"),
     ("a" * LONGEST_NAME, "a" * LONGEST_NAME), (" " + "a" * LONGEST_NAME + " ", "a" * LONGEST_NAME)],
)  # fmt: skip
def test_a_groups_name_is_kept_as_given_without_blanks_around(given, kept):
    assert checked_group_name(given) == kept


@pytest.mark.rule("GRP-1", "LIM-3")
@pytest.mark.parametrize("given", ["", "   ", "\u3000", "a" * (LONGEST_NAME + 1), "De\0sign", "De\nsign",
                                   "\u202eDesign", "De\u200bsign", "\ud800"])  # fmt: skip
def test_an_empty_over_long_or_invisible_name_is_refused_by_field(given):
    with pytest.raises(Refusal) as refused:
        checked_group_name(given)
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "name")


@pytest.mark.rule("GRP-5")
@pytest.mark.parametrize("other", ["DESIGN", "design ", "ｄesign"])
def test_names_that_differ_in_case_or_width_are_one_name(other):
    assert comparison_key(checked_group_name(other)) == comparison_key("Design")


@pytest.mark.rule("GRP-1")
@pytest.mark.parametrize(
    ("edit", "empty"),
    [(MembershipEdit(), True), (MembershipEdit(clear=True), False), (MembershipEdit(add=("u",)), False),
     (MembershipEdit(remove=("u",)), False)],
)  # fmt: skip
def test_an_edit_that_asks_for_nothing_is_known_as_such(edit, empty):
    assert edit.is_empty is empty


@pytest.mark.rule("GRP-1")
def test_members_are_no_field_of_a_groups_change_set():
    assert set(GroupChanges.__annotations__) == {"name", "external_id", "attributes"}
    assert {Member.USER, Member.GROUP} == {"User", "Group"}


@pytest.mark.rule("GRP-2")
def test_a_user_may_be_in_several_groups_and_join_them_when_made():
    view = UserView(a_user(), (GroupName("g-1", "Design"), GroupName("g-2", "Sales")))
    assert [group.name for group in view.groups] == ["Design", "Sales"]
    assert NewUser(email="a@acme.example", group_ids=("g-1", "g-2")).group_ids == ("g-1", "g-2")


@pytest.mark.rule("GRP-1")
def test_groups_are_plain_values():
    assert a_group() == a_group()
    with pytest.raises(AttributeError):
        a_group().name = "Other"
