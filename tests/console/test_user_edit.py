"""Changing a user: every field, what is refused and where it stands, groups, and warnings about look-alikes."""

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.groups import NewGroup, create_group, groups_of_user
from provisioning.actions.sessions import force_logout
from provisioning.actions.user_groups import change_groups_of
from provisioning.actions.users import delete_user, edit_user, show_user
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import UserChanges
from tests.factories import PASSWORD, key_caller, make_active, make_user


@pytest.mark.rule("USR-4", "ENV-2", "ENV-3", "ROLE-2")
def test_names_role_environments_and_permissions_are_changed_at_once(as_root, caller, services, dana):
    staging = create_environment(caller, NewEnvironment("Staging"), services).environment
    path = f"/users/{dana.id}/edit"
    as_root.get(path)
    page = as_root.submit(
        path,
        first_name="Dani",
        display_name="D. Roe",
        access="chosen",
        environment_ids=[staging.id],
        media_library=["moderate_asset", "create_collection"],
    )
    assert (page.path, page.notice) == (f"/users/{dana.id}", "D. Roe was changed.")
    user = show_user(caller, dana.id, services).user
    assert (user.first_name, user.name, user.environment_ids) == ("Dani", "D. Roe", (staging.id,))
    assert user.media_library == {"moderate_asset", "create_collection"}
    as_root.get(path)
    as_root.submit(path, role="reports")
    user = show_user(caller, dana.id, services).user
    assert (user.role, user.media_library) == (Role.REPORTS, frozenset())
    as_root.get(path)
    page = as_root.submit(path, role="admin", media_library=["moderate_asset"])
    assert (page.status, list(page.errors())) == (422, ["media_library"])
    as_root.submit(path, role="master_admin", media_library=None)
    user = show_user(caller, dana.id, services).user
    assert (user.role, user.all_environments) == (Role.MASTER_ADMIN, True)


@pytest.mark.rule("USR-4")
def test_a_new_email_waits_for_its_confirmation_and_the_page_shows_both(as_root, caller, services, dana):
    path = f"/users/{dana.id}/edit"
    as_root.get(path)
    page = as_root.submit(path, email="d.roe@acme.example")
    assert page.notice == "Dana Roe was changed. The new email holds once the link in the mail to it was used."
    assert "The new email d.roe@acme.example waits to be confirmed." in page.text
    assert show_user(caller, dana.id, services).user.email == "dana@acme.example"
    pending = make_user(caller, services, "eve@acme.example")
    as_root.get(f"/users/{pending.id}/edit")
    assert as_root.submit(f"/users/{pending.id}/edit", email="eva@acme.example").notice == "Dana Roe was changed."


@pytest.mark.parametrize(
    ("values", "status", "beside"),
    [
        ({"email": "nonsense"}, 422, "email"),
        ({"email": ""}, 422, "email"),
        ({"email": "ROOT@acme.example"}, 409, "email"),
        ({"first_name": "x" * 300}, 422, "first_name"),
        ({"last_name": "a\0b"}, 422, "last_name"),
        ({"role": "emperor"}, 422, "role"),
        ({"access": "chosen", "environment_ids": ["nowhere"]}, 422, "environment_ids"),
        ({"media_library": ["fly"]}, 422, "media_library"),
    ],
)
def test_what_is_refused_stands_beside_its_field_and_nothing_changes(
    as_root, caller, services, dana, values, status, beside
):
    before = show_user(caller, dana.id, services).user
    path = f"/users/{dana.id}/edit"
    as_root.get(path)
    page = as_root.submit(path, **values)
    assert (page.status, list(page.errors())) == (status, [beside])
    assert show_user(caller, dana.id, services).user == before


@pytest.mark.rule("USR-4")
def test_a_form_that_is_older_than_the_user_is_refused(as_root, caller, services, dana):
    path = f"/users/{dana.id}/edit"
    as_root.get(path)
    edit_user(caller, dana.id, lambda _: UserChanges(last_name="Doe"), services)
    page = as_root.submit(path, first_name="Dani")
    assert (page.status, page.code) == (409, "stale_version")
    assert show_user(caller, dana.id, services).user.first_name == "Dana"


@pytest.mark.rule("GRP-1", "GRP-2")
def test_groups_of_a_user_are_ticked(as_root, caller, services, dana, neighbour):
    design, press = (create_group(caller, NewGroup(name=name), services).group for name in ("Design", "Press"))
    theirs = create_group(key_caller(neighbour), NewGroup(name="Theirs"), services).group
    path = f"/users/{dana.id}/groups"
    as_root.get(path)
    page = as_root.submit(path, group_ids=[design.id, press.id])
    assert page.notice == "The groups were changed. Dana Roe is in 2 now."
    as_root.get(path)
    as_root.submit(path, group_ids=[press.id])
    assert [group.name for group in groups_of_user(caller, dana.id, services)] == ["Press"]
    as_root.get(path)
    assert as_root.submit(path, group_ids=[theirs.id, design.id]).status == 404
    assert [group.name for group in groups_of_user(caller, dana.id, services)] == ["Press"], "all of them or none"
    assert as_root.get(path).status == 200
    assert as_root.submit(path, group_ids=["a\0b"]).status == 422


@pytest.mark.rule("GRP-1")
def test_a_group_that_came_or_went_while_the_form_was_open_stays_as_it_is(as_root, caller, services, dana):
    names = ("Design", "Press", "Sales", "Law")
    design, press, sales, law = (create_group(caller, NewGroup(name), services).group for name in names)
    change_groups_of(caller, dana.id, {design.id, press.id}, (), services)
    path = f"/users/{dana.id}/groups"
    as_root.get(path)
    change_groups_of(caller, dana.id, {sales.id}, {press.id}, services)
    page = as_root.submit(path, group_ids=[press.id, law.id])
    assert page.notice == "The groups were changed. Dana Roe is in 2 now."
    assert {group.name for group in groups_of_user(caller, dana.id, services)} == {"Sales", "Law"}


@pytest.mark.rule("ROOT-7", "ROOT-3", "USR-3", "AUZ-2")
def test_who_may_not_change_somebody_is_told_why(as_root, second_browser, caller, services, sql, account, dana):
    root_id = account.root.id
    page = as_root.get(f"/users/{root_id}/edit")
    assert page.status == 200
    assert not page.tree.xpath("//select[@name='role'] | //input[@name='environment_ids']")
    page = as_root.submit(f"/users/{root_id}/edit", first_name="Rea")
    assert page.path == f"/users/{root_id}"
    make_active(services, sql, make_user(caller, services, "ada@acme.example", Role.ADMIN))
    second_browser.log_in("ada@acme.example", PASSWORD)
    page = second_browser.get(f"/users/{root_id}/edit")
    assert page.status == 403
    token = second_browser.get(f"/users/{dana.id}/edit").forms("/logout")[0].fields["csrf_token"]
    version = show_user(caller, root_id, services).user.version
    values = {"csrf_token": token, "version": version, "first_name": "Mine", "email": "root@acme.example"}
    assert second_browser.post(f"/users/{root_id}/edit", values).status == 403
    page = second_browser.get(f"/users/{dana.id}/edit")
    assert page.tree.xpath("//select[@name='role']/option/@value").count("master_admin") == 0
    assert second_browser.submit(f"/users/{dana.id}/edit", role="master_admin").status == 403
    assert show_user(caller, dana.id, services).user.role is Role.MEDIA_LIBRARY_USER


@pytest.mark.rule("USR-6", "TEN-3")
def test_deleted_and_foreign_users_cannot_be_changed(as_root, caller, services, neighbour, dana):
    foreign = make_user(key_caller(neighbour), services, "foreign@else.example")
    token = as_root.get(f"/users/{dana.id}").forms("/logout")[0].fields["csrf_token"]
    delete_user(caller, dana.id, services)
    for user, status in ((dana, 409), (foreign, 404)):
        for slug in ("edit", "groups"):
            assert as_root.get(f"/users/{user.id}/{slug}").status == status
            assert as_root.post(f"/users/{user.id}/{slug}", {"csrf_token": token}).status == status
    page = as_root.get(f"/users/{dana.id}")
    assert not [href for href in page.tree.xpath("//main//a/@href") if href.endswith(("/edit", "/groups"))]


@pytest.mark.rule("IDN-7")
def test_who_can_be_taken_for_an_administrator_is_marked_when_added_and_on_the_page(as_root, caller, services):
    as_root.get("/users/invite")
    page = as_root.submit("/users/invite", email=["r00t@acme.example"], first_name=["Rооt"], last_name=["User"])
    assert page.notice == "Invited: 1. Look again: one of them can be taken for an administrator by name or email."
    path = page.row_of("r00t@acme.example").xpath(".//th//a/@href")[0]
    page = as_root.get(path)
    assert "can be taken for the administrator Root User (root@acme.example)" in page.text
    assert [each.tag for each in page.tree.xpath("//h1/*")][:1] == ["bdi"]


@pytest.mark.rule("OUT-2", "SES-7")
def test_ended_access_stands_on_the_page_with_its_receipt(as_root, as_dana, caller, services, dana):
    force_logout(caller, dana.id, services)
    page = as_root.get(f"/users/{dana.id}")
    (row,) = page.tree.xpath("//section[@aria-labelledby='ended']//tbody/tr")
    assert [" ".join(cell.text_content().split()) for cell in row][1:4] == [
        "Force logout",
        "key",
        "1 session, 1 remembered device",
    ]
