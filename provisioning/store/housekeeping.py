"""Rows that nobody will ask for again, over all accounts, deleted a bounded number at a time.

Housekeeping, never a check: each of these rows is judged by its own times when it is used (SES-6, LNK-2), so that
nothing becomes right or wrong by being here late. A batch locks few rows and passes over those that others hold.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, delete, or_, select, tuple_

from provisioning.domain.sessions import KEPT_FOR
from provisioning.store.tables.logins import devices, login_tries, second_steps
from provisioning.store.tables.saml_attempts import saml_attempts
from provisioning.store.tables.sessions import links, pending_logins, sessions
from provisioning.store.tables.sso import saml_requests, saml_spent
from provisioning.store.throttle import is_forgotten

# Long enough that whoever looks into a login that failed finds where it came from.
STEPS_KEPT_FOR = timedelta(days=1)
# Long after the last attempt to mail one.
LINKS_KEPT_FOR = timedelta(days=30)
DEVICES_KEPT_FOR = timedelta(days=180)
ATTEMPTS_KEPT_FOR = timedelta(days=30)

# Table -> the condition of its rows that are old by now.
_OLD: Mapping[Table, Callable[[datetime], ColumnElement[bool]]] = {
    sessions: lambda now: or_(sessions.c.ended_at <= now - KEPT_FOR, sessions.c.expires_at <= now - KEPT_FOR),
    links: lambda now: links.c.expires_at <= now - LINKS_KEPT_FOR,
    # Kept until no valid response can carry the id any more, by the time that is written beside it (SAM-4).
    saml_spent: lambda now: saml_spent.c.expires_at <= now,
    saml_requests: lambda now: saml_requests.c.expires_at <= now - STEPS_KEPT_FOR,
    saml_attempts: lambda now: saml_attempts.c.at <= now - ATTEMPTS_KEPT_FOR,
    pending_logins: lambda now: pending_logins.c.expires_at <= now - STEPS_KEPT_FOR,
    second_steps: lambda now: second_steps.c.expires_at <= now - STEPS_KEPT_FOR,
    login_tries: is_forgotten,
    devices: lambda now: devices.c.last_used_at <= now - DEVICES_KEPT_FOR,
}


TIDIED: Mapping[str, Table] = {table.name: table for table in _OLD}


def forget_batch(connection: Connection, name: str, now: datetime, most: int) -> int:
    """Delete old rows of a table of `TIDIED`; returns how many, fewer than `most` where no more are left.

    Args:
        connection: the open transaction.
        name: of the table.
        now: UTC.
        most: rows at once.
    """
    table = TIDIED[name]
    key = tuple(table.primary_key.columns)
    old = select(*key).where(_OLD[table](now)).limit(most).with_for_update(skip_locked=True)
    return connection.execute(delete(table).where(tuple_(*key).in_(old))).rowcount
