"""What the SAML door needs beside the login itself: whom a subject is linked to, and an entry for refused messages."""

from collections.abc import Mapping
from typing import NoReturn

from provisioning.actions.services import Services
from provisioning.domain.caller import WayIn, nobody
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.events import Event
from provisioning.domain.sessions import Method
from provisioning.domain.sso import Connection


def linked_user_id(connection: Connection, subject: str, services: Services) -> str | None:
    """Return the id of the user behind a verified subject, None where nobody is linked yet (SAM-5).

    Args:
        connection: found from our own URL.
        subject: of a verified assertion.
        services: from outside.
    """
    with services.read(nobody(WayIn.SAML, None, connection.account_id)) as unit:
        return unit.saml_connections.user_id_of(connection.id, subject)


def note_refused_message(
    connection: Connection, address: str | None, facts: Mapping[str, object], services: Services
) -> None:
    """Count a message that was refused before anybody could log in by it: one entry a minute and code (AUD-1).

    Args:
        connection: found from our own URL.
        address: of the browser that posted it.
        facts: code, check, expected, received and reference; never a message, key or cookie.
        services: from outside.
    """
    with services.unit(nobody(WayIn.SAML, address, connection.account_id)) as unit:
        data = {"method": Method.SAML.value, **facts}
        event = Event("login.refused", "saml_connection", connection.id, connection.idp_entity_id, data)
        unit.record_attempt(event, str(facts["code"]))


def refuse_disabled(connection: Connection, address: str | None, services: Services) -> NoReturn:
    """Refuse whoever comes to a connection that is switched off; the attempt is in the report (SAM-6, AUD-1).

    Raises:
        Refusal: CONNECTION_DISABLED.
    """
    with services.unit(nobody(WayIn.SAML, address, connection.account_id)):
        raise Refusal(Code.CONNECTION_DISABLED)
