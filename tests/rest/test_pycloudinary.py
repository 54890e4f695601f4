"""pycloudinary 1.46.3, unchanged, against the application on a real address: every call of the Provisioning API."""

from datetime import UTC, datetime
from functools import partial
from inspect import isfunction
from pathlib import Path

import cloudinary
import pytest
from cloudinary import provisioning
from cloudinary.api_client import call_account_api
from cloudinary.exceptions import AlreadyExists, AuthorizationRequired, BadRequest, NotAllowed, NotFound

from tests.factories import make_active, make_user


@pytest.fixture
def sdk(server_url, account):
    """The library, told where the server is and which account it works in, as its users tell it."""
    before = cloudinary.config().upload_prefix
    cloudinary.config(upload_prefix=server_url)
    provisioning.account_config(
        account_id=account.account.id,
        provisioning_api_key=account.key.key.id,
        provisioning_api_secret=account.key.secret,
    )
    yield provisioning
    call_account_api._http.clear()
    cloudinary.config(upload_prefix=before)
    provisioning.reset_config()


def ids(result, noun="users"):
    return [each["id"] for each in result[noun]]


@pytest.mark.rule("API-1", "ENV-1")
def test_product_environments(sdk, environment_id):
    made = sdk.create_sub_account("Shop", "acme-shop", {"team": "web", "live": True}, True, environment_id)
    assert (made["cloud_name"], made["custom_attributes"], made["enabled"]) == (
        "acme-shop", {"team": "web", "live": True}, True)  # fmt: skip
    off = sdk.create_sub_account("Shed", enabled=False)
    assert not off["enabled"]
    assert sdk.sub_account(made["id"]) == made
    assert ids(sdk.sub_accounts(), "sub_accounts") == [environment_id, made["id"], off["id"]]
    assert ids(sdk.sub_accounts(enabled=True), "sub_accounts") == [environment_id, made["id"]]
    assert ids(sdk.sub_accounts(ids=[off["id"], made["id"]]), "sub_accounts") == [made["id"], off["id"]]
    assert ids(sdk.sub_accounts(prefix="sho"), "sub_accounts") == [made["id"]]
    changed = sdk.update_sub_account(made["id"], "Store", "acme-store", {"team": "app"}, False)
    assert (changed["name"], changed["cloud_name"], changed["custom_attributes"], changed["enabled"]) == (
        "Store", "acme-store", {"team": "app"}, False)  # fmt: skip
    assert sdk.delete_sub_account(made["id"]) == {"message": "ok"}
    with pytest.raises(NotFound, match=f"Error 404 - Cannot find sub account with id {made['id']}"):
        sdk.sub_account(made["id"])


@pytest.mark.rule("API-1", "USR-1", "USR-6")
def test_users(sdk, environment_id):
    made = sdk.create_user("Dana Roe", "dana@acme.example", sdk.Role.MEDIA_LIBRARY_USER, [environment_id])
    assert (made["name"], made["pending"], made["sub_account_ids"]) == ("Dana Roe", True, environment_id)
    everywhere = sdk.create_user("Abe", "abe@acme.example", sdk.Role.ADMIN)
    assert everywhere["all_sub_accounts"]
    assert sdk.user(made["id"]) == made
    changed = sdk.update_user(made["id"], "Dana Doe", "doe@acme.example", sdk.Role.REPORTS, [environment_id])
    assert (changed["name"], changed["email"], changed["role"]) == ("Dana Doe", "doe@acme.example", "reports")
    assert sdk.update_user(made["id"], name="Dana Roe")["email"] == "doe@acme.example"
    assert sdk.delete_user(everywhere["id"]) == {"message": "ok"}
    with pytest.raises(NotFound):
        sdk.user(everywhere["id"])


def test_lists_of_users(sdk, environment_id, services, caller, sql):
    active = make_active(services, sql, make_user(caller, services)).id
    sql("update users set last_login_at = '2026-11-20 10:00:00+00' where id = %s", active)
    pending = sdk.create_user("Zed Zulu", "zed@acme.example", "reports", [environment_id])["id"]
    other = sdk.create_sub_account("Other")["id"]
    both = [active, pending]
    assert len(ids(sdk.users())) == 3
    assert ids(sdk.users(both)) == [pending, active]
    assert ids(sdk.users(both, status="active")) == [active]
    assert ids(sdk.users(both, status="pending")) == [pending]
    assert ids(sdk.users([pending], status="active")) == []
    assert ids(sdk.users(both, sub_account_id=other)) == [active]
    assert ids(sdk.users(prefix="ze")) == [pending]
    day = datetime(2026, 11, 20, 6, 35, 53, 236770, tzinfo=UTC).replace(tzinfo=None)
    assert ids(sdk.users(both, last_login=True, from_date=day, to_date=day)) == [active]
    assert ids(sdk.users(both, last_login=False, from_date=day.date(), to_date=day.date())) == [pending]
    assert ids(sdk.users(both, last_login=True)) == [active]
    with pytest.raises(NotFound, match="Error 404 - Cannot find sub account with id 9zz"):
        sdk.users(sub_account_id="9zz")


@pytest.mark.rule("GRP-1", "GRP-2")
def test_user_groups(sdk):
    user, other = (sdk.create_user(name, f"{name}@acme.example", "reports") for name in ("dana", "abe"))
    made = sdk.create_user_group("Design")
    assert sdk.user_group(made["id"]) == made
    assert sdk.user_groups() == {"user_groups": [made]}
    renamed = sdk.update_user_group(made["id"], "Print")
    assert renamed == {"id": made["id"], "name": "Print"}
    assert ids(sdk.add_user_to_group(made["id"], user["id"])) == [user["id"]]
    assert ids(sdk.add_user_to_group(made["id"], other["id"])) == [user["id"], other["id"]]
    assert ids(sdk.user_group_users(made["id"])) == [user["id"], other["id"]]
    assert sdk.user_in_user_groups(user["id"]) == {"groups": [renamed]}
    assert ids(sdk.remove_user_from_group(made["id"], user["id"])) == [other["id"]]
    assert sdk.delete_user_group(made["id"])["ok"] is True
    with pytest.raises(NotFound):
        sdk.user_group(made["id"])


@pytest.mark.rule("KEY-2", "KEY-5")
def test_access_keys(sdk, environment_id):
    first, second = sdk.generate_access_key(environment_id), sdk.generate_access_key(environment_id, "deploy", False)
    assert first["enabled"]
    assert (second["name"], second["enabled"]) == ("deploy", False)
    listed = sdk.access_keys(environment_id, page_size=2, page=1, sort_by="name", sort_order="asc")
    assert (len(listed["access_keys"]), listed["total"]) == (2, 3)
    changed = sdk.update_access_key(environment_id, second["api_key"], "web", True, "webhooks")
    assert (changed["name"], changed["enabled"], changed["dedicated_for"]) == ("web", True, ["webhooks"])
    assert sdk.delete_access_key(environment_id, name="web") == {"message": "ok"}
    assert sdk.delete_access_key(environment_id, int(first["api_key"])) == {"message": "ok"}
    assert sdk.access_keys(environment_id)["total"] == 1
    with pytest.raises(BadRequest):
        sdk.delete_access_key(environment_id)


@pytest.mark.rule("KEY-1", "API-1")
def test_refusals_are_the_librarys_own_exceptions(sdk, environment_id, neighbour):
    sdk.create_user("Dana", "dana@acme.example", "reports")
    root = sdk.users(prefix="root")["users"][0]
    with pytest.raises(AuthorizationRequired, match="Error 401 - Invalid credentials"):
        sdk.users(provisioning_api_secret="wrong")
    with pytest.raises(AlreadyExists):
        sdk.create_user("Dana", "dana@acme.example", "reports")
    with pytest.raises(BadRequest, match="role is none of"):
        sdk.create_user("Dana", "d@acme.example", "king")
    with pytest.raises(BadRequest, match="name is missing"):
        sdk.create_user("", "d@acme.example", "reports")
    with pytest.raises(BadRequest, match="all_sub_accounts"):
        sdk.update_user(sdk.users(prefix="dana")["users"][0]["id"], sub_account_ids=[])
    with pytest.raises(NotAllowed, match="The root user is protected"):
        sdk.delete_user(root["id"])
    with pytest.raises(NotAllowed, match="last enabled"):
        sdk.delete_sub_account(environment_id)
    with pytest.raises(NotFound, match="Account not found"):
        sdk.users(account_id=neighbour.account.id)


@pytest.mark.rule("ACC-2")
def test_nobody_makes_an_account_by_the_public_calls(sdk):
    for call in (partial(sdk.create_agent_account, "a@acme.example", "framework", "model", "goal"), sdk.create_cloud):
        with pytest.raises(NotAllowed, match="Error 403 - Accounts are made by the operator"):
            call()


def test_every_call_of_this_client_is_tried_here():
    module = provisioning.account
    functions = [name for name, each in vars(module).items() if isfunction(each) and each.__module__ == module.__name__]
    calls = {name for name in functions if not name.startswith("_")}
    assert {name for name in calls if f"sdk.{name}" not in Path(__file__).read_text()} == set()


def test_the_request_id_is_read(sdk):
    assert len(sdk.users().request_id) == 36
