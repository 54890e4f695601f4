"""A service provider's side for the tests of the protocol: two connections, their providers, and one valid login."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from provisioning.domain.sso import Connection
from saml.assertion import Assertion
from saml.names import REDIRECT_BINDING
from saml.response import read_response
from tests.doors.idp import FakeIdp, Login

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
BASE = "https://gate.example/saml"


@dataclass(frozen=True)
class World:
    """One connection under test, its provider, a stranger's provider, and a second connection of another account."""

    idp: FakeIdp
    stranger: FakeIdp
    sp: FakeIdp
    connection: Connection
    neighbour: Connection
    login: Login

    def respond(self, sign: tuple[str, ...] = ("assertion",), **how: Any) -> str:
        """A message of our provider for the one login."""
        return self.idp.respond(self.login, sign=sign, **how)

    def read(self, value: str, now: datetime = NOW, **settings: Any) -> Assertion:
        """Read a message at our connection, with settings of it replaced."""
        connection = replace(self.connection, **settings)
        return read_response(value, connection, acs_url(connection), entity_id(connection), now)


def acs_url(connection: Connection) -> str:
    return f"{BASE}/{connection.id}/acs"


def entity_id(connection: Connection) -> str:
    return f"{BASE}/{connection.id}/metadata"


def connection_of(idp: FakeIdp, sp: FakeIdp, id_: str, account_id: str) -> Connection:
    return Connection(
        id=id_,
        account_id=account_id,
        idp_entity_id=idp.entity_id,
        sso_url=idp.sso_url,
        sso_binding=REDIRECT_BINDING,
        certificates=(idp.certificate_text,),
        sp_certificate=sp.certificate_pem,
        sp_private_key=sp.key_pem,
    )
