"""SCM-8, SCM-9: every request of an identity provider leaves its entry, redacted, with what it changed."""

import json
from dataclasses import replace
from threading import Barrier, Thread

import pytest

from provisioning.actions.provisioning_log import list_requests, replay_request, show_request
from provisioning.actions.scim_connections import update_scim_connection
from provisioning.actions.scim_tokens import revoke_scim_token
from provisioning.actions.users import delete_user
from provisioning.app import create_app
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.provisioning_log import BodyState, LogQuery
from provisioning.guard.context import SERVICES
from provisioning.store.engine import open_database
from tests.actions.refusals import code_of
from tests.doors.scim import CORE_GROUP, CORE_USER, ScimClient
from tests.factories import refused_request, report_of

SECRET = "hunter2-planted"


@pytest.fixture
def log(caller, services):
    """What the log of `account` holds, in the order of asking."""

    def entries(**query):
        return [each.entry for each in reversed(list_requests(caller, LogQuery(**query), services).requests)]

    return entries


@pytest.fixture
def newest(log):
    return lambda: max(log(), key=lambda entry: entry.id)


@pytest.fixture
def of_app(app):
    """The services as the application has them: with what runs requests again."""
    return app.extensions[SERVICES]


def new_user(name: str, **attributes):
    return {"schemas": [CORE_USER], "userName": name, **attributes}


@pytest.mark.rule("SCM-9")
def test_each_request_leaves_who_what_answer_time_and_change(idp, newest, account, clock, sql):
    made = idp.post("/Users", new_user("dana@acme.example", displayName="Dana Roe"))
    entry = newest()
    assert (entry.id, entry.at) == (made.headers["X-Request-Id"], clock.now)
    assert (entry.connection_id, entry.token_id) == (account.token.token.connection_id, account.token.token.id)
    assert (entry.method, entry.path, entry.status, entry.code, entry.answer) == ("POST", "/Users", 201, None, None)
    assert entry.json == new_user("dana@acme.example", displayName="Dana Roe")
    assert entry.resource_id == made.get_json()["id"]
    assert [(each.kind, each.target_name) for each in entry.changes] == [("user.created", "Dana Roe")]
    assert entry.milliseconds > 0
    user_id = entry.resource_id

    idp.patch(f"/Users/{user_id}", {"op": "Replace", "path": "active", "value": "False"}, headers={"If-Match": 'W/"1"'})
    entry = newest()
    assert (entry.path, entry.resource_id, entry.if_match) == (f"/Users/{user_id}", user_id, 'W/"1"')
    assert {each.kind for each in entry.changes} == {"user.disabled", "sessions.ended"}

    group = idp.post("/Groups", {"schemas": [CORE_GROUP], "displayName": "Design", "members": [{"value": user_id}]})
    assert newest().resource_id == group.get_json()["id"]
    idp.patch(f"/Groups/{group.get_json()['id']}", {"op": "remove", "path": f'members[value eq "{user_id}"]'})
    assert [(each.kind, each.removed, each.removed_count) for each in newest().changes] == [
        ("group.members_changed", (user_id,), 1)
    ]

    idp.get("/Users", query_string={"filter": 'userName eq "dana@acme.example"', "aadOptscim062020": ""})
    entry = newest()
    assert entry.query == 'filter=userName eq "dana@acme.example"&[hidden]=[hidden]'
    assert (entry.body, entry.body_state, entry.changes, entry.resource_id) == (None, BodyState.NONE, (), None)


@pytest.mark.rule("SCM-9")
@pytest.mark.parametrize(
    ("send", "status", "code", "state"),
    [
        (lambda idp: idp.post("/Users", b"{broken"), 400, "invalid_syntax", BodyState.NOT_JSON),
        (lambda idp: idp.post("/Users", b'{"a": ' + b"[" * 60_000), 400, "invalid_syntax", BodyState.NOT_JSON),
        (lambda idp: idp.post("/Users", b"x" * 2**21), 413, "body_too_large", BodyState.NOT_READ),
        (
            lambda idp: idp.post("/Users", new_user("a", nickName="x" * 70_000)),
            400,
            "invalid_value",
            BodyState.TOO_LARGE,
        ),
        (lambda idp: idp.post("/Users", b"<x/>", content_type="text/xml"), 415, "media_type", BodyState.NOT_READ),
        (lambda idp: idp.post("/Users", {"active": True}), 400, "invalid_value", BodyState.KEPT),
        (lambda idp: idp.get("/Users?filter=broken"), 400, "invalid_filter", BodyState.NONE),
        (lambda idp: idp.get("/nothing/here"), 404, "not_found", BodyState.NONE),
        (lambda idp: idp.send("PATCH", "/Users"), 405, "method_not_allowed", BodyState.NONE),
        (lambda idp: idp.delete(f"/Users/{'0190a1b2-0000-7000-8000-00000000000a'}"), 404, "not_found", BodyState.NONE),
    ],
)
def test_refused_requests_are_kept_too(idp, newest, send, status, code, state):
    answer = send(idp)
    entry = newest()
    assert entry.id == answer.headers["X-Request-Id"]
    assert (entry.status, entry.code, entry.body_state, entry.changes) == (status, code, state, ())
    assert answer.status_code == status
    assert entry.answer is not None


@pytest.mark.rule("SCM-9", "TEN-1")
def test_a_token_that_has_ended_is_known_and_nobodys_leaves_nothing(
    app, idp, account, caller, log, newest, services, clock, sql
):
    token = account.token.text
    elsewhere = ScimClient(app, None)
    assert elsewhere.get(f"/Users?access_token={token}").status_code == 401
    assert (newest().status, newest().query) == (401, "access_token=[hidden]")
    revoke_scim_token(caller, account.token.token.id, services)
    assert idp.post("/Users", new_user("x")).status_code == 401
    entry = newest()
    assert (entry.code, entry.connection_id, entry.answer) == (
        "credential_invalid", account.token.token.connection_id, None)  # fmt: skip
    assert entry.body_state is BodyState.NOT_READ
    assert token not in str(sql("select p::text from provisioning_log p"))
    number = len(log())
    for wrong in (token[:-1] + ("a" if token[-1] != "a" else "b"), "x", "", token.replace("gst_", "gst_a")):
        assert ScimClient(app, wrong).get("/Users").status_code == 401
    assert len(log()) == number


@pytest.mark.rule("SCM-8", "SCM-9", "AUD-2")
def test_planted_secrets_are_neither_in_the_log_nor_in_the_log_file(idp, sql, capfd):
    ada = idp.user("ada")["id"]
    bodies = [
        {"password": SECRET},
        {"passwordHint": SECRET, "urn:made:up:1.0:User": {"value": SECRET}, "x": [SECRET]},
        {"name": {"pin": SECRET}, "emails": [{"value": "a@acme.example", "token": SECRET}]},
    ]
    for body in bodies:
        idp.post("/Users", {**new_user("b"), **body})
        idp.put(f"/Users/{ada}", {**new_user("ada"), **body})
        idp.patch(f"/Users/{ada}", {"op": "replace", "value": body})
    for path in ("password", f"{CORE_USER}:password", "made.up", SECRET, f'secret[value eq "{SECRET}"].value'):
        idp.patch(f"/Users/{ada}", {"op": "replace", "path": path, "value": SECRET})
    for path in (
        SECRET,
        f"Users/{SECRET}",
        f"Users?{SECRET}",
        f"Users?token={SECRET}",
        f"Users?filter={SECRET}",
        f'Users?filter=password eq "{SECRET}"',
        f"Users?sortBy={SECRET}",
        f"Users?count={SECRET}",
    ):
        idp.get(f"/{path}", headers={"X-Secret": SECRET, "If-Match": SECRET, "User-Agent": SECRET, "Cookie": SECRET})
        idp.delete(f"/{path}", headers={"If-Match": f'"{SECRET}"'})
    rows = sql("select row_to_json(p)::text from provisioning_log p")
    assert len(rows) == 1 + 9 + 5 + 16
    # A path of a PATCH is the name of an attribute, which is kept; values are not.
    kept = [row for (row,) in rows if SECRET in row]
    assert all('"PATCH"' in row and f'\\"path\\":\\"{SECRET}\\"' in row for row in kept)
    assert len(kept) == 1
    printed = capfd.readouterr()
    assert SECRET not in printed.out + printed.err
    assert all(json.loads(line) for line in printed.err.splitlines() if line.startswith("{"))


@pytest.mark.rule("SCM-3", "SCM-9")
def test_notes_tell_of_passwords_and_of_members_that_were_left_out(idp, newest):
    idp.post("/Users", new_user("dana", password=SECRET))
    assert newest().notes == ("A password or other credential was sent. It was thrown away and sets nothing.",)
    group = idp.post("/Groups", {"schemas": [CORE_GROUP], "displayName": "Design"}).get_json()["id"]
    idp.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": "nobody"}]})
    assert len(newest().notes) == 1
    assert "left out" in newest().notes[0]


@pytest.mark.rule("SCM-9")
def test_a_bulk_tells_what_it_changed_and_how_much_of_it_was_refused(idp, newest):
    names = ("ada", "eve", "ada")
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": f"u{number}", "data": new_user(name, madeUp=SECRET)}
        for number, name in enumerate(names)
    ]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    assert idp.post("/Bulk", body).status_code == 200
    entry = newest()
    assert sorted(change.target_name for change in entry.changes) == ["ada", "eve"]
    assert entry.notes == ("Of 3 operations 1 were refused, by user_name_taken.",)
    assert SECRET not in entry.body


@pytest.mark.rule("SCM-9", "LIM-7")
def test_without_a_database_every_answer_is_what_it_was(services, settings, account, capfd):
    nowhere = open_database("postgresql://nobody:x@127.0.0.1:1/none", pool_size=2)
    app = create_app(replace(services, database=nowhere), settings)
    app.testing = False
    idp = ScimClient(app, account.token.text)
    assert idp.get("/Users").status_code == 503
    assert idp.get("/nothing").status_code == 404
    assert idp.send("PATCH", "/Users").status_code == 405
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.rule("SCM-9")
def test_hostile_texts_can_be_kept(idp, newest):
    for text in ("\0", "\ud800", "‮", "'; drop table users; --", "a" * 5000, "\r\nSet-Cookie: x"):
        answer = idp.get("/Users", query_string={"filter": f'userName eq "{text}"'.encode("utf-8", "surrogatepass")})
        assert answer.status_code < 500
        assert newest().id == answer.headers["X-Request-Id"]
    body = b'{"schemas": ["%s"], "userName": "a\\u0000b\\ud800"}' % CORE_USER.encode()
    assert idp.post("/Users", body).status_code == 400
    assert newest().body_state is BodyState.KEPT


@pytest.mark.rule("SCM-9")
def test_a_refused_create_is_run_again_once_the_name_is_free_and_makes_the_user_once(
    idp, caller, of_app, newest, services, sql
):
    taken = idp.user("dana@acme.example")["id"]
    assert idp.post("/Users", new_user("DANA@acme.example", displayName="Dana", password=SECRET)).status_code == 409
    refused = newest()
    again = replay_request(caller, refused.id, of_app).entry
    assert (again.status, again.replay_of, again.replayed_by) == (409, refused.id, "key")
    assert show_request(caller, refused.id, services).entry.replayed_as == again.id
    assert code_of(lambda: replay_request(caller, refused.id, of_app)) is Code.NOT_REPLAYABLE
    delete_user(caller, taken, services)

    barrier, outcomes = Barrier(4), []

    def run() -> None:
        barrier.wait()
        try:
            outcomes.append(replay_request(caller, again.id, of_app).entry.status)
        except Refusal as refusal:
            outcomes.append(refusal.code)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [201, *[Code.NOT_REPLAYABLE] * 3]
    people = sql(
        "select id, display_name, connection_id, password_hash from users where inactive_at is null and not is_root"
    )
    assert [row[1:] for row in people] == [("Dana", refused.connection_id, None)]
    made = newest()
    assert (made.status, made.resource_id) == (201, people[0][0])
    assert code_of(lambda: replay_request(caller, made.id, of_app)) is Code.NOT_REPLAYABLE
    entry = next(
        each
        for each in report_of(caller, services)
        if each.kind == "user.created" and each.target_id == made.resource_id
    )
    assert entry.data["reason"] == "asked for again by key"
    assert len([each for each in report_of(caller, services) if each.kind == "scim_request.replayed"]) == 2


@pytest.mark.rule("SCM-1", "SCM-4", "SCM-9", "SES-4")
def test_a_replay_passes_what_every_request_must_pass(idp, caller, of_app, newest, services, account, sql, scim):
    root_id = account.root.id
    idp.patch(f"/Users/{root_id}", {"op": "replace", "path": "active", "value": False})
    refused = newest()
    before = sql("select u::text from users u order by id")
    again = replay_request(caller, refused.id, of_app).entry
    assert (again.status, again.code) == (403, "root_user_protected")
    idp.patch(f"/Users/{root_id}", {"op": "replace", "path": "active", "value": False}, headers={"If-Match": 'W/"99"'})
    stale = newest()
    assert replay_request(caller, stale.id, of_app).entry.if_match == 'W/"99"'
    assert sql("select u::text from users u order by id") == before
    update_scim_connection(caller, scim.connection.id, {"enabled": False}, services)
    assert code_of(lambda: replay_request(caller, again.id, of_app)) is Code.CONNECTION_DISABLED


@pytest.mark.rule("SCM-9")
@pytest.mark.parametrize(
    "fields",
    [
        {"status": 201, "code": None},
        {"status": 401, "code": "credential_invalid"},
        {"status": 403, "code": "address_not_allowed"},
        {"body": None, "body_state": BodyState.TOO_LARGE},
        {"body": None, "body_state": BodyState.NOT_READ},
        {"path": "/Users/[hidden]"},
        {"query": "[hidden]=[hidden]"},
        {"if_match": "[hidden]"},
        {"method": "TRACE"},
    ],
)
def test_what_was_done_is_not_whole_or_was_nobodys_is_not_run_again(fields, account, caller, of_app, services, clock):
    entry = refused_request(account, services.new_id(), clock.now, **fields)
    services.request_log.add(entry)
    assert code_of(lambda: replay_request(caller, entry.id, of_app)) is Code.NOT_REPLAYABLE


@pytest.mark.rule("SCM-9")
def test_a_replay_that_was_cut_short_can_be_tried_again_after_a_minute(account, caller, of_app, services, clock, sql):
    entry = refused_request(account, services.new_id(), clock.now)
    services.request_log.add(entry)
    sql("update provisioning_log set replayed_at = %s", clock.now)
    assert code_of(lambda: replay_request(caller, entry.id, of_app)) is Code.NOT_REPLAYABLE
    clock.advance(minutes=2)
    assert replay_request(caller, entry.id, of_app).entry.status == 201


@pytest.mark.rule("SCM-9")
def test_nobody_outside_can_pretend_to_be_run_again(app, account):
    headers = {"Gatelodge.Again": "x", "Gatelodge-Again": "x"}
    assert app.test_client().get("/scim/v2/Users", headers=headers).status_code == 401
