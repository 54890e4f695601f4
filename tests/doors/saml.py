"""A browser at the SAML door, with an identity provider at its other end."""

import base64
import itertools
import zlib
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from provisioning.actions.services import Services
from provisioning.actions.sessions import check_session
from provisioning.domain.sessions import Session
from provisioning.domain.sso import Connection
from tests.doors.idp import FakeIdp, Login

NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Begun:
    """A login just begun, as the identity provider sees it."""

    request_id: str
    relay_state: str
    url: str


class SamlBrowser:
    """One browser with its own cookies.

    Args:
        client: of the application.
        idp: answers for the connection.
        connection: whose door is used.
        services: of the application, for the clock and to look at sessions.
    """

    def __init__(self, client: FlaskClient, idp: FakeIdp, connection: Connection, services: Services) -> None:
        self.client, self.idp, self.connection, self.services = client, idp, connection, services
        self.base = services.public_url

    def url(self, what: str) -> str:
        return f"/saml/{self.connection.id}/{what}"

    def begin(self, **query: str) -> Begun:
        """Begin a login and read the request that the browser is sent away with."""
        response = self.client.get(self.url("login"), query_string=query)
        assert response.status_code == 303, response.text
        sent = parse_qs(urlsplit(response.location).query)
        root = etree.fromstring(zlib.decompress(base64.b64decode(sent["SAMLRequest"][0]), -15))
        return Begun(root.get("ID") or "", sent["RelayState"][0], response.location)

    def login(self, in_response_to: str | None, **values: Any) -> Login:
        """What the identity provider would say now, with ids of its own."""
        number = next(NUMBERS)
        plain = Login(
            acs_url=self.base + self.url("acs"),
            sp_entity_id=self.base + self.url("metadata"),
            now=self.services.now(),
            in_response_to=in_response_to,
            response_id=f"_response-{number}",
            assertion_id=f"_assertion-{number}",
        )
        return replace(plain, **values)

    def post(self, value: str, relay_state: str | None = None, to: str = "acs", **fields: str) -> TestResponse:
        """Post a response as the identity provider's page does: from another site."""
        form = {"SAMLResponse": value, **fields}
        if relay_state is not None:
            form["RelayState"] = relay_state
        return self.client.post(self.url(to), data=form, headers={"Sec-Fetch-Site": "cross-site"})

    def log_in(self, next_: str = "/", **values: Any) -> TestResponse:
        """A whole login begun here."""
        begun = self.begin(next=next_)
        return self.post(self.idp.respond(self.login(begun.request_id, **values)), begun.relay_state)

    def arrive(self, relay_state: str | None = None, **values: Any) -> TestResponse:
        """A login begun at the identity provider."""
        return self.post(self.idp.respond(self.login(None, **values)), relay_state)

    def asked(self, page: TestResponse) -> tuple[str, dict[str, str]]:
        """Where the form of a page goes, and its fields."""
        form = etree.HTML(page.text).find(".//form")
        assert form is not None, page.text
        return form.get("action") or "", {
            node.get("name") or "": node.get("value") or "" for node in form.iter("input")
        }

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None

    def session(self) -> Session | None:
        """The browser's session, if it is good."""
        secret = self.cookie("gatelodge_session")
        return check_session(secret, self.services) if secret else None


def code_of(response: TestResponse) -> str | None:
    """The stable code of a refusal."""
    return response.headers.get("Gatelodge-Error")
