"""Making one user inside a unit that is open: shared by every action that makes users."""

import json
from collections.abc import Mapping
from dataclasses import replace

from provisioning.actions.links import owe_first_link
from provisioning.actions.services import Services
from provisioning.domain import environments, policy
from provisioning.domain.accounts import Account, require_creative_approval, require_open
from provisioning.domain.addresses import checked_email
from provisioning.domain.caller import Caller, Credential, WayIn
from provisioning.domain.comparison import LONGEST_NAME, has_refused_characters
from provisioning.domain.confusables import confusable_with, warnings_of
from provisioning.domain.errors import invalid, not_found
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind, mail_owed
from provisioning.domain.permissions import Permission
from provisioning.domain.predicates import RoleGift
from provisioning.domain.roles_legacy import DEFAULT_ROLE, Role, require_media_library_role
from provisioning.domain.scim_connections import role_given_by_words
from provisioning.domain.sso import saml_state
from provisioning.domain.users import NewUser, User, UserView, login_email_of, manager_id_of, require_text
from provisioning.store.unit_of_work import Unit

PROVIDER_OF = {Credential.SCIM_TOKEN: ("scim",), Credential.ASSERTION: ("saml",)}


def make_user(unit: Unit, account: Account, command: NewUser, services: Services) -> UserView:
    """Insert a user, join its groups, take a seat, and owe its mail (ACC-1, SEAT-1, INV-1).

    Args:
        unit: the open transaction; its caller decides what may be given.
        account: the caller's account.
        command: what is asked for.
        services: from outside.
    """
    require_open(account)
    require_creative_approval(account, command.media_library)
    user = new_user(unit, command)
    policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE, RoleGift(user.role))
    added = unit.users.add(user)
    joined = _joined(unit, user, command.group_ids)
    unit.take_seat()
    unit.record(Event("user.created", "user", user.id, user.name, _facts(user, joined)))
    owe_welcome(unit, account, added, command.send_invitation is not False, services)
    needs_others = joined or added.environment_ids or manager_id_of(added.attributes)
    view = unit.users.views([added])[0] if needs_others else UserView(added)
    return replace(view, warnings=_look_twice(unit, added))


def _look_twice(unit: Unit, user: User) -> tuple[str, ...]:
    """Return warnings of administrators for whom a new user could be taken; a directory reads none (IDN-7)."""
    if unit.caller.is_directory:
        return ()
    return warnings_of(user, confusable_with(user, unit.users.who_administer()))


def _joined(unit: Unit, user: User, group_ids: tuple[str, ...]) -> list[str]:
    """Put a new user into groups; one that the account does not have is not found, and then nobody is made (TEN-1)."""
    joined = unit.groups.join(user.id, group_ids, unit.now) if group_ids else []
    if len(joined) != len(set(group_ids)):
        raise not_found("Group")
    return joined


def owe_welcome(unit: Unit, account: Account, user: User, send_invitation: bool, services: Services) -> None:
    """Owe a new user the one mail of INV-1; none to who has no email or is made disabled."""
    if user.email is None or user.is_disabled:
        return
    saml = saml_state(account.saml_enabled, account.saml_enforced)
    if mail_owed(saml, user.role, send_invitation) is MailKind.INVITATION:
        owe_first_link(unit, user, services)
    else:
        unit.owe(MailKind.CONFIRMATION.value, {"user_id": user.id})


def new_user(unit: Unit, command: NewUser) -> User:
    """Return the user that a command asks for, checked; nothing is written yet."""
    caller = unit.caller
    email = _login_email(caller, command)
    role = _role(caller, command)
    require_media_library_role(role, command.media_library)
    chosen = _chosen_environments(caller, role, command)
    for environment_id in chosen or ():
        unit.environments.get(environment_id)
    user = User(
        account_id=unit.account_id,
        id=unit.new_id(),
        is_root=False,
        email=email,
        user_name=command.user_name or email or "",
        external_id=command.external_id,
        connection_id=caller.connection.id if caller.connection else None,
        first_name=command.first_name,
        last_name=command.last_name,
        display_name=command.display_name,
        role=role,
        all_environments=chosen is None,
        environment_ids=chosen or (),
        media_library=command.media_library,
        disabled_at=None if command.active else unit.now,
        accepted_at=None,
        reset_at=None,
        inactive_at=None,
        has_password=False,
        epoch=0,
        version=1,
        attributes=command.attributes,
        created_at=unit.now,
        updated_at=unit.now,
        providers=PROVIDER_OF.get(caller.credential, ()),
        access_ended_at=None if command.active else unit.now,
    )
    require_texts(user)
    return user


def require_texts(user: User) -> None:
    """Refuse names that are missing, too long or unprintable, in the order in which people see them (IDN-1, LIM-3)."""
    for name in ("first_name", "last_name", "display_name"):
        require_text(name, getattr(user, name))
    if user.external_id is not None:
        require_text("external_id", user.external_id, LONGEST_NAME)
    if not user.user_name.strip():
        raise invalid("email" if user.connection_id is None else "user_name", "An email is needed.")
    require_text("user_name", user.user_name, LONGEST_NAME)
    if has_refused_characters(user.user_name):
        raise invalid("user_name", "userName cannot hold control or invisible characters.")


def words_of(attributes: Mapping[str, object]) -> list[str]:
    """Return the values of the SCIM attribute `roles`, the directory's own words."""
    elements = attributes.get("roles")
    values = [each.get("value") for each in elements if isinstance(each, dict)] if isinstance(elements, list) else []
    return [_word(value) for value in values if isinstance(value, str)]


def _word(value: str) -> str:
    """Return what a role's value says: Entra ID writes a whole role object as JSON inside the text."""
    try:
        inner = json.loads(value) if value.startswith("{") else None
    except (ValueError, RecursionError):
        return value
    named = inner.get("value") if isinstance(inner, dict) else None
    return named if isinstance(named, str) else value


def emails_of(attributes: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the elements of the SCIM attribute `emails`."""
    elements = attributes.get("emails")
    return [element for element in elements if isinstance(element, dict)] if isinstance(elements, list) else []


def _login_email(caller: Caller, command: NewUser) -> str | None:
    if caller.credential is Credential.SCIM_TOKEN:
        email = login_email_of(emails_of(command.attributes), command.user_name)
        return checked_email("emails", email) if email else None
    if command.email is None:
        raise invalid("email", "An email is needed.")
    return checked_email("email", command.email)


def _role(caller: Caller, command: NewUser) -> Role:
    connection = caller.connection
    if connection is not None:
        return role_given_by_words(connection, words_of(command.attributes))
    return command.role or DEFAULT_ROLE


def _chosen_environments(caller: Caller, role: Role, command: NewUser) -> tuple[str, ...] | None:
    if command.environment_ids is None or ignores_environments(caller, role):
        return None
    environments.require_choosable(role, command.environment_ids)
    return tuple(dict.fromkeys(command.environment_ids))


def ignores_environments(caller: Caller, role: Role | None) -> bool:
    """Return whether environments sent for a master admin are ignored: by the Provisioning API they are (ENV-3)."""
    return caller.way_in is WayIn.PROVISIONING_API and role is Role.MASTER_ADMIN


def _facts(user: User, joined: list[str]) -> dict[str, object]:
    return {
        "email": user.email,
        "role": user.role.value if user.role else None,
        "environments": "all" if user.all_environments else list(user.environment_ids),
        "groups": joined,
    }


def root_user(unit: Unit, email: str) -> User:
    """Return the root user of an account that is being made (ROOT-1, ROOT-4)."""
    command = NewUser(email=email, first_name="Root", last_name="User")
    return replace(new_user(unit, command), is_root=True, role=None, all_environments=True, accepted_at=unit.now)
