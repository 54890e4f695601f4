"""One rule, every way in: the same refusal with the same code, and nothing changed."""

import pytest

from provisioning.actions.accounts import set_seats
from provisioning.actions.scim_connections import update_scim_connection
from provisioning.actions.users import delete_user
from provisioning.domain.caller import operator
from tests.doors.console import ConsoleClient
from tests.everywhere.doors import DONE, NOT_OFFERED
from tests.factories import PASSWORD, key_caller, make_active, make_user

WAYS_IN = ["scim", "scim in bulk", "api", "console", "command line"]
VERBS = ["delete", "disable", "rename", "force logout", "reset password"]


@pytest.fixture
def taken_over(services, account, caller, scim):
    """The directory may take over users of acme.example, so that rules and not provenance stand in its way."""
    update_scim_connection(caller, scim.connection.id, {"email_domains": ("acme.example",)}, services)


@pytest.mark.rule("USR-1", "TEN-4")
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_a_taken_email_is_refused(doors, services, caller, sql, way_in):
    make_user(caller, services, "dana@acme.example")
    before = sql("select count(*), max(version) from users")
    assert doors[way_in].add("DANA@acme.example", "media_library_user") in ("email_taken", "user_name_taken")
    assert sql("select count(*), max(version) from users") == before


@pytest.mark.rule("SEAT-3")
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_a_full_account_takes_nobody_more(doors, services, account, sql, way_in):
    set_seats(operator(account.account.id), 1, services)
    before = sql("select (select count(*) from users), (select count(*) from outbox), (select sum(used) from seats)")
    assert doors[way_in].add("new@acme.example", "media_library_user") == "seat_limit_reached"
    after = sql("select (select count(*) from users), (select count(*) from outbox), (select sum(used) from seats)")
    assert after == before
    set_seats(operator(account.account.id), 2, services)
    assert doors[way_in].add("new@acme.example", "media_library_user") == DONE


@pytest.mark.rule("ROOT-2", "ROOT-6")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_the_root_user_is_out_of_reach(doors, account, taken_over, sql, way_in, verb):
    before = sql("select * from users where is_root order by account_id")
    answer = doors[way_in].do(verb, account.root.id)
    assert answer in ("root_user_protected", NOT_OFFERED)
    assert sql("select * from users where is_root order by account_id") == before


@pytest.mark.rule("ROLE-1", "AUZ-3", "SCM-1")
def test_no_way_in_gives_what_its_caller_may_not_give(doors, sql):
    assert doors["scim"].add("m@acme.example", "master_admin") == "role_above_cap"
    assert doors["api"].add("m@acme.example", "root") == "invalid_value"
    assert sql("select count(*) from users where email = 'm@acme.example'") == [(0,)]


@pytest.mark.rule("ACC-1", "TEN-1", "TEN-3")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_people_of_another_account_do_not_exist(doors, services, neighbour, sql, way_in, verb):
    foreign = make_user(key_caller(neighbour), services, "eve@neighbour.example")
    before = sql("select * from users where account_id = %s order by id", neighbour.account.id)
    answers = {doors[way_in].do(verb, user_id) for user_id in (foreign.id, neighbour.root.id, "made-up")}
    assert answers <= {"not_found", NOT_OFFERED}
    assert len(answers) == 1
    assert sql("select * from users where account_id = %s order by id", neighbour.account.id) == before


@pytest.mark.rule("USR-6")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_a_deleted_user_cannot_be_brought_back(doors, services, caller, taken_over, sql, way_in, verb):
    gone = make_user(caller, services)
    delete_user(caller, gone.id, services)
    before = sql("select * from users where id = %s", gone.id)
    assert doors[way_in].do(verb, gone.id) in ("not_found", "user_inactive", NOT_OFFERED)
    assert sql("select * from users where id = %s", gone.id) == before


@pytest.mark.rule("USR-5", "OUT-2", "SES-1")
@pytest.mark.parametrize("verb", ["delete", "disable", "force logout", "reset password"])
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_whatever_ends_access_ends_it_for_the_next_request(doors, app, services, caller, taken_over, sql, way_in, verb):
    dana = make_active(services, sql, make_user(caller, services))
    browser = ConsoleClient(app.test_client())
    browser.log_in(dana.email, PASSWORD)
    assert browser.get("/").path != "/login"
    if doors[way_in].do(verb, dana.id) == NOT_OFFERED:
        assert way_in.startswith("scim")
        assert verb in ("force logout", "reset password")
        return
    assert browser.get("/").path == "/login"


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize("way_in", WAYS_IN)
def test_the_report_names_the_way_in(doors, sql, way_in):
    assert doors[way_in].add("new@acme.example", "media_library_user") == DONE
    name = {"scim in bulk": "scim", "api": "provisioning_api", "command line": "command_line"}.get(way_in, way_in)
    assert sql("select way_in from activity where kind = 'user.created'") == [(name,)]


@pytest.mark.rule("ROOT-5")
def test_the_root_user_is_marked_wherever_users_are_shown(doors, account):
    scim = doors["scim"].client.get(f"/Users/{account.root.id}").get_json()
    assert scim["urn:gatelodge:scim:schemas:extension:account:1.0:User"]["root"] is True
    api = doors["api"].send("GET", f"/users/{account.root.id}").get_json()
    assert (api["root"], api["role"]) == (True, "master_admin")
    assert "Root user" in doors["console"].client.get("/users").row_of("root@acme.example").text_content()
