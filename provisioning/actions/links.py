"""Mail links: made here, opened and used up in the action that does what they grant (LNK-1 to LNK-3)."""

from base64 import urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime

from provisioning.actions.services import Services
from provisioning.domain import passwords
from provisioning.domain.accounts import Account, require_open
from provisioning.domain.caller import Caller, WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import LIFETIME, SETS_PASSWORD, MailKind, Purpose
from provisioning.domain.keys import RANDOM_BYTES, secret_hash
from provisioning.domain.sso import saml_state
from provisioning.domain.users import User
from provisioning.store.sessions import LinkRow, find_link
from provisioning.store.unit_of_work import Unit

MAIL_OF = {
    Purpose.INVITATION: MailKind.INVITATION,
    Purpose.PASSWORD_RESET: MailKind.PASSWORD_RESET,
    Purpose.EMAIL_CHANGE: MailKind.EMAIL_CHANGE,
}


def new_secret(services: Services) -> str:
    """Return 256 random bits as text for a URL or a cookie."""
    return urlsafe_b64encode(services.random(RANDOM_BYTES)).rstrip(b"=").decode()


def owe_link(unit: Unit, user: User, purpose: Purpose, services: Services) -> None:
    """Make a link for a user's stored address and owe the mail that carries it; an earlier one is dead (INV-2)."""
    secret = new_secret(services)
    unit.sessions.end_links(user.id, unit.now, purpose)
    add_link(unit, user, purpose, secret)


def owe_first_link(unit: Unit, user: User, services: Services) -> None:
    """Make the invitation link of a user who is being made, who can have no earlier one."""
    add_link(unit, user, Purpose.INVITATION, new_secret(services))


def add_link(unit: Unit, user: User, purpose: Purpose, secret: str, address: str | None = None) -> None:
    """Store a link by the hash of its secret and owe its mail, the secret encrypted until it is sent.

    Args:
        unit: the open transaction.
        user: whose it is.
        purpose: what alone it may be used for.
        secret: of `new_secret`.
        address: where the mail goes, if not to the user's stored email: a new one that is to be confirmed (USR-4).
    """
    link_id = unit.new_id()
    unit.sessions.add_link(
        LinkRow(
            account_id=user.account_id,
            id=link_id,
            secret_hash=secret_hash(secret),
            purpose=purpose,
            user_id=user.id,
            address=address or user.email or "",
            created_at=unit.now,
            expires_at=unit.now + LIFETIME[purpose],
        )
    )
    unit.owe(MAIL_OF[purpose].value, {"user_id": user.id, "link_id": link_id}, secret=secret)


def find_open_link(
    secret: str,
    way_in: WayIn,
    address: str | None,
    services: Services,
    purposes: Collection[Purpose] = tuple(Purpose),
) -> tuple[Caller, LinkRow]:
    """Return the link of a secret and the caller it makes, without using it up (LNK-4).

    Raises:
        Refusal: LINK_INVALID for an unknown, used, ended or expired link, and one for another purpose, all alike.
    """
    with services.read(nobody(way_in, address)) as unit:
        link = open_link_of(unit, secret, purposes)
    return nobody(way_in, address, link.account_id), link


def open_link_of(unit: Unit, secret: str, purposes: Collection[Purpose]) -> LinkRow:
    """Return the link of a secret as an open transaction or reading sees it.

    Raises:
        Refusal: LINK_INVALID, as `find_open_link` does.
    """
    link = find_link(unit.connection, secret_hash(secret))
    if link is None or not is_open_for(link, purposes, unit.now):
        raise Refusal(Code.LINK_INVALID)
    return link


def is_open_for(link: LinkRow, purposes: Collection[Purpose], now: datetime) -> bool:
    """Return whether a link may be used now for one of some purposes (LNK-1, LNK-2)."""
    is_open = link.used_at is None and link.ended_at is None and now < link.expires_at
    return is_open and link.purpose in purposes


def usable_user(unit: Unit, account: Account, link: LinkRow) -> User:
    """Return the user of a link if it may still be used: state and account are checked at use (LNK-2, SSO-2).

    Raises:
        Refusal: LINK_INVALID for every reason alike.
    """
    try:
        require_open(account)
        user = unit.users.get(link.user_id)
    except Refusal as refusal:
        raise Refusal(Code.LINK_INVALID) from refusal
    saml = saml_state(account.saml_enabled, account.saml_enforced)
    is_useless = link.purpose in SETS_PASSWORD and not passwords.may_use_password(user, saml)
    if user.is_disabled or is_useless:
        raise Refusal(Code.LINK_INVALID)
    return user
