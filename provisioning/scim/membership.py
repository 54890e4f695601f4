"""Steps of a PATCH on a group: edits of membership instead of a list of members.

No member is read to add or remove one, so the cost is the same in a group of 10 and of 50,000, and two requests at once
cannot write each other's members away. Only a selection by something other than ids needs the members; the action reads
them for it, after what earlier steps did and under the lock of the group.
"""

from collections.abc import Callable, Sequence

from provisioning.actions.groups import GroupEdit, GroupView
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.groups import Group, GroupChanges, Member, MembershipEdit
from provisioning.domain.search import Comparison, Node, Operator, Or
from provisioning.scim.notes import note
from provisioning.scim.operations import Op, Step
from provisioning.scim.patch import patched
from provisioning.scim.resources import group_attributes, group_changes, ids_of
from provisioning.scim.selection import selects
from provisioning.scim.traits import GROUP

MEMBERS = GROUP.settable["members"]
LONGEST_NOTED = 64


def group_edit(steps: Sequence[Step]) -> Callable[[Group], GroupEdit]:
    """Return the edit of a group that a PATCH asks for.

    Args:
        steps: operations.read_patch of the body.

    Raises (when run):
        Refusal: MUTABILITY.
    """
    edits = tuple(_membership(step) for step in steps if _is_on_members(step))
    others = [step for step in steps if not _is_on_members(step)]

    def edit(group: Group) -> GroupEdit:
        before = group_attributes(group)
        after = patched(before, others)
        changes = group_changes(after) if after != before else GroupChanges()
        return GroupEdit(changes, tuple(each for each in edits if not each.is_empty))

    return edit


def _is_on_members(step: Step) -> bool:
    return step.target.trait is not None and step.target.trait.name == MEMBERS.name


def _membership(step: Step) -> MembershipEdit:
    if step.target.sub is not None:
        raise Refusal(Code.MUTABILITY, "members", attribute=f"members.{step.target.sub.name}")
    if step.target.selection is not None:
        return _by_selection(step, step.target.selection)
    if step.op is Op.ADD:
        return MembershipEdit(add=ids_of(step.value))
    if step.op is Op.REPLACE:
        return MembershipEdit(clear=True, add=ids_of(step.value))
    # A list of values takes out the listed ones only: the group is never emptied by it.
    return MembershipEdit(clear=True) if step.value is None else MembershipEdit(remove=ids_of(step.value))


def _by_selection(step: Step, selection: Node) -> MembershipEdit:
    if step.op is not Op.REMOVE:
        raise Refusal(Code.MUTABILITY, "members", attribute="members.value")
    ids = _selected_ids(selection)
    return MembershipEdit(matching=_matching(selection)) if ids is None else MembershipEdit(remove=tuple(ids))


def _selected_ids(node: Node) -> list[str] | None:
    """Return the ids of a selection such as `value eq "a" or value eq "b"`, None where it says more than ids."""
    terms = node.nodes if isinstance(node, Or) else (node,)
    ids = [
        str(term.value)
        for term in terms
        if isinstance(term, Comparison) and term.path == "value" and term.operator is Operator.EQ
    ]
    return ids if len(ids) == len(terms) else None


def _matching(selection: Node) -> Callable[[Member], bool]:
    def is_selected(member: Member) -> bool:
        element = {"value": member.id, "type": member.kind, "display": member.display}
        return selects(selection, element, MEMBERS)

    return is_selected


def noted(view: GroupView) -> GroupView:
    """Keep for the provisioning log whom an edit left out, and return the view."""
    for member_id in view.left_out:
        note(f"The member {member_id[:LONGEST_NOTED]!r} is nobody of this account and was left out.")
    for member_id in view.missed:
        note(f"The member {member_id[:LONGEST_NOTED]!r} was to go and was not in the group.")
    return view
