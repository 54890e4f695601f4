"""What people do with their own account: who they are, how they log in, what they see and are mailed (USR-10, MAIL-1).

The same rules as for everybody's changes hold, by the same functions; nothing here reaches another user. What an
attacker at an open desk would want (the email, the password, anything of the root user's) takes a fresh proof (SES-4).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from provisioning.actions.email_changes import email_to_confirm
from provisioning.actions.fresh_proof import has_usable_password
from provisioning.actions.second_factor import check_password
from provisioning.actions.services import Services, repeated
from provisioning.actions.sessions import OpenedSession, keep_only_this_session
from provisioning.actions.tries import forget_wrong_tries
from provisioning.actions.user_changes import apply_changes
from provisioning.domain import passwords, policy
from provisioning.domain.accounts import Account
from provisioning.domain.caller import Caller
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind, Purpose
from provisioning.domain.permissions import Permission
from provisioning.domain.proof import require_fresh
from provisioning.domain.sessions import EndReason, Session, is_good
from provisioning.domain.time_zones import require_time_zone
from provisioning.domain.users import User, UserChanges, UserView
from provisioning.store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Profile:
    """What people see of themselves.

    Attributes:
        new_email: an address that waits to be confirmed, and until when; None where none does (USR-4).
        has_password: whether the person logs in by password.
        sessions: the good ones, newest first.
    """

    account: Account
    view: UserView
    new_email: tuple[str, datetime] | None
    has_password: bool
    sessions: tuple[Session, ...]


def own_profile(caller: Caller, services: Services) -> Profile:
    """Return what a person sees of themself (USR-10)."""
    with services.read(caller) as unit:
        user = unit.users.get(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        waiting = email_to_confirm(unit, user)
        return Profile(
            account=unit.accounts.get(),
            view=unit.users.views([user])[0],
            new_email=(waiting.address, waiting.expires_at) if waiting else None,
            has_password=has_usable_password(unit, user),
            sessions=tuple(each for each in unit.sessions.of_user(user.id) if is_good(each, unit.now)),
        )


@repeated
def change_own_names(caller: Caller, first_name: str, last_name: str, display_name: str, services: Services) -> User:
    """Change the caller's own names (USR-10).

    Raises:
        Refusal: a name that is refused; PROOF_NEEDED for the root user (ROOT-7).
    """
    with services.unit(caller) as unit:
        before = _oneself(unit)
        if before.is_root:
            require_fresh(caller, unit.now)
        asked = UserChanges(first_name=first_name, last_name=last_name, display_name=display_name)
        return apply_changes(unit, before, asked, services)


@repeated
def change_own_email(caller: Caller, email: str, services: Services) -> User:
    """Ask for another email: a mail goes to the new address, and login stays with the old one until then (USR-4).

    Raises:
        Refusal: no address, EMAIL_TAKEN, PROOF_NEEDED.
    """
    with services.unit(caller) as unit:
        before = _oneself(unit)
        require_fresh(caller, unit.now)
        return apply_changes(unit, before, UserChanges(email=email), services)


@repeated
def withdraw_new_email(caller: Caller, services: Services) -> None:
    """End the link to a new address, whoever asked for it; the email stays as it is (USR-4)."""
    with services.unit(caller) as unit:
        user = _oneself(unit)
        if email_to_confirm(unit, user) is not None:
            unit.sessions.end_links(user.id, unit.now, Purpose.EMAIL_CHANGE)
            unit.record(Event("email.change_withdrawn", "user", user.id, user.name))


@repeated
def change_own_password(caller: Caller, current: str, new: str, services: Services) -> OpenedSession:
    """Set another password; all other sessions end, this one goes on under a new value (LGN-5, SES-3, PWD-4).

    Args:
        caller: in a session.
        current, new: as typed.
        services: from outside.

    Raises:
        Refusal: PASSWORD_REFUSED with the sentence, INVALID_CREDENTIALS for a wrong current one, TOO_MANY_REQUESTS,
            PROOF_NEEDED; NOT_OFFERED to who has no password: the first one is set by a link alone (LGN-7).
    """
    hashed = _hash_if_acceptable(caller, passwords.normalised(new), services)
    with services.unit(caller) as unit:
        before = _oneself(unit)
        require_fresh(caller, unit.now)
        _require_password(unit, before)
        check_password(unit, before, current, services)
        forget_wrong_tries(unit, before)
        unit.users.set_password_hash(before.id, hashed)
        unit.sessions.end_links(before.id, unit.now, Purpose.PASSWORD_RESET)
        unit.record(Event("password.set", "user", before.id, before.name))
        unit.owe(MailKind.PASSWORD_CHANGED.value, {"user_id": before.id})
        after = replace(before, updated_at=unit.now)
        return keep_only_this_session(unit, before, after, EndReason.PASSWORD_CHANGED, services)


@repeated
def change_preferences(caller: Caller, time_zone: str, share_mails: bool, services: Services) -> User:
    """Choose the time zone of dates, and whether mails tell of what was shared; security mails always come (MAIL-1).

    Raises:
        Refusal: a time zone that is not offered.
    """
    require_time_zone(time_zone)
    with services.unit(caller) as unit:
        before = _oneself(unit)
        after = replace(before, time_zone=time_zone, share_mails=share_mails, updated_at=unit.now)
        fields = [name for name in ("share_mails", "time_zone") if getattr(before, name) != getattr(after, name)]
        if not fields:
            return before
        saved = unit.users.save(before, after)
        unit.record(Event("user.changed", "user", saved.id, saved.name, {"fields": fields}))
        return saved


def _oneself(unit: Unit) -> User:
    """Return the caller's own user, locked."""
    user = unit.users.lock(unit.caller.id)
    policy.require(unit.caller, Permission.SELF_PROFILE_MANAGE, user)
    return user


def _require_password(unit: Unit, user: User) -> None:
    if not has_usable_password(unit, user):
        raise Refusal(Code.NOT_OFFERED)


def _hash_if_acceptable(caller: Caller, password: str, services: Services) -> str:
    """Return the password's hash; checked and computed outside the transaction, as it takes its time."""
    with services.read(caller) as unit:
        user = unit.users.get(caller.id)
        policy.require(caller, Permission.SELF_PROFILE_MANAGE, user)
        require_fresh(caller, unit.now)
        has_second_factor = unit.second_factors.is_on(user.id)
    passwords.require_acceptable(password, user, has_second_factor, services.is_common_password)
    return services.hasher.hash(password)
