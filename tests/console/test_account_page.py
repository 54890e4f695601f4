"""Account: plan and seats, product environments made, changed, disabled and deleted, and the end of it all."""

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment, list_environments
from provisioning.actions.keys import find_key_caller
from provisioning.domain.errors import Refusal
from provisioning.domain.roles_legacy import Role
from tests.factories import PASSWORD, make_active, make_user


@pytest.mark.rule("ENV-1", "ENV-2", "ENV-5")
def test_a_product_environment_is_made_changed_disabled_enabled_and_deleted(as_root, caller, services, sql):
    as_root.get("/account/environments/new")
    page = as_root.submit("/account/environments/new", name="Staging", cloud_name="acme-staging")
    assert (page.path, page.notice) == ("/account", "The product environment was made.")
    (made,) = [view.environment for view in list_environments(caller, services) if view.environment.name == "Staging"]
    make_user(caller, services, "eve@acme.example", environment_ids=(made.id,))
    path = f"/account/environments/{made.id}"
    as_root.get(path)
    page = as_root.submit(path, name="Stage", cloud_name="acme-stage")
    assert (page.title, page.notice) == ("Stage", "The product environment was changed.")
    page = as_root.get(f"{path}/disable")
    assert "1 user has access to no other product environment" in page.text
    assert as_root.submit(f"{path}/disable").notice == "The product environment was disabled."
    assert as_root.submit(f"{path}/enable").notice == "The product environment was enabled."
    page = as_root.get(f"{path}/delete")
    assert "1 user has access to no other product environment" in page.text
    page = as_root.submit(f"{path}/delete")
    assert page.notice == "The product environment was deleted. Users who have access to none now: 1."
    assert len(list_environments(caller, services)) == 1


@pytest.mark.rule("ENV-1")
def test_the_last_enabled_environment_is_shown_as_what_cannot_end(as_root, account, caller, services):
    path = f"/account/environments/{account.environment.environment.id}"
    page = as_root.get(path)
    assert page.text.count("The last enabled product environment cannot be disabled or deleted.") == 2
    token = page.forms("/logout")[0].fields["csrf_token"]
    for slug in ("disable", "delete"):
        assert "cannot be disabled or deleted" in as_root.get(f"{path}/{slug}").text
        assert as_root.page.forms(f"{path}/{slug}") == []
        assert as_root.post(f"{path}/{slug}", {"csrf_token": token}).status == 409
    assert list_environments(caller, services)[0].environment.enabled


@pytest.mark.parametrize(
    ("values", "beside"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"name": "Ok", "cloud_name": "no blanks"}, "cloud_name"),
        ({"name": "Ok", "cloud_name": "PROVISIONING"}, "cloud_name"),
        ({"name": "Ok", "cloud_name": "Taken"}, "cloud_name"),
    ],
)
def test_what_is_wrong_with_an_environment_stands_beside_its_field(as_root, caller, services, values, beside):
    taken = create_environment(caller, NewEnvironment("Taken", "taken"), services).environment
    other = create_environment(caller, NewEnvironment("Other", "other"), services).environment
    for path in ("/account/environments/new", f"/account/environments/{other.id}"):
        as_root.get(path)
        page = as_root.submit(path, **values)
        assert page.status in (409, 422)
        assert list(page.errors()) == [beside]
    assert [view.environment.name for view in list_environments(caller, services)][1:] == [taken.name, other.name]


@pytest.mark.rule("ACC-3")
def test_the_root_user_cancels_the_account_after_reading_what_ends(as_root, account, caller, services, sql, dana):
    page = as_root.get("/account/cancel")
    assert "2 users are logged out now" in page.text
    assert "1 product environment can be used by nobody." in page.text
    page = as_root.submit("/account/cancel")
    assert page.path == "/login"
    assert page.notice == "The account is cancelled. Whoever runs this service can restore it for 30 days."
    assert as_root.session is None
    with pytest.raises(Refusal):
        find_key_caller(account.key.key.id, account.key.secret, None, services)
    assert sql("select count(*) from accounts where cancelled_at is not null") == [(1,)]


@pytest.mark.rule("ACC-3", "AUZ-2", "ROLE-1")
@pytest.mark.parametrize(
    ("role", "parts"),
    [
        (Role.MASTER_ADMIN, {"seats", "environments"}),
        (Role.ADMIN, {"environments"}),
        (Role.TECHNICAL_ADMIN, {"environments"}),
        (Role.BILLING, {"seats"}),
        (Role.REPORTS, None),
    ],
)
def test_each_person_sees_their_part_and_only_the_root_user_cancels(
    browser, caller, services, sql, role, parts, account
):
    make_active(services, sql, make_user(caller, services, "rae@acme.example", role))
    browser.log_in("rae@acme.example", PASSWORD)
    assert ("Account" in browser.page.tree.xpath("//nav//a/text()")) is (parts is not None)
    page = browser.get("/account")
    assert page.status == (403 if parts is None else 200)
    shown = {"seats": "of 50 users" in page.text, "environments": "Product environments" in page.text}
    assert {name for name, holds in shown.items() if holds} == (parts or set())
    token = browser.get("/profile").forms("/logout")[0].fields["csrf_token"]
    assert browser.post("/account/cancel", {"csrf_token": token}).status == 403
    environment = account.environment.environment.id
    if role not in (Role.MASTER_ADMIN, Role.ADMIN):
        for path in ("/account/environments/new", f"/account/environments/{environment}/delete"):
            assert browser.post(path, {"csrf_token": token, "name": "Mine"}).status == 403
    assert sql("select count(*) from accounts where cancelled_at is not null") == [(0,)]


@pytest.mark.rule("TEN-3")
def test_environments_of_another_account_are_not_found(as_root, neighbour):
    path = f"/account/environments/{neighbour.environment.environment.id}"
    assert as_root.get(path).status == 404
    token = as_root.get("/account").forms("/logout")[0].fields["csrf_token"]
    for each in (path, f"{path}/disable", f"{path}/enable", f"{path}/delete"):
        assert as_root.post(each, {"csrf_token": token, "name": "Ours", "cloud_name": "ours"}).status == 404
