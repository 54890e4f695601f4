"""POST /Bulk: results, failOnErrors, versions, limits, and that one operation's failure is its own (RFC 7644, 3.7)."""

import json
import threading

import pytest

from provisioning.actions.provisioning_log import list_requests
from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.actions.users import show_user
from provisioning.domain.provisioning_log import LogQuery
from provisioning.domain.roles_legacy import Role
from tests.doors.scim import ENTERPRISE, PATCH_OP, ScimClient, fault
from tests.factories import PASSWORD, make_active, make_user
from tests.scim.bulk import BULK_REQUEST, bulk, id_of, new_group, new_user, post, statuses

MIB = 1024 * 1024


def patch(path: str, *operations: dict, **more) -> dict:
    data = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return {"method": "PATCH", "path": path, "data": data, **more}


class TestResults:
    def test_every_method_on_both_types_answers_as_a_request_of_its_own_would(self, idp, services):
        ada, group = idp.user("ada"), idp.group("Engineers")
        base = f"{services.public_url}/scim/v2"
        results = bulk(
            idp,
            new_user("one"),
            new_group("two"),
            {"method": "put", "path": f"/Users/{ada['id']}/", "data": {"userName": "ada", "title": "Dr"}},
            patch(f"Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": ada["id"]}]}),
            {"method": "DELETE", "path": f"/Users/{ada['id']}", "data": "is not read"},
        )
        assert statuses(results) == ["201", "201", "200", "200", "204"]
        assert [result["method"] for result in results] == ["POST", "POST", "PUT", "PATCH", "DELETE"]
        assert [result.get("bulkId") for result in results] == ["one", "two", None, None, None]
        assert [result.get("version") for result in results] == ['W/"1"', 'W/"1"', 'W/"2"', 'W/"2"', None]
        assert results[2]["location"] == results[4]["location"] == f"{base}/Users/{ada['id']}"
        assert not any("response" in result for result in results)
        one = idp.get(f"/Users/{id_of(results[0])}").get_json()
        assert (one["userName"], one["meta"]["location"]) == ("one", results[0]["location"])
        fault(idp.get(f"/Users/{ada['id']}"), 404)

    def test_a_failure_has_its_error_and_undoes_nothing_else(self, idp):
        ada = idp.user("ada")
        results = bulk(idp, new_user("a"), new_user("b", "ADA"), new_user("c"), patch(f"/Users/{ada['id']}"))
        assert statuses(results) == ["201", "409", "201", "400"]
        assert results[1]["response"]["scimType"] == "uniqueness"
        assert results[1]["response"]["status"] == "409"
        assert "location" not in results[1]
        assert "version" not in results[1]
        assert results[3]["location"] == ada["meta"]["location"]
        assert idp.find("/Users", "userName pr").get_json()["totalResults"] == 4

    def test_an_answer_repeats_no_password(self, idp):
        answer = idp.post("/Bulk", {"Operations": [new_user("a", password="hunter22!"), {"password": "hunter22!"}]})
        assert statuses(answer.get_json()["Operations"]) == ["201", "400"]
        assert "hunter22" not in answer.text

    def test_nothing_asked_for_is_nothing_done(self, idp):
        assert bulk(idp) == []


class TestFailOnErrors:
    def test_after_the_last_allowed_error_nothing_runs_and_nothing_is_reported(self, idp):
        operations = [new_user("a"), new_user("b", ""), new_user("c"), new_user("d", "A"), new_user("e")]
        operations[1]["data"] = {}
        assert statuses(bulk(idp, *operations, failOnErrors=2)) == ["201", "400", "201", "409"]
        assert idp.find("/Users", 'userName eq "e"').get_json()["totalResults"] == 0

    def test_the_first_error_can_be_the_last(self, idp):
        assert statuses(bulk(idp, patch("/Users/none"), new_user("a"), failOnErrors=1)) == ["400"]
        assert statuses(bulk(idp, new_user("a"), new_user("b"), failOnErrors=1)) == ["201", "201"]

    def test_errors_are_counted_over_the_whole_request(self, idp, sql):
        sql("update seats set plan_seats = 5000")
        operations = [
            new_user(f"u{number}", "same") if number % 60 == 0 else new_user(f"u{number}") for number in range(240)
        ]
        results = bulk(idp, *operations, failOnErrors=3)
        assert len(results) == 181
        assert [number for number, result in enumerate(results) if result["status"] != "201"] == [60, 120, 180]

    def test_without_it_all_run(self, idp):
        results = bulk(idp, *(new_user(f"u{number}", "same") for number in range(5)), new_user("last"))
        assert statuses(results) == ["201", "409", "409", "409", "409", "201"]

    def test_it_is_a_number_from_one(self, idp, state, subtests):
        before = state()
        for value in (0, -1, True, "2", 1.5, [], {}):
            with subtests.test(repr(value)):
                body = {"schemas": [BULK_REQUEST], "Operations": [new_user("a")], "failOnErrors": value}
                fault(idp.post("/Bulk", body), 400, "invalidValue")
        assert state() == before


class TestVersions:
    def test_the_version_of_an_operation_is_its_condition(self, idp):
        ada, group = idp.user("ada"), idp.group("Engineers")
        rename = {"op": "replace", "path": "displayName", "value": "x"}
        stale, fresh = 'W/"7"', ada["meta"]["version"]
        results = bulk(
            idp,
            patch(f"/Users/{ada['id']}", rename, version=stale),
            patch(f"/Users/{ada['id']}", rename, version=fresh),
            {"method": "PUT", "path": f"/Groups/{group['id']}", "data": {"displayName": "y"}, "version": stale},
            {"method": "DELETE", "path": f"/Users/{ada['id']}", "version": fresh},
            {"method": "DELETE", "path": f"/Users/{ada['id']}", "version": 'W/"2"'},
        )
        assert statuses(results) == ["412", "200", "412", "412", "204"]

    def test_operations_on_one_resource_see_each_other(self, idp):
        ada = idp.user("ada")
        add = [{"op": "add", "path": "emails", "value": [{"value": f"{n}@x.example"}]} for n in range(3)]
        results = bulk(idp, *(patch(f"/Users/{ada['id']}", each) for each in add))
        assert [result["version"] for result in results] == ['W/"2"', 'W/"3"', 'W/"4"']
        assert len(idp.get(f"/Users/{ada['id']}").get_json()["emails"]) == 3


class TestLimits:
    @pytest.mark.rule("LIM-1")
    def test_past_a_limit_nothing_runs_and_the_limit_is_named(self, idp, state):
        before = state()
        too_many = {"schemas": [BULK_REQUEST], "Operations": [new_user(f"u{number}") for number in range(1001)]}
        assert "1000 operations" in fault(idp.post("/Bulk", too_many), 413)["detail"]
        padded = json.dumps({"schemas": [BULK_REQUEST], "Operations": [new_user("a")]}).encode()
        too_long = padded + b" " * (4 * MIB + 1 - len(padded))
        assert "4 MiB" in fault(idp.post("/Bulk", too_long), 413)["detail"]
        too_deep = new_user("a", title=json.loads("[" * 40 + "]" * 40))
        fault(idp.post("/Bulk", {"Operations": [too_deep]}), 400, "invalidSyntax")
        nodes = {"Operations": [], "x": [1] * 250_000}
        fault(idp.post("/Bulk", nodes), 413)
        assert state() == before

    def test_up_to_the_limits_everything_runs(self, idp, sql):
        sql("update seats set plan_seats = 5000")
        body = json.dumps({"schemas": [BULK_REQUEST], "Operations": [new_user(f"u{n}") for n in range(1000)]}).encode()
        answer = idp.post("/Bulk", body + b" " * (4 * MIB - len(body)))
        assert statuses(answer.get_json()["Operations"]) == ["201"] * 1000
        assert idp.get("/Users?count=0").get_json()["totalResults"] == 1001

    def test_what_is_announced_is_what_holds(self, idp):
        announced = idp.get("/ServiceProviderConfig").get_json()["bulk"]
        assert announced == {"supported": True, "maxOperations": 1000, "maxPayloadSize": 4 * MIB}


class TestHostileInput:
    def test_a_message_that_is_no_bulk_is_refused_as_a_whole(self, idp, state, subtests):
        before = state()
        good = [new_user("a")]
        bodies = [
            {}, {"Operations": None}, {"Operations": {}}, {"Operations": "POST"}, {"schemas": [], "Operations": good},
            {"schemas": [PATCH_OP], "Operations": good}, {"schemas": "x", "Operations": good},
            {"Operations": good, "operations": good}, [], "x", 7, None,
        ]  # fmt: skip
        for body in bodies:
            with subtests.test(str(body)[:80]):
                fault(idp.send("POST", "/Bulk", json.dumps(body).encode()), 400, "invalidSyntax")
        fault(idp.post("/Bulk", b"<bulk/>", content_type="application/xml"), 415)
        fault(idp.get("/Bulk"), 405)
        assert state() == before

    def test_an_operation_that_is_not_understood_is_refused_by_itself(self, idp):
        ada = idp.user("ada")
        path = f"/Users/{ada['id']}"
        wrong = [
            (None, 400), (7, 400), ("POST", 400), ([], 400), ({}, 400), ({"method": "POST", "Method": "PUT"}, 400),
            ({"method": "GET", "path": path}, 400), ({"method": ["POST"], "path": "/Users"}, 400),
            ({"method": "POST", "path": "/Users", "data": {"userName": "x"}}, 400),
            ({"method": "POST", "path": "/Users", "data": {"userName": "x"}, "bulkId": 7}, 400),
            ({"method": "POST", "path": "/Users", "data": {"userName": "x"}, "bulkId": ""}, 400),
            ({"method": "DELETE", "path": path, "bulkId": {}}, 400),
            (post("b1", path, {}), 405), ({"method": "DELETE", "path": "/Users"}, 405),
            ({"method": "PUT", "path": "/Groups", "data": {"displayName": "x"}}, 405),
            (post("b2", "/Bulk", {"Operations": []}), 400), (post("b3", "/Me", {}), 400), (post("b4", 7, {}), 400),
            (post("b5", "/users", {}), 400), (post("b6", "/Groups/a/b", {}), 400), (post("b7", "", {}), 400),
            (post("b8", "/Users?x=y", {}), 400), (post("b9", "/Users", None), 400), (post("c1", "/Users", []), 400),
            ({"method": "PATCH", "path": path}, 400), ({"method": "PUT", "path": path, "data": "x"}, 400),
            ({"method": "DELETE", "path": path, "version": 7}, 400), (patch(path), 400),
            ({"method": "DELETE", "path": "/Users/%2F..%2F"}, 404), ({"method": "DELETE", "path": "/Users/a\0b"}, 404),
            ({"method": "DELETE", "path": "/Users/a\r\nX: y"}, 404), ({"method": "DELETE", "path": "/Users/é"}, 404),
            (new_user("c2", "x" * 9999), 400), (new_user("c3", "a\0b"), 400), (new_user("c4", emails=7), 400),
        ]  # fmt: skip
        results = bulk(idp, *(operation for operation, _ in wrong), new_user("good"))
        assert statuses(results) == [*(str(status) for _, status in wrong), "201"]
        assert all(result["response"]["status"] == result["status"] for result in results[:-1])
        assert all(result["response"]["detail"] for result in results[:-1])
        assert results[30]["location"].endswith("/Users/a%0D%0AX:%20y")
        assert idp.get(path).get_json() == ada

    def test_a_bulk_id_used_twice_is_good_for_nobody(self, idp):
        results = bulk(idp, new_user("a", "one"), new_user("a", "two"), new_group("g", "bulkId:a"), new_user("b"))
        assert statuses(results) == ["400", "400", "409", "201"]
        assert "'a'" in results[1]["response"]["detail"]
        assert "'a'" in results[2]["response"]["detail"]


class TestRules:
    @pytest.mark.rule("SEAT-3")
    def test_the_last_seat_is_taken_once_and_the_rest_is_refused_by_itself(self, idp, account, sql):
        sql("update seats set plan_seats = 4")
        results = bulk(idp, *(new_user(f"u{number}") for number in range(5)), new_group("g"))
        assert statuses(results) == ["201", "201", "201", "403", "403", "201"]
        assert "4 of 4" in results[3]["response"]["detail"]
        assert sql("select used from seats where account_id = %s", account.account.id) == [(4,)]

    @pytest.mark.rule("SEAT-3", "USR-7")
    def test_a_seat_that_is_given_back_can_be_taken_in_the_same_bulk(self, idp, account, sql):
        sql("update seats set plan_seats = 2")
        ada = idp.user("ada")
        results = bulk(
            idp, new_user("early"), {"method": "DELETE", "path": f"/Users/{ada['id']}"}, new_user("b"), new_user("late")
        )
        assert statuses(results) == ["403", "204", "201", "403"]
        assert sql("select used from seats where account_id = %s", account.account.id) == [(2,)]

    @pytest.mark.rule("SCM-5")
    def test_two_of_one_name_in_a_bulk_make_one(self, idp):
        results = bulk(
            idp, new_user("a", "Ada", externalId="1"), new_user("b", "ada"), new_user("c", "bob", externalId="1")
        )
        assert statuses(results) == ["201", "409", "409"]
        assert {result["response"]["scimType"] for result in results[1:]} == {"uniqueness"}

    @pytest.mark.rule("SCM-5")
    def test_the_same_bulk_again_changes_nothing(self, idp, state):
        operations = [*(new_user(f"u{number}") for number in range(3)), new_group("g", "bulkId:u0")]
        assert statuses(bulk(idp, *operations)) == ["201"] * 4
        before = state()
        assert statuses(bulk(idp, *operations)) == ["409"] * 4
        assert state() == before

    @pytest.mark.rule("ROOT-6", "SCM-4")
    def test_root_and_master_admins_are_refused_and_their_rows_are_the_same(self, idp, account, services, caller, sql):
        admin = make_user(caller, services, "admin@acme.example", Role.MASTER_ADMIN)
        group = idp.group("Engineers")
        before = sql("select users::text from users order by id")
        for user_id in (account.root.id, admin.id):
            path = f"/Users/{user_id}"
            results = bulk(
                idp,
                patch(path, {"op": "replace", "path": "active", "value": False}),
                patch(path, {"op": "replace", "value": {"title": "Dr"}}),
                {"method": "PUT", "path": path, "data": {"userName": "x", "active": False}},
                {"method": "DELETE", "path": path},
            )
            assert statuses(results) == ["403"] * 4
            member = [{"value": user_id}]
            results = bulk(
                idp,
                patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": member}),
                {"method": "PUT", "path": f"/Groups/{group['id']}", "data": {"displayName": "E", "members": member}},
                post("g", "/Groups", {"displayName": "Protected", "members": member}),
            )
            assert statuses(results) == ["403"] * 3
        assert sql("select users::text from users order by id") == before
        assert sql("select version from groups") == [(1,)]

    @pytest.mark.rule("AUD-1", "ACT-2")
    def test_what_is_done_and_what_is_refused_leaves_its_entry(self, idp, account, sql):
        bulk(idp, new_user("a"), {"method": "DELETE", "path": f"/Users/{account.root.id}"}, new_group("g", "bulkId:a"))
        entries = sql("select kind, code from activity where way_in = 'scim' order by id")
        assert sorted(entries, key=str) == [
            ("attempt.refused", "root_user_protected"),
            ("group.created", None),
            ("group.members_changed", None),
            ("user.created", None),
        ]
        assert sql("select count(*) from activity_unsealed") == sql("select count(*) from activity")

    @pytest.mark.rule("SCM-3", "SCM-9")
    def test_a_bulk_is_one_entry_of_the_provisioning_log_with_what_it_really_changed(self, idp, services, caller):
        for operations in (
            [new_user("a", password="hunter22!"), new_group("g", "bulkId:a")],
            [new_user("b", password="hunter22!"), new_user("c", "a")],
        ):
            bulk(idp, *operations)
        second, first = (each.entry for each in list_requests(caller, LogQuery(), services).requests)
        assert [each.kind for each in first.changes] == ["user.created", "group.created", "group.members_changed"]
        assert [(each.kind, each.target_name) for each in second.changes] == [("user.created", "b")]
        assert (first.method, first.path, first.status) == ("POST", "/Bulk", 200)
        assert "bulkId:a" in first.body
        assert "hunter22" not in f"{first} {second}"

    @pytest.mark.rule("INV-1")
    def test_each_new_person_is_owed_one_mail(self, idp, sql):
        bulk(idp, *(new_user(f"u{number}@x.example") for number in range(3)), new_user("again", "u1@x.example"))
        owed = sql("select kind from outbox where kind = 'invitation' and payload->>'user_id' in "
                   "(select id from users where not is_root)")  # fmt: skip
        assert owed == [("invitation",)] * 3

    @pytest.mark.rule("SCM-10", "USR-5", "USR-6", "OUT-2")
    @pytest.mark.parametrize("refuses", [False, True])
    def test_a_disabling_and_a_deletion_end_sessions_and_leave_receipts(self, idp, services, caller, sql, refuses):
        people = [idp.user(f"u{number}@x.example") for number in range(2)]
        cookies = []
        for person in people:
            make_active(services, sql, show_user(caller, person["id"], services).user)
            cookies.append(by_password(person["userName"], PASSWORD, None, Browser(None, "test"), services).secret)
        assert all(check_session(cookie, services) for cookie in cookies)
        operations = [
            patch(f"/Users/{people[0]['id']}", {"op": "replace", "path": "active", "value": False}),
            {"method": "DELETE", "path": f"/Users/{people[1]['id']}"},
            *([patch("/Users/nobody")] if refuses else []),
        ]
        assert statuses(bulk(idp, *operations))[:2] == ["200", "204"]
        assert not any(check_session(cookie, services) for cookie in cookies)
        receipts = sql("select user_id, reason, sessions from revocations order by user_id")
        assert receipts == sorted([(people[0]["id"], "disabled", 1), (people[1]["id"], "deleted", 1)])

    @pytest.mark.rule("TEN-1", "TEN-3")
    def test_another_accounts_resources_are_not_found(self, idp, foreign_idp):
        eve, theirs = foreign_idp.user("eve"), foreign_idp.group("Theirs")
        results = bulk(
            idp,
            patch(f"/Users/{eve['id']}", {"op": "replace", "path": "active", "value": False}),
            {"method": "DELETE", "path": f"/Users/{eve['id']}"},
            {"method": "PUT", "path": f"/Groups/{theirs['id']}", "data": {"displayName": "Ours"}},
            new_group("g", eve["id"]),
        )
        assert statuses(results) == ["404", "404", "404", "201"]
        assert idp.get(f"/Groups/{id_of(results[3])}").get_json().get("members") is None
        assert foreign_idp.get(f"/Users/{eve['id']}").get_json() == eve

    def test_a_token_that_is_none_is_refused(self, app):
        fault(ScimClient(app, None).post("/Bulk", {"Operations": []}), 401)


class TestTogether:
    def test_bulks_that_cross_each_other_all_end(self, app, account, idp):
        people = [idp.user(f"u{number}")["id"] for number in range(10)]
        change = [{"op": "replace", "path": "title", "value": "x"}]

        def send(turn: int) -> list[dict]:
            order = people if turn % 2 else people[::-1]
            client = ScimClient(app, account.token.text)
            title = [{**change[0], "value": f"t{turn}"}]
            return bulk(client, *(patch(f"/Users/{each}", *title) for each in order), new_user(f"x{turn}"))

        answers = together(4, send)
        assert [statuses(results) for results in answers] == [["200"] * 10 + ["201"]] * 4
        shown = {idp.get(f"/Users/{each}").get_json()["title"] for each in people}
        assert len(shown) == 1

    def test_bulks_that_make_the_same_people_in_opposite_orders_make_everybody_once(self, app, account, sql):
        def send(turn: int) -> list[dict]:
            order = range(20) if turn % 2 else range(19, -1, -1)
            return bulk(ScimClient(app, account.token.text), *(new_user(f"u{number}") for number in order))

        answers = [results if turn % 2 else results[::-1] for turn, results in enumerate(together(2, send))]
        by_name = list(zip(*map(statuses, answers), strict=True))
        assert [sorted(each) for each in by_name] == [["201", "409"]] * 20
        assert sql("select used from seats where account_id = %s", account.account.id) == [(21,)]

    def test_bulks_and_single_requests_on_one_group_lose_nothing(self, app, account, idp):
        people = [idp.user(f"u{number}")["id"] for number in range(16)]
        group = idp.group("Engineers")
        path = f"/Groups/{group['id']}"

        def adding(person: str) -> dict:
            return {"op": "add", "path": "members", "value": [{"value": person}]}

        def send(turn: int) -> list[str]:
            client, mine = ScimClient(app, account.token.text), people[turn * 4 : turn * 4 + 4]
            if turn % 2:
                return [str(client.patch(path, adding(each)).status_code) for each in mine]
            return statuses(bulk(client, *(patch(path, adding(each)) for each in mine)))

        assert together(4, send) == [["200"] * 4] * 4
        shown = idp.get(path).get_json()
        assert {member["value"] for member in shown["members"]} == set(people)
        assert shown["meta"]["version"] == 'W/"17"'

    def test_who_is_only_named_as_a_manager_keeps_nobody_waiting(self, idp, services, caller):
        boss = idp.user("boss")
        with services.unit(caller) as unit:
            unit.users.lock(boss["id"])
            results = bulk(idp, *(new_user(f"u{n}", **{ENTERPRISE: {"manager": boss["id"]}}) for n in range(3)))
        assert statuses(results) == ["201"] * 3

    @pytest.mark.rule("SCM-5")
    def test_the_same_bulk_at_the_same_moment_makes_everybody_once(self, app, account, sql):
        operations = [new_user(f"u{number}") for number in range(20)]
        answers = together(4, lambda _: bulk(ScimClient(app, account.token.text), *operations))
        by_name = list(zip(*map(statuses, answers), strict=True))
        assert [sorted(each) for each in by_name] == [["201", "409", "409", "409"]] * 20
        assert sql("select count(*) from users where user_name_key like 'u%%'") == [(20,)]
        assert sql("select used from seats where account_id = %s", account.account.id) == [(21,)]


def together(count: int, send) -> list:
    """Send requests at the same moment; their answers."""
    barrier, answers = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        barrier.wait()
        answers[number] = send(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
