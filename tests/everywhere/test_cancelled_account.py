"""ACC-3: a cancelled account refuses every way in from the next request on; another account notices nothing."""

from dataclasses import dataclass
from typing import Any

import pytest

from provisioning.actions.accounts import cancel_account, restore_account
from provisioning.actions.invitations import open_link, set_password_by_link
from provisioning.actions.scim_tokens import create_scim_token
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from tests.actions.forgotten import forgot_password
from tests.actions.refusals import code_of
from tests.actions.saml_world import Logins, connected, saml_account
from tests.doors.console import ConsoleClient
from tests.everywhere.doors import DONE, doors_of
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user


@dataclass
class World:
    """An account with everything that lets somebody in, each tried once while it was open."""

    made: Any
    doors: Any
    browser: ConsoleClient
    client: Any
    session: str
    link: str
    logins: Logins
    services: Any


@pytest.fixture
def world(app, services, neighbour, sql) -> World:
    made = saml_account(services, "Acme")
    caller = key_caller(made)
    dana = make_active(services, sql, make_user(caller, services, "dana@acme.example"))
    browser = ConsoleClient(app.test_client())
    browser.log_in(dana.email, PASSWORD)
    assert browser.get("/").path != "/login"
    link = link_secret(services, sql, make_user(caller, services, "pending@acme.example"))
    connection = connected(services, made, enabled=True, provisioning=True)
    logins = Logins(services, connection)
    logins.enter("s-1", email="saml@acme.example")
    doors = doors_of(app, made)
    for name in ("api", "scim", "console"):
        assert doors[name].add(f"{name}@acme.example", "media_library_user") == DONE
    session = sql("select id from sessions where user_id = %s", dana.id)[0][0]
    return World(made, doors, browser, app.test_client(), session, link, logins, services)


def by_key(world: World) -> bool:
    return world.doors["api"].add("new@acme.example", "reports") == "credential_invalid"


def by_token(world: World) -> bool:
    return world.doors["scim"].add("new@acme.example", "reports") == "credential_invalid"


def by_cookie(world: World) -> bool:
    return world.browser.get("/").path == "/login"


def by_password(world: World) -> bool:
    page = ConsoleClient(world.client).log_in("dana@acme.example", PASSWORD)
    return page.code == "invalid_credentials"


def by_root_password(world: World) -> bool:
    page = ConsoleClient(world.client).log_in("root@acme.example", world.made.root_password)
    return page.code == "invalid_credentials"


def by_link(world: World) -> bool:
    use = lambda: set_password_by_link(world.link, PASSWORD + "!", None, world.services)
    return code_of(lambda: open_link(world.link, None, world.services)) is code_of(use) is Code.LINK_INVALID


def by_saml(world: World) -> bool:
    try:
        return not world.logins.enter("s-1", email="saml@acme.example")
    except Refusal as refusal:
        return refusal.code is Code.ACCOUNT_CANCELLED


def by_session_check(world: World) -> bool:
    answer = world.client.get(f"/session/v1/introspect?session={world.session}", auth=world.doors["api"].key)
    return answer.status_code == 401


def by_command_line(world: World) -> bool:
    return world.doors["command line"].add("new@acme.example", "reports") == "account_cancelled"


WAYS = (
    by_key, by_token, by_cookie, by_password, by_root_password, by_link, by_saml, by_session_check, by_command_line,
)  # fmt: skip


@pytest.mark.rule("ACC-3", "SES-1", "SAM-6", "LNK-2", "KEY-4", "LGN-1")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_in_refuses_from_the_next_request_on(world, sql, way):
    assert way is by_link or not way(world), "the way in was open before"
    before = sql("select count(*) from users")
    cancel_account(operator(world.made.account.id), None, None, world.services)
    assert way(world)
    assert sql("select count(*) from users") == before


@pytest.mark.rule("ACC-3", "SAM-6")
def test_a_login_begun_before_does_not_end_well(world):
    begun = world.logins.begin()
    cancel_account(operator(world.made.account.id), None, None, world.services)
    posted = lambda: world.logins.post(world.logins.login("s-1", begun, email="saml@acme.example"))
    assert code_of(posted) is Code.ACCOUNT_CANCELLED
    assert code_of(world.logins.begin) is Code.ACCOUNT_CANCELLED


@pytest.mark.rule("ACC-3", "TEN-1", "PWD-2")
def test_nobody_is_mailed_and_another_account_notices_nothing(world, app, neighbour, sql):
    theirs = doors_of(app, neighbour)
    cancel_account(operator(world.made.account.id), None, None, world.services)
    owed = sql("select count(*) from outbox where account_id = %s", world.made.account.id)
    forgot_password("dana@acme.example", None, world.services)
    assert sql("select count(*) from outbox where account_id = %s", world.made.account.id) == owed
    for name in ("api", "scim", "console", "command line"):
        assert theirs[name].add(f"{name.replace(' ', '')}@neighbour.example", "media_library_user") == DONE


@pytest.mark.rule("ACC-3", "KEY-2")
def test_after_restoring_keys_tokens_and_passwords_work_and_old_sessions_do_not(world):
    shell = operator(world.made.account.id)
    cancel_account(shell, None, None, world.services)
    restore_account(shell, world.services)
    assert world.browser.get("/").path == "/login"
    assert world.doors["api"].add("new@acme.example", "reports") == DONE
    assert world.doors["scim"].add("newer@acme.example", "reports") == DONE
    assert ConsoleClient(world.client).log_in("dana@acme.example", PASSWORD).path != "/login"
    assert create_scim_token(shell, "Default", world.services).text
