"""Groups: the list with numbers of members, one group's page, and the forms that make, rename, fill and delete it."""

import pytest

from provisioning.actions.groups import NewGroup, create_group
from provisioning.domain.roles_legacy import Role
from tests.factories import PASSWORD, key_caller, make_active, make_user


@pytest.fixture
def design(caller, services, dana):
    return create_group(caller, NewGroup(name="Design", member_ids=(dana.id,)), services).group


@pytest.mark.rule("GRP-1", "GRP-5")
def test_a_group_is_made_filled_renamed_and_deleted(as_root, caller, services, dana):
    eve = make_user(caller, services, "eve@acme.example")
    as_root.get("/groups/new")
    page = as_root.submit("/groups/new", name="  Design ")
    assert (page.title, page.notice) == ("Design", "The group was made. Add members below.")
    path = page.path
    as_root.get(f"{path}?find=dana@")
    page = as_root.submit(f"{path}/members", add=dana.id, find="dana@")
    assert page.notice == "Added to the group. Members now: 1."
    assert page.tree.xpath("//tbody//th//bdi/text()") == ["Dana Roe", "dana@acme.example"]
    assert "Nobody fits who is not a member already." in page.text
    as_root.get(f"{path}?find=eve@")
    as_root.submit(f"{path}/members", add=eve.id)
    page = as_root.get(f"{path}?q=EVE@")
    assert page.tree.xpath("//tbody//th//span//bdi/text()") == ["eve@acme.example"]
    page = as_root.submit(f"{path}/members", remove=eve.id)
    assert page.notice == "Removed from the group. Members now: 1."
    page = as_root.submit(path, name="Designers")
    assert (page.title, page.notice) == ("Designers", "The group was renamed.")
    page = as_root.get(f"{path}/delete")
    assert page.title == "Delete the group Designers?"
    assert "1 member loses at once what the group gave them." in page.text
    page = as_root.submit(f"{path}/delete")
    assert page.path == "/groups"
    assert page.notice == "The group was deleted. Members who lost what it gave them: 1."
    assert "There is no group yet." in page.text


@pytest.mark.rule("GRP-1")
def test_the_list_is_searched_and_paged_with_the_number_of_members(as_root, caller, services, design):
    for number in range(60):
        create_group(caller, NewGroup(name=f"Team {number:02}"), services)
    page = as_root.get("/groups")
    assert [" ".join(each.text_content().split()) for each in page.tree.xpath("//tbody/tr[1]/td")][:2] == [
        "1", "Gatelodge",
    ]  # fmt: skip
    assert (len(page.tree.xpath("//tbody/tr")), "61 groups" in page.text) == (50, True)
    page = as_root.get(page.tree.xpath("//a[@rel='next']/@href")[0])
    assert len(page.tree.xpath("//tbody/tr")) == 11
    assert page.tree.xpath("//a[@rel='prev']/@href") == ["/groups?page=1"]
    assert page.tree.xpath("//a[@rel='next']") == []
    page = as_root.get("/groups", query_string={"q": "tEAM 0"})
    assert len(page.tree.xpath("//tbody/tr")) == 10
    assert "No group fits." in as_root.get("/groups?q=%25").text
    for odd in ("x", "-1", "0", "٣", "9" * 50):
        assert as_root.get("/groups", query_string={"page": odd}).status == 200


@pytest.mark.rule("GRP-5")
@pytest.mark.parametrize(("name", "status"), [("dESIGN", 409), ("", 422), ("x" * 257, 422), ("a\0b", 422)])
def test_a_name_that_is_refused_stays_with_its_sentence(as_root, sql, caller, services, design, name, status):
    other = create_group(caller, NewGroup(name="Campaigns"), services).group
    for path in ("/groups/new", f"/groups/{other.id}"):
        as_root.get(path)
        page = as_root.submit(path, name=name)
        assert page.status == status
        assert page.errors()["name"].startswith("Error: ")
        assert page.title in ("New group", "Campaigns")
    assert sorted(sql("select name from groups")) == [("Campaigns",), ("Design",)]


@pytest.mark.rule("TEN-3", "ACC-1")
def test_groups_and_people_of_another_account_are_not_found(as_root, services, sql, neighbour, design):
    foreign = key_caller(neighbour)
    theirs = create_group(foreign, NewGroup(name="Theirs"), services).group
    stranger = make_user(foreign, services, "stranger@else.example")
    as_root.get(f"/groups/{design.id}")
    token = as_root.page.forms("/logout")[0].fields["csrf_token"]
    assert as_root.get(f"/groups/{theirs.id}").status == 404
    assert as_root.get(f"/groups/{theirs.id}/delete").status == 404
    for path, values in (
        (f"/groups/{theirs.id}", {"name": "Ours"}),
        (f"/groups/{theirs.id}/delete", {}),
        (f"/groups/{theirs.id}/members", {"add": stranger.id}),
        (f"/groups/{design.id}/members", {"add": stranger.id}),
        (f"/groups/{design.id}/members", {"remove": stranger.id}),
        (f"/groups/{design.id}/members", {}),
    ):
        assert as_root.post(path, {"csrf_token": token, **values}).status == 404, path
    assert as_root.post(f"/groups/{design.id}/members", {"csrf_token": token, "add": "a\0b"}).status == 422
    assert sql("select name, member_count from groups order by name") == [("Design", 1), ("Theirs", 0)]
    assert "stranger" not in as_root.get(f"/groups/{design.id}?find=stranger").text.replace("stranger fits", "")


@pytest.mark.rule("AUZ-2", "ROLE-1")
def test_who_does_not_manage_groups_sees_and_changes_none(browser, caller, services, sql, design):
    make_active(services, sql, make_user(caller, services, "rae@acme.example", Role.REPORTS))
    browser.log_in("rae@acme.example", PASSWORD)
    assert "Groups" not in browser.page.tree.xpath("//nav//a/text()")
    token = browser.get("/profile").forms("/logout")[0].fields["csrf_token"]
    for path in ("/groups", "/groups/new", f"/groups/{design.id}", f"/groups/{design.id}/delete"):
        if path != "/groups/new":
            assert browser.get(path).status == 403, path
        if path != "/groups":
            assert browser.post(path, {"csrf_token": token, "name": "Mine"}).status == 403, path
    assert sql("select name from groups") == [("Design",)]
