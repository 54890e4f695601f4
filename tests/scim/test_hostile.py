"""Whatever is sent to the writing routes: a clear refusal or a sound resource, and never a fault of ours."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.doors.scim import ENTERPRISE, MEDIA_TYPE, PATCH_OP, fault

STRANGE_IDS = [
    "%00", "a%00b", "%0d%0aSet-Cookie:%20x=1", "%0a", "a%2Fb", "%2F", "%2e%2e%2fUsers", "'", '"', "%27%20or%201=1--",
    "%22", "\\", "%5c", "x" * 10_240, "%ff%fe", "%ed%a0%80", "é", "%F0%9F%98%80", "{}", "[0]", "*", "%", "%zz", "u1%20",
    "-", "None", "null", "0", "9" * 400, "urn:x:y", ";x=1", "?", "#",
]  # fmt: skip
STRANGE_TEXTS = ["", " ", "\0", "a\0b", "\r\n", "\u202e", "\ufeff", "\U0001f600", "'", '"', "\\", "%s%s", "${x}",
                 "{0}", "x" * 2000, "<script>", "́" * 50, "\x7f", "\u2028", "9" * 400, "True", "null"]  # fmt: skip


def answers_soundly(response) -> None:
    assert response.status_code < 500, response.text
    assert "Set-Cookie" not in response.headers
    assert not any("\r" in value or "\n" in value for value in response.headers.values())
    if response.status_code >= 400:
        fault(response, response.status_code, response.get_json(force=True).get("scimType"))


@pytest.mark.rule("LIM-3")
def test_a_strange_id_in_the_path_is_nobody(idp, ada, state, subtests):
    group = idp.group("Engineers", ada["id"])
    before = state()
    patch = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}
    for strange in STRANGE_IDS:
        for kind in ("Users", "Groups"):
            for method, body in (
                ("GET", None), ("PUT", {"userName": "x", "displayName": "x"}), ("PATCH", patch), ("DELETE", None),
            ):  # fmt: skip
                with subtests.test(f"{method} {kind} {strange[:30]}"):
                    response = idp.send(method, f"/{kind}/{strange}", body)
                    answers_soundly(response)
                    assert response.status_code in ((400, 404, 405) if strange not in ("?", "#") else range(200, 406))
    assert state() == before
    assert idp.get(f"/Groups/{group['id']}").status_code == 200


@pytest.mark.rule("SCM-6", "LIM-1")
def test_what_is_no_sound_patch_is_refused_whole(idp, ada, state, subtests):
    group = idp.group("Engineers", ada["id"])
    before = state()
    head = b'{"schemas":["' + PATCH_OP.encode() + b'"],"Operations":'
    value = b'[{"op":"replace","path":"displayName","value":%s}]}'
    deep = b"[" * 40 + b"1" + b"]" * 40
    for name, data in {
        "duplicate members": head + b'[{"op":"remove","op":"replace","path":"displayName","value":"x"}]}',
        "duplicates by case": head + b'[{"op":"replace","OP":"replace","path":"displayName","value":"x"}]}',
        "duplicates in a value": head + value % b'{"a":1,"a":2}',
        "duplicates by case in a value": head + b'[{"op":"replace","value":{"displayName":"x","DISPLAYNAME":"y"}}]}',
        "NaN": head + value % b"NaN",
        "Infinity": head + value % b"-Infinity",
        "too large a number": head + value % b"1e999",
        "too deep": head + value % deep,
        "too deep by objects": head + value % (b'{"a":' * 40 + b"1" + b"}" * 40),
        "half a character": head + value % b'"\\ud800"',
        "latin-1": head + value % '"é"'.encode("latin-1"),
        "utf-16": (head + value % b'"x"').decode().encode("utf-16"),
        "a mark before": b"\xef\xbb\xbf" + head + value % b'"x"',
        "unfinished": head + value % b'"x',
        "an end too many": head + value % b'"x"' + b"}",
        "an object of operations": head + b'{"op":"replace"}}',
        "a list as a body": b"[" + head + value % b'"x"' + b"]",
        "no operations": head + b"[]}",
        "operations of operations": head + b'[[{"op":"replace","path":"displayName","value":"x"}]]}',
    }.items():
        for path in (f"/Users/{ada['id']}", f"/Groups/{group['id']}"):
            with subtests.test(f"{name} {path[:7]}"):
                fault(idp.send("PATCH", path, data), 400, "invalidSyntax")
                assert state() == before


@pytest.mark.rule("LIM-3")
def test_strange_texts_are_kept_as_they_are_or_refused(idp, ada, subtests):
    path = f"/Users/{ada['id']}"
    for text in STRANGE_TEXTS:
        for attribute in (
            "title",
            "userName",
            "displayName",
            "name.familyName",
            f"{ENTERPRISE}:department",
            "externalId",
        ):
            with subtests.test(f"{attribute} {text[:12]!r}"):
                response = idp.patch(path, {"op": "replace", "path": attribute, "value": text})
                answers_soundly(response)
                if response.status_code == 200 and attribute in ("title", "userName") and text.strip():
                    assert idp.get(path).get_json()[attribute] == text
        for selection in (f"emails[value eq {json.dumps(text)}]", f'emails[type eq "{text}"].value', text):
            answers_soundly(idp.patch(path, {"op": "add", "path": selection, "value": "x@y.example"}))
        answers_soundly(idp.post("/Groups", {"displayName": text, "externalId": text, "members": [{"value": text}]}))


JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from(STRANGE_TEXTS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["value", "type", "primary", "$ref", "display", "givenName", "manager", "id", "VALUE", "x"]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
NAMES = st.sampled_from([
    "userName", "name", "emails", "active", "members", "displayName", "externalId", "id", "meta", "schemas", "groups",
    "roles", "password", "x509Certificates", "addresses", ENTERPRISE, f"{ENTERPRISE}:manager", "name.givenName",
    'emails[type eq "work"].value', 'members[value eq "x"]', "members.value", "emails.primary", "manager", "", "[",
    "a.b.c",
])  # fmt: skip
OPERATION = st.one_of(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace", "remove", "Move", 1])}, optional={"path": NAMES, "value": JSON}
    ),
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace"]), "value": st.dictionaries(NAMES, JSON, max_size=4)}
    ),
    JSON,
)


@pytest.mark.rule("SCM-6", "LIM-7")
def test_no_body_at_all_ends_in_a_fault_of_ours(idp, ada, subtests):
    user, group = f"/Users/{ada['id']}", f"/Groups/{idp.group('Engineers', ada['id'])['id']}"

    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(NAMES, JSON, max_size=5), st.lists(OPERATION, max_size=3))
    def any_body(resource: dict, operations: list) -> None:
        for path in (user, group):
            answers_soundly(idp.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": operations}))
            answers_soundly(idp.send("PUT", path, resource))
            assert idp.get(path).status_code == 200
        answers_soundly(idp.send("POST", "/Users", resource))
        answers_soundly(idp.send("POST", "/Groups", resource))

    any_body()


def test_only_our_media_types_are_read(idp, ada):
    body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "title", "value": "x"}]}
    for content_type, status in (
        (MEDIA_TYPE, 200), ("application/json", 200), ("APPLICATION/JSON; charset=utf-8", 200),
        ("application/json-patch+json", 415), ("application/merge-patch+json", 415), ("text/json", 415),
        ("multipart/form-data; boundary=x", 415), ("application/json, text/plain", 415),
    ):  # fmt: skip
        response = idp.send("PATCH", f"/Users/{ada['id']}", body, content_type=content_type)
        assert response.status_code == status, content_type
