"""Grave acts on one user: said in numbers, confirmed, done, told; greyed with the reason where they cannot be done."""

import pytest

from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.receipts import list_revocations
from provisioning.actions.users import delete_user, disable_user
from provisioning.actions.webhooks import NewWebhook, create_webhook
from provisioning.console.acts import ACTS, BY_SLUG
from provisioning.domain.roles_legacy import Role
from tests.doors.console import ConsoleClient
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user
from workers.jobs.sessions import settle_sessions

NEW = "seven quiet lanterns swim"


def consequences(page) -> list[str]:
    return [" ".join(each.text_content().split()) for each in page.tree.xpath("//main//section//ul/li")]


@pytest.mark.rule("OUT-1", "OUT-2")
def test_force_logout_ends_every_session_before_the_next_request(as_root, as_dana, app, dana):
    third = ConsoleClient(app.test_client())
    third.log_in("dana@acme.example", PASSWORD)
    page = as_root.get(f"/users/{dana.id}/force-logout")
    assert page.title == "Log Dana Roe out everywhere?"
    assert consequences(page)[0] == "Ends 2 sessions now."
    page = as_root.submit(f"/users/{dana.id}/force-logout")
    assert (page.path, page.notice) == (
        f"/users/{dana.id}",
        "Dana Roe was logged out everywhere. Ended sessions: 2.",
    )
    assert as_dana.get("/profile").path == "/login"
    assert third.get("/profile").path == "/login"
    assert as_dana.log_in("dana@acme.example", PASSWORD).path == "/profile"


@pytest.mark.rule("PWD-1")
def test_reset_ends_the_sessions_and_the_old_password_and_mails_a_link(as_root, as_dana, services, sql, dana):
    page = as_root.get(f"/users/{dana.id}/reset-password")
    assert consequences(page)[:2] == ["Ends 1 session now.", "The old password stops working."]
    page = as_root.submit(f"/users/{dana.id}/reset-password")
    assert page.notice == "The password of Dana Roe was reset. Ended sessions: 1."
    assert "Password reset pending" in page.text
    assert as_dana.get("/profile").path == "/login"
    assert as_dana.log_in("dana@acme.example", PASSWORD).status == 403
    as_dana.get(f"/link/{link_secret(services, sql, dana)}")
    as_dana.submit("/link", password=NEW)
    assert as_dana.log_in("dana@acme.example", NEW).path == "/profile"
    assert "Active" in as_root.get(f"/users/{dana.id}").text


@pytest.mark.rule("PWD-1")
def test_reset_is_not_offered_to_who_has_no_password(as_root, caller, services):
    pending = make_user(caller, services)
    page = as_root.get(f"/users/{pending.id}/reset-password")
    assert "no password to reset" in page.text
    assert [form.action for form in page.forms()] == ["/logout"]
    token = page.forms("/logout")[0].fields["csrf_token"]
    page = as_root.post(f"/users/{pending.id}/reset-password", {"csrf_token": token})
    assert (page.status, page.code) == (409, "no_password_to_reset")


@pytest.mark.rule("USR-5")
def test_disabling_ends_access_keeps_the_seat_and_can_be_undone(as_root, as_dana, caller, services, dana):
    create_group(caller, NewGroup(name="Design", member_ids=(dana.id,)), services)
    page = as_root.get(f"/users/{dana.id}/disable")
    assert "The seat and 1 group membership stay." in consequences(page)
    page = as_root.submit(f"/users/{dana.id}/disable")
    assert page.notice == "Dana Roe was disabled. Ended sessions: 1."
    assert as_dana.log_in("dana@acme.example", PASSWORD).status == 403
    assert "2 of 50 users" in as_root.get("/users").text
    assert as_root.do(dana.id, "enable").notice == "Dana Roe was enabled and can log in again."
    assert as_dana.log_in("dana@acme.example", PASSWORD).path == "/profile"


@pytest.mark.rule("USR-6", "USR-7")
def test_deleting_is_for_ever_and_frees_the_seat(as_root, as_dana, caller, services, dana):
    page = as_root.get(f"/users/{dana.id}/delete")
    assert "Frees a seat: 1 of 50 are used then." in consequences(page)
    page = as_root.submit(f"/users/{dana.id}/delete")
    assert page.notice == "Dana Roe was deleted and is Inactive now. Ended sessions: 1."
    assert as_dana.get("/profile").path == "/login"
    assert "1 of 50 users" in as_root.get("/users").text
    again = make_user(caller, services)
    assert again.id != dana.id


@pytest.mark.rule("USR-6")
@pytest.mark.parametrize("slug", list(BY_SLUG))
def test_a_deleted_user_is_refused_clearly_and_comes_back_by_nothing(as_root, caller, services, sql, dana, slug):
    delete_user(caller, dana.id, services)
    before = sql("select * from users where id = %s", dana.id)
    token = as_root.get("/users").forms("/logout")[0].fields["csrf_token"]
    page = as_root.post(f"/users/{dana.id}/{slug}", {"csrf_token": token})
    assert (page.status, page.code) == (409, "user_inactive")
    assert "stays Inactive" in page.text
    assert as_root.get(f"/users/{dana.id}/{slug}").code == "user_inactive"
    assert sql("select * from users where id = %s", dana.id) == before


@pytest.mark.rule("ROOT-2")
@pytest.mark.parametrize("slug", ["delete", "disable", "force-logout", "reset-password"])
@pytest.mark.parametrize("who", ["root", "chief"])
def test_the_root_user_is_protected_from_everybody(browser, caller, services, sql, account, slug, who):
    make_active(services, sql, make_user(caller, services, "chief@acme.example", Role.MASTER_ADMIN))
    browser.log_in(f"{who}@acme.example", account.root_password if who == "root" else PASSWORD)
    page = browser.get(f"/users/{account.root.id}")
    title = BY_SLUG[slug].title
    assert page.tree.xpath(f"//li//button[text()='{title}']/@disabled") == ["disabled"]
    assert "The root user is protected" in page.text
    before = sql("select * from users where id = %s", account.root.id)
    token = page.forms("/logout")[0].fields["csrf_token"]
    page = browser.post(f"/users/{account.root.id}/{slug}", {"csrf_token": token})
    assert (page.status, page.code) == (403, "root_user_protected")
    assert sql("select * from users where id = %s", account.root.id) == before
    assert browser.get("/users").path == "/users"


@pytest.mark.rule("USR-3")
@pytest.mark.parametrize("slug", ["delete", "disable", "force-logout", "reset-password"])
def test_an_admin_cannot_touch_a_master_admin_nor_end_themself(browser, caller, services, sql, account, slug):
    chief = make_active(services, sql, make_user(caller, services, "chief@acme.example", Role.MASTER_ADMIN))
    admin = make_active(services, sql, make_user(caller, services, "admin@acme.example", Role.ADMIN))
    browser.log_in("admin@acme.example", PASSWORD)
    row = browser.get("/users").row_of("chief@acme.example")
    assert not row.xpath(f".//a[contains(@href, '/{slug}')]")
    assert "Only a master admin or the root user" in row.text_content()
    token = browser.page.forms("/logout")[0].fields["csrf_token"]
    page = browser.post(f"/users/{chief.id}/{slug}", {"csrf_token": token})
    assert (page.status, page.code) == (403, "above_own_role")
    if slug in ("delete", "disable"):
        page = browser.post(f"/users/{admin.id}/{slug}", {"csrf_token": token})
        assert (page.status, page.code) == (403, "not_on_oneself")


@pytest.mark.rule("USR-3")
def test_who_manages_nobody_can_do_nothing(as_dana, caller, services, sql, account, dana):
    other = make_active(services, sql, make_user(caller, services, "other@acme.example"))
    token = as_dana.get("/profile").forms("/logout")[0].fields["csrf_token"]
    before = sql("select * from users order by id")
    for act in ACTS:
        for user_id in (other.id, account.root.id, dana.id):
            page = as_dana.post(f"/users/{user_id}/{act.slug}", {"csrf_token": token})
            assert (page.status, page.code) == (403, "not_allowed")
    assert sql("select * from users order by id") == before


@pytest.mark.rule("INV-2")
def test_an_invitation_is_sent_again_only_to_who_can_use_it(as_root, caller, services, dana):
    assert "the user has set a password" in as_root.get(f"/users/{dana.id}/invitation").text
    pending = make_user(caller, services, "new@acme.example")
    assert consequences(as_root.get(f"/users/{pending.id}/invitation"))[0].startswith(
        "new@acme.example gets a new mail"
    )
    disable_user(caller, pending.id, services)
    assert "the user is disabled" in as_root.get(f"/users/{pending.id}/invitation").text


def test_what_does_not_fit_the_state_is_said(as_root, dana):
    assert "does not fit the state" in as_root.get(f"/users/{dana.id}/enable").text


@pytest.mark.rule("ACC-1", "TEN-3")
@pytest.mark.parametrize("slug", list(BY_SLUG))
def test_people_of_another_account_are_not_found(as_root, services, sql, neighbour, slug):
    foreign = make_active(services, sql, make_user(key_caller(neighbour), services))
    before = sql("select * from users order by id")
    token = as_root.get("/users").forms("/logout")[0].fields["csrf_token"]
    page = as_root.post(f"/users/{foreign.id}/{slug}", {"csrf_token": token})
    assert (page.status, page.code) == (404, "not_found")
    assert sql("select * from users order by id") == before


@pytest.mark.parametrize("slug", ["promote", "Delete", "delete/", "..", "%00"])
def test_an_act_that_does_not_exist_is_not_found(as_root, dana, slug):
    assert as_root.get(f"/users/{dana.id}/{slug}").status in (400, 404)


@pytest.mark.rule("WEB-1")
@pytest.mark.parametrize("slug", list(BY_SLUG))
def test_asking_does_not_do(as_root, sql, dana, slug):
    before = sql("select * from users order by id")
    as_root.get(f"/users/{dana.id}/{slug}")
    as_root.client.head(f"/users/{dana.id}/{slug}")
    assert sql("select * from users order by id") == before


@pytest.mark.rule("OUT-2", "SES-7", "TEN-3")
def test_the_line_after_an_end_of_access_leads_to_its_receipt(as_root, as_dana, caller, services, dana, clock, sql):
    create_webhook(caller, NewWebhook("https://hooks.example/ends"), services)
    for slug, said in (("force-logout", "Force logout"), ("disable", "Disabled"), ("delete", "Deleted")):
        clock.advance(minutes=1)
        (link,) = as_root.do(dana.id, slug).tree.xpath("//main//p[contains(@class, 'notice good')]//a/@href")
        path, _, receipt_id = link.partition("#")
        assert path == f"/users/{dana.id}/receipts"
        newest = as_root.get(path).tree.xpath("//main//section[@id]")[0]
        assert newest.get("id") == receipt_id == list_revocations(caller, dana.id, services)[0].id
        assert newest.xpath("string(.//h2)").startswith(said)
        assert "root@acme.example" in newest.text_content()
    rows = sql("select account_id, id from outbox where kind = 'sessions_ended'")
    settle_sessions([(account_id, row_id) for account_id, row_id in rows], services)
    page = as_root.get(path)
    assert len(page.tree.xpath("//main//section[@id]")) == 3
    assert page.text.count("Not confirmed yet") == 3
    assert page.tree.xpath("//main//section[@id]")[2].xpath(".//dt[text()='Sessions']/../dd/text()") == ["1"]
    assert path in as_root.get(f"/users/{dana.id}").tree.xpath("//a/@href"), "of an Inactive one too"


@pytest.mark.rule("TEN-3", "AUZ-1")
def test_receipts_are_for_those_who_read_users_of_their_own_account(as_root, as_dana, services, neighbour, dana):
    foreign = make_user(key_caller(neighbour), services)
    unknown = as_root.get("/users/nobody/receipts")
    assert (unknown.status, unknown.code) == (404, "not_found")
    assert as_root.get(f"/users/{foreign.id}/receipts").status == 404
    assert "never ended" in as_root.get(f"/users/{dana.id}/receipts").text
    assert as_dana.get(f"/users/{dana.id}/receipts").status == 403
    as_root.do(dana.id, "disable")
    page = as_root.do(dana.id, "enable")
    assert not page.tree.xpath("//p[contains(@class, 'notice good')]//a")
