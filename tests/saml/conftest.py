"""The one world of the protocol's tests, and browsers at the door of a real application."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from provisioning.actions.accounts import MadeAccount, NewAccount, create_account
from provisioning.actions.services import Services
from provisioning.actions.sso_settings import connect
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.caller import operator
from provisioning.domain.sso import Connection, IdentityProvider
from saml.names import REDIRECT_BINDING
from tests.doors.idp import FakeIdp, Login
from tests.doors.saml import SamlBrowser
from tests.factories import key_caller
from tests.saml.world import NOW, World, acs_url, connection_of, entity_id


@pytest.fixture(scope="session")
def world() -> World:
    """Keys are made once; everything here is frozen."""
    idp, stranger, sp = FakeIdp(), FakeIdp(), FakeIdp("https://gate.example")
    connection = connection_of(idp, sp, "c-1", "account-1")
    neighbour = connection_of(idp, sp, "c-10", "account-2")
    login = Login(acs_url(connection), entity_id(connection), NOW)
    return World(idp, stranger, sp, connection, neighbour, login)


@pytest.fixture
def services(services: Services, world: World) -> Services:
    """The same services, with a key pair that is made once a run and not once a test."""
    return replace(services, make_sp_key=lambda _: (world.sp.certificate_pem, world.sp.key_pem))


@pytest.fixture
def account(services: Services) -> MadeAccount:
    """As everywhere, but without a second factor, which SAML provisioning wants (2FA-3)."""
    command = NewAccount(name="Acme", root_email="root@acme.example", two_factor=TwoFactor.DISABLED)
    return create_account(operator(""), command, services)


@pytest.fixture
def neighbour(services: Services) -> MadeAccount:
    command = NewAccount(name="Neighbour", root_email="root@acme.example", two_factor=TwoFactor.DISABLED)
    return create_account(operator(""), command, services)


@pytest.fixture
def connect_to(services: Services, world: World) -> Callable[..., Connection]:
    """Connect an account to a provider, our world's unless told otherwise, with provisioning on."""

    def make(account: MadeAccount, idp: FakeIdp | None = None, **settings: object) -> Connection:
        chosen = idp or world.idp
        provider = IdentityProvider(chosen.entity_id, chosen.sso_url, REDIRECT_BINDING, (chosen.certificate_text,))
        return connect(key_caller(account), provider, {"provisioning": True, **settings}, services)

    return make


@pytest.fixture
def browse(app: Flask, services: Services, world: World) -> Callable[..., SamlBrowser]:
    """Open a new browser at a connection's door."""

    def make(connection: Connection, idp: FakeIdp | None = None) -> SamlBrowser:
        return SamlBrowser(app.test_client(), idp or world.idp, connection, services)

    return make


@pytest.fixture
def browser(
    account: MadeAccount, connect_to: Callable[..., Connection], browse: Callable[..., SamlBrowser]
) -> SamlBrowser:
    """A browser at the door of the account's connection."""
    return browse(connect_to(account))


@pytest.fixture
def unsolicited(
    account: MadeAccount, connect_to: Callable[..., Connection], browse: Callable[..., SamlBrowser]
) -> SamlBrowser:
    return browse(connect_to(account, allow_idp_initiated=True))
