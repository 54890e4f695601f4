"""Users: make, change, disable, enable, delete, show. Every way in ends here, so a rule holds on all."""

from collections.abc import Callable, Collection
from dataclasses import replace

from provisioning.actions.access import end_access
from provisioning.actions.joining import claim_on, join_by_subject
from provisioning.actions.new_users import make_user
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing, lock_other
from provisioning.actions.user_changes import apply_changes
from provisioning.domain import policy, root
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import Target
from provisioning.domain.proof import require_fresh
from provisioning.domain.sessions import EndReason
from provisioning.domain.users import NewUser, User, UserChanges, UserView, Verb, require_not_oneself
from provisioning.store.unit_of_work import Unit


@repeated
def create_user(caller: Caller, command: NewUser, services: Services) -> UserView:
    """Make a user and owe the mail of INV-1.

    Args:
        caller: needs user management, and may give only roles that it may touch (USR-3).
        command: what is asked for.
        services: from outside.

    Returns:
        The user with its groups.

    Raises:
        Refusal: a taken email, userName or externalId; no seat; a value that is refused; not allowed.
    """
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE)
        joined = join_by_subject(unit, command, services)
        if joined is not None:
            return unit.users.views([joined])[0]
        return make_user(unit, unit.accounts.get(), command, services)


@repeated
def edit_user(
    caller: Caller,
    user_id: str,
    edit: Callable[[User], UserChanges],
    services: Services,
    versions: Collection[int] | None = None,
) -> UserView:
    """Change a user by an edit that is computed from its present state.

    Args:
        caller: needs user management over the user.
        user_id: a live user of the caller's account.
        edit: pure function, present user -> change set; runs once the row is locked.
        services: from outside.
        versions: the versions that the caller knows, None for any (`If-Match`).

    Returns:
        The user as it is now; nothing is written where nothing really changes.

    Raises:
        Refusal: not found, protected, stale, not allowed, or a value that is refused.
    """
    with services.unit(caller) as unit:
        before = lock_other(unit, user_id)
        caller = unit.caller
        policy.require(caller, Permission.ACCOUNT_USERS_MANAGE)
        root.protect_from_directory(caller, before)
        if before.is_root:
            require_fresh(caller, unit.now)
        else:
            policy.require(caller, Permission.ACCOUNT_USERS_MANAGE, claim_on(unit, before))
        require_version(before.version, versions)
        after = apply_changes(unit, before, edit(before), services)
        return unit.users.views([after])[0]


def disable_user(caller: Caller, user_id: str, services: Services) -> UserView:
    """Disable a user: every session ends, every login is refused, the seat stays (USR-5)."""
    return edit_user(caller, user_id, lambda _: UserChanges(active=False), services)


def enable_user(caller: Caller, user_id: str, services: Services) -> UserView:
    """Enable a user; nothing that its disabling ended comes back (USR-5, SCM-10)."""
    return edit_user(caller, user_id, lambda _: UserChanges(active=True), services)


@repeated
def delete_user(caller: Caller, user_id: str, services: Services, versions: Collection[int] | None = None) -> UserView:
    """Delete a user, for ever: Inactive, without seat, groups, subjects, sessions or links (USR-6, USR-7).

    Args:
        caller: needs user management over the user; nobody deletes themself.
        user_id: a live user of the caller's account.
        services: from outside.
        versions: the versions that the caller knows, None for any.

    Raises:
        Refusal: not found, protected, stale or not allowed.
    """
    with services.unit(caller) as unit:
        # Whoever adds members holds the group first and then the users: in the other order both would wait for ever.
        unit.groups.lock_those_of(user_id)
        before = lock_other(unit, user_id)
        require_verb(unit.caller, before, Verb.DELETE, claim_on(unit, before))
        require_version(before.version, versions)
        unit.groups.forget_user(user_id, unit.now)
        unit.saml_connections.unlink_user(user_id)
        unit.users.set_password_hash(user_id, None)
        unit.second_factors.remove(user_id)
        after = replace(
            end_access(unit, before, EndReason.DELETED),
            inactive_at=unit.now,
            updated_at=unit.now,
            all_environments=False,
            environment_ids=(),
            has_password=False,
            has_second_factor=False,
        )
        saved = unit.users.save(before, after)
        unit.record(Event("user.deleted", "user", before.id, before.name, {"email": before.email}))
        unit.give_seat_back()
        return UserView(saved)


def show_user(caller: Caller, user_id: str, services: Services) -> UserView:
    """Return a live user with its groups; a deleted, unknown or foreign one is not found alike (ACC-1, USR-6)."""
    with services.read(caller) as unit:
        policy.require(caller, Permission.ACCOUNT_USERS_READ)
        return unit.users.views([unit.users.get(user_id)])[0]


def require_verb(caller: Caller, user: User, verb: Verb, claim: Target = None) -> None:
    """Refuse a verb on a user: without user management, on the root user, on oneself, or above one's own role.

    Args:
        caller: who asks.
        user: locked.
        verb: what is asked for.
        claim: what the policy is asked about where a directory's token may ask (`joining.claim_on`).
    """
    policy.require(caller, Permission.ACCOUNT_USERS_MANAGE)
    root.protect_from_directory(caller, user)
    root.protect(user, verb)
    if verb in (Verb.DELETE, Verb.DISABLE):
        require_not_oneself(caller.id, user, verb)
    policy.require(caller, Permission.ACCOUNT_USERS_MANAGE, claim or user)


def require_version(present: int, versions: Collection[int] | None) -> None:
    """Refuse a write that was meant for another version (RFC 7644 section 3.14)."""
    if versions is not None and present not in versions:
        raise Refusal(Code.STALE_VERSION)


def find_user(unit: Unit, name: str) -> User:
    """Return the live user of an id or an email, for commands that take either."""
    by_email = unit.users.find_by_email(name) if "@" in name else None
    return by_email or unit.users.get(name)
