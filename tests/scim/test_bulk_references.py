"""References between the operations of a bulk: forward, backward, in circles, to what is not there (7644, 3.7.2)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.domain.errors import Code, Refusal
from provisioning.scim.bulk_references import ids_in, in_order, references_in, resolved, without_links
from provisioning.scim.traits import GROUPS, USERS
from tests.doors.scim import ENTERPRISE, PATCH_OP
from tests.scim.bulk import bulk, id_of, new_group, new_user, statuses


def members(idp, group_id: str) -> set[str]:
    return {member["value"] for member in idp.get(f"/Groups/{group_id}").get_json().get("members", [])}


def manager(idp, user_id: str) -> str | None:
    return idp.get(f"/Users/{user_id}").get_json().get(ENTERPRISE, {}).get("manager", {}).get("value")


def patch(path: str, op: str, where: str | None, value=None) -> dict:
    operation = {"op": op} | ({"path": where} if where else {}) | ({"value": value} if value is not None else {})
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": [operation]}}


def managed(bulk_id: str, by: object, **attributes) -> dict:
    return new_user(bulk_id, **{ENTERPRISE: {"manager": by}}, **attributes)


class TestFollowing:
    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    def test_a_reference_is_followed_forward_as_well_as_backward(self, idp, order):
        operations = [new_user("ada"), new_user("bob"), new_group("Engineers", "bulkId:ada", "bulkId:bob")]
        results = bulk(idp, *(operations[number] for number in order))
        assert statuses(results) == ["201"] * 3
        made = {result["bulkId"]: id_of(result) for result in results}
        assert [result["bulkId"] for result in results] == [operations[number]["bulkId"] for number in order]
        assert members(idp, made["Engineers"]) == {made["ada"], made["bob"]}

    def test_every_place_of_a_reference_is_followed(self, idp):
        group, old = idp.group("Engineers"), idp.user("old")
        results = bulk(
            idp,
            managed("a", {"value": "bulkId:boss"}),
            managed("b", "bulkId:boss"),
            managed("c", [{"value": "bulkId:boss"}]),
            managed("d", {"$ref": "../Users/bulkId:boss"}),
            new_user("boss"),
            patch(f"/Groups/{group['id']}", "add", "members", [{"value": "bulkId:a"}, {"value": "bulkId:b"}]),
            patch(f"/Groups/{group['id']}", "remove", 'members[value eq "bulkId:a"]'),
            patch(f"/Groups/{group['id']}", "add", None, {"members": [{"value": "bulkId:c"}]}),
            patch(f"/Users/{old['id']}", "add", f"{ENTERPRISE}:manager.value", "bulkId:boss"),
            {
                "method": "PUT",
                "path": "/Groups/bulkId:g",
                "data": {"displayName": "G", "members": [{"value": "bulkId:d"}]},
            },
            new_group("g"),
            patch("/Users/bulkId:d", "replace", "title", "Dr"),
            {"method": "DELETE", "path": "/Users/bulkId:gone"},
            new_user("gone"),
        )
        by_name = {result["bulkId"]: id_of(result) for result in results if "bulkId" in result}
        assert statuses(results) == ["201"] * 5 + ["200"] * 5 + ["201", "200", "204", "201"]
        assert {manager(idp, by_name[name]) for name in "abcd"} == {by_name["boss"]}
        assert manager(idp, old["id"]) == by_name["boss"]
        assert members(idp, group["id"]) == {by_name["b"], by_name["c"]}
        assert members(idp, by_name["g"]) == {by_name["d"]}
        assert idp.get(f"/Users/{by_name['d']}").get_json()["title"] == "Dr"
        assert results[12]["location"].endswith(by_name["gone"])
        assert idp.get(f"/Users/{by_name['gone']}").status_code == 404

    def test_a_chain_as_long_as_a_request_is_followed(self, idp, sql):
        sql("update seats set plan_seats = 5000")
        last = 999
        chain = [managed(f"u{number}", f"bulkId:u{number + 1}") for number in range(last)]
        results = bulk(idp, *chain, new_user(f"u{last}"))
        assert statuses(results) == ["201"] * 1000
        assert manager(idp, id_of(results[0])) == id_of(results[1])
        assert manager(idp, id_of(results[last - 1])) == id_of(results[last])


class TestWhatIsNotThere:
    def test_who_refers_to_a_failure_fails_and_names_it(self, idp):
        idp.user("taken")
        results = bulk(
            idp,
            new_group("g", "bulkId:bad", "bulkId:good"),
            new_user("bad", "taken"),
            new_user("good"),
            patch("/Groups/bulkId:g", "add", "members", [{"value": "bulkId:good"}]),
            {"method": "DELETE", "path": "/Users/bulkId:bad"},
        )
        assert statuses(results) == ["409", "409", "201", "409", "409"]
        assert "'bad'" in results[0]["response"]["detail"]
        assert "'g'" in results[3]["response"]["detail"]
        assert "'bad'" in results[4]["response"]["detail"]
        assert results[4]["location"].endswith("/Users/bulkId:bad")
        assert idp.get("/Groups").get_json()["totalResults"] == 0

    def test_a_bulk_id_that_no_post_has_is_named(self, idp):
        results = bulk(
            idp,
            new_group("g", "bulkId:nobody"),
            {"method": "DELETE", "path": "/Users/bulkId:"},
            {**patch("/Users/x", "replace", "title", "x"), "bulkId": "put"},
            managed("a", "bulkId:put"),
        )
        assert statuses(results) == ["409", "404", "404", "409"]
        assert "'nobody'" in results[0]["response"]["detail"]
        assert "'put'" in results[3]["response"]["detail"]

    def test_what_was_left_by_fail_on_errors_is_not_referred_to(self, idp):
        results = bulk(
            idp, patch("/Users/x", "add", "title", "x"), new_user("a"), new_group("g", "bulkId:a"), failOnErrors=1
        )
        assert statuses(results) == ["404"]


class TestCircles:
    def test_groups_in_a_circle_are_made_first_and_linked_after(self, idp):
        results = bulk(
            idp,
            new_group("A", "bulkId:B", "bulkId:u"),
            new_group("B", "bulkId:A"),
            new_group("C", "bulkId:A"),
            new_user("u"),
        )
        assert statuses(results) == ["201"] * 4
        made = {result["bulkId"]: id_of(result) for result in results}
        assert members(idp, made["A"]) == {made["B"], made["u"]}
        assert members(idp, made["B"]) == {made["A"]}
        assert members(idp, made["C"]) == {made["A"]}
        for result in results:
            path = result["location"].partition("/scim/v2")[2]
            assert idp.get(path).get_json()["meta"]["version"] == result["version"] or result["bulkId"] == "u"

    def test_managers_in_a_circle_are_linked_too(self, idp):
        results = bulk(idp, managed("a", "bulkId:b"), managed("b", {"value": "bulkId:c"}), managed("c", ["bulkId:a"]))
        assert statuses(results) == ["201"] * 3
        made = [id_of(result) for result in results]
        assert [manager(idp, each) for each in made] == [made[1], made[2], made[0]]

    def test_who_is_their_own_manager_is_made_and_linked(self, idp):
        (result,) = bulk(idp, managed("a", "bulkId:a"))
        assert result["status"] == "201"
        assert manager(idp, id_of(result)) == id_of(result)

    def test_a_circle_that_nothing_can_close_is_refused_whole(self, idp, state):
        before = state()
        results = bulk(
            idp,
            new_user("a", title="bulkId:b"),
            managed("b", "bulkId:a"),
            new_group("G", name="bulkId:G"),
        )
        assert statuses(results) == ["409"] * 3
        assert "circle" in results[0]["response"]["detail"] + results[1]["response"]["detail"]
        assert "'G'" in results[2]["response"]["detail"]
        assert state() == before

    def test_a_failure_in_a_circle_undoes_the_circle_and_nothing_else(self, idp):
        idp.user("taken")
        results = bulk(
            idp,
            managed("a", "bulkId:b"),
            managed("b", "bulkId:a", userName="taken"),
            new_user("c"),
            new_group("g", "bulkId:a"),
        )
        assert statuses(results) == ["409", "409", "201", "409"]
        assert results[1]["response"]["scimType"] == "uniqueness"
        assert "'b'" in results[0]["response"]["detail"]
        assert idp.find("/Users", 'userName eq "a"').get_json()["totalResults"] == 0


class TestTexts:
    @pytest.mark.parametrize(
        ("value", "found", "after"),
        [
            ("bulkId:x", {"x"}, "X"),
            ("bulkId:a/b \"c", {"a/b \"c"}, "A/B \"C"),
            ("https://x.example/scim/v2/Users/bulkId:x", {"x"}, "https://x.example/scim/v2/Users/X"),
            ('e[value eq "bulkId:x" or value eq "bulkId:y"]', {"x", "y"}, 'e[value eq "X" or value eq "Y"]'),
            ("about bulkId:x", set(), "about bulkId:x"),
            ("BULKID:x", set(), "BULKID:x"),
            ({"a": [{"b": "bulkId:x"}], 'e[v eq "bulkId:z"]': 1}, {"x", "z"}, {"a": [{"b": "X"}], 'e[v eq "Z"]': 1}),
            ([None, 7, True, "", {}], set(), [None, 7, True, "", {}]),
        ],
    )  # fmt: skip
    def test_a_reference_is_a_whole_text_the_end_of_an_address_or_in_quotes(self, value, found, after):
        assert references_in(value) == found
        assert resolved(value, str.upper) == after

    def test_ids_of_ours_are_found_wherever_they_stand(self):
        one, two = "01a20b97-c95d-719f-a98f-378adc8b585f", "01a20b97-c95d-719f-a98f-378adc8b5860"
        value = [f"/Users/{one}", {"path": f'members[value eq "{two}"]', "x": "3a84cb4a-58cf-4409-9207-68e41f6773b1"}]
        assert ids_in(value) == {one, two}

    @given(st.dictionaries(st.integers(0, 12), st.frozensets(st.integers(0, 12), max_size=4)))
    def test_whatever_refers_to_whatever_each_comes_after_what_it_needs_or_together_with_it(self, drawn):
        needs = {number: drawn.get(number, frozenset()) for number in range(13)}
        order = in_order(needs)
        assert sorted(number for circle in order for number in circle) == list(range(13))
        place = {number: position for position, circle in enumerate(order) for number in circle}
        assert all(place[other] <= place[number] for number, others in needs.items() for other in others)
        for circle in order:
            assert len(circle) == 1 or all(set(circle) <= reached(needs, number) for number in circle)

    def test_without_references_the_order_is_that_of_the_request(self):
        assert in_order({number: frozenset() for number in range(5)}) == [(0,), (1,), (2,), (3,), (4,)]

    def test_what_closes_a_circle_is_taken_out_and_added_later(self):
        body = {"displayName": "A", "MEMBERS": [{"value": "bulkId:b"}, {"value": "bulkId:c"}]}
        split = without_links(body, GROUPS, frozenset({"b"}))
        assert split.body == {"displayName": "A", "MEMBERS": [{"value": "bulkId:c"}]}
        assert split.link is not None
        assert split.link["Operations"] == [{"op": "add", "path": "members", "value": [{"value": "bulkId:b"}]}]
        assert without_links(body, GROUPS, frozenset({"z"})).link is None
        kept = without_links(
            {"userName": "a", ENTERPRISE: {"manager": "bulkId:b", "division": "x"}}, USERS, frozenset("b")
        )
        assert kept.body[ENTERPRISE] == {"division": "x"}
        with pytest.raises(Refusal) as refused:
            without_links(json.loads('{"userName": "bulkId:b"}'), USERS, frozenset({"b"}))
        assert refused.value.code is Code.BULK_REFERENCE


def reached(needs: dict[int, frozenset[int]], start: int) -> set[int]:
    """All that an operation needs, however far off."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for other in needs[waiting.pop()] - found:
            found.add(other)
            waiting.append(other)
    return found
