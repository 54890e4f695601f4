"""Driver of the SCIM door: requests as an identity provider sends them, on the application's own test client."""

import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ACCOUNT = "urn:gatelodge:scim:schemas:extension:account:1.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MEDIA_TYPE = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimClient:
    """One identity provider: an application and a bearer token.

    Args:
        app: the application.
        token: bearer token; None sends no credential.
    """

    def __init__(self, app: Flask, token: str | None) -> None:
        self._client = app.test_client()
        self._token = token

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        """Send one request; `body` goes as JSON unless it is bytes. `headers` join the usual ones."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        headers |= options.pop("headers", {})
        if body is not None:
            options["data"] = body if isinstance(body, bytes) else json.dumps(body)
            options.setdefault("content_type", MEDIA_TYPE)
        return self._client.open(f"/scim/v2{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self.send("POST", path, body, **options)

    def put(self, path: str, body: Any, **options: Any) -> TestResponse:
        return self.send("PUT", path, body, **options)

    def patch(self, path: str, *operations: dict[str, Any], **options: Any) -> TestResponse:
        return self.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.send("DELETE", path, **options)

    def find(self, path: str, text: str, **parameters: str) -> TestResponse:
        """Send a list request with a filter."""
        return self.get(path, query_string={"filter": text, **parameters})

    def user(self, user_name: str, **attributes: Any) -> dict[str, Any]:
        """Make a user and return its body."""
        made = self.post("/Users", {"schemas": [CORE_USER], "userName": user_name, **attributes})
        assert made.status_code == 201, made.text
        return dict(made.get_json())

    def group(self, name: str, *member_ids: str, **attributes: Any) -> dict[str, Any]:
        """Make a group and return its body."""
        members = [{"value": member_id} for member_id in member_ids]
        made = self.post("/Groups", {"schemas": [CORE_GROUP], "displayName": name, "members": members, **attributes})
        assert made.status_code == 201, made.text
        return dict(made.get_json())


def fault(response, status: int, scim_type: str | None = None) -> dict:
    """The body of a SCIM error, which it must be."""
    body = response.get_json(force=True)
    assert response.status_code == status, response.text
    assert response.content_type == "application/scim+json"
    assert body["schemas"] == [ERROR]
    assert body["status"] == str(status)
    assert body.get("scimType") == scim_type
    assert body["detail"]
    return body
