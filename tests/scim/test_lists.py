"""Lists, versions and discovery over the wire."""

import pytest

from tests.doors.scim import fault


class TestLists:
    def test_paging_counts_from_one_and_tells_the_true_total(self, idp, subtests):
        for name in ("ada", "bob", "cy"):
            idp.user(name)
        for parameters, start, count in [
            ({}, 1, 4),
            ({"startIndex": "2"}, 2, 3),
            ({"startIndex": "0"}, 1, 4),
            ({"startIndex": "-7", "count": "1"}, 1, 1),
            ({"count": "0"}, 1, 0),
            ({"count": "-1"}, 1, 0),
            ({"count": "999999"}, 1, 4),
            ({"startIndex": "5"}, 5, 0),
            ({"startIndex": "99999999999999999"}, 2**31, 0),
            ({"count": "2", "startIndex": "4"}, 4, 1),
            ({"aadOptscim062020": "", "foo": "bar"}, 1, 4),
        ]:
            with subtests.test(str((parameters, start, count))[:80]):
                found = idp.get("/Users", query_string=parameters).get_json()
                assert (found["totalResults"], found["startIndex"], found["itemsPerPage"]) == (4, start, count)
                assert len(found["Resources"]) == count

    def test_a_parameter_that_is_no_number_is_refused(self, idp, subtests):
        for parameters in [
            {"count": "x"},
            {"startIndex": "1.5"},
            {"count": ""},
            {"startIndex": "0x1"},
            {"count": "1" * 30},
            {"sortBy": "userName", "sortOrder": "up"},
        ]:
            with subtests.test(str(parameters)[:80]):
                fault(idp.get("/Users", query_string=parameters), 400, "invalidValue")

    def test_pages_put_together_are_the_whole_in_a_stable_order(self, idp):
        names = [f"u{number:02}" for number in range(7)]
        for name in reversed(names):
            idp.user(name)
        for order in ({}, {"sortBy": "userName"}, {"sortBy": "title"}):
            pages = [idp.get("/Users", query_string={"startIndex": start, "count": 3, **order}).get_json()["Resources"]
                     for start in (1, 4, 7)]  # fmt: skip
            assert sorted(user["userName"] for page in pages for user in page) == ["root@acme.example", *names]
        by_name = idp.get("/Users", query_string={"sortBy": "userName", "sortOrder": "descending"}).get_json()[
            "Resources"
        ]
        assert [user["userName"] for user in by_name] == [*reversed(names), "root@acme.example"]

    @pytest.mark.rule("SCM-7")
    def test_a_bad_filter_is_refused_on_every_list(self, idp, subtests):
        for text in [
            "",
            "x",
            "userName eq",
            'unknown eq "x"',
            'password eq "x"',
            "userName eq 'x'",
            "(" * 5000,
            'userName eq "\\u0000"',
        ]:
            with subtests.test(str(text)[:80]):
                for path in ("/Users", "/Groups"):
                    fault(idp.find(path, text), 400, "invalidFilter")
                    fault(idp.post(f"{path}/.search", {"filter": text}), 400, "invalidFilter")

    def test_both_projections_at_once_are_refused(self, idp):
        fault(
            idp.get("/Users", query_string={"attributes": "title", "excludedAttributes": "name"}),
            400,
            "invalidSyntax",
        )

    def test_search_by_post_answers_as_the_list_does(self, idp):
        for name in ("ada", "bob"):
            idp.user(name, title="Dr")
        asked = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'title eq "dr"',
                 "startIndex": 2, "count": 1, "sortBy": "userName", "attributes": ["userName"]}  # fmt: skip
        by_post = idp.post("/Users/.search", asked)
        by_get = idp.get("/Users", query_string={**asked, "attributes": "userName"})
        assert by_post.get_json() == by_get.get_json()
        assert [set(user) for user in by_post.get_json()["Resources"]] == [{"schemas", "id", "userName"}]
        fault(idp.post("/Users/.search", {"count": "x"}), 400, "invalidValue")
        fault(idp.post("/Users/.search", {"filter": 7}), 400, "invalidValue")
        fault(idp.post("/Users/.search", {"attributes": 7}), 400, "invalidValue")


class TestVersions:
    def test_a_tag_follows_every_change_and_guards_writes(self, idp, ada, state):
        path = f"/Users/{ada['id']}"
        first = idp.get(path).headers["ETag"]
        assert idp.get(path, headers={"If-None-Match": first}).status_code == 304
        changed = idp.patch(path, {"op": "replace", "path": "title", "value": "Dr"}, headers={"If-Match": first})
        assert changed.status_code == 200
        assert changed.headers["ETag"] == changed.get_json()["meta"]["version"] != first
        assert idp.get(path, headers={"If-None-Match": first}).status_code == 200
        before = state()
        for refused in (
            idp.patch(path, {"op": "replace", "path": "title", "value": "X"}, headers={"If-Match": first}),
            idp.put(path, {"userName": "x"}, headers={"If-Match": '"abc"'}),
            idp.delete(path, headers={"If-Match": first}),
        ):
            fault(refused, 412)
        assert state() == before
        assert (
            idp.put(path, {"userName": "ada"}, headers={"If-Match": f'"9", {changed.headers["ETag"]}'}).status_code
            == 200
        )
        assert idp.delete(path, headers={"If-Match": "*"}).status_code == 204

    def test_a_write_that_changes_nothing_moves_nothing(self, idp, ada, clock):
        clock.advance(hours=1)
        same = idp.patch(f"/Users/{ada['id']}", {"op": "replace", "value": {"userName": "ada", "active": "True"}})
        assert same.get_json()["meta"] == ada["meta"]
        assert idp.put(f"/Users/{ada['id']}", ada).get_json()["meta"] == ada["meta"]

    def test_a_membership_moves_the_tags_of_group_and_member(self, idp, ada):
        group = idp.group("Engineers")
        path = f"/Groups/{group['id']}"
        added = idp.patch(path, {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})
        assert added.headers["ETag"] != group["meta"]["version"]
        assert idp.get(f"/Users/{ada['id']}").headers["ETag"] != ada["meta"]["version"]
        again = idp.patch(path, {"op": "add", "path": "members", "value": [{"value": ada["id"]}]})
        assert again.headers["ETag"] == added.headers["ETag"]
        assert idp.get(path).headers["ETag"] == added.headers["ETag"]


class TestDiscovery:
    def test_what_is_published_is_consistent(self, idp):
        types = idp.get("/ResourceTypes").get_json()["Resources"]
        schemas = {schema["id"]: schema for schema in idp.get("/Schemas").get_json()["Resources"]}
        for resource_type in types:
            assert resource_type["schema"] in schemas
            assert idp.get(f"/ResourceTypes/{resource_type['id']}").get_json() == resource_type
            assert all(not each["required"] and each["schema"] in schemas for each in resource_type["schemaExtensions"])
        for urn, schema in schemas.items():
            assert idp.get(f"/Schemas/{urn.upper()}").get_json() == schema
        config = idp.get("/ServiceProviderConfig").get_json()
        assert (config["patch"], config["sort"], config["etag"]) == ({"supported": True},) * 3
        assert config["bulk"] == {"supported": True, "maxOperations": 1000, "maxPayloadSize": 4 * 1024 * 1024}
        assert not config["changePassword"]["supported"]

    def test_a_filter_on_discovery_is_403(self, idp, subtests):
        for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Schemas/urn:x", "/ResourceTypes/User"]:
            with subtests.test(str(path)[:80]):
                fault(idp.find(path, 'id eq "x"'), 403)

    def test_paging_and_order_are_ignored_on_discovery(self, idp):
        asked = {"startIndex": "9", "count": "x", "sortBy": "nothing"}
        assert idp.get("/Schemas", query_string=asked).get_json()["totalResults"] == 5

    def test_what_is_not_there_is_404(self, idp, subtests):
        for path in ["/Schemas/urn:none", "/ResourceTypes/Device"]:
            with subtests.test(str(path)[:80]):
                fault(idp.get(path), 404)
