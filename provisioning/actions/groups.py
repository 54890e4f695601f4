"""Groups: make, change, delete, show; members come and go by edits, never by writing a whole list back."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from provisioning.actions.services import Services, repeated
from provisioning.actions.users import require_version
from provisioning.domain import policy, root
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.errors import Code, Refusal, invalid
from provisioning.domain.events import Event
from provisioning.domain.groups import Group, GroupChanges, Member, MembershipEdit, checked_group_name
from provisioning.domain.permissions import Permission
from provisioning.domain.users import UserView
from provisioning.store.unit_of_work import Unit

NAMED_IN_REPORT = 20


@dataclass(frozen=True, slots=True)
class NewGroup:
    """What is asked for when a group is made."""

    name: str
    external_id: str | None = None
    attributes: dict[str, object] = field(default_factory=dict)
    member_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """What an edit of a group asks for: changed fields, and edits of its members in order."""

    changes: GroupChanges = field(default_factory=lambda: GroupChanges())
    members: tuple[MembershipEdit, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with its members, and what an edit of them could not do.

    Attributes:
        members: None where they were not asked for.
        left_out: ids that were to come in and are nobody of the account.
        missed: ids that were to go and were not in.
    """

    group: Group
    members: tuple[Member, ...] | None = None
    left_out: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


@repeated
def create_group(caller: Caller, command: NewGroup, services: Services) -> GroupView:
    """Make a group, with members at once if asked.

    Args:
        caller: needs group management.
        command: name, ids of users or groups as members.
        services: from outside.

    Raises:
        Refusal: a taken name or externalId, an unknown member in a strict profile, the root user as a
            directory's member, not allowed.
    """
    with services.unit(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_GROUPS_MANAGE)
        group = add_group(unit, command)
        if not command.member_ids:
            return GroupView(group, ())
        view = change_members(unit, group, (MembershipEdit(add=command.member_ids),), version=0)
        return replace(view, members=unit.groups.members(group.id))


def add_group(unit: Unit, command: NewGroup) -> Group:
    """Insert a group without members inside a transaction that is open."""
    caller = unit.caller
    group = unit.groups.add(
        Group(
            account_id=unit.account_id,
            id=unit.new_id(),
            name=checked_group_name(command.name),
            external_id=command.external_id,
            connection_id=caller.connection.id if caller.connection else None,
            version=1,
            member_count=0,
            attributes=command.attributes,
            created_at=unit.now,
            updated_at=unit.now,
        )
    )
    unit.record(Event("group.created", "group", group.id, group.name))
    return group


@repeated
def edit_group(
    caller: Caller,
    group_id: str,
    edit: Callable[[Group], GroupEdit],
    services: Services,
    versions: Collection[int] | None = None,
    *,
    with_members: bool = True,
) -> GroupView:
    """Change a group by an edit that is computed from its present state.

    Args:
        caller: needs group management over the group.
        group_id: a group of the caller's account.
        edit: pure function, present group -> edit; runs once the row is locked.
        services: from outside.
        versions: the versions that the caller knows, None for any.
        with_members: whether the answer holds the members.

    Raises:
        Refusal: not found, stale, not allowed, or a value that is refused.
    """
    with services.unit(caller) as unit:
        before = unit.groups.lock(group_id)
        policy.require(caller, Permission.ACCOUNT_GROUPS_MANAGE, before)
        require_version(before.version, versions)
        asked = edit(before)
        after = change_fields(unit, before, asked.changes)
        view = change_members(unit, after, asked.members, version=before.version)
        return replace(view, members=unit.groups.members(group_id)) if with_members else view


@repeated
def delete_group(caller: Caller, group_id: str, services: Services, versions: Collection[int] | None = None) -> None:
    """Delete a group; what it gave its members is gone at once (GRP-5)."""
    with services.unit(caller) as unit:
        # Whoever adds this group to another one holds that one first: in the other order both would wait for ever.
        unit.groups.lock_parents_of(group_id)
        group = unit.groups.lock(group_id)
        policy.require(caller, Permission.ACCOUNT_GROUPS_MANAGE, group)
        require_version(group.version, versions)
        unit.users.raise_versions(unit.groups.member_ids(group_id), unit.now)
        unit.groups.forget_child(group_id, unit.now)
        unit.groups.delete(group_id)
        unit.record(Event("group.deleted", "group", group.id, group.name, {"members": group.member_count}))


def show_group(caller: Caller, group_id: str, services: Services, *, with_members: bool = True) -> GroupView:
    """Return a group; its members are read only where they are asked for."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_GROUPS_READ)
        group = unit.groups.get(group_id)
        return GroupView(group, unit.groups.members(group_id) if with_members else None)


def list_groups(caller: Caller, services: Services) -> list[Group]:
    """Return every group of the account in the order of making, without members."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_GROUPS_READ)
        return unit.groups.all(unit.groups.select().order_by("id"))


def list_groups_with_users(caller: Caller, services: Services) -> list[GroupView]:
    """Return every group of the account in the order of making, with its users: two statements in all."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_GROUPS_READ)
        found = unit.groups.all(unit.groups.select().order_by("id"))
        members = unit.groups.members_of([group.id for group in found])
        return [GroupView(group, _people(members[group.id])) for group in found]


def _people(members: Sequence[Member]) -> tuple[Member, ...]:
    return tuple(member for member in members if member.kind == Member.USER)


def groups_of_user(caller: Caller, user_id: str, services: Services) -> list[Group]:
    """Return the groups that a live user is in."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_GROUPS_READ)
        unit.users.get(user_id)
        return unit.groups.groups_of(user_id)


def add_member(caller: Caller, group_id: str, user_id: str, services: Services) -> UserView:
    """Put one live user into a group; one who is in already stays once. Returns the user."""
    return _one_member(caller, group_id, user_id, MembershipEdit(add=(user_id,)), services)


def remove_member(caller: Caller, group_id: str, user_id: str, services: Services) -> UserView:
    """Take one live user out of a group; one who is not in is no fault. Returns the user."""
    return _one_member(caller, group_id, user_id, MembershipEdit(remove=(user_id,)), services)


@repeated
def _one_member(caller: Caller, group_id: str, user_id: str, edit: MembershipEdit, services: Services) -> UserView:
    with services.unit(caller) as unit:
        group = unit.groups.lock(group_id)
        policy.require(caller, Permission.ACCOUNT_GROUPS_MANAGE, group)
        user = unit.users.get(user_id)
        change_members(unit, group, (edit,), version=group.version)
        return unit.users.views([user])[0]


def change_fields(unit: Unit, before: Group, changes: GroupChanges) -> Group:
    """Write the fields of a group that really change; return the group as it is then."""
    if "name" in changes:
        changes["name"] = checked_group_name(changes["name"])
    real = {name: value for name, value in changes.items() if getattr(before, name) != value}
    if not real:
        return before
    after = unit.groups.save(before, replace(before, updated_at=unit.now, **real))  # type: ignore[arg-type]
    unit.record(Event("group.changed", "group", after.id, after.name, {"fields": sorted(real), "before": before.name}))
    if "name" in real:
        unit.users.raise_versions(unit.groups.member_ids(before.id), unit.now)
    return after


class _Moves:
    """What edits of membership have done so far; who came and went again did neither."""

    def __init__(self) -> None:
        self.came: set[str] = set()
        self.went: set[str] = set()

    def take_out(self, ids: Collection[str]) -> None:
        """Note who went; who came before in the same transaction was never there."""
        self.came, self.went = self.came.difference(ids), self.went | set(ids).difference(self.came)

    def put_in(self, ids: Collection[str]) -> None:
        """Note who came; who went before in the same transaction was never gone."""
        self.came, self.went = self.came | set(ids).difference(self.went), self.went.difference(ids)


class _Tally:
    """Who has come and gone so far, users and groups apart, and whom the edits could not put in or take out."""

    def __init__(self) -> None:
        self.users = _Moves()
        self.children = _Moves()
        self.left_out: list[str] = []
        self.missed: list[str] = []

    @property
    def is_unchanged(self) -> bool:
        """Whether the group has the members that it had."""
        return not any(moves.came or moves.went for moves in (self.users, self.children))


def change_members(unit: Unit, group: Group, edits: Sequence[MembershipEdit], *, version: int) -> GroupView:
    """Apply edits of membership to a locked group; return it as it is then, without its members.

    Args:
        unit: the open transaction.
        group: the group, perhaps changed already in this transaction.
        edits: applied in order.
        version: the group's version before this transaction, which moves by one in all.

    Raises:
        Refusal: protected people in a directory's edit; NO_TARGET where a choice of members finds none; where the
            connection is strict, INVALID_VALUE for who is nobody of the account, NO_TARGET for who is to go and not in.
    """
    tally = _Tally()
    for edit in edits:
        _take_out(unit, group.id, edit, tally)
        _put_in(unit, group.id, edit, tally)
    users = tally.users
    _require_unprotected(unit, users.went.union(*(edit.add for edit in edits)))
    view = GroupView(group, None, tuple(tally.left_out), tuple(tally.missed))
    if tally.is_unchanged:
        return view
    counted = group.member_count + len(users.came) - len(users.went)
    before = replace(group, version=version, member_count=counted)
    after = unit.groups.save(before, replace(before, updated_at=unit.now))
    unit.users.raise_versions(sorted(users.came | users.went), unit.now)
    unit.record(Event("group.members_changed", "group", group.id, group.name, _named(users.came, users.went)))
    return replace(view, group=after)


def _take_out(unit: Unit, group_id: str, edit: MembershipEdit, tally: _Tally) -> None:
    if edit.clear:
        # Who is to stay is not taken out first: a list that is written again as it was changes nothing.
        tally.users.take_out(unit.groups.remove_other_users(group_id, edit.add))
        tally.children.take_out(unit.groups.remove_other_children(group_id, edit.add))
    chosen = _chosen(unit, group_id, edit.matching) if edit.matching else edit.remove
    if chosen:
        gone = unit.groups.remove_users(group_id, chosen)
        tally.users.take_out(gone)
        others = _without(chosen, gone)
        gone = unit.groups.remove_children(group_id, others) if others else []
        tally.children.take_out(gone)
        tally.missed += _missed(unit, _without(others, gone))


def _chosen(unit: Unit, group_id: str, is_chosen: Callable[[Member], bool]) -> list[str]:
    chosen = [member.id for member in unit.groups.members(group_id) if is_chosen(member)]
    if not chosen:
        raise Refusal(Code.NO_TARGET, "members", detail="no member of the group is selected.")
    return chosen


def _missed(unit: Unit, ids: list[str]) -> list[str]:
    if ids and _is_strict(unit):
        raise Refusal(Code.NO_TARGET, "members", detail=f"{ids[0][:64]!r} is no member of the group.")
    return ids


def _put_in(unit: Unit, group_id: str, edit: MembershipEdit, tally: _Tally) -> None:
    if not edit.add:
        return
    added = unit.groups.add_users(group_id, edit.add)
    tally.users.put_in(added)
    others = _without(edit.add, added)
    added = unit.groups.add_children(group_id, others) if others else []
    tally.children.put_in(added)
    unknown = _without(others, added)
    tally.left_out += _left_out(unit, _without(unknown, unit.groups.members_among(group_id, unknown)))


def _left_out(unit: Unit, ids: list[str]) -> list[str]:
    if ids and _is_strict(unit):
        raise invalid("members", f"There is no member with the id {ids[0][:64]!r} in this account.")
    return ids


def _without(ids: Sequence[str], gone: Collection[str]) -> list[str]:
    known = set(gone)
    return [each for each in ids if each not in known]


def _is_strict(unit: Unit) -> bool:
    return unit.caller.connection is not None and unit.caller.connection.is_strict


def _require_unprotected(unit: Unit, member_ids: Collection[str]) -> None:
    """Refuse protected people among those whom a directory puts into a group or takes out of it (SCM-4)."""
    if member_ids and unit.caller.credential is Credential.SCIM_TOKEN:
        for user in unit.users.protected_among(sorted(member_ids)):
            root.protect_membership(unit.caller, user)


def _named(came: Collection[str], went: Collection[str]) -> dict[str, object]:
    return {
        "added": sorted(came)[:NAMED_IN_REPORT],
        "removed": sorted(went)[:NAMED_IN_REPORT],
        "added_count": len(came),
        "removed_count": len(went),
    }
