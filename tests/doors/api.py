"""Driver of the Provisioning API: requests as a script sends them, each answer held to the published document."""

import base64
import json
import re
from copy import deepcopy
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from provisioning.actions.keys import MadeKey

ACCOUNTS = "/v1_1/provisioning/accounts"
RULE = re.compile(r"<(?:\w+:)?(\w+)>")
FORMATS = Draft202012Validator.FORMAT_CHECKER


def basic(key: str, secret: str) -> dict[str, str]:
    """The header of Basic credentials."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


class Contract:
    """The OpenAPI document of an application, strict: an answer may hold nothing that it does not name."""

    def __init__(self, app: Flask) -> None:
        self.document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
        self._schemas = {name: _closed(each) for name, each in self.document["components"]["schemas"].items()}
        self._rules = app.url_map.bind("")

    def check(self, method: str, path: str, answer: TestResponse) -> None:
        """Fail where an answer is not what the document says."""
        assert answer.content_type.startswith("application/json"), answer.content_type
        if answer.status_code != 200:
            self._require("ErrorAnswer", answer.get_json())
            if answer.status_code < 500:
                assert answer.headers["Gatelodge-Error"] == answer.get_json()["error"]["code"]
            return
        rule, _ = self._rules.match(path, method, return_rule=True)
        operation = self.document["paths"][RULE.sub(r"{\1}", rule.rule)][method.lower()]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        several = schema.get("type") == "array"
        name = (schema["items"] if several else schema)["$ref"].rpartition("/")[2]
        for body in answer.get_json() if several else [answer.get_json()]:
            self._require(name, body)

    def _require(self, name: str, body: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": self._schemas}}
        Draft202012Validator(schema, format_checker=FORMATS).validate(body)


def _closed(schema: Any) -> Any:
    """A schema that allows no members beyond those it names."""
    made = deepcopy(schema)
    if "properties" in made:
        made["additionalProperties"] = False
    return made


class ApiClient:
    """One script: an application, an account and a key.

    Args:
        app: the application.
        account_id: the account in the path.
        made: the key with its secret; None sends no credential.
    """

    def __init__(self, app: Flask, account_id: str, made: MadeKey | None) -> None:
        self._client = app.test_client()
        self.account_id = account_id
        self.contract = Contract(app)
        self._headers = basic(made.key.id, made.secret) if made else {}

    def raw(self, method: str, path: str, **options: Any) -> TestResponse:
        """Send one request to any address as it is and hold its answer to the document."""
        headers = self._headers | options.pop("headers", {})
        answer = self._client.open(path, method=method, headers=headers, **options)
        self.contract.check(method, path.partition("?")[0], answer)
        return answer

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send one request below the account; a body goes as JSON unless it is bytes."""
        if body is not None:
            options["data"] = body if isinstance(body, bytes) else json.dumps(body)
            options.setdefault("content_type", "application/json")
        return self.raw(method, f"{ACCOUNTS}/{self.account_id}{path}", **options)

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.send("GET", path, query_string=query or None)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.send("POST", path, body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.send("PUT", path, body, **options)

    def delete(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self.send("DELETE", path, body, **options)

    def user(self, email: str, name: str = "Dana Roe", **members: Any) -> dict[str, Any]:
        """Make a user and return its record."""
        return done(self.post("/users", {"name": name, "email": email, **members}))

    def group(self, name: str, *user_ids: str) -> dict[str, Any]:
        """Make a group with members and return its record."""
        made = done(self.post("/user_groups", {"name": name}))
        for user_id in user_ids:
            done(self.post(f"/user_groups/{made['id']}/users/{user_id}"))
        return made

    def environment(self, name: str, **members: Any) -> dict[str, Any]:
        """Make a product environment and return its record."""
        return done(self.post("/sub_accounts", {"name": name, **members}))


def done(answer: TestResponse) -> dict[str, Any]:
    """The body of a success."""
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.get_json()["error"]["code"]
