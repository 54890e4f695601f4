"""Browsers for the Console: one that runs no scripts, and a real Chromium against the application on loopback."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from provisioning.actions.activity import seal_activity
from provisioning.actions.groups import NewGroup, create_group, delete_group
from provisioning.actions.sessions import force_logout
from provisioning.actions.sso_settings import connect
from provisioning.actions.webhook_deliveries import hand_over
from provisioning.actions.webhooks import NewWebhook, create_webhook
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import User
from tests.actions.saml_world import PROVIDER
from tests.doors.console import ConsoleClient
from tests.doors.idp import FakeIdp
from tests.factories import PASSWORD, make_active, make_user, refused_request

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
IMAGES = Path(__file__).parents[2] / "docs" / "images"
# Set to keep the screenshots that the tests take under docs/images; otherwise they leave the repository alone.
REFRESH = "GATELODGE_REFRESH_IMAGES"


@pytest.fixture
def browser(app) -> ConsoleClient:
    """A browser that runs no scripts, logged in nowhere."""
    return ConsoleClient(app.test_client())


@pytest.fixture
def second_browser(app) -> ConsoleClient:
    """Another one."""
    return ConsoleClient(app.test_client())


@pytest.fixture
def as_root(browser, account) -> ConsoleClient:
    """The first browser, with the root user logged in."""
    browser.log_in("root@acme.example", account.root_password)
    return browser


@pytest.fixture
def dana(caller, services, sql) -> User:
    """An active Media Library user with a password."""
    return make_active(services, sql, make_user(caller, services))


@pytest.fixture
def as_dana(second_browser, dana) -> ConsoleClient:
    """The second browser, with Dana logged in."""
    second_browser.log_in("dana@acme.example", PASSWORD)
    return second_browser


@pytest.fixture
def every_page(account, caller, services, sql) -> list[str]:
    """The address of every page of the Console that is no form of the login, in an account that has one of each."""
    dana = make_active(services, sql, make_user(caller, services))
    make_user(caller, services, "eve@acme.example", Role.REPORTS)
    force_logout(caller, dana.id, services)
    group = create_group(caller, NewGroup(name="Design", member_ids=(dana.id,)), services).group
    environment, key, scim = account.environment.environment.id, account.key.key.id, account.token.token
    provider = replace(PROVIDER, certificates=(FakeIdp().certificate_text,))
    saml = connect(operator(account.account.id), provider, {}, services).id
    webhook = create_webhook(caller, NewWebhook("https://hooks.example/told"), services).webhook.id
    delete_group(caller, create_group(caller, NewGroup("Told"), services).group.id, services)
    refused = refused_request(account, services.new_id(), services.now())
    services.request_log.add(refused)
    seal_activity(services)
    hand_over(services)
    return [
        "/users", f"/users/{dana.id}", f"/users/{dana.id}/edit", f"/users/{dana.id}/groups", f"/users/{dana.id}/delete",
        f"/users/{dana.id}/receipts",
        "/users/invite", "/groups", "/groups/new", f"/groups/{group.id}", f"/groups/{group.id}?find=eve",
        f"/groups/{group.id}/delete", "/sign-in", "/sign-in/settings", "/sign-in/enforce", "/sign-in/new",
        f"/sign-in/{saml}", f"/sign-in/{saml}/settings", f"/sign-in/{saml}/metadata", f"/sign-in/{saml}/delete",
        "/provisioning", "/provisioning/new", f"/provisioning/{scim.connection_id}",
        f"/provisioning/{scim.connection_id}/tokens/new", f"/provisioning/tokens/{scim.id}/rotate",
        "/provisioning/log", f"/provisioning/log/{refused.id}", "/provisioning/advice", "/api-keys",
        "/api-keys/new", f"/api-keys/{key}/rotate", "/webhooks", "/webhooks/new", f"/webhooks/{webhook}",
        f"/webhooks/{webhook}/edit", f"/webhooks/{webhook}/rotate", "/activity", "/activity/export", "/account",
        "/account/cancel", "/account/environments/new", f"/account/environments/{environment}", "/user-limit",
        f"/users/{account.root.id}/edit", "/profile", "/profile/names",
        "/profile/email", "/profile/password", "/profile/proof", "/profile/second-factor",
    ]  # fmt: skip


@pytest.fixture
def server(app: Flask) -> Iterator[str]:
    """The application on a loopback port, in a thread; its address."""
    made = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for the run; each test has contexts of its own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


class Tab:
    """A tab of a browser of its own, which keeps what its console and its policy complain about."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.context = context
        self.server = server
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str) -> None:
        """Open an address of ours."""
        self.page.goto(self.server + path)

    def log_in(self, email: str, password: str) -> None:
        """Log in by the two steps."""
        self.go("/login")
        self.page.get_by_label("Email").fill(email)
        self.page.get_by_role("button", name="Continue").click()
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Log in", exact=True).click()
        self.page.wait_for_url(lambda url: "/login" not in url)

    def keep_image(self, name: str) -> None:
        """Take a screenshot; keep it in the documentation where that is asked for."""
        image = self.page.screenshot(full_page=True)
        assert image.startswith(b"\x89PNG")
        if os.environ.get(REFRESH):
            IMAGES.mkdir(parents=True, exist_ok=True)
            (IMAGES / f"{name}.png").write_bytes(image)

    def fits(self) -> bool:
        """Whether nothing of the page lies outside its width."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))

    def _hear(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)


@pytest.fixture
def open_tab(chromium, server) -> Iterator[Callable[..., Tab]]:
    """Opens tabs, each in a browser of its own; at the end none of them may have complained."""
    tabs: list[Tab] = []

    def open_one(size=WIDE, *, scripts: bool = True, dark: bool = False) -> Tab:
        context = chromium.new_context(
            viewport=size, java_script_enabled=scripts, color_scheme="dark" if dark else "light", locale="en-GB"
        )
        context.set_default_timeout(15_000)
        tabs.append(Tab(context, server))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.context.close()
    assert [complaint for tab in tabs for complaint in tab.complaints] == []
