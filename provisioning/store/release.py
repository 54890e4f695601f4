"""What a SCIM connection held is held by nobody any more, all of it by one statement a table.

A connection may hold a hundred thousand people, so their stored documents are not rendered anew one by one: what the
connection put into them is taken out of the JSON in place. A test compares that with documents that are rendered.
"""

from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, Connection, Text, and_, case, cast, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB

from provisioning.store.searchable import ACCOUNT
from provisioning.store.tables.groups import groups
from provisioning.store.tables.users import user_emails, users

# The URN as it is written in documents; filters compare its lower-cased form.
ACCOUNT_AS_SHOWN = "urn:gatelodge:scim:schemas:extension:account:1.0:User"


def release_all(connection: Connection, account_id: str, scim_connection_id: str, now: datetime) -> None:
    """Let go of every user and group that a SCIM connection holds.

    Args:
        connection: the open transaction.
        account_id: of the connection.
        scim_connection_id: nothing refers to it afterwards but its tokens.
        now: when they changed, as everybody sees the change.
    """
    held = and_(users.c.account_id == account_id, users.c.connection_id == scim_connection_id)
    document: ColumnElement[object] = cast(users.c.document, JSONB)
    released = {"connection_id": None, "external_id": None, "updated_at": now}
    connection.execute(
        update(users)
        .where(held)
        .values(
            **released,
            version=users.c.version + 1,
            document=cast(_released(document, "externalId", ACCOUNT_AS_SHOWN, "managedBy", users.c.email), Text),
            folded=_released(users.c.folded, "externalid", ACCOUNT, "managedby", _email_key()),
        )
    )
    mine = and_(groups.c.account_id == account_id, groups.c.connection_id == scim_connection_id)
    connection.execute(update(groups).where(mine).values(**released, version=groups.c.version + 1))


def _released(
    resource: ColumnElement[object], external_id: str, urn: str, holder: str, email: ColumnElement[object]
) -> ColumnElement[object]:
    """Return a resource without what the connection gave it, and with the email that is shown of whom nobody holds."""
    without = resource.op("-")(external_id).op("#-")(literal([urn, holder], ARRAY(Text)))
    element = func.jsonb_build_object("value", email, "type", "work", "primary", True)
    shown = func.jsonb_build_object("emails", func.jsonb_build_array(element))
    has_own = resource.bool_op("?")("emails")
    return without.op("||")(case((has_own | users.c.email.is_(None), cast(literal("{}"), JSONB)), else_=shown))


def _email_key() -> ColumnElement[object]:
    """Return the key of the login email, as filters on addresses compare it."""
    return (
        select(user_emails.c.value_key)
        .where(user_emails.c.account_id == users.c.account_id, user_emails.c.user_id == users.c.id)
        .where(user_emails.c.position == 0)
        .scalar_subquery()
    )
