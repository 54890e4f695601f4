"""Just-in-time provisioning: the person behind a verified assertion is found, linked or made (SSO-3, SSO-5, IDN-3)."""

from collections.abc import Sequence
from dataclasses import replace

from provisioning.actions.joining import pushed_by_partner
from provisioning.actions.new_users import make_user
from provisioning.actions.services import Services
from provisioning.actions.user_changes import apply_changes
from provisioning.domain.accounts import Account
from provisioning.domain.addresses import is_email
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind
from provisioning.domain.roles_legacy import Role
from provisioning.domain.sso import (
    Connection,
    Profile,
    UnknownGroups,
    require_linkable,
    role_from_assertion,
    updates_fields,
)
from provisioning.domain.users import NewUser, User, UserChanges
from provisioning.store.unit_of_work import Unit


def find_or_make(unit: Unit, account: Account, connection: Connection, profile: Profile, services: Services) -> User:
    """Return the locked user behind a subject, updated from the assertion, or a new one.

    Args:
        unit: the login's transaction.
        account: the connection's account.
        connection: as it is now.
        profile: what the assertion says.
        services: from outside.

    Raises:
        Refusal: an unknown user with provisioning off, an email that somebody else has, no email, no seat.
    """
    user = (
        _linked(unit, connection, profile)
        or _link_pushed(unit, connection, profile)
        or _link_by_email(unit, connection, profile)
    )
    if user is None:
        return _make(unit, account, connection, profile, services)
    if not user.is_disabled and updates_fields(connection, user):
        return _update(unit, connection, user, profile, services)
    if connection.provisioning and user.is_root:
        unit.record(Event("saml_login.attributes_ignored", "user", user.id, user.name, {"reason": "root user"}))
    return user


def _linked(unit: Unit, connection: Connection, profile: Profile) -> User | None:
    user_id = unit.saml_connections.user_id_of(connection.id, profile.subject)
    return unit.users.lock(user_id) if user_id is not None else None


def _link_pushed(unit: Unit, connection: Connection, profile: Profile) -> User | None:
    """Link whom the identity provider pushed by SCIM before this first login."""
    user = pushed_by_partner(unit, connection, profile)
    if user is not None:
        _link(unit, connection, profile, user)
    return user


def _link_by_email(unit: Unit, connection: Connection, profile: Profile) -> User | None:
    """Link an existing user of the same email, once, where IDN-3 allows it."""
    if profile.email is None or not is_email(profile.email):
        return None
    user = unit.users.find_by_email(profile.email, lock=True)
    if user is None:
        return None
    require_linkable(connection, user, profile.email)
    if unit.saml_connections.linked_connections_of(user.id):
        raise Refusal(Code.SAML_EMAIL_TAKEN)
    _link(unit, connection, profile, user)
    unit.owe(MailKind.TAKEN_OVER.value, {"user_id": user.id})
    return user


def _link(unit: Unit, connection: Connection, profile: Profile, user: User) -> None:
    unit.saml_connections.link(connection.id, profile.subject, user.id, unit.now)
    unit.record(Event("user.linked", "user", user.id, user.name, {"connection": connection.id}))


def _make(unit: Unit, account: Account, connection: Connection, profile: Profile, services: Services) -> User:
    if not connection.provisioning:
        raise Refusal(Code.SAML_UNKNOWN_USER)
    if profile.email is None or not is_email(profile.email):
        raise Refusal(Code.SAML_EMAIL_MISSING)
    role = role_from_assertion(connection, profile.role, None)
    command = NewUser(
        email=profile.email,
        first_name=profile.first_name or "",
        last_name=profile.last_name or "",
        role=role,
        environment_ids=_environments(unit, profile, role),
        group_ids=tuple(_groups(unit, connection, profile) or ()),
        send_invitation=False,
    )
    made = make_user(unit, account, command, services).user
    unit.saml_connections.link(connection.id, profile.subject, made.id, unit.now)
    # Somebody who logs in has accepted; the seat is still taken last before the commit.
    return unit.users.save(made, replace(made, accepted_at=unit.now))


def _update(unit: Unit, connection: Connection, user: User, profile: Profile, services: Services) -> User:
    """Write what the assertion carries over the user's fields (saml provisioning: updated at each login)."""
    changes = UserChanges()
    if profile.email and is_email(profile.email):
        changes["email"] = profile.email
    if profile.first_name is not None:
        changes["first_name"] = profile.first_name
    if profile.last_name is not None:
        changes["last_name"] = profile.last_name
    if profile.role is not None:
        changes["role"] = role_from_assertion(connection, profile.role, user.role)
    chosen = _environments(unit, profile, changes.get("role", user.role))
    if chosen is not None:
        changes["environment_ids"] = chosen
    changed = apply_changes(unit, user, changes, services)
    _replace_groups(unit, user, _groups(unit, connection, profile))
    return changed


def _replace_groups(unit: Unit, user: User, group_ids: Sequence[str] | None) -> None:
    if group_ids is None:
        return
    present = {group.id for group in unit.groups.groups_of(user.id)}
    wanted = set(group_ids)
    left = unit.groups.leave(user.id, sorted(present - wanted), unit.now)
    joined = unit.groups.join(user.id, sorted(wanted - present), unit.now)
    if left or joined:
        unit.users.raise_versions([user.id], unit.now)
        data = {"groups_joined": joined, "groups_left": left}
        unit.record(Event("user.changed", "user", user.id, user.name, data))


def _groups(unit: Unit, connection: Connection, profile: Profile) -> list[str] | None:
    """Return the ids of the groups named, by id or exact name; unknown ones are ignored or refuse the login."""
    if profile.groups is None:
        return None
    known = {key: group.id for group in unit.groups.all(unit.groups.select()) for key in (group.id, group.name)}
    unknown = [name for name in profile.groups if name not in known]
    if unknown and connection.unknown_groups is UnknownGroups.REFUSE:
        raise Refusal(Code.SAML_UNKNOWN_VALUE, what="group")
    return list(dict.fromkeys(known[name] for name in profile.groups if name in known))


def _environments(unit: Unit, profile: Profile, role: Role | None) -> tuple[str, ...] | None:
    """Return the ids of the product environments named, by id or exact name; None where all are meant."""
    if profile.product_environments is None or role is Role.MASTER_ADMIN:
        return None
    known = {
        key: environment.id
        for environment in unit.environments.all()
        for key in (environment.id, environment.name, environment.cloud_name)
    }
    chosen = [known[name] for name in profile.product_environments if name in known]
    return tuple(dict.fromkeys(chosen)) or None
