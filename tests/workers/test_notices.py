"""LGN-9: whoever's way in changed is told by exactly one mail, and nobody can opt out of it (MAIL-1)."""

import pytest
from structlog.testing import capture_logs

from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.passwords import forgot_password, reset_password
from provisioning.actions.second_factor import new_recovery_codes, remove_of, remove_own
from provisioning.actions.sessions import Browser
from provisioning.actions.sign_in import by_password
from provisioning.actions.sign_in_steps import give_code
from provisioning.actions.users import disable_user
from provisioning.domain.errors import Refusal
from provisioning.domain.invitations import MailKind
from provisioning.domain.throttle import MOST_IN_A_ROW
from tests.doors.authenticator import with_app
from tests.factories import PASSWORD, link_secret, make_active, make_user, person
from workers.notices import NOTICES

BROWSER = Browser("203.0.113.7", "Firefox")
LONGER = "an even longer password"


@pytest.fixture
def dana(services, caller, sql, deliver):
    user = make_active(services, sql, make_user(caller, services))
    deliver()
    return user


@pytest.fixture
def app(dana, services, clock, deliver):
    made = with_app(dana, services, clock)
    deliver()
    return made


def wrong(services, clock, email, times, password="wrong") -> None:
    for _ in range(times):
        clock.advance(minutes=16)
        with pytest.raises(Refusal):
            by_password(email, password, None, BROWSER, services)
    clock.advance(minutes=16)


def to_dana(mails, kind: MailKind) -> list:
    return mails.to("dana@acme.example", kind.value)


@pytest.mark.rule("LGN-9", "2FA-1")
def test_a_second_factor_set_up_used_by_a_recovery_code_renewed_and_removed(services, dana, app, clock, deliver, mails):
    (set_up,) = to_dana(mails, MailKind.SECOND_FACTOR_SET_UP)
    assert set_up.link == "http://127.0.0.1:8080/profile"
    assert not any(code in set_up.text + set_up.html for code in (app.seed, *app.recovery_codes))
    step = by_password(dana.email, PASSWORD, None, BROWSER, services)
    give_code(step.secret, app.recovery_codes[0], BROWSER, services)
    me = person(dana, proved_at=clock())
    new_recovery_codes(me, services)
    remove_own(me, services)
    deliver()
    for kind in (MailKind.RECOVERY_CODE_USED, MailKind.RECOVERY_CODES_RENEWED, MailKind.SECOND_FACTOR_REMOVED):
        (mail,) = to_dana(mails, kind)
        assert "cannot be opted out of" in " ".join(mail.text.split())


@pytest.mark.rule("LGN-9", "2FA-5")
def test_a_second_factor_removed_by_an_administrator(services, caller, dana, app, deliver, mails):
    remove_of(caller, dana.id, services)
    deliver()
    (mail,) = to_dana(mails, MailKind.SECOND_FACTOR_RESET)
    assert "by an administrator" in mail.subject
    assert to_dana(mails, MailKind.SECOND_FACTOR_REMOVED) == []


@pytest.mark.rule("LGN-9", "PWD-1", "PWD-2")
def test_a_reset_brings_its_link_and_the_new_password_a_notice(services, caller, dana, sql, deliver, mails):
    reset_password(caller, dana.id, services)
    set_password_by_link(link_secret(services, sql, dana), LONGER, None, services)
    deliver()
    assert len(to_dana(mails, MailKind.PASSWORD_CHANGED)) == 1
    assert to_dana(mails, MailKind.PASSWORD_RESET) == [], "its link is used up, so its mail is not owed any more"
    forgot_password(dana.email, None, services)
    # The first job looks who asked, and owes the mail; the second sends it.
    deliver()
    deliver()
    set_password_by_link(to_dana(mails, MailKind.PASSWORD_RESET)[0].secret, PASSWORD, None, services)
    deliver()
    assert len(to_dana(mails, MailKind.PASSWORD_CHANGED)) == 2


@pytest.mark.rule("LGN-9", "LGN-2")
def test_a_new_browser_after_wrong_passwords(services, dana, clock, deliver, mails):
    wrong(services, clock, dana.email, 2)
    opened = by_password(dana.email, PASSWORD, None, BROWSER, services)
    by_password(dana.email, PASSWORD, None, Browser("203.0.113.7", None, opened.device), services)
    deliver()
    (mail,) = to_dana(mails, MailKind.NEW_DEVICE)
    assert mail.link == "http://127.0.0.1:8080/forgot-password"


@pytest.mark.rule("LGN-2", "ROOT-2")
def test_the_root_user_hears_of_a_hundred_wrong_passwords_and_the_operators_log_too(
    services, account, clock, deliver, mails
):
    wrong(services, clock, account.root.email, MOST_IN_A_ROW)
    with capture_logs() as lines:
        deliver()
    (line,) = [line for line in lines if line["event"] == "login.root_guessed"]
    assert (line["log_level"], line["account"], line["user"]) == ("warning", account.account.id, account.root.id)
    assert account.root.email not in str(lines)
    (mail,) = mails.to(account.root.email, MailKind.PASSWORD_GUESSED.value)
    assert "still works" in " ".join(mail.text.split())


@pytest.mark.rule("LGN-9", "USR-4")
def test_a_changed_email_is_told_to_both_addresses(services, dana, caller, deliver, mails):
    with services.unit(caller) as unit:
        unit.owe(MailKind.EMAIL_CHANGED.value, {"user_id": dana.id}, secret="before@acme.example")
        unit.owe(MailKind.EMAIL_CHANGED.value, {"user_id": dana.id})
    deliver()
    assert len(mails.to("before@acme.example", MailKind.EMAIL_CHANGED.value)) == 1
    assert len(to_dana(mails, MailKind.EMAIL_CHANGED)) == 1


@pytest.mark.rule("LGN-9")
@pytest.mark.parametrize("kind", [*NOTICES])
def test_no_notice_goes_to_who_is_disabled_or_deleted(services, dana, caller, deliver, mails, kind, left):
    disable_user(caller, dana.id, services)
    with services.unit(caller) as unit:
        unit.owe(kind.value, {"user_id": dana.id})
    deliver()
    assert to_dana(mails, kind) == []
    assert left() == 0


@pytest.mark.rule("LGN-9")
def test_the_kinds_of_the_rule_all_have_their_words():
    told = {
        "email_changed", "new_device", "new_key", "password_changed", "recovery_code_used", "second_factor_removed",
        "second_factor_reset", "second_factor_set_up",
    }  # fmt: skip
    assert told <= {kind.value for kind in NOTICES}
    assert all("{account}" in notice.subject for notice in NOTICES.values())
