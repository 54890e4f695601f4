"""Passwords: an administrator's reset, and the user's own 'Forgot your password' (PWD-1, PWD-2)."""

from dataclasses import replace

from provisioning.actions.access import end_access
from provisioning.actions.links import owe_link
from provisioning.actions.services import Services, repeated
from provisioning.actions.standing import lock_other
from provisioning.actions.tries import count_try
from provisioning.actions.users import require_verb
from provisioning.domain import passwords, throttle
from provisioning.domain.addresses import is_email
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind, Purpose
from provisioning.domain.sessions import EndReason
from provisioning.domain.sso import saml_state
from provisioning.domain.users import UserView, Verb
from provisioning.store.logins import accounts_of_email

# Kind of the outbox row that 'Forgot your password' leaves; it is of no account.
RESET_ASKED = "reset_asked"


@repeated
def reset_password(caller: Caller, user_id: str, services: Services) -> UserView:
    """End a user's sessions, make the old password unusable, and mail a link to set a new one (PWD-1).

    Raises:
        Refusal: the root user, a user without a password, not found, not allowed.
    """
    with services.unit(caller) as unit:
        before = lock_other(unit, user_id)
        require_verb(unit.caller, before, Verb.RESET_PASSWORD)
        passwords.require_resettable(before)
        after = replace(
            end_access(unit, before, EndReason.PASSWORD_RESET),
            has_password=False,
            reset_at=unit.now,
            updated_at=unit.now,
        )
        unit.users.set_password_hash(user_id, None)
        saved = unit.users.save(before, after)
        if saved.email is not None and not saved.is_disabled:
            owe_link(unit, saved, Purpose.PASSWORD_RESET, services)
        unit.record(Event("password.reset", "user", saved.id, saved.name))
        return unit.users.views([saved])[0]


def forgot_password(email: str, address: str | None, services: Services) -> None:
    """Have a link mailed to whoever has this address and may use a password; says nothing about who does (PWD-2).

    Nobody is looked up here: what was typed is owed to a worker, which does that later, so that an address which
    nobody has costs the same statements as one that somebody has in ten accounts (LGN-1). Asking again and again brings
    a few mails and then one after each pause, which grows; the answer stays the same. The old password works until the
    new one is set. Mail goes to the stored address, never to what was typed (IDN-6).
    """
    caller = nobody(WayIn.CONSOLE, address)
    if not is_email(email) or not _may_ask(caller, email, services):
        return
    with services.unit(caller) as unit:
        unit.owe(RESET_ASKED, {"address": address or ""}, secret=email)


def answer_reset(email: str, address: str | None, services: Services) -> None:
    """Owe the mail that was asked for to everybody who has an address and may use a password.

    Args:
        email: as it was typed.
        address: network address of who asked, None where it is unknown.
        services: from outside.
    """
    caller = nobody(WayIn.CONSOLE, address)
    with services.read(caller) as unit:
        found = accounts_of_email(unit.connection, email)
    for account_id in found:
        _owe_reset(nobody(WayIn.CONSOLE, address, account_id), email, services)


def _may_ask(caller: Caller, email: str, services: Services) -> bool:
    """Return whether another mail may go to an address; nobody fills somebody's mailbox (PWD-5)."""
    try:
        count_try(caller, [throttle.of_typed(email, throttle.Counter.FORGOT)], services)
    except Refusal:
        return False
    return True


@repeated
def _owe_reset(caller: Caller, email: str, services: Services) -> None:
    with services.unit(caller) as unit:
        user = unit.users.find_by_email(email, lock=True)
        account = unit.accounts.get()
        saml = saml_state(account.saml_enabled, account.saml_enforced)
        if user is None or user.is_disabled:
            return
        if not passwords.may_use_password(user, saml):
            # The mail that a new user of the organisation gets shows the way there too.
            unit.owe(MailKind.CONFIRMATION.value, {"user_id": user.id})
            return
        purpose = Purpose.PASSWORD_RESET if user.has_password or user.reset_at else Purpose.INVITATION
        owe_link(unit, user, purpose, services)
        unit.record(Event("password.reset_asked", "user", user.id, user.name))
