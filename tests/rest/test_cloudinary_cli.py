"""cloudinary-cli 1.17.0, unchanged, run as a program against the application on a real address: every call it has."""

import json
import os
import subprocess
import sys
from inspect import isfunction
from pathlib import Path

import pytest
from cloudinary import provisioning

HOME = provisioning.account.__name__
CLD = Path(sys.executable).with_name("cld")


@pytest.fixture
def cld(server_url, account, tmp_path):
    """Run `cld provisioning …`; its exit status, what it printed as JSON, and what it said on stderr."""
    key = account.key
    environment = {
        "PATH": os.environ["PATH"],
        "CLOUDINARY_HOME": str(tmp_path / "cld"),
        "CLOUDINARY_URL": f"cloudinary://k:s@any?upload_prefix={server_url}",
        "CLOUDINARY_ACCOUNT_URL": f"account://{key.key.id}:{key.secret}@{account.account.id.upper()}",
    }

    def run(*arguments):
        command = [CLD, "provisioning", *map(str, arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return run


def shown(done):
    """What a run printed."""
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


@pytest.mark.rule("API-1")
def test_a_user_is_made_and_a_refusal_is_an_exit_status(cld, environment_id):
    made = shown(cld("create_user", "Dana Roe", "dana@acme.example", "reports", environment_id))
    assert (made["name"], made["sub_account_ids"]) == ("Dana Roe", environment_id)
    assert shown(cld("users", "-o", "status", "pending"))["users"] == [made]
    again = cld("create_user", "Dana Roe", "dana@acme.example", "reports")
    assert again.returncode == 1
    assert "A user with the email 'dana@acme.example' exists" in again.stdout + again.stderr


@pytest.mark.rule("API-1", "ENV-1", "USR-1", "GRP-1", "KEY-2")
def test_every_call_that_the_program_has(cld, environment_id, tmp_path):
    tried = set()

    def call(name, *arguments):
        tried.add(name)
        return shown(cld(name, *arguments))

    shop = call("create_sub_account", "Shop", "acme-shop", '{"team": "web", "live": true}', "-O", "enabled", "true")
    assert (shop["cloud_name"], shop["custom_attributes"]) == ("acme-shop", {"team": "web", "live": True})
    one = shop["id"]
    assert call("sub_account", one) == shop
    assert [each["id"] for each in call("sub_accounts", "-o", "prefix", "sho")["sub_accounts"]] == [one]
    assert len(call("sub_accounts", "-O", "ids", json.dumps([one, environment_id]))["sub_accounts"]) == 2
    assert call("update_sub_account", one, "Store", "-O", "enabled", "false")["enabled"] is False
    key = call("generate_access_key", one, "deploy", "-O", "enabled", "false")
    assert (key["name"], key["enabled"]) == ("deploy", False)
    assert call("access_keys", one, "-O", "page_size", "1", "-o", "sort_by", "name")["total"] == 2
    changed = call("update_access_key", one, key["api_key"], "web", "true", "webhooks")
    assert (changed["name"], changed["dedicated_for"]) == ("web", ["webhooks"])
    assert call("delete_access_key", one, "-o", "name", "web") == {"message": "ok"}
    user = call("create_user", "Dana Roe", "dana@acme.example", "media_library_user", one)
    assert call("user", user["id"]) == user
    assert call("users", "-O", "user_ids", json.dumps([user["id"]]))["users"] == [user]
    assert call("update_user", user["id"], "Dana Doe", "doe@acme.example", "reports", one)["role"] == "reports"
    group = call("create_user_group", "Design")
    assert call("user_group", group["id"]) == group
    assert call("user_groups") == {"user_groups": [group]}
    assert call("update_user_group", group["id"], "Print")["name"] == "Print"
    assert [each["id"] for each in call("add_user_to_group", group["id"], user["id"])["users"]] == [user["id"]]
    assert [each["id"] for each in call("user_group_users", group["id"])["users"]] == [user["id"]]
    assert [each["id"] for each in call("user_in_user_groups", user["id"])["groups"]] == [group["id"]]
    assert call("remove_user_from_group", group["id"], user["id"]) == {"users": []}
    assert call("delete_user_group", group["id"])["ok"] is True
    assert call("delete_user", user["id"]) == {"message": "ok"}
    assert call("delete_sub_account", one) == {"message": "ok"}
    gone = cld("sub_account", one)
    assert gone.returncode == 1
    assert f"Cannot find sub account with id {one}" in gone.stdout + gone.stderr
    for closed in (cld("create_cloud"), cld("create_agent_account", "a@acme.example", "x", "y", "z")):
        assert closed.returncode == 1
        assert "Accounts are made by the operator" in closed.stdout + closed.stderr
    saved = tmp_path / "users.json"
    assert cld("users", "--save", saved).returncode == 0
    assert len(json.loads(saved.read_text())["users"]) == 1
    offered = {
        name for name, each in vars(provisioning.account).items() if isfunction(each) and each.__module__ == HOME
    }
    assert offered - tried == {"create_agent_account", "create_cloud"}
