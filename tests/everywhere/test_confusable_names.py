"""IDN-7: whoever adds somebody who could be taken for an administrator is told so, wherever an answer is shown."""

import pytest

from provisioning.actions.invitations import invite
from provisioning.actions.users import create_user
from provisioning.domain.caller import operator
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser
from tests.factories import key_caller

LOOKALIKE = {"name": "\u0410dmin", "email": "new@acme.example"}


@pytest.fixture
def admin(services, account, neighbour, caller):
    """'Admin' in both accounts; only one's own counts."""
    new = NewUser(email="chef@acme.example", display_name="Admin", role=Role.ADMIN)
    theirs = NewUser(email="lisa@acme.example", display_name="Lisa", role=Role.ADMIN)
    create_user(key_caller(neighbour), theirs, services)
    return create_user(caller, new, services).user


@pytest.mark.rule("IDN-7", "TEN-4")
def test_the_api_warns_who_adds_a_look_alike(doors, admin):
    answer = doors["api"].send("POST", "/users", LOOKALIKE).get_json()
    assert answer["warnings"] == [
        "\u0410dmin <new@acme.example> can be mistaken for the administrator Admin <chef@acme.example>. Look twice."
    ]
    shown = doors["api"].send("GET", f"/users/{answer['id']}").get_json()
    assert "warnings" not in shown
    for name in ("Kim Coe", "1isa"):
        other = doors["api"].send("POST", "/users", {"name": name, "email": f"{name[:3]}@acme.example"}).get_json()
        assert "warnings" not in other, "an administrator of another account is nobody here"


@pytest.mark.rule("IDN-7", "USR-2")
def test_each_row_of_an_invitation_and_the_root_user_count(services, account, admin, caller):
    rows = [
        NewUser(email="a@acme.example", first_name="Kim"),
        NewUser(email="r\u043e\u043et@acme.example", first_name="Eve"),
    ]
    plain, flagged = invite(operator(caller.account), rows, services)
    assert plain.warnings == ()
    assert "root@acme.example" in flagged.warnings[0]


@pytest.mark.rule("IDN-7")
def test_a_push_reads_no_warning(services, scim, admin):
    pushed = create_user(scim, NewUser(user_name="n@acme.example", display_name="\u0410dmin"), services)
    assert pushed.warnings == ()
