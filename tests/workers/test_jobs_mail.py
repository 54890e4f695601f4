"""INV, PWD: each owed mail goes out once, to the stored address, and only while it is still owed."""

from datetime import timedelta

import pytest

from provisioning.actions.email_confirmation import confirm_email
from provisioning.actions.invitations import open_link, send_invitation_again, set_password_by_link
from provisioning.actions.passwords import reset_password
from provisioning.actions.users import create_user, delete_user, disable_user, edit_user
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import Purpose
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser, UserChanges
from provisioning.store.outbox import PAUSES
from tests.factories import PASSWORD, key_caller, make_active, make_user, person


@pytest.mark.rule("INV-1", "INV-3")
def test_new_user_gets_one_invitation_with_a_link_that_sets_a_password(caller, services, deliver, mails, left):
    user = make_user(caller, services)
    deliver()
    (mail,) = mails.to("dana@acme.example")
    assert (mail.kind, mail.message["X-Gatelodge-Kind"]) == ("invitation", "invitation")
    assert mail.link.startswith("http://127.0.0.1:8080/")
    assert open_link(mail.secret, None, services).purpose is Purpose.INVITATION
    assert set_password_by_link(mail.secret, PASSWORD, None, services).id == user.id
    deliver()
    assert len(mails.to("dana@acme.example")) == 1
    assert left() == 0


@pytest.mark.rule("INV-1")
def test_without_invitation_and_with_saml_the_confirmation_leads_to_the_organisation(
    caller, services, deliver, mails, connected
):
    create_user(caller, NewUser(email="dana@acme.example", first_name="Dana", send_invitation=False), services)
    deliver()
    (mail,) = mails.to("dana@acme.example")
    assert mail.kind == "confirmation"
    assert mail.link == f"http://127.0.0.1:8080/saml/{connected}/login"
    assert "You need no password for it: log in through your organisation" in mail.text


@pytest.mark.rule("INV-1")
def test_confirmation_of_an_account_without_saml_leads_to_the_login_page(caller, services, deliver, mails, account):
    user = make_user(caller, services, send_invitation=True)
    with services.unit(caller) as unit:
        unit.owe("confirmation", {"user_id": user.id})
    deliver()
    (mail,) = mails.to("dana@acme.example", "confirmation")
    assert mail.link == "http://127.0.0.1:8080/login"
    assert "organisation" not in mail.text


@pytest.mark.rule("INV-2", "LNK-2")
def test_sending_again_makes_the_earlier_mail_undue_and_its_link_dead(caller, services, deliver, mails, sql):
    user = make_user(caller, services)
    send_invitation_again(caller, user.id, services)
    deliver()
    (mail,) = mails.to("dana@acme.example", "invitation")
    assert open_link(mail.secret, None, services).email == "dana@acme.example"
    assert sql("select count(*) from outbox where secret is not null") == [(0,)]


@pytest.mark.rule("INV-2")
@pytest.mark.parametrize("action", [disable_user, delete_user])
def test_user_who_is_disabled_or_deleted_meanwhile_gets_no_mail(caller, services, deliver, mails, left, action):
    user = make_user(caller, services)
    action(caller, user.id, services)
    deliver()
    assert mails.to("dana@acme.example") == []
    assert left() == 0


@pytest.mark.rule("ACC-3")
def test_a_cancelled_account_mails_nobody(caller, services, deliver, mails, left, sql, account, neighbour):
    make_user(caller, services)
    make_user(key_caller(neighbour), services, "dana@neighbour.example")
    sql("update accounts set cancelled_at = now() where id = %s", account.account.id)
    deliver()
    assert [mail.to for mail in mails.all() if mail.to.startswith("dana")] == ["dana@neighbour.example"]
    assert left() == 0


@pytest.mark.rule("INV-2", "LNK-6")
@pytest.mark.parametrize("kind", ["invitation", "confirmation"])
def test_mail_that_could_not_go_out_for_seven_days_is_not_sent_stale(
    caller, services, deliver, mails, left, clock, kind
):
    user = make_user(caller, services)
    deliver()
    with services.unit(caller) as unit:
        unit.owe(kind, {"user_id": user.id}, secret="unused" if kind == "invitation" else None)
    clock.advance(days=7)
    deliver()
    assert len(mails.to("dana@acme.example")) == 1
    assert left() == 0


@pytest.mark.rule("PWD-1", "LNK-6")
def test_reset_mails_a_link_that_lives_an_hour(caller, services, sql, deliver, mails, clock):
    user = make_active(services, sql, make_user(caller, services))
    reset_password(caller, user.id, services)
    deliver()
    mail = mails.to("dana@acme.example", "password_reset")[0]
    assert open_link(mail.secret, None, services).purpose is Purpose.PASSWORD_RESET
    assert (clock.now + timedelta(hours=1)).strftime("%d %B %Y, %H:%M UTC") in mail.text
    clock.advance(hours=1)
    with pytest.raises(Refusal) as refused:
        open_link(mail.secret, None, services)
    assert refused.value.code is Code.LINK_INVALID


@pytest.mark.rule("PWD-1")
def test_reset_that_is_older_than_its_link_is_not_mailed(caller, services, sql, relay, work, mails, clock):
    user = make_active(services, sql, make_user(caller, services))
    reset_password(caller, user.id, services)
    clock.advance(hours=1, seconds=1)
    relay.ring()
    work()
    assert mails.to("dana@acme.example", "password_reset") == []


@pytest.mark.rule("USR-11")
def test_user_without_email_is_mailed_nothing(caller, services, deliver, mails, left, sql):
    user = make_user(caller, services)
    sql("update users set email = null, email_key = null where id = %s", user.id)
    deliver()
    assert mails.to("dana@acme.example") == []
    assert left() == 0


@pytest.mark.rule("INV-3")
def test_a_repeat_after_a_crash_before_the_commit_makes_no_second_file(caller, services, deliver, mails, sql, clock):
    make_user(caller, services)
    row_id, secret = sql("select id, secret from outbox where kind = 'invitation'")[0]
    deliver()
    before = mails.all()
    sql("update outbox set done_at = null, secret = %s where id = %s", secret, row_id)
    clock.advance(seconds=PAUSES[-1].total_seconds())
    deliver()
    assert [(mail.file, mail.message_id) for mail in mails.all()] == [(mail.file, mail.message_id) for mail in before]
    assert sql("select done_at is not null, attempts from outbox where id = %s", row_id) == [(True, 2)]


@pytest.mark.rule("JOB-2", "LNK-1")
def test_secret_that_was_moved_to_another_row_is_not_mailed(caller, services, deliver, mails, sql):
    make_user(caller, services)
    make_user(caller, services, "other@acme.example")
    (_, secret), (second, _) = sql("select id, secret from outbox where kind = 'invitation' order by id")
    sql("update outbox set secret = %s where id = %s", secret, second)
    deliver()
    assert mails.to("other@acme.example") == []
    assert sql("select last_fault from outbox where id = %s", second) == [("CannotDecrypt",)]


@pytest.mark.rule("INV-1", "WEB-4")
def test_markup_and_line_breaks_in_names_stay_names(caller, services, deliver, mails):
    name = "<img src=x>\r\nBcc: evil@example.com\r\n\r\nCall +1 555"
    create_user(
        caller,
        NewUser(email="dana@acme.example", first_name=name, last_name="{{ 7 * 7 }}", role=Role.ADMIN),
        services,
    )
    deliver()
    (mail,) = mails.to("dana@acme.example")
    assert mail.message["Bcc"] is None
    assert "Hello <img src=x> Bcc: evil@example.com Call +1 555 {{ 7 * 7 }}," in mail.text
    assert "&lt;img src=x&gt; Bcc: evil@example.com Call +1 555 {{ 7 * 7 }}" in mail.html
    assert "<img" not in mail.html


@pytest.mark.rule("USR-4", "IDN-6", "LNK-1")
def test_a_new_email_is_confirmed_from_its_own_address_and_the_old_one_is_told(
    caller, services, deliver, mails, sql, account, left
):
    dana = make_active(services, sql, make_user(caller, services))
    edit_user(person(account.root), dana.id, lambda _: UserChanges(email="new@acme.example"), services)
    deliver()
    (mail,) = mails.to("new@acme.example")
    assert mail.kind == "email_change"
    assert "set your password" not in mail.text
    (notice,) = mails.to("dana@acme.example", "email_change_asked")
    assert "new@acme.example" not in notice.text
    assert notice.link == "http://127.0.0.1:8080/profile"
    confirm_email(mail.secret, None, services)
    deliver()
    assert (
        len(mails.to("new@acme.example", "email_changed")) == len(mails.to("dana@acme.example", "email_changed")) == 1
    )
    assert left() == 0
    assert sql("select count(*) from outbox where secret is not null") == [(0,)]
