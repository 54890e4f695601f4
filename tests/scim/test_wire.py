"""Hostile and odd input at the SCIM door: a clear error in SCIM's form, nothing changed, never a 5xx."""

import gzip
import io
import json

import pytest

from tests.doors.scim import ACCOUNT, PATCH_OP, ScimClient, fault


class TestCredentials:
    @pytest.mark.rule("SCM-1")
    def test_no_or_a_bad_token_is_401(self, app, subtests):
        for header in [None, "", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer gst_a_b_c", "x" * 9000]:
            with subtests.test(str(header)[:80]):
                stranger = ScimClient(app, None)
                headers = {} if header is None else {"Authorization": header}
                for path in ("/Users", "/Groups", "/ServiceProviderConfig", "/Me", "/Users/x"):
                    refused = stranger.get(path, headers=headers)
                    fault(refused, 401)
                    assert refused.headers["WWW-Authenticate"].startswith("Bearer")

    def test_the_scheme_is_read_in_any_letter_case(self, app, account):
        for scheme in ("bearer", "BEARER"):
            headers = {"Authorization": f"{scheme} {account.token.text}"}
            assert ScimClient(app, None).get("/Users", headers=headers).status_code == 200

    def test_a_token_in_the_address_is_refused(self, app, account, idp):
        for name in ("access_token", "token"):
            fault(ScimClient(app, None).get("/Users", query_string={name: account.token.text}), 401)
            fault(idp.get("/Users", query_string={name: account.token.text}), 401)

    @pytest.mark.rule("SCM-1")
    def test_an_account_key_opens_nothing_here(self, app, account):
        secret = f"{account.key.key.id}:{account.key.secret}"
        fault(ScimClient(app, secret).get("/Users"), 401)


class TestTenants:
    @pytest.mark.rule("TEN-1", "TEN-3")
    def test_an_id_of_another_account_answers_as_one_that_is_not_there(self, idp, foreign_idp, ada, state):
        theirs = foreign_idp.user("ada")
        their_group = foreign_idp.group("Engineers", theirs["id"])
        before = state()
        made_up = "01a20a00-0000-7000-8000-000000000000"
        for kind, foreign in (("Users", theirs), ("Groups", their_group)):
            for method, body in (
                ("GET", None), ("DELETE", None), ("PUT", {"userName": "x", "displayName": "x"}),
                ("PATCH", {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"externalId": "x"}}]}),
            ):  # fmt: skip
                answers = [idp.send(method, f"/{kind}/{each}", body) for each in (foreign["id"], made_up)]
                assert fault(answers[0], 404) == fault(answers[1], 404)
        assert state() == before

    @pytest.mark.rule("TEN-3")
    def test_a_foreign_member_is_left_out_as_a_made_up_one_is(self, idp, foreign_idp, ada):
        theirs = foreign_idp.user("bob")["id"]
        group = idp.group("Engineers", ada["id"], theirs, "01a20a00-0000-7000-8000-000000000000")
        assert [member["value"] for member in group["members"]] == [ada["id"]]
        patched = idp.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": [{"value": theirs}]})
        assert patched.get_json() == group

    @pytest.mark.rule("TEN-4")
    def test_lists_and_totals_tell_of_the_own_account_alone(self, idp, foreign_idp, ada):
        foreign_idp.user("bob")
        assert idp.get("/Users").get_json()["totalResults"] == 2
        assert idp.find("/Users", 'userName eq "bob"').get_json()["totalResults"] == 0
        assert foreign_idp.post("/Users", {"userName": "ada"}).status_code == 201

    @pytest.mark.rule("TEN-2")
    def test_an_id_in_the_body_never_overrides_the_one_in_the_path(self, idp, ada):
        bob = idp.user("bob")
        put = idp.put(f"/Users/{ada['id']}", {"id": bob["id"], "userName": "ada", "title": "Dr"}).get_json()
        assert (put["id"], put["title"]) == (ada["id"], "Dr")
        assert idp.get(f"/Users/{bob['id']}").get_json() == bob


class TestBodies:
    @pytest.mark.rule("LIM-1")
    def test_what_is_no_sound_json_object_is_refused(self, idp, state, subtests):
        for data in [
            b"",
            b"{",
            b"[]",
            b'"x"',
            b"7",
            b"null",
            b"\xff\xfe",
            b'{"userName": "a", "userName": "b"}',
            b'{"userName": "a", "x": NaN}',
            b'{"userName": "a", "x": Infinity}',
            b'{"userName": "a",}',
            b'{"userName": "\\ud800"}',
            b'{"userName": "a", "\\ud800": 1}',
            b"[" * 100_000,
            b'{"a":' * 40 + b"1" + b"}" * 40,
            b'\xef\xbb\xbf{"userName": "a"}',
            b'{"userName": ' + b"9" * 5000 + b"}",
        ]:
            with subtests.test(str(data)[:80]):
                before = state()
                for path in ("/Users", "/Groups", "/Users/.search"):
                    fault(idp.send("POST", path, data), 400, "invalidSyntax")
                assert state() == before

    @pytest.mark.rule("LIM-1")
    def test_a_body_has_a_size(self, idp, state):
        before = state()
        big = json.dumps({"userName": "a", "x": "y" * 1024 * 1024}).encode()
        assert "1 MiB" in fault(idp.send("POST", "/Users", big), 413)["detail"]
        assert idp.send("POST", "/Groups", big).status_code == 400
        fault(idp.send("POST", "/Groups", b" " * (4 * 1024 * 1024 + 1)), 413)
        many = json.dumps({"userName": "a", "x": [0] * 10_001}).encode()
        fault(idp.send("POST", "/Users", many), 413)
        assert state() == before

    @pytest.mark.rule("LIM-1", "LIM-3")
    def test_a_body_without_a_stated_length_is_not_cut_at_the_limit(self, idp, state):
        before = state()
        cut_here = b'{"userName": "cut"}' + b" " * 1024 * 1024
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        stream = {"input_stream": io.BytesIO(cut_here), "content_length": None, "environ_base": environ}
        fault(idp.send("POST", "/Users", content_type="application/scim+json", **stream), 413)
        assert state() == before

    def test_a_media_type_in_any_letter_case_and_with_parameters(self, idp):
        for number, content_type in enumerate(("application/json", "Application/SCIM+JSON; charset=utf-8")):
            made = idp.post("/Users", {"userName": f"u{number}"}, content_type=content_type)
            assert made.status_code == 201

    def test_another_media_type_is_415(self, idp, subtests):
        for content_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""]:
            with subtests.test(str(content_type)[:80]):
                fault(idp.post("/Users", {"userName": "a"}, content_type=content_type), 415)

    def test_a_compressed_body_is_415(self, idp):
        data = gzip.compress(b'{"userName": "a"}')
        fault(idp.send("POST", "/Users", data, headers={"Content-Encoding": "gzip"}), 415)

    @pytest.mark.rule("LIM-3")
    def test_a_wrong_value_is_refused_whole(self, idp, state, subtests):
        for body in [
            {},
            {"userName": ""},
            {"userName": "a\0b"},
            {"userName": "x" * 5000},
            {"userName": ["a"]},
            {"userName": "a\u202eb"},
            {"userName": "a", "externalId": "x\0"},
            {"userName": "a", "externalId": "x" * 5000},
            {"userName": "a", "externalId": 1},
            {"userName": "a", "emails": [{"value": "no address"}]},
            {"userName": "a", "emails": [{"value": "x" * 1000}]},
            {"userName": "a", "name": {"givenName": "x" * 300}},
            {"userName": "a", "displayName": "x\0"},
            {"userName": "a", "emails": [{"value": "a@b.example", "primary": 1}]},
        ]:
            with subtests.test(str(body)[:80]):
                before = state()
                fault(idp.post("/Users", body), 400, "invalidValue")
                assert state() == before

    def test_a_wrong_group_name_is_refused(self, idp, state, subtests):
        for name in ["", " ", "x" * 300, "a\0b", "a\u200bb", 7, None]:
            with subtests.test(str(name)[:80]):
                before = state()
                fault(idp.post("/Groups", {"displayName": name}), 400, "invalidValue")
                assert state() == before

    def test_unknown_attributes_are_ignored(self, idp):
        made = idp.user("ada", shoeSize=43, **{"urn:acme:User": {"badge": 7}})
        assert not {"shoeSize", "urn:acme:User"} & set(made)

    @pytest.mark.rule("IDN-5")
    def test_what_only_the_server_sets_is_never_taken_from_a_body(self, idp):
        sent = {"id": "01a20a00-0000-7000-8000-000000000000", "meta": {"created": "2001-01-01T00:00:00Z"}, "root": True,
                "status": "active", "account": "x", "groups": [{"value": "g"}],
                ACCOUNT: {"role": "master_admin", "root": True, "status": "active", "managedBy": "x"}}  # fmt: skip
        made = idp.user("ada", **sent)
        assert made["id"] != sent["id"]
        assert not made["meta"]["created"].startswith("2001")
        assert made[ACCOUNT]["status"] == "pending"
        assert (made[ACCOUNT]["root"], made[ACCOUNT]["role"]) == (False, "media_library_user")
        assert made[ACCOUNT]["managedBy"] != "x"
        put = idp.put(f"/Users/{made['id']}", {"userName": "ada", **sent}).get_json()
        assert put[ACCOUNT] == made[ACCOUNT]

    @pytest.mark.rule("SCM-3")
    def test_a_password_is_stored_nowhere_and_shown_nowhere(self, idp, sql):
        made = idp.user("ada", password="t1meFlies!geheim")
        path = f"/Users/{made['id']}"
        answers = [
            idp.put(path, {"userName": "ada", "password": "t1meFlies!geheim"}),
            idp.patch(path, {"op": "replace", "path": "password", "value": "t1meFlies!geheim"}),
            idp.patch(path, {"op": "replace", "value": {"password": "t1meFlies!geheim", "active": True}}),
            idp.get(path, query_string={"attributes": "password"}),
        ]
        assert all(answer.status_code == 200 and "geheim" not in answer.text for answer in answers)
        assert sql("select count(*) from users where password_hash is not null and user_name = 'ada'") == [(0,)]
        for table in ("users", "outbox", "activity"):
            assert sql(f"select count(*) from {table} row where row::text like '%%geheim%%'") == [(0,)]


class TestAddresses:
    def test_a_strange_id_is_not_found_and_reaches_no_header(self, idp, subtests):
        for user_id in ["x" * 5000, "'", "%22", "a%0d%0aSet-Cookie:x", "..x", "é", "1", "%F0%9F%98%80"]:
            with subtests.test(str(user_id)[:80]):
                for path in (f"/Users/{user_id}", f"/Groups/{user_id}"):
                    for method in ("GET", "DELETE"):
                        answer = idp.send(method, path)
                        fault(answer, 404)
                        assert "Set-Cookie" not in str(answer.headers)

    def test_an_ambiguous_path_is_refused(self, idp, subtests):
        for path in ["/Users/a%2Fb", "/Users/../Groups", "/Users//x", "/Users/%2e%2e", "/Users/%00"]:
            with subtests.test(str(path)[:80]):
                assert idp.get(path).status_code in (400, 404)

    def test_one_slash_at_the_end_is_tolerated(self, idp):
        ada = idp.user("ada")
        for path in ("/Users/", "/Groups/", f"/Users/{ada['id']}/", "/ServiceProviderConfig/", "/Schemas/"):
            assert idp.get(path).status_code == 200

    def test_a_wrong_method_is_405_with_the_right_ones(self, idp, subtests):
        for method, path, allowed in [
            ("PUT", "/Users", {"GET", "POST"}),
            ("DELETE", "/Groups", {"GET", "POST"}),
            ("POST", "/Users/x", {"GET", "PUT", "PATCH", "DELETE"}),
            ("POST", "/Schemas", {"GET"}),
            ("DELETE", "/ServiceProviderConfig", {"GET"}),
        ]:
            with subtests.test(str((method, path, allowed))[:80]):
                refused = idp.send(method, path)
                fault(refused, 405)
                assert set(refused.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed

    def test_an_unknown_address_is_a_scim_error(self, idp):
        fault(idp.get("/Nowhere"), 404)
        fault(idp.post("/Nowhere/x/y", {}), 404)
        fault(idp.get("/Users/.search"), 404)

    def test_a_token_has_no_user_behind_it(self, idp, subtests):
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]:
            with subtests.test(str(method)[:80]):
                fault(idp.send(method, "/Me", {} if method != "GET" else None), 501)
