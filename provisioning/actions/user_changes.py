"""What a change set does to a user inside a unit that is open: each field's rules, then one write.

A change set is first completed (a directory's words give the role, its addresses the login email), then reduced to
what really changes; only then are the rules asked, each for the fields it is about.
"""

from collections.abc import Callable
from dataclasses import replace

from provisioning.actions.access import end_access
from provisioning.actions.email_changes import ask_for_email, tell_both_addresses
from provisioning.actions.links import owe_link
from provisioning.actions.new_users import emails_of, ignores_environments, require_texts, words_of
from provisioning.actions.services import Services
from provisioning.domain import environments, policy, root
from provisioning.domain.accounts import require_creative_approval
from provisioning.domain.addresses import checked_email
from provisioning.domain.caller import Caller, Credential
from provisioning.domain.email_changes import is_confirmed_first, without_email
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind, Purpose
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import RoleGift
from provisioning.domain.roles_legacy import Role, require_media_library_role
from provisioning.domain.scim_connections import role_given_by_words
from provisioning.domain.sessions import EndReason
from provisioning.domain.users import (
    Status,
    User,
    UserChanges,
    Verb,
    effective,
    login_email_of,
    require_not_oneself,
)
from provisioning.store.unit_of_work import Unit

PLAIN_FIELDS = (
    "email", "user_name", "external_id", "connection_id", "first_name", "last_name", "display_name", "attributes",
)  # fmt: skip


def apply_changes(unit: Unit, before: User, asked: UserChanges, services: Services) -> User:
    """Write the fields that really change and everything that follows from them; return the user as it is then.

    Args:
        unit: the open transaction; its caller decides what may be changed.
        before: the locked user.
        asked: the change set.
        services: from outside.
    """
    asked = _without_email_to_confirm(unit, before, asked, services)
    changes = effective(before, completed(unit.caller, before, asked))
    if not changes:
        return before
    root.protect_fields(unit.caller, before, changes)
    plain = {name: value for name, value in changes.items() if name in PLAIN_FIELDS}
    after = replace(before, updated_at=unit.now, **plain)  # type: ignore[arg-type]
    for name, consequence in CONSEQUENCES:
        if name in changes:
            after = consequence(unit, before, after, changes)
    require_texts(after)
    saved = unit.users.save(before, after)
    record_change(unit, before, saved, changes)
    if saved.connection_id is not None and saved.connection_id != before.connection_id:
        unit.owe(MailKind.TAKEN_OVER.value, {"user_id": saved.id})
    owe_mails(unit, before, saved, services)
    tell_both_addresses(unit, before, saved)
    return saved


def _without_email_to_confirm(unit: Unit, before: User, asked: UserChanges, services: Services) -> UserChanges:
    """Return the change set without an email that waits for its confirmation, which is asked for here (USR-4)."""
    email = asked.get("email")
    if email is None or not is_confirmed_first(unit.caller, before, email):
        return asked
    root.protect_fields(unit.caller, before, ["email"])
    ask_for_email(unit, before, email, services)
    return without_email(asked)


def completed(caller: Caller, before: User, asked: UserChanges) -> UserChanges:
    """Return the change set with what follows from a directory's attributes, and without what is ignored."""
    changes = asked.copy()
    if caller.credential is Credential.SCIM_TOKEN and caller.connection is not None:
        changes.update(_derived(caller, before, changes))
    if ignores_environments(caller, changes.get("role", before.role)):
        changes.pop("environment_ids", None)
        changes.pop("all_environments", None)
    elif "environment_ids" in changes:
        changes["environment_ids"] = tuple(sorted(set(changes["environment_ids"])))
        changes["all_environments"] = changes.get("all_environments", False)
    if "email" in changes and before.connection_id is None and before.user_name == before.email and changes["email"]:
        changes.setdefault("user_name", changes["email"])
    return changes


def _derived(caller: Caller, before: User, changes: UserChanges) -> UserChanges:
    """Return login email (USR-11), role (SCM-1) and holder of a pushed user, where what they come from changes."""
    connection = caller.connection
    assert connection is not None
    derived = UserChanges(connection_id=connection.id)
    attributes = changes.get("attributes", before.attributes)
    user_name = changes.get("user_name", before.user_name)
    emails, known = emails_of(attributes), emails_of(before.attributes)
    if emails != known or (not emails and user_name != before.user_name and before.email == before.user_name):
        derived["email"] = login_email_of(emails, user_name)
    if words_of(attributes) != words_of(before.attributes):
        derived["role"] = role_given_by_words(connection, words_of(attributes))
    return derived


def _change_role(unit: Unit, before: User, after: User, changes: UserChanges) -> User:
    role = changes["role"]
    require_not_oneself(unit.caller.id, before, Verb.CHANGE)
    policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(role))
    changed = replace(after, role=role)
    if role is not Role.MEDIA_LIBRARY_USER:
        changed = replace(changed, media_library=frozenset())
    if role is Role.MASTER_ADMIN:
        changed = replace(changed, all_environments=True, environment_ids=())
    return changed


def _change_environments(unit: Unit, before: User, after: User, changes: UserChanges) -> User:
    if changes.get("all_environments", after.all_environments):
        return replace(after, all_environments=True, environment_ids=())
    chosen = changes.get("environment_ids", after.environment_ids)
    environments.require_choosable(after.role, chosen)
    for environment_id in chosen:
        unit.environments.get(environment_id)
    return replace(after, all_environments=False, environment_ids=chosen)


def _change_media_library(unit: Unit, before: User, after: User, changes: UserChanges) -> User:
    require_media_library_role(after.role, changes["media_library"])
    require_creative_approval(unit.accounts.get(), changes["media_library"] - before.media_library)
    return replace(after, media_library=changes["media_library"])


def _change_email(unit: Unit, before: User, after: User, changes: UserChanges) -> User:
    if after.email is not None:
        checked_email("email", after.email)
    # A link is for one address (LNK-1), so those to the old address are dead.
    unit.sessions.end_links(before.id, unit.now)
    return after


def _change_state(unit: Unit, before: User, after: User, changes: UserChanges) -> User:
    if changes["active"]:
        return replace(after, disabled_at=None)
    require_not_oneself(unit.caller.id, before, Verb.DISABLE)
    return replace(end_access(unit, after, EndReason.DISABLED), disabled_at=unit.now)


Consequence = Callable[[Unit, User, User, UserChanges], User]
# In this order: the role first, as permissions and environments depend on it; the end of access last.
CONSEQUENCES: tuple[tuple[str, Consequence], ...] = (
    ("role", _change_role),
    ("all_environments", _change_environments),
    ("environment_ids", _change_environments),
    ("media_library", _change_media_library),
    ("email", _change_email),
    ("active", _change_state),
)


def record_change(unit: Unit, before: User, after: User, changes: UserChanges) -> None:
    """Note the facts of a change: its own kind for disabling, enabling and taking over, one for all other fields."""
    if "active" in changes:
        kind = "user.enabled" if changes["active"] else "user.disabled"
        unit.record(Event(kind, "user", after.id, after.name))
    if before.connection_id is None and after.connection_id is not None:
        unit.record(Event("user.taken_over", "user", after.id, after.name, {"connection": after.connection_id}))
    fields = sorted(set(changes) - {"active", "connection_id"})
    if fields:
        unit.record(Event("user.changed", "user", after.id, after.name, {"fields": fields}))


def owe_mails(unit: Unit, before: User, after: User, services: Services) -> None:
    """Owe an invitation: a pending user at a new address (USR-4), a new master admin without password (INV-4)."""
    if after.email is None or after.is_disabled or after.has_password:
        return
    moved = after.email != before.email and after.status is Status.PENDING
    promoted = after.role is Role.MASTER_ADMIN and before.role is not Role.MASTER_ADMIN
    if moved or promoted:
        owe_link(unit, after, Purpose.INVITATION, services)
