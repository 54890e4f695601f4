"""INV-1, cell by cell, on every way in that makes users: one mail a new user, and which one it is."""

from collections.abc import Callable

import pytest

from provisioning.actions.accounts import cancel_account
from provisioning.actions.scim_connections import update_scim_connection
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import Logins, connected, saml_account
from tests.doors.scim import ACCOUNT
from tests.everywhere.doors import doors_of
from tests.factories import scim_caller_of

# SAML login on, Enforce, the role at creation, 'Send invitation email' (None: not said) -> is a password invited to?
TABLE = [
    (False, False, "reports", None, True),
    (False, False, "reports", True, True),
    (False, False, "reports", False, True),
    (False, False, "master_admin", False, True),
    (True, False, "reports", None, True),
    (True, False, "reports", True, True),
    (True, False, "reports", False, False),
    (True, True, "reports", None, False),
    (True, True, "reports", True, False),
    (True, True, "reports", False, False),
    (True, False, "master_admin", None, True),
    (True, False, "master_admin", False, True),
    (True, True, "master_admin", None, True),
    (True, True, "master_admin", False, True),
]
EMAIL = "new@acme.example"


@pytest.fixture
def world(app, services, neighbour, sql):
    """A maker of accounts in a state of SAML, with their ways in; a directory may give any role there."""

    def make(saml: bool, enforced: bool):
        made = saml_account(services, "Acme")
        shell = operator(made.account.id)
        connection = scim_caller_of(made, services).connection
        caps = {"role_cap": frozenset(Role), "allow_master_admin": True}
        update_scim_connection(shell, connection.id, caps, services)
        doors = doors_of(app, made)
        if saml:
            connected(services, made, enabled=True, provisioning=True, allow_master_admin=True)
            sql("update accounts set saml_enforced = %s where id = %s", enforced, made.account.id)
        return made, doors

    return make


def by_api(doors, role: str, send: bool | None) -> None:
    members = {"name": "New Person", "email": EMAIL, "role": role}
    answer = doors["api"].send("POST", "/users", members | ({} if send is None else {"send_invitation": send}))
    assert answer.status_code == 200, answer.text


def by_scim(doors, role: str, send: bool | None) -> None:
    said = {} if send is None else {ACCOUNT: {"sendInvitation": send}}
    answer = doors["scim"].client.post("/Users", {"userName": EMAIL, "roles": [{"value": role}], **said})
    assert answer.status_code == 201, answer.text


def by_console(doors, role: str, send: bool | None) -> None:
    browser = doors["console"].client
    page = browser.get("/users/invite")
    if not page.tree.xpath("//input[@name='send_invitation']"):
        choice = {}
    else:
        choice = {"send_invitation": None if send is False else "yes"}
    browser.submit("/users/invite", email=[EMAIL], first_name=["New"], last_name=["Person"], role=role, **choice)


def by_command_line(doors, role: str, send: bool | None) -> None:
    names = ("--first-name", "New", "--last-name", "Person", "--email", EMAIL, "--role", role)
    more = ("--no-invitation",) if send is False else ()
    doors["command line"].run("user", "invite", "--account", doors["command line"].account_id, *names, *more)


WAYS: dict[str, Callable] = {
    "api": by_api, "scim": by_scim, "console": by_console, "command line": by_command_line,
}  # fmt: skip


@pytest.mark.rule("INV-1", "INV-3", "SSO-4")
@pytest.mark.parametrize("way", WAYS)
def test_each_cell_of_the_table_owes_the_one_mail_that_it_says(world, services, sql, way):
    for saml, enforced, role, send, invited in TABLE:
        made, doors = world(saml, enforced)
        WAYS[way](doors, role, send)
        new = sql("select id from users where account_id = %s and email = %s", made.account.id, EMAIL)
        kinds = "select kind from outbox where account_id = %s and payload->>'user_id' = %s"
        cell = (saml, enforced, role, send)
        assert sql(kinds, made.account.id, new[0][0]) == [("invitation" if invited else "confirmation",)], cell
        # The next cell's root user has the same email, and a login page tries the open accounts of an email only.
        cancel_account(operator(made.account.id), None, None, services)


@pytest.mark.rule("INV-1", "SSO-3", "SSO-4")
@pytest.mark.parametrize("enforced", [False, True])
@pytest.mark.parametrize(("role", "kind"), [("reports", "confirmation"), ("master_admin", "invitation")])
def test_a_first_login_through_the_organisation_owes_the_one_mail_too(services, sql, enforced, role, kind):
    made = saml_account(services, "Acme")
    connection = connected(services, made, enabled=True, provisioning=True, allow_master_admin=True)
    sql("update accounts set saml_enforced = %s where id = %s", enforced, made.account.id)
    user = Logins(services, connection).enter("s-1", email=EMAIL, role=role).opened.user
    assert sql("select kind from outbox where payload->>'user_id' = %s", user.id) == [(kind,)]
