"""What requests say, in whatever way their client writes it; and what no client may write."""

import json

import pytest

from tests.doors.api import ACCOUNTS, ApiClient, done, refusal

FORM = "application/x-www-form-urlencoded"
DEEP = b'{"name":"A","custom_attributes":' + b'{"a":' * 31 + b"1" + b"}" * 31 + b"}"


@pytest.fixture
def path(api) -> str:
    return f"/users/{api.user('dana@acme.example')['id']}"


@pytest.mark.parametrize("text", ["true", "True", "TRUE"])
def test_booleans_are_read_as_text_at_the_top_level(api, path, text):
    assert not done(api.put(path, {"enabled": "false"}))["enabled"]
    assert done(api.put(path, {"enabled": text}))["enabled"]


def test_booleans_in_custom_attributes_stay_what_they_are(api):
    attributes = {"a": True, "b": "true", "enabled": "false"}
    assert api.environment("One", custom_attributes=attributes)["custom_attributes"] == attributes


def test_forms_are_read_on_every_method(api, path, environment_id):
    assert done(api.put(path, b"name=D%C3%A1na+Roe&enabled=false", content_type=FORM))["name"] == "Dána Roe"
    other = api.environment("Other")["id"]
    for spelling in (f"sub_account_ids[]={environment_id}&sub_account_ids[]={other}",
                     f"sub_account_ids={environment_id}&sub_account_ids={other}",
                     f"sub_account_ids={environment_id}%2C{other}"):  # fmt: skip
        changed = done(api.put(path, spelling.encode(), content_type=f"{FORM}; charset=utf-8"))
        assert changed["sub_account_count"] == 2
    keys = f"/sub_accounts/{environment_id}/access_keys"
    done(api.post(keys, b"name=deploy", content_type=FORM))
    assert done(api.delete(keys, b"name=deploy", content_type=FORM)) == {"message": "ok"}


def test_empty_bodies_are_read_under_any_media_type(api, path):
    for media_type in (FORM, "application/json", "text/plain", None):
        assert done(api.put(path, b"", content_type=media_type))["email"] == "dana@acme.example"
    assert done(api.delete(path, b" \r\n", content_type="application/json")) == {"message": "ok"}


def test_a_body_of_nothing_but_braces_is_fine_where_none_is_needed(api, path):
    assert refusal(api.post(f"{path}/reset_password", {})) == (400, "no_password_to_reset")
    assert done(api.post(f"{path}/force_logout", {}))["email"] == "dana@acme.example"
    assert refusal(api.post(f"{path}/force_logout", {"user_id": "x"})) == (400, "invalid_value")
    assert done(api.delete(path, {})) == {"message": "ok"}


@pytest.mark.rule("LIM-1")
def test_what_is_not_json_is_refused(api, sql, subtests):
    before = sql("select count(*) from environments")
    for body in (
        b"{", b"[{}]", b"null", b'"x"', b"1", b"{'name': 'A'}", b'{"name":"A"} x', b'{"name":"A",}', b"\xff\xfe{}",
        b'{"name":"A\xff"}', b'{"name":"A","name":"B"}', b'{"name":"A","custom_attributes":{"a":1,"a":2}}',
        b'{"name":"A","custom_attributes":{"a":NaN}}', b'{"name":"A","custom_attributes":{"a":-Infinity}}',
        b'{"name":"A","custom_attributes":{"a":1e999}}', b'{"name":"A","custom_attributes":{"a":' + b"9" * 5000 + b"}}",
        b'{"name":"A\\ud800"}', b'{"name":"A","custom_attributes":{"\\udfff":1}}', DEEP, b"[" * 100_000,
        b'{"a":' * 100_000,
    ):  # fmt: skip
        with subtests.test(body[:60]):
            assert refusal(api.post("/sub_accounts", body)) == (400, "invalid_syntax")
    assert sql("select count(*) from environments") == before


@pytest.mark.rule("LIM-1")
def test_depth_and_values_up_to_the_limit_are_taken(api):
    done(api.post("/sub_accounts", DEEP.replace(b'{"a":', b"", 1).replace(b"}}", b"}", 1)))
    values = json.dumps({"name": "A", "custom_attributes": {"a": [0] * 9_000}}).encode()
    done(api.post("/sub_accounts", values))
    more = json.dumps({"name": "A", "custom_attributes": {"a": [0] * 10_001}}).encode()
    assert refusal(api.post("/sub_accounts", more)) == (400, "body_too_large")


@pytest.mark.rule("LIM-1")
@pytest.mark.parametrize("media_type", ["application/json", FORM])
def test_a_body_over_one_mebibyte_is_refused(api, media_type):
    body = b'{"name":"' + b"x" * 1024 * 1024 + b'"}'
    assert refusal(api.post("/sub_accounts", body, content_type=media_type)) == (400, "body_too_large")


@pytest.mark.rule("LIM-1")
def test_what_is_not_a_form_is_refused(api, subtests):
    for body in (b"name", b"name=A&&enabled=true", b"name=%ff", b"name=\xc3\xa1", b"&".join([b"a=1"] * 10_001)):
        with subtests.test(body[:40]):
            assert refusal(api.post("/user_groups", body, content_type=FORM)) == (400, "invalid_syntax")


@pytest.mark.rule("WEB-1")
def test_other_media_types_are_refused(api, subtests):
    for media_type in ("text/plain", "multipart/form-data; boundary=x", "application/xml", "text/json", None):
        with subtests.test(media_type):
            answer = api.post("/user_groups", b'{"name":"A"}', content_type=media_type or "")
            assert refusal(answer) == (400, "media_type")


def test_a_compressed_body_is_refused(api):
    answer = api.post("/user_groups", b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert refusal(answer) == (400, "media_type")


@pytest.mark.rule("LIM-3", "IDN-1")
def test_values_of_a_wrong_type_or_shape_are_refused_and_nothing_changes(api, path, subtests, sql):
    before = done(api.get(path)), sql("select count(*) from activity")
    for members in (
        {"name": 5}, {"name": ""}, {"name": " "}, {"name": ["a"]}, {"name": {"a": 1}}, {"name": True},
        {"name": "x" * 514}, {"name": "x" * 300}, {"name": "a\0b"}, {"first_name": "x" * 257}, {"email": "dana"},
        {"email": "x" * 1025}, {"email": "d\u200b@acme.example"}, {"email": ["a@acme.example"]}, {"role": "root"},
        {"role": "Admin"}, {"role": 1}, {"enabled": "yes"}, {"enabled": 1},
        {"enabled": ["true"]}, {"sub_account_ids": {"a": 1}}, {"sub_account_ids": [1]}, {"sub_account_ids": [None]},
        {"sub_account_ids": [["x"]]}, {"sub_account_ids": ["x"] * 101}, {"all_sub_accounts": "maybe"},
        {"nonsense": 1}, {"": 1}, {"x" * 5000: 1}, {"send_invitation": True}, {"na\0me": 1},
    ):  # fmt: skip
        with subtests.test(str(members)[:50]):
            answer = api.put(path, members)
            assert refusal(answer) == (400, "invalid_value")
            assert len(answer.get_json()["error"]["message"]) < 300
    assert (done(api.get(path)), sql("select count(*) from activity")) == before


def test_null_is_as_good_as_left_out(api, path, environment_id):
    """As cloudinary_php writes it: every argument that it was not given."""
    shown = done(api.get(path))
    nothing = dict.fromkeys(("name", "email", "role", "enabled", "sub_account_ids", "all_sub_accounts"))
    assert done(api.put(path, nothing)) == shown
    optional = dict.fromkeys(("cloud_name", "custom_attributes", "enabled", "base_sub_account_id"))
    made = done(api.post("/sub_accounts", {"name": "Shop", **optional}))
    assert made["enabled"]
    changed = {"name": None, "cloud_name": None, "custom_attributes": [], "enabled": None}
    assert done(api.put(f"/sub_accounts/{made['id']}", changed)) == made
    keys = f"/sub_accounts/{environment_id}/access_keys"
    assert done(api.post(keys, {"name": None, "enabled": None}))["name"] == "Key 2"
    assert refusal(api.post("/sub_accounts", {"name": None})) == (400, "invalid_value")
    assert refusal(api.put(path, {"status": None})) == (400, "mutability")
    assert refusal(api.put(path, {"nonsense": None})) == (400, "invalid_value")


@pytest.mark.rule("IDN-5")
def test_whatever_is_shown_and_cannot_be_set_is_refused_as_such(api, path, environment_id, subtests):
    group = api.group("Design")
    done(api.put(path, {"sub_account_ids": [environment_id]}))
    settable = {"/users": {"name", "first_name", "last_name", "email", "role", "enabled", "all_sub_accounts",
                           "sub_account_ids"},
                "/user_groups": {"name"},
                "/sub_accounts": {"name", "cloud_name", "enabled", "custom_attributes"}}  # fmt: skip
    shown = {
        "/users": path,
        "/user_groups": f"/user_groups/{group['id']}?extended_details=true",
        "/sub_accounts": f"/sub_accounts/{environment_id}",
    }
    for noun, one in shown.items():
        record = done(api.get(one))
        for name in record.keys() - settable[noun]:
            with subtests.test(f"{noun} {name}"):
                target = one.partition("?")[0]
                assert refusal(api.put(target, {name: record[name]})) == (400, "mutability")
                assert refusal(api.post(noun, {"name": "N", "email": "n@acme.example"} | {name: "x"}))[0] == 400
        assert done(api.get(one)) == record


@pytest.mark.rule("LIM-7")
def test_markup_and_odd_text_come_back_as_they_went_in(api):
    for number, name in enumerate(("<script>alert(1)</script>", "=1+1", "'; drop table users; --", "🙂\u202e", "%00")):
        assert api.user(f"u{number}@acme.example", name)["name"] == name


@pytest.mark.rule("KEY-1", "TEN-3")
def test_without_good_credentials_every_call_is_401_and_reads_no_body(app, account, api, subtests):
    stranger = ApiClient(app, account.account.id, None)
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(ACCOUNTS):
            continue
        path = rule.rule.replace("<account_id>", account.account.id).replace("<", "").replace(">", "")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            with subtests.test(f"{method} {path}"):
                answer = stranger.raw(method, path, data=b"{", content_type="application/json")
                assert refusal(answer) == (401, "credential_invalid")
                assert answer.get_json()["error"]["message"] == "Invalid credentials"
                assert answer.headers["WWW-Authenticate"].startswith("Basic ")
