"""Invitations: up to five at a time, sent again, opened and accepted (USR-2, INV-2)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from provisioning.actions.access import raise_epoch
from provisioning.actions.links import find_open_link, owe_link, usable_user
from provisioning.actions.new_users import make_user
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import hold_standing
from provisioning.actions.tries import forget_wrong_tries
from provisioning.actions.users import require_verb
from provisioning.domain import passwords, policy
from provisioning.domain.caller import Caller, Credential, WayIn
from provisioning.domain.errors import Code, Refusal, Refusals
from provisioning.domain.events import Event
from provisioning.domain.invitations import MOST_AT_A_TIME, SETS_PASSWORD, MailKind, Purpose, require_invitable
from provisioning.domain.permissions import Permission
from provisioning.domain.sessions import EndReason
from provisioning.domain.sso import saml_state
from provisioning.domain.users import NewUser, User, UserView, Verb
from provisioning.store.sessions import LinkRow


@dataclass(frozen=True, slots=True)
class OpenLink:
    """What a page may show of a link before it is used: what for, whose, the address it is for (LNK-1), and how short a
    password may be.
    """

    purpose: Purpose
    account_name: str
    email: str
    shortest: int


@repeated
def invite(caller: Caller, commands: Sequence[NewUser], services: Services) -> list[UserView]:
    """Make up to five users at once: all or none (USR-2).

    Raises:
        Refusals: every row's refusal, shown together.
        Refusal: more than five, no seats, not allowed.
    """
    if not 0 < len(commands) <= MOST_AT_A_TIME:
        raise Refusal(Code.TOO_MANY_INVITATIONS, limit=MOST_AT_A_TIME)
    with services.unit(caller) as unit:
        hold_standing(unit)
        policy.require(unit.caller, Permission.ACCOUNT_USERS_MANAGE)
        account = unit.accounts.get()
        made, refused = [], {}
        for number, command in enumerate(commands):
            # A row that fails is undone alone, so that the rows after it are still looked at.
            savepoint = unit.connection.begin_nested()
            try:
                made.append(make_user(unit, account, command, services))
                savepoint.commit()
            except Refusal as refusal:
                savepoint.rollback()
                refused[number] = refusal
        if refused:
            raise Refusals(refused)
        return made


@repeated
def send_invitation_again(caller: Caller, user_id: str, services: Services) -> UserView:
    """Send a new invitation; the earlier link is dead (INV-2).

    Raises:
        Refusal: NOT_OWED with the reason; not found, not allowed.
    """
    with services.unit(caller) as unit:
        user = unit.users.lock(user_id)
        require_verb(caller, user, Verb.INVITE)
        account = unit.accounts.get()
        require_invitable(user, saml_state(account.saml_enabled, account.saml_enforced))
        owe_link(unit, user, Purpose.INVITATION, services)
        unit.record(Event("invitation.sent", "user", user.id, user.name))
        return unit.users.views([user])[0]


def open_link(secret: str, address: str | None, services: Services) -> OpenLink:
    """Return what a page may show of a link, without using it up (LNK-4).

    Raises:
        Refusal: LINK_INVALID for every reason alike.
    """
    caller, link = find_open_link(secret, WayIn.CONSOLE, address, services)
    with services.read(caller) as unit:
        account = unit.accounts.get()
        user = usable_user(unit, account, link)
        shortest = passwords.shortest(unit.second_factors.is_on(user.id))
        return OpenLink(link.purpose, account.name, link.address, shortest)


@repeated
def set_password_by_link(secret: str, password: str, address: str | None, services: Services) -> User:
    """Use a link up and set the password it is for; every session of the user ends (PWD-1, PWD-2, LNK-1).

    Args:
        secret: from the link.
        password: as typed.
        address: network address of the browser.
        services: from outside.

    Returns:
        The user, now active.

    Raises:
        Refusal: LINK_INVALID, or PASSWORD_REFUSED with the sentence; the link stays good then.
    """
    caller, link = find_open_link(secret, WayIn.CONSOLE, address, services, SETS_PASSWORD)
    typed = passwords.normalised(password)
    hashed = _hash_if_acceptable(caller, link, typed, services)
    with services.unit(caller) as unit:
        user = unit.users.lock(link.user_id)
        usable_user(unit, unit.accounts.get(), link)
        if not unit.sessions.use_link(link.id, unit.now):
            raise Refusal(Code.LINK_INVALID)
        unit.caller = replace(caller, credential=Credential.LINK, id=user.id, name=user.email or user.name)
        unit.users.set_password_hash(user.id, hashed)
        unit.sessions.end_links(user.id, unit.now)
        forget_wrong_tries(unit, user)
        kind = "invitation.accepted" if link.purpose is Purpose.INVITATION else "password.set"
        unit.record(Event(kind, "user", user.id, user.name))
        if link.purpose is Purpose.PASSWORD_RESET:
            unit.owe(MailKind.PASSWORD_CHANGED.value, {"user_id": user.id})
        after = replace(
            raise_epoch(unit, user, EndReason.PASSWORD_RESET),
            has_password=True,
            reset_at=None,
            accepted_at=user.accepted_at or unit.now,
            updated_at=unit.now,
            providers=tuple(dict.fromkeys((*user.providers, "password"))),
        )
        return unit.users.save(user, after)


def _hash_if_acceptable(caller: Caller, link: LinkRow, password: str, services: Services) -> str:
    """Return the password's hash; checked and computed outside the transaction, as it takes its time."""
    with services.read(caller) as unit:
        user = usable_user(unit, unit.accounts.get(), link)
        has_second_factor = unit.second_factors.is_on(user.id)
    passwords.require_acceptable(password, user, has_second_factor, services.is_common_password)
    return services.hasher.hash(password)
