"""Ids of another account, in the path, the query and the body of every call: the very answer of a made-up id.

The requests are made from the application's own routes and its own document, so that a new call is tried too.
"""

import json

import pytest

from tests.doors.api import RULE, ApiClient, done, refusal
from tests.rest.things import body_of, calls, made_up, operation_of, path_of, rows_of, things_of

# Members and parameters that hold ids of other things -> the parameter of an address that names such a thing.
REFERENCES = {
    "base_sub_account_id": "environment_id",
    "connection": "scim_connection_id",
    "saml_connection": "saml_connection_id",
    "sub_account_id": "environment_id",
    "sub_account_ids": "environment_id",
}
# Parameters that narrow a list of one's own things: a foreign id finds nothing, as a made-up one.
NARROWING = {
    "ids": ("user_id", "environment_id"),
    "person": ("user_id",),
    "cloud_names": (),
    "emails": (),
    "cursor": (),
}


@pytest.fixture
def own(api, account, services):
    return things_of(api, account, services)


@pytest.fixture
def foreign(foreign_api, neighbour, services):
    return things_of(foreign_api, neighbour, services)


@pytest.fixture
def unharmed(sql, neighbour, foreign):
    """What everything of the neighbour's was; nothing of it may be another way afterwards."""
    before = rows_of(sql, neighbour.account.id)
    yield before
    assert rows_of(sql, neighbour.account.id) == before


def same(left, right, left_id, right_id):
    """Whether two answers are one, byte for byte, but for the request's id and the id that was asked for."""
    headers = [
        sorted((name, value) for name, value in answer.headers if name not in ("X-Request-Id", "Content-Length"))
        for answer in (left, right)
    ]
    bodies = left.data.replace(left_id.encode(), b"?"), right.data.replace(right_id.encode(), b"?")
    return left.status_code == right.status_code and headers[0] == headers[1] and bodies[0] == bodies[1]


@pytest.mark.rule("TEN-1", "TEN-3", "ACC-1", "KEY-5")
def test_a_foreign_id_in_a_path_is_answered_as_a_made_up_one(app, api, own, foreign, unharmed, subtests):
    for rule, method in calls(app):
        body = body_of(api, rule, method)
        for name in RULE.findall(rule):
            with subtests.test(f"{method} {rule} {name}"):
                theirs, nobodys = (
                    api.send(method, path_of(rule, own | {name: one}), body)
                    for one in (foreign[name], made_up(foreign[name]))
                )
                assert refusal(theirs) == (404, "not_found")
                assert same(theirs, nobodys, foreign[name], made_up(foreign[name]))


@pytest.mark.rule("TEN-1", "TEN-2", "TEN-3", "ACC-1")
def test_another_account_in_the_path_is_answered_as_a_made_up_one(
    app, api, account, neighbour, foreign, unharmed, subtests
):
    theirs = ApiClient(app, neighbour.account.id, account.key)
    nobodys = ApiClient(app, made_up(neighbour.account.id), account.key)
    for rule, method in calls(app):
        with subtests.test(f"{method} {rule}"):
            path, body = path_of(rule, foreign), body_of(api, rule, method)
            answers = [script.send(method, path, body) for script in (theirs, nobodys)]
            assert refusal(answers[0]) == (404, "not_found")
            assert same(*answers, neighbour.account.id, made_up(neighbour.account.id))


@pytest.mark.rule("TEN-1", "TEN-2", "TEN-3")
def test_a_foreign_id_in_a_body_is_answered_as_a_made_up_one(app, api, own, foreign, unharmed, sql, account, subtests):
    before = rows_of(sql, account.account.id)
    tried = set()
    for rule, method in calls(app):
        for name in members_of(api, rule, method) & REFERENCES.keys():
            one = foreign[REFERENCES[name]]
            body = {**(body_of(api, rule, method) or {}), name: [one] if name.endswith("ids") else one}
            unknown = json.loads(json.dumps(body).replace(one, made_up(one)))
            with subtests.test(f"{method} {rule} {name}"):
                theirs, nobodys = (api.send(method, path_of(rule, own), sent) for sent in (body, unknown))
                assert refusal(theirs) == (404, "not_found")
                assert same(theirs, nobodys, one, made_up(one))
            tried.add(name)
    assert tried == REFERENCES.keys() - {"sub_account_id"}
    assert rows_of(sql, account.account.id) == before


def members_of(api, rule, method):
    """The members that the body of a call can have."""
    content = operation_of(api, rule, method).get("requestBody", {}).get("content", {})
    if not content:
        return set()
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return set(api.contract.document["components"]["schemas"][name]["properties"])


@pytest.mark.rule("TEN-1", "TEN-2", "TEN-4")
def test_foreign_ids_in_a_query_are_answered_as_made_up_ones(app, api, own, foreign, neighbour, unharmed, subtests):
    tried = set()
    for rule, method in calls(app):
        for parameter in operation_of(api, rule, method).get("parameters", ()):
            name = parameter["name"]
            kinds = [REFERENCES[name]] if name in REFERENCES else NARROWING.get(name, ())
            for kind in kinds if parameter["in"] == "query" else ():
                one = foreign[kind]
                with subtests.test(f"{rule} {name} {kind}"):
                    theirs, nobodys = (api.get(path_of(rule, own), **{name: each}) for each in (one, made_up(one)))
                    assert same(theirs, nobodys, one, made_up(one))
            tried.add(name)
    assert {"ids", "sub_account_id", "connection", "person"} <= tried
    cloud_name = neighbour.environment.environment.cloud_name
    assert done(api.get("/sub_accounts", cloud_names=cloud_name)) == {"sub_accounts": []}
    cursor = done(api.get("/activity", limit=1))["next_cursor"]
    assert {entry["actor_id"] for entry in done(api.get("/activity", cursor=cursor))["activity"]} <= {
        "operator", *(key["actor_id"] for key in done(api.get("/activity"))["activity"])}  # fmt: skip


@pytest.mark.rule("TEN-2")
def test_ids_beside_the_path_change_nothing(app, api, own, foreign, neighbour, unharmed, sql, account, subtests):
    """Path id A with body id B, query id B or header B: the path alone names what is acted on."""
    before = rows_of(sql, account.account.id)
    for rule, method in calls(app):
        names = {"id", "account_id", *RULE.findall(rule)}
        for name in names if method != "GET" else ():
            one = foreign.get(name, neighbour.account.id)
            with subtests.test(f"{method} {rule} {name}"):
                body = {**(body_of(api, rule, method) or {}), name: one}
                assert refusal(api.send(method, path_of(rule, own), body))[0] == 400
    assert rows_of(sql, account.account.id) == before
    user = f"/users/{own['user_id']}"
    for path in (user, f"{user}/groups", f"{user}/sessions"):
        answer = api.get(path, user_id=foreign["user_id"], id=foreign["user_id"], account_id=neighbour.account.id)
        assert answer.data == api.get(path).data
    whose = done(api.get("/users", account_id=neighbour.account.id))["users"]
    assert {each["account_id"] for each in whose} == {api.account_id}


@pytest.mark.rule("TEN-4")
def test_every_list_shows_exactly_its_own(api, foreign_api, own, foreign):
    for noun in ("users", "user_groups", "sub_accounts", "saml_connections", "scim_connections", "scim_tokens"):
        mine, theirs = done(api.get(f"/{noun}"))[noun], done(foreign_api.get(f"/{noun}"))[noun]
        assert len(mine) == len(theirs)
        assert not {each["id"] for each in mine} & {each["id"] for each in theirs}


def test_every_call_with_an_id_is_among_those_tried(app, own):
    assert {name for rule, _ in calls(app) for name in RULE.findall(rule)} <= set(own)
    assert len(calls(app)) >= 45
