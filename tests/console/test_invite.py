"""Inviting: up to five, all or none, every fault beside its field at once, and the mail of INV-1."""

import pytest

from provisioning.actions.environments import NewEnvironment, create_environment
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.users import show_user
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user

NEW = "seven quiet lanterns swim"


@pytest.fixture
def form(as_root):
    """Send the form with some rows; each row is (email, first name, last name)."""

    def send(*rows, **common):
        as_root.get("/users/invite")
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
        return as_root.submit("/users/invite", email=columns[0], first_name=columns[1], last_name=columns[2], **common)

    return send


def invited(sql) -> list[str]:
    return [row[0] for row in sql("select email from users where not is_root order by id")]


@pytest.mark.rule("USR-2", "INV-1", "GRP-2")
def test_five_people_are_invited_at_once(form, browser, caller, services, sql, account):
    group = create_group(caller, NewGroup(name="Design"), services).group
    environment = create_environment(caller, NewEnvironment(name="Staging"), services).environment
    page = form(
        *[(f"p{number}@acme.example", f"P{number}", "Roe") for number in range(5)],
        role="reports",
        access="chosen",
        environment_ids=[environment.id],
        group_ids=[group.id],
    )
    assert (page.path, page.notice) == ("/users", "Invited: 5. Their mails are on the way.")
    row = page.row_of("p4@acme.example").text_content()
    assert all(word in row for word in ("P4 Roe", "Reports", "Design", "Staging", "Pending"))
    assert sql("select count(*) from outbox where kind = 'invitation'") == [(5,)]


@pytest.mark.rule("USR-2")
def test_six_people_are_refused(form, sql):
    page = form(*[(f"p{number}@acme.example", "", "") for number in range(6)])
    assert (page.status, page.code) == (422, "too_many_invitations")
    assert "Up to 5 users" in page.text
    assert len(page.tree.xpath("//input[@name='email']")) == 6
    assert invited(sql) == []


@pytest.mark.rule("USR-2")
def test_one_bad_row_means_that_nobody_is_added_and_every_fault_is_shown(form, caller, services, sql):
    make_user(caller, services, "taken@acme.example")
    page = form(
        ("good@acme.example", "Good", "One"),
        ("nonsense", "x" * 257, "Two"),
        ("Taken@acme.example", "Three", ""),
        ("GOOD@acme.example", "", ""),
        ("", "Nameless", ""),
        role="reports",
    )
    assert page.status == 422
    assert set(page.errors()) == {"email-1", "first_name-1", "email-2", "email-3", "email-4"}
    assert "exists in this account" in page.errors()["email-2"]
    assert "another row" in page.errors()["email-3"]
    assert invited(sql) == ["taken@acme.example"]
    values = page.tree.xpath("//input[@name='email']/@value | //input[@name='last_name']/@value")
    assert {"good@acme.example", "nonsense", "Two"} <= set(values)
    assert page.tree.xpath("//select[@id='role']/option[@selected]/@value") == ["reports"]


@pytest.mark.rule("USR-2", "USR-1")
def test_what_only_the_rules_know_stands_beside_its_row_too(form, caller, services, sql):
    make_user(caller, services, "taken@acme.example")
    page = form(("new@acme.example", "", ""), ("", "", ""), ("taken@acme.example", "", ""))
    assert (page.status, page.code, set(page.errors())) == (409, "email_taken", {"email-2"})
    assert invited(sql) == ["taken@acme.example"]


def test_rows_left_empty_are_no_rows(form, sql):
    form(("", "", ""), ("  ", "", ""), ("dana@acme.example ", " Dana ", "Roe"))
    assert sql("select email, first_name, last_name from users where not is_root") == [
        ("dana@acme.example", "Dana", "Roe")
    ]


def test_nobody_at_all_is_said(form):
    page = form(("", "", ""))
    assert (page.status, page.code) == (422, "invalid_value")
    assert "Fill in at least one row" in page.text


@pytest.mark.rule("SEAT-3")
def test_at_the_limit_nothing_is_half_made(form, sql):
    sql("update seats set plan_seats = 2, additional = 0")
    page = form(("a@acme.example", "", ""), ("b@acme.example", "", ""))
    assert (page.status, page.code) == (403, "seat_limit_reached")
    assert "of 2 seats are used" in page.text
    assert invited(sql) == []


@pytest.mark.rule("ENV-3")
def test_a_master_admin_cannot_be_limited_to_environments(form, caller, services, sql):
    environment = create_environment(caller, NewEnvironment(name="Staging"), services).environment
    page = form(("a@acme.example", "", ""), role="master_admin", access="chosen", environment_ids=[environment.id])
    assert "environment_ids" in page.errors()
    assert invited(sql) == []


@pytest.mark.rule("ROLE-2")
def test_media_library_permissions_are_for_that_role_only(form, sql):
    page = form(("a@acme.example", "", ""), role="reports", media_library=["create_collection"])
    assert "media_library" in page.errors()
    assert invited(sql) == []
    form(("a@acme.example", "", ""), role="media_library_user", media_library=["create_collection"])
    assert sql("select media_library from users where not is_root") == [(["create_collection"],)]


@pytest.mark.rule("ACC-1")
def test_groups_and_environments_of_another_account_do_not_exist(form, services, sql, neighbour):
    foreign = key_caller(neighbour)
    group = create_group(foreign, NewGroup(name="Theirs"), services).group
    page = form(
        ("a@acme.example", "", ""),
        group_ids=[group.id],
        access="chosen",
        environment_ids=[neighbour.environment.environment.id],
    )
    assert set(page.errors()) == {"group_ids", "environment_ids"}
    assert "Theirs" not in page.text
    assert invited(sql) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "emperor"), ("role", ""), ("access", "some"), ("media_library", ["fly"]), ("group_ids", ["\0"])],
)
def test_choices_that_are_not_on_the_page_are_refused(form, sql, field, value):
    page = form(("a@acme.example", "", ""), **{field: value})
    assert (page.status, page.code) == (422, "invalid_value")
    assert invited(sql) == []


@pytest.mark.rule("USR-3", "AUZ-3", "ACT-1")
def test_an_admin_is_not_offered_and_not_allowed_to_make_a_master_admin(browser, caller, services, sql, account):
    make_active(services, sql, make_user(caller, services, "admin@acme.example", Role.ADMIN))
    browser.log_in("admin@acme.example", PASSWORD)
    page = browser.get("/users/invite")
    assert "master_admin" not in page.tree.xpath("//select[@id='role']/option/@value")
    page = browser.submit(
        "/users/invite", email=["x@acme.example"], first_name=[""], last_name=[""], role="master_admin"
    )
    assert (page.status, page.code, list(page.errors())) == (403, "above_own_role", ["role"])
    assert sql("select actor_name, code, way_in from activity where outcome = 'refused'") == [
        ("admin@acme.example", "above_own_role", "console")
    ]
    assert invited(sql) == ["admin@acme.example"]


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize(
    ("saml", "enforced", "role", "box", "kind"),
    [
        (False, False, "reports", None, "invitation"),
        (True, False, "reports", True, "invitation"),
        (True, False, "reports", False, "confirmation"),
        (True, True, "reports", None, "confirmation"),
        (True, False, "master_admin", False, "invitation"),
        (True, True, "master_admin", None, "invitation"),
    ],
)
def test_the_box_is_offered_and_decides_the_mail_as_the_rule_says(
    form, as_root, services, sql, account, saml, enforced, role, box, kind
):
    if saml:
        connected(services, account)
        sql("update accounts set saml_enforced = %s where id = %s", enforced, account.account.id)
    page = as_root.get("/users/invite")
    assert bool(page.tree.xpath("//input[@name='send_invitation']")) is (box is not None)
    chosen = {} if box is None else {"send_invitation": "yes" if box else None}
    form(("dana@acme.example", "", ""), role=role, **chosen)
    user_id = sql("select id from users where email = 'dana@acme.example'")[0][0]
    assert sql("select kind from outbox where payload->>'user_id' = %s", user_id) == [(kind,)]


def test_an_invited_person_gets_in_by_the_link(form, second_browser, services, sql, account, caller):
    form(("dana@acme.example", "Dana", "Roe"))
    (user_id,) = sql("select id from users where email = 'dana@acme.example'")[0]
    dana = show_user(caller, user_id, services).user
    second_browser.get(f"/link/{link_secret(services, sql, dana)}")
    second_browser.submit("/link", password=NEW)
    assert second_browser.log_in("dana@acme.example", NEW).path == "/profile"
