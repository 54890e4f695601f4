"""SCM-7: a filter is a tree of plain values, with limits that are known before any database is asked."""

import pytest

from provisioning.domain.search import (
    DEEPEST,
    LONGEST_FILTER,
    MOST_TERMS,
    And,
    Comparison,
    Not,
    Operator,
    Or,
    Present,
    Query,
    ValuePath,
)


@pytest.mark.rule("SCM-7")
def test_the_limits_are_those_of_the_rule():
    assert (LONGEST_FILTER, DEEPEST, MOST_TERMS) == (16 * 1024, 64, 256)


@pytest.mark.rule("SCM-7")
def test_the_operators_are_those_of_the_standard():
    assert set(Operator) == {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"}


@pytest.mark.rule("SCM-7")
def test_trees_are_equal_by_value_can_be_keys_and_cannot_be_changed():
    def tree():
        leaf = Comparison("username", Operator.EQ, "dana")
        return And(
            (Not(leaf), Or((Present("title"), leaf)), ValuePath("emails", Comparison("type", Operator.EQ, "work")))
        )

    assert tree() == tree()
    assert len({tree(), tree()}) == 1
    with pytest.raises(AttributeError):
        tree().nodes = ()


@pytest.mark.rule("SCM-7")
@pytest.mark.parametrize(("left", "right"), [(True, "true"), (None, ""), ("1", 1)])
def test_values_of_other_types_are_other_questions(left, right):
    assert Comparison("a", Operator.EQ, left) != Comparison("a", Operator.EQ, right)


def test_a_question_asks_for_all_in_the_order_of_making_a_hundred_at_a_time():
    assert Query() == Query(node=None, sort_path=None, descending=False, offset=0, count=100)
