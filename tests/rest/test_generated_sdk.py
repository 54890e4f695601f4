"""cloudinary-account-provisioning 0.1.3, unchanged, against the application on a real address."""

from datetime import date
from inspect import isfunction
from pathlib import Path

import pytest
from cloudinary_account_provisioning import CldProvisioning, models
from cloudinary_account_provisioning.accesskeys import AccessKeys
from cloudinary_account_provisioning.billingusage import BillingUsage
from cloudinary_account_provisioning.productenvironments import ProductEnvironments
from cloudinary_account_provisioning.usergroups import UserGroups
from cloudinary_account_provisioning.users import Users

from tests.factories import make_active, make_user


def connected(server_url, account, secret=None, account_id=None):
    return CldProvisioning(
        server_url=server_url,
        account_id=account_id or account.account.id,
        security=models.Security(
            provisioning_api_key=account.key.key.id, provisioning_api_secret=secret or account.key.secret
        ),
    )


@pytest.fixture
def sdk(server_url, account):
    with connected(server_url, account) as made:
        yield made


def ids(found):
    return [each.id for each in found]


@pytest.mark.rule("API-1", "ENV-1")
def test_product_environments(sdk, environment_id):
    calls = sdk.product_environments
    made = calls.create(request={"name": "Shop", "cloud_name": "c-shop", "base_sub_account_id": environment_id})
    assert (made.name, made.cloud_name, made.enabled, len(made.api_access_keys)) == ("Shop", "c-shop", True, 1)
    assert calls.get(sub_account_id=made.id) == made
    assert ids(calls.list().sub_accounts) == [environment_id, made.id]
    assert ids(calls.list(ids=[made.id, environment_id]).sub_accounts) == [environment_id, made.id]
    assert ids(calls.list(cloud_names=["C-SHOP", "x"]).sub_accounts) == [made.id]
    assert ids(calls.list(prefix="SH", enabled=True).sub_accounts) == [made.id]
    changed = calls.update(
        sub_account_id=made.id,
        product_environment_update_request={"name": "Store", "enabled": False, "cloud_name": "c-store"},
    )
    assert (changed.name, changed.cloud_name, changed.enabled) == ("Store", "c-store", False)
    assert ids(calls.list(enabled=False).sub_accounts) == [made.id]
    assert calls.delete(sub_account_id=made.id).message == "ok"


def test_custom_attributes_that_this_client_empties_are_none(sdk, api):
    made = sdk.product_environments.create(request={"name": "Shop", "custom_attributes": {"a": "b"}})
    assert "custom_attributes" not in api.get(f"/sub_accounts/{made.id}").get_json()


@pytest.mark.rule("API-1", "USR-5")
def test_users(sdk, environment_id):
    made = sdk.users.create(
        request={"name": "Dana Roe", "email": "dana@acme.example", "role": "reports", "enabled": False,
                 "sub_account_ids": [environment_id]}
    )  # fmt: skip
    assert (made.first_name, made.last_name, made.enabled, made.status) == ("Dana", "Roe", False, "disabled")
    assert (made.root, made.group_count, made.sub_account_count, made.all_sub_accounts) == (False, 0, 1, False)
    assert sdk.users.get(user_id=made.id) == made
    changed = sdk.users.update(user_id=made.id, user_request={"name": "Dana Doe", "enabled": True, "role": "admin"})
    assert (changed.name, changed.enabled, changed.role) == ("Dana Doe", True, "admin")
    (summary,) = sdk.users.list_sub_accounts(user_id=made.id).sub_accounts
    assert (summary.id, summary.enabled) == (environment_id, True)
    assert sdk.users.delete(user_id=made.id).message == "ok"


def test_lists_of_users(sdk, environment_id, services, caller, sql):
    active = make_active(services, sql, make_user(caller, services)).id
    sql("update users set last_login_at = '2026-11-20 10:00:00+00' where id = %s", active)
    pending = sdk.users.create(request={"name": "Zed", "email": "zed@acme.example", "role": "reports"}).id

    def found(**request):
        return ids(sdk.users.list(request=request).users)

    assert len(found()) == 3
    assert found(ids=[active, pending]) == [pending, active]
    assert found(emails=["zed@acme.example"]) == [pending]
    assert found(pending=True) == [pending]
    assert found(prefix="Z") == [pending]
    assert found(sub_account_id=environment_id, pending=True) == [pending]
    day = date(2026, 11, 20)
    assert found(last_login=True, from_=day, to=day) == [active]
    assert pending in found(last_login=True, from_=day, to=day, union_type="exclude")
    assert found(sort_by="name", sort_order="desc", page=1, page_size=1) == [pending]
    assert found(sort_by="activity", page=1, page_size=1) == [active]
    assert found(page=4, page_size=1) == []


@pytest.mark.rule("GRP-1", "GRP-2")
def test_user_groups(sdk):
    user = sdk.users.create(request={"name": "Dana Roe", "email": "dana@acme.example"})
    made = sdk.user_groups.create(request={"name": "Design", "extended_details": True})
    assert (made.users, made.created_at == made.updated_at) == ([], True)
    added = sdk.user_groups.add_user(group_id=made.id, user_id=user.id)
    assert (added.id, added.name, added.email) == (user.id, "Dana Roe", "dana@acme.example")
    assert ids(sdk.user_groups.get(group_id=made.id, extended_details=True).users) == [user.id]
    assert sdk.user_groups.get(group_id=made.id).users is None
    assert ids(sdk.user_groups.list(extended_details=True).user_groups[0].users) == [user.id]
    renamed = sdk.user_groups.update(group_id=made.id, user_group_request={"name": "Print"})
    assert renamed.name == "Print"
    assert ids(sdk.user_groups.list_users(group_id=made.id).users) == [user.id]
    assert ids(sdk.users.get_groups(user_id=user.id).groups) == [made.id]
    assert sdk.user_groups.remove_user(group_id=made.id, user_id=user.id).users == []
    assert sdk.user_groups.delete(group_id=made.id).message == "ok"


@pytest.mark.rule("KEY-2", "KEY-5")
def test_access_keys(sdk, environment_id):
    where = {"sub_account_id": environment_id}
    made = sdk.access_keys.generate(**where, access_key_request={"name": "deploy", "enabled": False})
    assert (made.name, made.enabled, len(made.api_key)) == ("deploy", False, 15)
    changed = sdk.access_keys.update(
        **where,
        key=made.api_key,
        access_key_update_request={"name": "web", "enabled": True, "dedicated_for": "webhooks"},
    )
    assert (changed.name, changed.enabled, changed.api_secret) == ("web", True, made.api_secret)
    listed = sdk.access_keys.list(request={**where, "sort_by": "name", "sort_order": "asc", "page": 1, "page_size": 1})
    assert ([key.name for key in listed.access_keys], listed.total) == (["Root"], 2)
    assert sdk.access_keys.delete_by_name(**where, name="web").message == "ok"
    other = sdk.access_keys.generate(**where, access_key_request={})
    assert sdk.access_keys.delete(**where, key=other.api_key).message == "ok"
    assert sdk.access_keys.list(request=where).total == 1


@pytest.mark.rule("SEAT-1")
def test_billing_usage(sdk, environment_id):
    (plan,) = sdk.billing_usage.get(include_prodenv_breakdown=True)
    (metric,) = plan.metric_usage
    (cycle,) = metric.cycles
    assert (plan.plan_name, metric.metric, metric.limit, cycle.usage) == ("enterprise", "seats", 50, 1)
    assert (cycle.from_day, cycle.to_day) == (date(2026, 11, 23), date(2027, 11, 22))
    assert len(cycle.product_environment_breakdown) == 1
    assert sdk.billing_usage.get(year=2020) == []


@pytest.mark.parametrize("kind", [ProductEnvironments, AccessKeys, Users, UserGroups, BillingUsage])
def test_every_account_call_of_this_client_is_tried_here(kind):
    offered = {name for name, each in vars(kind).items() if isfunction(each) and not name.endswith("_async")}
    assert {name for name in offered if f".{name}(" not in Path(__file__).read_text()} == set()


@pytest.mark.rule("KEY-1", "API-1")
def test_refusals_are_the_clients_own_errors(sdk, server_url, account, neighbour):
    with pytest.raises(models.ErrorResponse) as unknown:
        sdk.users.get(user_id="9zz")
    assert (unknown.value.status_code, unknown.value.data.error.message) == (404, "User not found")
    assert unknown.value.headers["gatelodge-error"] == "not_found"
    with pytest.raises(models.ErrorResponse) as missing:
        sdk.users.list(request={"sub_account_id": "9zz"})
    assert missing.value.data.error.message == "Cannot find sub account with id 9zz"
    with connected(server_url, account, secret="wrong") as stranger, pytest.raises(models.ErrorResponse) as wrong:
        stranger.users.list()
    assert (wrong.value.status_code, str(wrong.value)) == (401, "Invalid credentials")
    elsewhere = connected(server_url, account, account_id=neighbour.account.id)
    with elsewhere as other, pytest.raises(models.ErrorResponse) as foreign:
        other.users.list()
    assert (foreign.value.status_code, str(foreign.value)) == (404, "Account not found")
    taken = {"name": "Dana", "email": "dana@acme.example"}
    sdk.users.create(request=taken)
    with pytest.raises(models.CloudinaryError) as again:
        sdk.users.create(request=taken)
    assert again.value.status_code == 409
    with pytest.raises(models.CloudinaryError) as invalid:
        sdk.users.create(request={"name": "Dana", "email": "dana"})
    assert invalid.value.status_code == 400
    assert "email is not an email address." in invalid.value.body
    (root,) = (user for user in sdk.users.list().users if user.root)
    with pytest.raises(models.CloudinaryError) as protected:
        sdk.users.delete(user_id=root.id)
    assert protected.value.status_code == 403
