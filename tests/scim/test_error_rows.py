"""Section 5 of the profile: each row as a request, with the status and word that the answer must have."""

import json

import pytest

from tests.doors.scim import MEDIA_TYPE, PATCH_OP, ScimClient, fault

NOBODY = "01a20a00-0000-7000-8000-000000000000"


def patch(op: str, path: str | None = None, value: object = ...) -> dict:
    operation = {"op": op} | ({"path": path} if path is not None else {}) | ({} if value is ... else {"value": value})
    return {"schemas": [PATCH_OP], "Operations": [operation]}


USER_ROWS = [
    ("bad JSON", "PUT", b"{", 400, "invalidSyntax"),
    ("wrong message", "PATCH", {"schemas": [PATCH_OP], "operation": []}, 400, "invalidSyntax"),
    ("wrong message", "PATCH", patch("remove", "title") | {"schemas": ["urn:x"]}, 400, "invalidSyntax"),
    ("NaN", "PUT", b'{"userName": NaN}', 400, "invalidSyntax"),
    ("bad UTF-8", "PUT", b'{"userName": "\xff"}', 400, "invalidSyntax"),
    ("missing value", "PUT", {"title": "x"}, 400, "invalidValue"),
    ("missing value", "PATCH", patch("add", "title"), 400, "invalidValue"),
    ("wrong value", "PUT", {"userName": "ada", "emails": [{"value": "no address"}]}, 400, "invalidValue"),
    ("wrong type", "PATCH", patch("replace", "title", ["x"]), 400, "invalidValue"),
    ("empty userName", "PUT", {"userName": " "}, 400, "invalidValue"),
    ("empty userName", "PATCH", patch("replace", "userName", ""), 400, "invalidValue"),
    ("malformed path", "PATCH", patch("add", "emails[", "x"), 400, "invalidPath"),
    ("malformed path", "PATCH", patch("add", "name..givenName", "x"), 400, "invalidPath"),
    ("unknown attribute", "PATCH", patch("add", "shoeSize", "x"), 400, "invalidPath"),
    ("unknown attribute", "PATCH", patch("add", "urn:x:y:User:title", "x"), 400, "invalidPath"),
    ("a selection in a selection", "PATCH", patch("remove", 'emails[emails[type eq "x"]]'), 400, "invalidPath"),
    ("remove without path", "PATCH", patch("remove"), 400, "noTarget"),
    ("unmatched value path", "PATCH", patch("remove", 'emails[value eq "x"]'), 400, "noTarget"),
    ("unmatched value path", "PATCH", patch("replace", 'emails[value co "x"].type', "x"), 400, "noTarget"),
    ("readOnly", "PATCH", patch("replace", "id", "x"), 400, "mutability"),
    ("readOnly", "PATCH", patch("add", "groups", [{"value": "x"}]), 400, "mutability"),
    ("required", "PATCH", patch("remove", "userName"), 400, "mutability"),
    ("required", "PATCH", patch("replace", None, {"userName": None}), 400, "mutability"),
    ("userName taken", "PUT", {"userName": "BOB"}, 409, "uniqueness"),
    ("userName taken", "PATCH", patch("replace", "userName", "Bob"), 409, "uniqueness"),
    ("externalId taken", "PATCH", patch("add", "externalId", "x-bob"), 409, "uniqueness"),
    ("address taken", "PATCH", patch("add", "emails", [{"value": "BOB@x.example"}]), 409, "uniqueness"),
    ("wrong method", "POST", {}, 405, None),
    ("role above the cap", "PATCH", patch("add", "roles", [{"value": "master_admin"}]), 403, None),
]  # fmt: skip
GROUP_ROWS = [
    ("missing value", "PUT", {}, 400, "invalidValue"),
    ("wrong type", "PUT", {"displayName": "G", "members": "x" * 2000}, 400, "invalidValue"),
    ("a member that names nobody", "PATCH", patch("add", "members", [{"display": "x"}]), 400, "invalidValue"),
    ("immutable", "PATCH", patch("replace", 'members[value eq "x"].value', "y"), 400, "mutability"),
    ("immutable", "PATCH", patch("add", "members.type", "Group"), 400, "mutability"),
    ("readOnly", "PATCH", patch("replace", "members.display", "x"), 400, "mutability"),
    ("required", "PATCH", patch("remove", "displayName"), 400, "mutability"),
    ("name taken", "PATCH", patch("replace", "displayName", "other"), 409, "uniqueness"),
    ("unmatched value path", "PATCH", patch("remove", 'members[display eq "x"]'), 400, "noTarget"),
    ("unknown attribute", "PATCH", patch("add", "userName", "x"), 400, "invalidPath"),
]


@pytest.mark.rule("SCM-6", "SCM-5", "LIM-7")
def test_each_row_has_its_status_and_word_and_changes_nothing(idp, state, subtests):
    ada, group = idp.user("ada"), idp.group("Engineers")
    idp.user("bob", externalId="x-bob", emails=[{"value": "bob@x.example"}])
    idp.group("Other")
    before = state()
    for address, rows in ((f"/Users/{ada['id']}", USER_ROWS), (f"/Groups/{group['id']}", GROUP_ROWS)):
        for row, method, body, status, scim_type in rows:
            with subtests.test(f"{row} {method}"):
                answer = idp.send(method, address, body)
                detail = fault(answer, status, scim_type)["detail"]
                assert "Traceback" not in detail
                assert detail.rstrip().endswith((".", "…"))
                assert state() == before


@pytest.mark.rule("LIM-7", "SCM-1")
def test_the_other_rows_whatever_the_method(app, idp, account, subtests):
    bodies = {
        "GET": None,
        "DELETE": None,
        "PUT": {"userName": "x", "displayName": "x"},
        "PATCH": patch("add", "title", "x"),
    }
    for kind in ("Users", "Groups"):
        for method, body in bodies.items():
            with subtests.test(f"{method} {kind}"):
                sent = body if kind == "Users" or method != "PATCH" else patch("add", "displayName", "x")
                fault(idp.send(method, f"/{kind}/{NOBODY}", sent), 404)
                refused = ScimClient(app, None).send(method, f"/{kind}/{NOBODY}", sent)
                assert refused.headers["WWW-Authenticate"].startswith("Bearer")
                fault(refused, 401)
                fault(ScimClient(app, f"{account.token.text}x").send(method, f"/{kind}/{NOBODY}", sent), 401)
                if sent is not None:
                    fault(
                        idp.send(method, f"/{kind}/{NOBODY}", json.dumps(sent).encode(), content_type="text/xml"), 415
                    )
    fault(idp.send("PATCH", f"/Users/{NOBODY}", b" " * (1024 * 1024 + 1)), 413)


@pytest.mark.rule("SCM-3")
def test_a_credential_in_any_schema_sets_nothing_and_is_kept_nowhere(idp, sql):
    made_up = "urn:ietf:params:scim:schemas:extension:made-up:2.0:User"
    secret = "t1meFlies!geheim"
    user = idp.user("ada", password=secret, **{made_up: {"password": secret, "passwordHash": secret}})
    address = f"/Users/{user['id']}"
    hashes = sql("select id, password_hash from users order by id")
    whole = {"userName": "ada", "PassWord": secret, made_up: {"password": secret}, "credentials": [{"value": secret}]}
    answers = [
        idp.put(address, whole),
        idp.send("PATCH", address, patch("add", "password", secret)),
        idp.send("PATCH", address, patch("replace", "PASSWORD", secret)),
        idp.send(
            "PATCH",
            address,
            patch("replace", None, {"password": secret, "active": True, made_up: {"password": secret}}),
        ),
        idp.send("PATCH", address, patch("replace", f"{made_up}:password", secret)),
        idp.send("PATCH", address, patch("replace", None, {f"{made_up}:password": secret})),
        idp.find("/Users", f'password eq "{secret}"'),
        idp.get(address, query_string={"attributes": "password"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 400, 400, 400, 200]
    assert all(secret not in answer.text and MEDIA_TYPE in answer.content_type for answer in answers)
    assert sql("select id, password_hash from users order by id") == hashes
    tables = sql("select relname from pg_class join pg_namespace n on n.oid = relnamespace "
                 "where relkind in ('r', 'p') and nspname = 'public'")  # fmt: skip
    for (table,) in tables:
        assert sql(f'select count(*) from "{table}" row where row::text like %s', f"%{secret}%") == [(0,)], table
