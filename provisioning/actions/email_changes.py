"""A new email: asked for, confirmed from the new address, told to the old one (USR-4, IDN-6, LGN-9).

The new address stands nowhere but in the link that was mailed to it; the login email changes when the link is used. So
a mistyped or foreign address never becomes a login, and nothing has to be taken back where nobody answers.
"""

from provisioning.actions.links import add_link, new_secret
from provisioning.actions.services import Services
from provisioning.domain.addresses import checked_email
from provisioning.domain.email_changes import is_told
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.invitations import MailKind, Purpose
from provisioning.domain.users import User
from provisioning.store.sessions import LinkRow
from provisioning.store.unit_of_work import Unit


def ask_for_email(unit: Unit, user: User, email: str, services: Services) -> None:
    """Mail a link to a new address, and tell the present one; an earlier such link is dead (USR-4).

    Args:
        unit: the open transaction.
        user: locked; its email stays as it is.
        email: the new address, as typed.
        services: from outside.

    Raises:
        Refusal: what is no address, or EMAIL_TAKEN by another live user.
    """
    checked_email("email", email)
    holder = unit.users.find_by_email(email)
    if holder is not None and holder.id != user.id:
        raise Refusal(Code.EMAIL_TAKEN, "email", email=email)
    unit.sessions.end_links(user.id, unit.now, Purpose.EMAIL_CHANGE)
    add_link(unit, user, Purpose.EMAIL_CHANGE, new_secret(services), email)
    if user.email is not None:
        unit.owe(MailKind.EMAIL_CHANGE_ASKED.value, {"user_id": user.id})
    unit.record(Event("email.change_asked", "user", user.id, user.name, {"email": email}))


def email_to_confirm(unit: Unit, user: User) -> LinkRow | None:
    """Return the open link to a new address of a user, None where no change waits."""
    return unit.sessions.open_link(user.id, Purpose.EMAIL_CHANGE, unit.now)


def tell_both_addresses(unit: Unit, before: User, after: User) -> None:
    """Owe the notice of a changed email to the old address and to the new one (USR-4, LGN-9).

    The old one stands nowhere any more, so it waits encrypted with its mail and is forgotten when that is sent.
    """
    if not is_told(before, after.email):
        return
    payload = {"user_id": after.id}
    if before.email is not None:
        unit.owe(MailKind.EMAIL_CHANGED.value, payload, secret=before.email)
    if after.email is not None:
        unit.owe(MailKind.EMAIL_CHANGED.value, payload)
