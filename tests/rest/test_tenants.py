"""Ids of another account, in the path, the query and the body of every call: the very answer of a made-up id.

The table of requests is completed by the application's own routes: one that it lacks fails the last test.
"""

import json

import pytest

from tests.doors.api import ACCOUNTS, RULE, ApiClient, done, refusal

BELOW = f"{ACCOUNTS}/<account_id>"
BODY = {"name": "Changed"}


@pytest.fixture
def own(api, environment_id):
    """Ids of things of the account."""
    user, group = api.user("dana@acme.example"), api.group("Design")
    key = done(api.get(f"/sub_accounts/{environment_id}/access_keys"))["access_keys"][0]["api_key"]
    return {"user_id": user["id"], "group_id": group["id"], "environment_id": environment_id, "api_key": key}


@pytest.fixture
def foreign(foreign_api, neighbour):
    """Ids of the same things of the neighbour."""
    user, group = foreign_api.user("dana@acme.example"), foreign_api.group("Design")
    environment_id = neighbour.environment.environment.id
    key = done(foreign_api.get(f"/sub_accounts/{environment_id}/access_keys"))["access_keys"][0]["api_key"]
    return {"user_id": user["id"], "group_id": group["id"], "environment_id": environment_id, "api_key": key}


@pytest.fixture
def rows(sql):
    """Everything of the neighbour's, to compare before and after."""
    tables = ("users", "groups", "group_members", "environments", "user_environments", "access_keys", "activity",
              "sessions", "links", "outbox", "account_keys")  # fmt: skip

    def read(account_id):
        return {
            table: sorted(sql(f"select t::text from {table} t where account_id = %s", account_id)) for table in tables
        }

    return read


def calls(app):
    """Every call below an account that names something: rule and method."""
    return [
        (rule.rule.removeprefix(BELOW), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(BELOW) and len(rule.arguments) > 1
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def made_up(one):
    """An id of the same form that nobody has."""
    return "9" * len(one)


def same(left, right, left_id, right_id):
    """Whether two answers are one, byte for byte, but for the request's id and the id that was asked for."""
    headers = [
        sorted((name, value) for name, value in answer.headers if name != "X-Request-Id") for answer in (left, right)
    ]
    bodies = left.data.replace(left_id.encode(), b"?"), right.data.replace(right_id.encode(), b"?")
    return left.status_code == right.status_code and headers[0] == headers[1] and bodies[0] == bodies[1]


@pytest.mark.rule("TEN-1", "TEN-3", "ACC-1", "KEY-5")
def test_a_foreign_id_in_a_path_is_answered_as_a_made_up_one(app, api, own, foreign, rows, neighbour, subtests):
    before = rows(neighbour.account.id)
    for rule, method in calls(app):
        for name in RULE.findall(rule):

            def ask(one, rule=rule, method=method, name=name):
                ids = own | {name: one}
                path = RULE.sub(lambda found: ids[found[1]], rule)
                body = BODY if method == "PUT" or (rule.endswith("/access_keys") and method != "GET") else None
                return api.send(method, path, body)

            with subtests.test(f"{method} {rule} {name}"):
                theirs, nobodys = ask(foreign[name]), ask(made_up(foreign[name]))
                assert refusal(theirs) == (404, "not_found")
                assert same(theirs, nobodys, foreign[name], made_up(foreign[name]))
    assert rows(neighbour.account.id) == before


@pytest.mark.rule("TEN-1", "TEN-2", "TEN-3", "ACC-1")
def test_another_account_in_the_path_is_answered_as_a_made_up_one(app, account, neighbour, foreign, rows, subtests):
    before = rows(neighbour.account.id)
    theirs = ApiClient(app, neighbour.account.id, account.key)
    nobodys = ApiClient(app, made_up(neighbour.account.id), account.key)
    listing = [("/users", "GET"), ("/users", "POST"), ("/user_groups", "GET"), ("/user_groups", "POST"),
               ("/sub_accounts", "GET"), ("/sub_accounts", "POST")]  # fmt: skip
    for rule, method in (*calls(app), *listing):
        path = RULE.sub(lambda found: foreign[found[1]], rule)
        with subtests.test(f"{method} {rule}"):
            answers = [script.send(method, path, None if method == "GET" else BODY) for script in (theirs, nobodys)]
            assert refusal(answers[0]) == (404, "not_found")
            assert same(*answers, neighbour.account.id, made_up(neighbour.account.id))
    assert rows(neighbour.account.id) == before


@pytest.mark.rule("TEN-1", "TEN-2", "TEN-3")
def test_a_foreign_id_in_a_body_is_answered_as_a_made_up_one(api, own, foreign, rows, account, neighbour, subtests):
    before = rows(neighbour.account.id), done(api.get("/users")), done(api.get("/sub_accounts"))
    user, environment = f"/users/{own['user_id']}", foreign["environment_id"]
    for method, path, body in (
        ("POST", "/users", {"name": "New", "email": "new@acme.example", "sub_account_ids": [environment]}),
        ("PUT", user, {"sub_account_ids": [environment]}),
        ("PUT", user, {"sub_account_ids": [own["environment_id"], environment]}),
        ("POST", "/sub_accounts", {"name": "New", "base_sub_account_id": environment}),
    ):
        with subtests.test(f"{method} {path} {sorted(body)}"):
            unknown = json.loads(json.dumps(body).replace(environment, made_up(environment)))
            theirs, nobodys = api.send(method, path, body), api.send(method, path, unknown)
            assert refusal(theirs) == (404, "not_found")
            assert same(theirs, nobodys, environment, made_up(environment))
    for name, value in (("id", foreign["user_id"]), ("account_id", neighbour.account.id)):
        with subtests.test(name):
            assert refusal(api.put(user, {name: value})) == (400, "mutability")
            assert refusal(api.post(f"{user}/force_logout", {name: value})) == (400, "invalid_value")
    assert (rows(neighbour.account.id), done(api.get("/users")), done(api.get("/sub_accounts"))) == before


@pytest.mark.rule("TEN-1", "TEN-2", "TEN-4")
def test_foreign_ids_in_a_query_are_answered_as_made_up_ones(api, own, foreign, neighbour, subtests):
    for path, name, one in (
        ("/users", "ids", foreign["user_id"]),
        ("/users", "sub_account_id", foreign["environment_id"]),
        ("/sub_accounts", "ids", foreign["environment_id"]),
        ("/sub_accounts", "cloud_names", neighbour.environment.environment.cloud_name),
    ):
        with subtests.test(f"{path} {name}"):
            theirs, nobodys = api.get(path, **{name: one}), api.get(path, **{name: made_up(one)})
            assert same(theirs, nobodys, one, made_up(one))
    whose = done(api.get("/users", account_id=neighbour.account.id))["users"]
    assert {user["account_id"] for user in whose} == {api.account_id}
    for path in (f"/users/{own['user_id']}", f"/users/{own['user_id']}/groups"):
        answer = api.get(path, user_id=foreign["user_id"], id=foreign["user_id"], account_id=neighbour.account.id)
        assert answer.data == api.get(path).data


@pytest.mark.rule("TEN-4")
def test_every_list_shows_exactly_its_own(api, foreign_api, own, foreign, account, neighbour):
    for path, noun in (("/users", "users"), ("/user_groups", "user_groups"), ("/sub_accounts", "sub_accounts")):
        mine, theirs = done(api.get(path))[noun], done(foreign_api.get(path))[noun]
        assert len(mine) == len(theirs)
        assert not {each["id"] for each in mine} & {each["id"] for each in theirs}


def test_every_call_with_an_id_is_among_those_tried(app, own):
    assert {name for rule, _ in calls(app) for name in RULE.findall(rule)} == set(own)
    assert len(calls(app)) == 22
