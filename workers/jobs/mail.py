"""Sends one owed mail a row, after looking whether it is still owed (INV-1, INV-2, PWD-1).

Between the debt and this moment the user may have been disabled, the link used or replaced, the account cancelled.
Then no mail goes out and the row is done. A link is judged by the same functions that judge it when it is clicked, so a
mail never carries a link that does not work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import structlog

from provisioning.actions.links import open_link_of, usable_user
from provisioning.actions.services import Services
from provisioning.domain.accounts import Account, require_open
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import INVITATION_LIFETIME, LIFETIME, MailKind, Purpose
from provisioning.domain.keys import ACCOUNT_KEY, AccountKey, ScimToken
from provisioning.domain.sso import Connection, email_in_domains
from provisioning.domain.users import User
from provisioning.store.outbox import OwedRow
from provisioning.store.unit_of_work import Unit
from workers.jobs.owed import pay_each
from workers.letters import Letter, Writer
from workers.mailer import Mailer, Post
from workers.notices import NOTICES
from workers.queues import RowId

LINK_PATH = "/link/"
# The mails that carry a link for one purpose, which has their name.
LINKED = frozenset(MailKind(purpose.value) for purpose in Purpose)
LOGIN_PATH = "/login"
# Longer than this no mail is tried: the longest-lived link is dead by then (LNK-6), and a greeting is stale.
OWED_FOR = INVITATION_LIFETIME
# What the operator hears of too, by a line of the log that names ids alone (LGN-2, JOB-2).
OPERATORS_MATTER = {MailKind.PASSWORD_GUESSED: "login.root_guessed"}

log = structlog.get_logger("workers")


@dataclass(frozen=True, slots=True)
class MailDesk:
    """What sending mails needs besides the services of every job."""

    services: Services
    writer: Writer
    mailer: Mailer


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a mail is for, as the database says now."""

    account: Account
    user: User
    email: str


@dataclass(frozen=True, slots=True)
class Ending:
    """A key or token that ends soon: its name, or its connection's, the page where it is rotated, and when it ends."""

    name: str
    path: str
    at: datetime


def send_mails(rows: Sequence[RowId], desk: MailDesk) -> None:
    """Send the mails of these rows over one connection; a row that is not owed any more is done without one.

    Args:
        rows: (account id, row id) of rows of a `MailKind`.
        desk: from outside.
    """
    with desk.mailer.open() as post:
        pay_each(rows, lambda unit, row: _send(unit, row, post, desk), desk.services)


def _send(unit: Unit, row: OwedRow, post: Post, desk: MailDesk) -> str:
    """Send the mail of a locked row; returns what was done, for the log."""
    try:
        letter = _letter(unit, row, desk.services)
    except Refusal as refusal:
        return f"not owed: {refusal.code.value}"
    post.send(desk.writer.mail(letter))
    if letter.kind in OPERATORS_MATTER:
        log.warning(OPERATORS_MATTER[letter.kind], account=row.account_id, user=row.payload["user_id"])
    return "sent"


def _letter(unit: Unit, row: OwedRow, services: Services) -> Letter:
    """Return what the mail has to say; Refusal with the reason where it is not owed any more."""
    kind = MailKind(row.kind)
    if unit.now >= row.created_at + OWED_FOR:
        raise Refusal(Code.NOT_OWED, detail="it is too old.")
    account = unit.accounts.get()
    require_open(account)
    secret = _secret(unit, row)
    recipient, connection = _recipient(unit, row, account, secret), None
    about, ends_at = "", None
    if kind is MailKind.KEY_EXPIRING:
        ending = _ending(unit, row.payload["key_id"])
        link, expires_at = services.public_url + ending.path, None
        about, ends_at = ending.name, ending.at
    elif kind in NOTICES:
        link, expires_at = services.public_url + NOTICES[kind].path, None
    elif kind is MailKind.CONFIRMATION:
        connection = _connection_of(unit, recipient)
        link, expires_at = _login_address(services.public_url, connection), None
    else:
        link, expires_at = services.public_url + LINK_PATH + quote(secret), row.created_at + LIFETIME[Purpose(row.kind)]
    return Letter(
        kind=kind,
        row_id=row.id,
        recipient=recipient.email,
        name=recipient.user.full_name or recipient.user.display_name,
        account=recipient.account.name,
        link=link,
        organisation=connection is not None,
        expires_at=expires_at,
        written_at=row.created_at,
        about=about,
        ends_at=ends_at,
    )


def _ending(unit: Unit, key_id: str) -> Ending:
    """Return what a warning says of a key or token; Refusal where nobody need be warned any more (KEY-4)."""
    issued: AccountKey | ScimToken
    if key_id.startswith(f"{ACCOUNT_KEY}_"):
        key = unit.keys.lock_key(key_id)
        issued, name, path = key, key.name, "/api-keys"
    else:
        issued = unit.keys.lock_token(key_id)
        name, path = unit.keys.get_connection(issued.connection_id).name, "/provisioning"
    if issued.revoked_at is not None or issued.replaced_by is not None or unit.now >= issued.expires_at:
        raise Refusal(Code.NOT_OWED, detail="the key was rotated, revoked, or has ended.")
    return Ending(name, path, issued.expires_at)


def _secret(unit: Unit, row: OwedRow) -> str:
    """Return what is kept encrypted with a debt until it is paid: a link's secret or an address; '' for none."""
    return "" if row.secret is None else unit.adapters.decrypt(row.secret, f"outbox/secret/{row.id}")


def _recipient(unit: Unit, row: OwedRow, account: Account, secret: str) -> Recipient:
    """Return whom the mail is for: a live user who is not disabled, whose link, if any, would work now (INV-2, LNK-2).

    Args:
        unit: of the job.
        row: the debt.
        account: the user's, open.
        secret: of `_secret`.
    """
    kind, told = MailKind(row.kind), None
    if kind in LINKED:
        link = open_link_of(unit, secret, {Purpose(row.kind)})
        user = usable_user(unit, account, link)
        told = link.address if link.purpose is Purpose.EMAIL_CHANGE else None
    else:
        user = unit.users.get(row.payload["user_id"])
        # The address that a changed email had before is told of the change (USR-4, LGN-9).
        told = secret if kind is MailKind.EMAIL_CHANGED else None
    if user.is_disabled:
        raise Refusal(Code.USER_DISABLED)
    email = told or user.email
    if email is None:
        raise Refusal(Code.NOT_OWED, detail="the user has no email.")
    return Recipient(account, user, email)


def _connection_of(unit: Unit, recipient: Recipient) -> Connection | None:
    """Return the SAML connection to log in by: the one of the email's domain before any other; None without SAML."""
    enabled = [connection for connection in unit.saml_connections.all() if connection.enabled]
    of_domain = [each for each in enabled if email_in_domains(recipient.email, each.email_domains)]
    return next(iter(of_domain + enabled), None)


def _login_address(public_url: str, connection: Connection | None) -> str:
    return public_url + (LOGIN_PATH if connection is None else f"/saml/{quote(connection.id)}/login")
