"""User Management: the table, its search and pages, the banner at the limit, and one user's page."""

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.passwords import reset_password
from provisioning.actions.users import create_user, delete_user, disable_user
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser, Status
from tests.doors.console import ConsoleClient
from tests.factories import PASSWORD, key_caller, make_active, make_user

COLUMNS = ("role", "groups", "environments", "status", "last login", "managed by")


def cells(page, name) -> dict[str, str]:
    """A row of the table by column."""
    texts = [" ".join(cell.text_content().split()) for cell in page.row_of(name).xpath("td")]
    return dict(zip(COLUMNS, texts, strict=False))


def names(page) -> list[str]:
    return page.tree.xpath("//tbody/tr/th//a/text()")


@pytest.mark.rule("USR-9")
def test_the_table_says_of_everybody_what_they_are_and_may_do(as_root, caller, services, dana):
    environment = create_environment(caller, NewEnvironment(name="Staging"), services).environment
    create_group(caller, NewGroup(name="Design", member_ids=(dana.id,)), services)
    make_user(caller, services, "eve@acme.example", Role.REPORTS, environment_ids=(environment.id,))
    page = as_root.get("/users")
    assert cells(page, "dana@acme.example") == {
        "role": "Media Library user",
        "groups": "Design",
        "environments": "All",
        "status": "Active",
        "last login": "Never",
        "managed by": "Gatelodge",
    }
    assert cells(page, "eve@acme.example")["environments"] == "Staging"
    assert cells(page, "root@acme.example")["last login"] == "23 Nov 2026, 09:00 UTC"
    assert page.tree.xpath("//time/@title")[0] == "2026-11-23T09:00:00Z"
    assert "3 of 50 users" in page.text


@pytest.mark.rule("USR-9")
def test_each_status_is_shown_as_text_and_can_be_asked_for(as_root, caller, services, sql):
    people = {
        status: make_user(caller, services, f"{status.value.replace('_', '-')}@acme.example") for status in Status
    }
    for status in (Status.ACTIVE, Status.PASSWORD_RESET_PENDING, Status.DISABLED, Status.INACTIVE):
        make_active(services, sql, people[status])
    reset_password(caller, people[Status.PASSWORD_RESET_PENDING].id, services)
    disable_user(caller, people[Status.DISABLED].id, services)
    delete_user(caller, people[Status.INACTIVE].id, services)
    shown = {
        status: as_root.get(f"/users?status={status.value}").tree.xpath(
            "//tbody//span[contains(@class,'status')]/text()"
        )
        for status in Status
    }
    assert shown == {
        Status.INACTIVE: ["Inactive"],
        Status.DISABLED: ["Disabled"],
        Status.PASSWORD_RESET_PENDING: ["Password reset pending"],
        Status.PENDING: ["Pending"],
        Status.ACTIVE: ["Active", "Active"],
    }
    assert "inactive@acme.example" not in as_root.get("/users").text
    assert len(names(as_root.get("/users?status=nonsense"))) == 5


@pytest.mark.rule("ROOT-5")
def test_the_root_user_and_oneself_are_marked(as_root, app, caller, services, sql, account):
    row = as_root.get("/users").row_of("root@acme.example")
    assert row.xpath(".//span[contains(@class, 'mark')]/text()") == ["Root user", "You"]
    assert as_root.get(f"/users/{account.root.id}").title == "Root User Root user You"
    assert "Root user" in as_root.get("/profile").text
    make_active(services, sql, make_user(caller, services, "admin@acme.example", Role.ADMIN))
    admin = ConsoleClient(app.test_client())
    row = admin.log_in("admin@acme.example", PASSWORD).row_of("root@acme.example")
    assert row.xpath(".//span[contains(@class, 'mark')]/text()") == ["Root user"]


def test_a_user_of_a_directory_shows_who_manages_it_and_no_email(as_root, scim, services):
    create_user(scim, NewUser(user_name="badge-17", display_name="Kim"), services)
    page = as_root.get("/users")
    assert "no email" in page.row_of("Kim").text_content()
    assert cells(page, "Kim")["managed by"] == "default (SCIM)"


@pytest.mark.parametrize("text", ["dana", "DANA@ACME", "  roe ", "a Ro", "ACME.EXAMPLE"])
def test_search_finds_part_of_a_name_or_email(as_root, dana, text):
    page = as_root.get("/users", query_string={"q": text})
    assert "Dana Roe" in names(page)


@pytest.mark.parametrize("text", ["%", "_", "\\", "zzz", "'", "<b>", "💥"])
def test_search_takes_every_character_as_it_is(as_root, dana, text):
    page = as_root.get("/users", query_string={"q": text})
    assert (page.status, names(page)) == (200, [])
    assert "Nobody fits" in page.text
    assert page.tree.xpath("//input[@id='q']/@value") == [text]


@pytest.mark.rule("LIM-3")
@pytest.mark.parametrize("query", [{"q": "x" * 257}, {"q": "\0"}, {"after": "\0"}, {"before": "x" * 5000}])
def test_a_search_that_cannot_be_is_refused(as_root, query):
    page = as_root.get("/users", query_string=query)
    assert (page.status, page.code) == (422, "invalid_value")


def test_the_table_is_paged_with_the_search_kept(as_root, caller, services, sql):
    sql("update seats set plan_seats = 100")
    for number in range(55):
        create_user(caller, NewUser(email=f"p{number}@acme.example", first_name=f"P{number:03}"), services)
    first = as_root.get("/users?q=p0")
    assert not first.tree.xpath("//a[@rel='prev']")
    second = as_root.get(first.tree.xpath("//a[@rel='next']/@href")[0])
    assert names(first) + names(second) == [f"P{number:03}" for number in range(55)]
    assert second.tree.xpath("//input[@id='q']/@value") == ["p0"]
    assert not second.tree.xpath("//a[@rel='next']")
    assert names(as_root.get(second.tree.xpath("//a[@rel='prev']/@href")[0])) == names(first)


@pytest.mark.rule("USR-9")
def test_filters_combine_stand_in_the_address_and_stay_from_page_to_page(as_root, caller, services, neighbour, sql):
    sql("update seats set plan_seats = 100")
    staging = create_environment(caller, NewEnvironment(name="Staging"), services).environment
    people = [
        make_user(caller, services, f"p{number:02}@acme.example", Role.REPORTS, environment_ids=(staging.id,))
        for number in range(52)
    ]
    make_user(caller, services, "other@acme.example", Role.REPORTS)
    make_user(caller, services, "third@acme.example", Role.BILLING, environment_ids=(staging.id,))
    design = create_group(caller, NewGroup("Design", member_ids=tuple(user.id for user in people)), services).group
    theirs = create_group(key_caller(neighbour), NewGroup("Foreign"), services).group
    page = as_root.get("/users")
    assert page.tree.xpath("//select[@id='group']/option/text()") == ["Any group", "Design"]
    asked = {"role": "reports", "group": design.id, "environment": staging.id, "status": "pending", "q": "p"}
    form = page.forms("/users")[0]
    assert (form.method, {*asked} <= {*form.fields}) == ("GET", True)
    first = as_root.get("/users", query_string=asked)
    assert {name: first.forms("/users")[0].fields[name] for name in asked} == asked
    second = as_root.get(first.tree.xpath("//a[@rel='next']/@href")[0])
    assert {name: second.forms("/users")[0].fields[name] for name in asked} == asked
    assert (len(names(first)), len(names(second))) == (50, 2)
    assert names(as_root.get(second.tree.xpath("//a[@rel='prev']/@href")[0])) == names(first)
    for narrowed, shown in (({"role": "billing"}, 1), ({"environment": staging.id}, 50), ({"status": "active"}, 1)):
        assert len(names(as_root.get("/users", query_string=narrowed))) == shown, narrowed
    assert names(as_root.get("/users", query_string={**asked, "role": "billing"})) == []
    everybody = names(as_root.get("/users"))
    for unknown in ({"role": "emperor"}, {"group": theirs.id}, {"group": "'"}, {"environment": "\0"}):
        assert names(as_root.get("/users", query_string=unknown)) == everybody, unknown


@pytest.mark.rule("SEAT-4")
def test_at_the_limit_a_banner_leads_to_changing_it(as_root, app, caller, services, sql, dana):
    assert "You have reached your user limit" not in as_root.get("/users").text
    make_active(services, sql, make_user(caller, services, "admin@acme.example", Role.ADMIN))
    sql("update seats set plan_seats = 3, additional = 0 where used = 3")
    page = as_root.get("/users")
    assert "You have reached your user limit" in page.text
    assert page.tree.xpath("//a[contains(., 'Change user limit')]/@href") == ["/user-limit"]
    admin = ConsoleClient(app.test_client())
    page = admin.log_in("admin@acme.example", PASSWORD)
    assert "You have reached your user limit" in page.text
    assert page.tree.xpath("//button[contains(., 'Change user limit')]/@disabled") == ["disabled"]


@pytest.mark.rule("USR-6")
def test_an_inactive_user_keeps_a_page_that_only_shows(as_root, caller, services, dana):
    delete_user(caller, dana.id, services)
    page = as_root.get(f"/users/{dana.id}")
    assert page.status == 200
    assert "stays Inactive" in page.text
    assert page.tree.xpath("//main//span[contains(@class, 'status')]/text()") == ["Inactive"]
    assert [form.action for form in page.forms()] == ["/logout"]
    links = page.tree.xpath(f"//a[starts-with(@href, '/users/{dana.id}/')]/@href")
    assert [each for each in links if "/receipts" not in each] == []


def test_the_page_of_a_user_shows_open_sessions(as_root, as_dana, dana):
    page = as_root.get(f"/users/{dana.id}")
    assert len(page.tree.xpath("//table[contains(@class, 'sessions')]/tbody/tr")) == 1
    assert "Password" in page.tree.xpath("//table[contains(@class, 'sessions')]/tbody/tr")[0].text_content()


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize("path", ["/users/{id}", "/users/{id}/delete", "/users/{id}/force-logout"])
def test_people_of_another_account_are_not_found(as_root, services, neighbour, path):
    foreign = make_user(key_caller(neighbour), services)
    page = as_root.get(path.format(id=foreign.id))
    unknown = as_root.get(path.format(id="nobody"))
    assert (page.status, page.code) == (unknown.status, unknown.code) == (404, "not_found")
    assert "Dana" not in page.text
    assert names(as_root.get("/users")) == ["Root User"]
    assert as_root.get("/users", query_string={"after": foreign.id}).status == 200


@pytest.mark.rule("USR-3", "AUZ-1")
@pytest.mark.parametrize("path", ["/users", "/users/invite", "/users/{root}", "/users/{root}/delete", "/user-limit"])
def test_who_does_not_manage_users_sees_nothing_of_them(as_dana, account, path):
    page = as_dana.get(path.format(root=account.root.id))
    assert (page.status, page.code) == (403, "not_allowed")
    assert "root@acme.example" not in page.text


@pytest.mark.rule("SES-1")
@pytest.mark.parametrize(
    "path", ["/", "/users", "/users/invite", "/users/x", "/users/x/delete", "/profile", "/user-limit"]
)
def test_without_a_session_every_page_leads_to_the_login(browser, path):
    page = browser.get(path)
    assert (page.status, page.path) == (200, "/login")


def test_a_script_without_a_session_is_told_to_go_to_the_login(app):
    response = app.test_client().get("/users?q=a", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Redirect"]) == (204, "/login?next=%2Fusers%3Fq%3Da")
