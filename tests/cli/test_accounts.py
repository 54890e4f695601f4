"""`gatelodge account`: everything an account begins with, and its seats."""

import pytest

from provisioning.actions.keys import find_key_caller
from provisioning.actions.scim_tokens import find_scim_caller
from provisioning.actions.sessions import Browser
from provisioning.actions.sign_in import by_password
from provisioning.domain.caller import operator
from tests.factories import make_user


@pytest.mark.rule("ACC-2", "ROOT-1", "ENV-1")
def test_create_prints_what_one_needs_to_begin_and_all_of_it_works(gatelodge, services, neighbour, sql) -> None:
    made = gatelodge.json("account", "create", "--name", "Acme", "--root-email", "root@acme.example")
    account_id = made["account"]["id"]
    caller = find_key_caller(made["provisioning_api"]["key"], made["provisioning_api"]["secret"], None, services)
    assert caller.account == account_id
    assert find_scim_caller(made["scim"]["token"], None, services).account == account_id
    opened = by_password("root@acme.example", made["root"]["password"], account_id, Browser(None, None), services)
    assert opened.user.id == made["root"]["id"]
    assert opened.user.is_root
    assert made["scim"]["base_url"] == made["base_url"] + "/scim/v2"
    assert sql("select cloud_name from environments where account_id = %s", account_id) == [
        (made["product_environment"]["cloud_name"],)
    ]
    assert set(made) == {
        "base_url", "account", "product_environment", "provisioning_api", "scim", "root",
        "mail_dir", "database_url", "redis_url", "metrics_url",
    }  # fmt: skip


@pytest.mark.rule("ACC-2")
def test_secrets_are_in_no_table_and_no_log(gatelodge, sql) -> None:
    outcome = gatelodge.run("account", "create", "--name", "A", "--root-email", "r@a.example", "--json")
    made = gatelodge.json("account", "create", "--name", "B", "--root-email", "r@b.example")
    secrets = (made["provisioning_api"]["secret"], made["scim"]["token"], made["root"]["password"])
    tables = ("accounts", "users", "account_keys", "scim_tokens", "activity", "outbox")
    stored = "".join(str(sql(f"select t::text from {table} t")) for table in tables)
    assert not [secret for secret in secrets if secret in stored]
    assert outcome.err == ""


@pytest.mark.rule("ACC-5")
def test_the_other_permission_system_is_refused_with_a_sentence(gatelodge, state) -> None:
    before = state()
    command = ("account", "create", "--name", "A", "--root-email", "r@a.example", "--permissions")
    assert gatelodge.refused(*command, "roles_and_permissions") == "permission_system_unavailable"
    assert state() == before
    assert gatelodge.json(*command, "legacy")["account"]["name"] == "A"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--name", "", "--root-email", "r@a.example"),
        ("--name", "x" * 5000, "--root-email", "r@a.example"),
        ("--name", "bell\a", "--root-email", "r@a.example"),
        ("--name", "A", "--root-email", "no address"),
        ("--name", "A", "--root-email", "r@a.example\nBcc: x@y.example"),
        ("--name", "A", "--root-email", "r@a.example", "--seats", "0"),
        ("--name", "A", "--root-email", "r@a.example", "--seats", "-3"),
    ],
)
def test_values_that_no_account_can_have(gatelodge, state, arguments) -> None:
    before = state()
    assert gatelodge.refused("account", "create", *arguments) == "invalid_value"
    assert state() == before


@pytest.mark.parametrize(
    "arguments",
    [("create",), ("create", "--name", "A"), ("create", "--plan", "gold"), ("nothing",), ("set-seats", "a", "b")],
)
def test_a_command_that_is_not_understood_says_how_it_goes(gatelodge, arguments) -> None:
    outcome = gatelodge.run("account", *arguments)
    assert outcome.status == 2
    assert "Usage: gatelodge account" in outcome.err
    assert outcome.out == ""


@pytest.mark.rule("SEAT-2")
@pytest.mark.parametrize(("plan", "seats"), [("free", 3), ("paid", 10), ("enterprise", 50)])
def test_a_plan_brings_its_seats(gatelodge, plan, seats) -> None:
    made = gatelodge.json("account", "create", "--name", "A", "--root-email", "r@a.example", "--plan", plan)
    shown = gatelodge.json("account", "show", made["account"]["id"])
    assert shown["seats"] == {"used": 1, "limit": seats, "plan_seats": seats, "additional": 0}
    assert shown["plan"] == plan


@pytest.mark.rule("SEAT-2", "OPS-5")
def test_the_operator_sets_seats_also_beyond_self_service_and_the_report_says_why(gatelodge, account_id, sql) -> None:
    changed = gatelodge.json("account", "set-seats", account_id, 500, "--reason", "contract of May")
    assert changed["seats"]["limit"] == 500
    rows = sql("select actor_id, way_in, data->>'reason' from activity where kind = 'seats.changed'")
    assert rows == [("operator", "command_line", "contract of May")]


@pytest.mark.rule("OPS-5")
def test_without_a_terminal_nobody_is_asked_for_a_reason(gatelodge, account_id, sql) -> None:
    gatelodge.json("account", "set-seats", account_id, 60)
    assert sql("select data->>'reason' from activity where kind = 'seats.changed'") == [("not given",)]


@pytest.mark.rule("SEAT-2")
def test_seats_below_those_in_use_are_refused(gatelodge, account_id, state) -> None:
    for number in range(3):
        names = ("--first-name", "P", "--last-name", "Q")
        gatelodge.json("user", "invite", "--account", account_id, "--email", f"p{number}@acme.example", *names)
    before = state()
    assert gatelodge.refused("account", "set-seats", account_id, 3) == "seats_below_use"
    assert state() == before
    assert gatelodge.json("account", "set-seats", account_id, 4)["seats"]["used"] == 4


def test_list_and_show_tell_accounts_apart(gatelodge, account, neighbour) -> None:
    ids = {account.account.id, neighbour.account.id}
    assert {each["id"] for each in gatelodge.json("account", "list")} == ids
    assert gatelodge.json("account", "show", neighbour.account.id)["name"] == "Neighbour"
    table = gatelodge.run("account", "list").out.splitlines()
    assert table[0].split()[:3] == ["id", "name", "plan"]
    assert len(table) == 3


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize(
    "command",
    [
        ("account", "show", "{}"),
        ("account", "set-seats", "{}", "5"),
        ("user", "list", "--account", "{}"),
        ("key", "create", "--account", "{}"),
        ("key", "list", "--account", "{}"),
        ("scim-token", "create", "--account", "{}"),
        ("scim-connection", "create", "--account", "{}", "--name", "x"),
        ("saml", "show", "--account", "{}"),
        ("activity", "list", "--account", "{}"),
        ("activity", "verify", "--account", "{}"),
        ("activity", "export", "--account", "{}"),
    ],
)
def test_an_account_that_does_not_exist_is_not_found(gatelodge, account, state, command) -> None:
    before = state()
    for unknown in ("01a20a5d-1eae-7362-9616-6c95bd045b7a", "'; drop table users; --", "", "x" * 3000):
        assert gatelodge.refused(*(part.format(unknown) for part in command)) == "not_found"
    assert state() == before


@pytest.mark.rule("ACC-3", "OPS-5")
def test_the_operator_cancels_and_restores_with_a_reason(gatelodge, account_id, sql) -> None:
    assert gatelodge.json("account", "cancel", account_id, "--reason", "not paid")["cancelled_at"]
    assert gatelodge.refused("account", "cancel", account_id) == "account_cancelled"
    assert gatelodge.json("account", "restore", account_id, "--reason", "paid")["cancelled_at"] is None
    assert gatelodge.refused("account", "restore", account_id) == "account_not_restorable"
    told = sql("select kind, data->>'reason' from activity where kind in ('account.cancelled', 'account.restored')")
    assert sorted(told) == [("account.cancelled", "not paid"), ("account.restored", "paid")]


@pytest.mark.rule("ROLE-2")
def test_the_operator_says_whether_there_is_creative_approval(gatelodge, account_id) -> None:
    assert gatelodge.json("account", "show", account_id)["creative_approval"] is True
    assert gatelodge.json("account", "set-creative-approval", account_id, "off")["creative_approval"] is False


@pytest.mark.rule("ROLE-3")
def test_the_operator_moves_obsolete_roles(gatelodge, account_id, services) -> None:
    ann = make_user(operator(account_id), services, "ann@acme.example")
    moved = gatelodge.json("account", "migrate-roles", account_id, "--viewer", "ann@acme.example")
    assert moved == [
        {"role": "contributor", "group": "Contributor", "users": []},
        {"role": "viewer", "group": "Viewer", "users": [ann.id]},
    ]
    assert gatelodge.refused("account", "migrate-roles", account_id, "--viewer", "nobody@acme.example") == "not_found"
