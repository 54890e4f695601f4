"""Requests as cloudinary_npm 2.11.0 and cloudinary_php put them on the wire, and what they compare of answers."""

import json
from urllib.parse import urlencode

import pytest

from tests.doors.api import done

FORM = "application/x-www-form-urlencoded"
KEY_MEMBERS = ["name", "api_key", "api_secret", "created_at", "updated_at", "enabled", "root"]


@pytest.fixture
def node(api):
    """cloudinary_npm: a form's media type on everything that is not JSON, an empty value for each argument left out."""

    def call(method, path, params=None, *, is_json=False, **query):
        body = json.dumps(params) if is_json else urlencode(params or {})
        return done(api.send(
            method, path, body.encode(), content_type="application/json" if is_json else FORM, query_string=query
        ))  # fmt: skip

    return call


@pytest.fixture
def php(api):
    """cloudinary_php: JSON with null for each argument left out, empty objects as [], and empty forms on DELETE."""

    def call(method, path, params=None, **query):
        if method == "DELETE":
            return done(api.send(method, path, b"", content_type=FORM))
        body = json.dumps(params).encode() if params is not None else None
        return done(api.send(method, path, body, query_string=query or None))

    return call


@pytest.mark.rule("API-1", "ENV-1", "KEY-2")
def test_node_on_product_environments_and_their_keys(node, environment_id):
    made = node("POST", "/sub_accounts", {"cloud_name": "n-shop", "name": "Shop", "enabled": True}, is_json=True)
    path = f"/sub_accounts/{made['id']}"
    assert node("GET", path) == made
    listed = node("GET", "/sub_accounts", enabled="", prefix="")
    assert [each["id"] for each in listed["sub_accounts"]] == [environment_id, made["id"]]
    some = node("GET", "/sub_accounts", enabled="true", ids=[made["id"]], prefix="x")
    assert some["sub_accounts"] == [made]
    assert node("PUT", path, {"cloud_name": "n-store", "name": "Store"}, is_json=True)["cloud_name"] == "n-store"
    key = node("POST", f"{path}/access_keys", {"name": "node"}, is_json=True)
    assert list(key) == KEY_MEMBERS
    keys = node("GET", f"{path}/access_keys", page_size="1", page="2", sort_by="name", sort_order="asc")
    assert ([each["name"] for each in keys["access_keys"]], keys["total"]) == (["node"], 2)
    dedicated = {"name": "web", "enabled": False, "dedicated_for": "webhooks"}
    changed = node("PUT", f"{path}/access_keys/{key['api_key']}", dedicated, is_json=True)
    assert list(changed) == [*KEY_MEMBERS[:-1], "dedicated_for", "root"]
    assert node("DELETE", f"{path}/access_keys", {"name": "web"}) == {"message": "ok"}
    assert node("DELETE", path) == {"message": "ok"}


@pytest.mark.rule("API-1", "USR-1", "GRP-1")
def test_node_on_users_and_groups(node, environment_id):
    params = {"name": "Dana Roe", "email": "dana@acme.example", "role": "billing", "sub_account_ids": []}
    made = node("POST", "/users", params, is_json=True)
    assert made["pending"]
    assert made["all_sub_accounts"]
    one = f"/users/{made['id']}"
    empty = dict.fromkeys(("pending", "prefix", "last_login", "from", "to"), "")
    found = node("GET", "/users", **{**empty, "ids": [made["id"]], "sub_account_id": environment_id, "pending": "true"})
    assert found["users"] == [made]
    assert node("GET", "/users", ids=[made["id"]], last_login="true", **{"from": "", "to": ""})["users"] == []
    assert node("GET", "/users", ids=[made["id"]], last_login="false")["users"] == [made]
    assert node("PUT", one, {"name": "Dana Doe"}, is_json=True)["name"] == "Dana Doe"
    group = node("POST", "/user_groups", {"name": "Design"}, is_json=True)
    where = f"/user_groups/{group['id']}"
    assert node("PUT", where, {"name": "Print + Web"}) == {"id": group["id"], "name": "Print + Web"}
    assert [each["id"] for each in node("POST", f"{where}/users/{made['id']}")["users"]] == [made["id"]]
    assert list(node("GET", f"{where}/users")["users"][0]) == ["id", "name", "email"]
    assert node("GET", f"{one}/groups")["groups"] == [{"id": group["id"], "name": "Print + Web"}]
    assert node("DELETE", f"{where}/users/{made['id']}") == {"users": []}
    assert node("DELETE", where)["ok"] is True
    assert node("DELETE", one) == {"message": "ok"}


@pytest.mark.rule("API-1", "ENV-1")
def test_php_on_product_environments(php, environment_id):
    names = ("name", "cloud_name", "custom_attributes", "enabled", "base_sub_account_id")
    made = php("POST", "/sub_accounts", dict.fromkeys(names) | {"name": "Shop", "custom_attributes": {"a": "b"}})
    assert (made["custom_attributes"], made["enabled"]) == ({"a": "b"}, True)
    path = f"/sub_accounts/{made['id']}"
    copied = php("POST", "/sub_accounts", dict.fromkeys(names) | {"name": "Copy", "base_sub_account_id": made["id"]})
    assert "custom_attributes" not in copied
    changed = php("PUT", path, dict.fromkeys(names[:4]) | {"cloud_name": "p-store", "enabled": False})
    assert changed == made | {"cloud_name": "p-store", "enabled": False, "updated_at": changed["updated_at"]}
    replaced = php("PUT", path, dict.fromkeys(names[:4]) | {"custom_attributes": {"c": "d"}})
    assert replaced["custom_attributes"] == {"c": "d"}
    assert php("GET", "/sub_accounts", enabled="0")["sub_accounts"] == [replaced]
    some = php("GET", "/sub_accounts", ids=f"{made['id']},{environment_id}")
    assert [each["id"] for each in some["sub_accounts"]] == [environment_id, made["id"]]
    assert php("POST", f"{path}/access_keys", [])["enabled"]
    assert php("DELETE", path) == {"message": "ok"}


@pytest.mark.rule("API-1", "USR-1", "GRP-2")
def test_php_on_users_and_groups(php, environment_id):
    params = {"name": "Dana Roe", "email": "dana@acme.example", "role": "billing", "sub_account_ids": [environment_id]}
    made = php("POST", "/users", params)
    assert (made["sub_account_ids"], made["groups"]) == (environment_id, [])
    one = f"/users/{made['id']}"
    assert php("PUT", one, params | {"name": "Dana Doe"})["name"] == "Dana Doe"
    assert php("PUT", one, dict.fromkeys(params) | {"role": "reports"})["role"] == "reports"
    assert php("GET", "/users", ids=made["id"], prefix="dana")["users"] == [php("GET", one)]
    group = php("POST", "/user_groups", {"name": "Design"})
    where = f"/user_groups/{group['id']}/users/{made['id']}"
    assert [each["id"] for each in php("POST", where)["users"]] == [made["id"]]
    assert php("GET", one)["groups"] == [group]
    assert php("DELETE", where) == {"users": []}
    assert php("DELETE", one) == {"message": "ok"}
