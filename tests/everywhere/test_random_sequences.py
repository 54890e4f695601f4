"""AUZ-6: after any sequence of acts, everybody may exactly what a slow and simple model says, and nothing points at
nothing.

The model is the published table of roles, written by hand (tests/matrix), and plain sets. Groups are in it only to
show that on the legacy system they give nothing (GRP-3, GRP-4): they carry levels on folders and collections, and
roles go to each user.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.actions.accounts import NewAccount, create_account, set_seats, show_account
from provisioning.actions.environments import (
    NewEnvironment,
    create_environment,
    delete_environment,
    environments_of_user,
    list_environments,
)
from provisioning.actions.groups import (
    NewGroup,
    add_member,
    create_group,
    delete_group,
    list_groups_with_users,
    remove_member,
)
from provisioning.actions.users import create_user, delete_user, disable_user, edit_user, enable_user, show_user
from provisioning.domain.caller import Caller, operator
from provisioning.domain.errors import Refusal
from provisioning.domain.permissions import Permission
from provisioning.domain.policy import is_allowed
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser, UserChanges
from tests.factories import person

TABLE = yaml.safe_load((Path(__file__).parents[1] / "matrix" / "legacy_roles.yaml").read_text(encoding="utf-8"))
MAY = {permission: set(row["may"]) for row in TABLE["permissions"] for permission in row["permissions"]}
ROLES = list(Role)
EXTRA = ("create_collection", "moderate_asset")


@dataclass
class Person:
    """What the model knows of a user; `environments` None means all, also later ones."""

    id: str
    role: str
    active: bool = True
    deleted: bool = False
    environments: set[str] | None = None
    groups: set[str] = field(default_factory=set)
    extra: set[str] = field(default_factory=set)


class World:
    """An account and its model; each act is done in both, and both must agree on whether it is allowed."""

    def __init__(self, services, sql) -> None:
        made = create_account(operator(""), NewAccount(f"A{uuid4().hex}", "root@acme.example"), services)
        self.services, self.sql, self.account_id = services, sql, made.account.id
        set_seats(operator(self.account_id), 1000, services)
        self.root = Person(made.root.id, "root")
        self.people = [self.root]
        self.groups: list[str] = []
        self.environments = [made.environment.environment.id]
        self.names = iter(f"n{number}" for number in range(1000))

    # The model.

    def may(self, who: Person, permission: str) -> bool:
        if who is self.root:
            return permission != "operator:accounts:manage"
        return who.role in MAY.get(permission, ())

    def manages(self, who: Person, role: str) -> bool:
        """Whether somebody manages people of a role, and so gives and takes it."""
        if who is self.root:
            return role != "root"
        return self.may(who, "account:users:manage") and TABLE["users"][who.role][role] == "allowed"

    # Acts: each asks the model first and returns what to do in the product and in the model.

    def add(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        role = ROLES[number % len(ROLES)]
        email = f"{next(self.names)}@acme.example"
        do = lambda c: create_user(c, NewUser(email=email, role=role), self.services).user.id
        return self.manages(who, role), do, lambda made: self.people.append(Person(made, role.value))

    def change_role(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        role = ROLES[number % len(ROLES)]
        same = role.value == other.role
        allowed = self.manages(who, other.role) and (same or (self.manages(who, role) and who is not other))
        do = lambda c: edit_user(c, other.id, lambda _: UserChanges(role=role), self.services)

        def then(_: object) -> None:
            other.role = role.value
            other.extra = other.extra if role is Role.MEDIA_LIBRARY_USER else set()
            other.environments = None if role is Role.MASTER_ADMIN else other.environments

        return allowed, do, then

    def disable(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        allowed = self.manages(who, other.role) and (who is not other or not other.active)
        return allowed, lambda c: disable_user(c, other.id, self.services), lambda _: setattr(other, "active", False)

    def enable(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        do = lambda c: enable_user(c, other.id, self.services)
        return self.manages(who, other.role), do, lambda _: setattr(other, "active", True)

    def delete(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        def then(_: object) -> None:
            other.deleted, other.groups, other.environments = True, set(), set()

        allowed = self.manages(who, other.role) and who is not other
        return allowed, lambda c: delete_user(c, other.id, self.services), then

    def choose(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        chosen = {each for place, each in enumerate(self.environments) if number >> place & 1}
        do = lambda c: edit_user(c, other.id, lambda _: UserChanges(environment_ids=tuple(chosen)), self.services)
        allowed = self.manages(who, other.role) and other.role != "master_admin"
        return allowed, do, lambda _: setattr(other, "environments", chosen)

    def give_extra(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        extra = {EXTRA[number % 2]} if number % 3 else set()
        do = lambda c: edit_user(c, other.id, lambda _: UserChanges(media_library=frozenset(extra)), self.services)
        allowed = self.manages(who, other.role) and (not extra or other.role == "media_library_user")
        return allowed, do, lambda _: setattr(other, "extra", extra)

    def make_group(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        # The name of a group that was deleted comes again: it must find nobody in it (AUZ-4).
        name = f"{ROLES[len(self.groups) % 7].value} {len(self.groups)}"
        do = lambda c: create_group(c, NewGroup(name), self.services).group.id
        return self.may(who, "account:groups:manage"), do, self.groups.append

    def delete_group(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        group = self.groups[-1]

        def then(_: object) -> None:
            self.groups.remove(group)
            for each in self.people:
                each.groups.discard(group)

        return self.may(who, "account:groups:manage"), lambda c: delete_group(c, group, self.services), then

    def join(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        group = self.groups[number % len(self.groups)]
        do = lambda c: add_member(c, group, other.id, self.services)
        return self.may(who, "account:groups:manage"), do, lambda _: other.groups.add(group)

    def leave(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        group = self.groups[number % len(self.groups)]
        do = lambda c: remove_member(c, group, other.id, self.services)
        return self.may(who, "account:groups:manage"), do, lambda _: other.groups.discard(group)

    def make_environment(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        do = lambda c: create_environment(c, NewEnvironment(f"E{uuid4().hex}"), self.services).environment.id
        return self.may(who, "account:environments:manage"), do, self.environments.append

    def delete_environment(self, who: Person, other: Person, number: int) -> tuple[bool, Callable, Callable]:
        gone = self.environments[number % len(self.environments)]

        def then(_: object) -> None:
            self.environments.remove(gone)
            for each in self.people:
                (each.environments or set()).discard(gone)

        allowed = self.may(who, "account:environments:manage") and len(self.environments) > 1
        return allowed, lambda c: delete_environment(c, gone, self.services), then

    def act(self, name: str, who: int, other: int, number: int) -> None:
        """Let somebody do something, where there is somebody and something to do it to."""
        live = [each for each in self.people if not each.deleted]
        actors = [each for each in live if each.active]
        others = live[1:]
        needs_somebody = name not in ("add", "make_group", "delete_group", "make_environment", "delete_environment")
        if (needs_somebody and not others) or (name in ("join", "leave", "delete_group") and not self.groups):
            return
        actor = actors[who % len(actors)]
        allowed, do, then = getattr(self, name)(actor, others[other % len(others)] if others else self.root, number)
        made, refused = attempt(lambda: do(self.caller(actor)))
        assert (refused is None) is allowed, f"{name} by {actor.role}: {refused}"
        if allowed:
            then(made)

    def caller(self, who: Person) -> Caller:
        user = show_user(operator(self.account_id), who.id, self.services).user
        return replace(person(user), proved_at=self.services.now())

    # The comparison.

    def compare(self) -> None:
        live = [each for each in self.people if not each.deleted]
        shell = operator(self.account_id)
        users = {each.id: show_user(shell, each.id, self.services).user for each in live}
        for each in live:
            user, caller = users[each.id], person(users[each.id])
            assert (not user.is_disabled, user.media_library) == (each.active, each.extra)
            everything = {view.environment.id for view in list_environments(shell, self.services)}
            reached = {view.environment.id for view in environments_of_user(shell, each.id, self.services)}
            assert reached == (everything if each.environments is None else each.environments)
            for permission in MAY:
                if permission != "account:users:manage":
                    assert is_allowed(caller, Permission(permission)) is self.may(each, permission), permission
            for other in live[1:]:
                expected = self.manages(each, other.role)
                assert is_allowed(caller, Permission.ACCOUNT_USERS_MANAGE, users[other.id]) is expected
        groups = {view.group.id: view for view in list_groups_with_users(shell, self.services)}
        assert set(groups) == set(self.groups)
        for group, view in groups.items():
            members = {each.id for each in live if group in each.groups}
            assert ({each.id for each in view.members}, view.group.member_count) == (members, len(members))
        assert show_account(shell, self.services).seats.used == len(live)
        for table, column in DANGLING:
            found = self.sql(
                f"select count(*) from {table} t join users u on u.account_id = t.account_id and u.id = t.user_id"
                f" where t.account_id = %s and u.inactive_at is not null {column}",
                self.account_id,
            )
            assert found == [(0,)], table


def attempt(do: Callable[[], object]) -> tuple[object, Refusal | None]:
    """What an act returned, or the refusal that it met."""
    try:
        return do(), None
    except Refusal as refusal:
        return None, refusal


# What a deleted user must not leave open behind.
DANGLING = (
    ("group_members", ""), ("user_environments", ""), ("saml_links", ""),
    ("links", "and t.used_at is null and t.ended_at is null"),
    ("sessions", "and t.epoch >= u.epoch"),
)  # fmt: skip
ACTS = (
    "add", "add", "add", "change_role", "disable", "enable", "delete", "choose", "give_extra", "make_group", "join",
    "join", "leave", "delete_group", "make_environment", "delete_environment",
)  # fmt: skip
SEQUENCE = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 9), st.integers(0, 9), st.integers(0, 15)), min_size=5, max_size=30
)
FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def run(services, sql, sequence) -> None:
    world = World(services, sql)
    for step in sequence:
        world.act(*step)
    world.compare()


@pytest.mark.rule("AUZ-6", "AUZ-4", "AUZ-3", "GRP-3", "GRP-4", "ENV-2", "ENV-5")
@settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES, derandomize=True)
@given(SEQUENCE)
def test_after_any_sequence_of_acts_everybody_may_what_the_model_says(services, sql, sequence):
    run(services, sql, sequence)


@pytest.mark.long
@pytest.mark.rule("AUZ-6")
@settings(max_examples=500, deadline=None, suppress_health_check=FIXTURES)
@given(SEQUENCE)
def test_after_many_sequences_of_acts_too(services, sql, sequence):
    run(services, sql, sequence)
