"""A SAML connection and logins as the SAML room hands them in once an assertion is verified; no XML here."""

from dataclasses import replace
from datetime import timedelta

from provisioning.actions.accounts import MadeAccount, NewAccount, create_account
from provisioning.actions.saml_sign_in import BegunSaml, SamlEntry, begin_saml, by_saml
from provisioning.actions.services import Services
from provisioning.actions.sessions import Browser
from provisioning.actions.sso_settings import connect, connection_for_door
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import operator
from provisioning.domain.sso import Connection, IdentityProvider, Profile, SamlLogin

PROVIDER = IdentityProvider(
    entity_id="https://idp.example/metadata",
    sso_url="https://idp.example/sso",
    sso_binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    certificates=("certificate",),
)
BROWSER = Browser("203.0.113.7", "Firefox")


def saml_account(services: Services, name: str = "Saml") -> MadeAccount:
    """An account whose two-factor setting lets SAML provisioning be turned on (2FA-3)."""
    command = NewAccount(name=name, root_email="root@acme.example", two_factor=TwoFactor.DISABLED)
    return create_account(operator(""), command, services)


def connected(services: Services, account: MadeAccount, **changes: object) -> Connection:
    """A connection of the account with settings other than the presets."""
    return connect(operator(account.account.id), PROVIDER, changes, services)


class Logins:
    """Logins through one connection, each with ids of its own."""

    def __init__(self, services: Services, connection: Connection) -> None:
        self.services, self.connection, self.count = services, connection, 0

    def begin(self, browser_secret: str | None = None) -> BegunSaml:
        self.count += 1
        connection = connection_for_door(self.connection.id, self.services)
        return begin_saml(connection, f"_request{self.count}", "/users", browser_secret, self.services)

    def login(self, subject: str = "s-1", begun: BegunSaml | None = None, **profile: object) -> SamlLogin:
        self.count += 1
        now = self.services.now()
        return SamlLogin(
            connection_id=self.connection.id,
            response_id=f"_response{self.count}",
            assertion_id=f"_assertion{self.count}",
            in_response_to=begun.request_id if begun else None,
            browser_secret=begun.browser_secret if begun else None,
            name_id=subject,
            session_index="i-1",
            valid_until=now + timedelta(hours=1),
            session_not_on_or_after=None,
            authn_instant=now,
            profile=Profile(subject=subject, **{"email": "dana@acme.example", **profile}),
        )

    def enter(self, subject: str = "s-1", **profile: object) -> SamlEntry:
        """A whole login begun in this browser."""
        return self.post(self.login(subject, self.begin(), **profile))

    def post(self, login: SamlLogin, **changes: object) -> SamlEntry:
        connection = connection_for_door(self.connection.id, self.services)
        return by_saml(connection, replace(login, **changes), BROWSER, self.services)
