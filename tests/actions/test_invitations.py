"""Invitations: the mail owed, links that work once and only while they should, passwords that are refused."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from provisioning.actions.invitations import invite, open_link, send_invitation_again, set_password_by_link
from provisioning.actions.sessions import Browser, check_session, force_logout
from provisioning.actions.sign_in import by_password
from provisioning.actions.users import delete_user, disable_user, edit_user, enable_user
from provisioning.domain.errors import Code, Refusal, Refusals
from provisioning.domain.invitations import Purpose
from provisioning.domain.roles_legacy import Role
from provisioning.domain.users import NewUser, Status, UserChanges
from provisioning.hashing import Hasher
from tests.actions.forgotten import forgot_password
from tests.actions.refusals import code_of
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user

BROWSER = Browser(None, None)


def owed(sql, user) -> list[str]:
    rows = sql(
        "select kind from outbox where payload->>'user_id' = %s and kind <> 'sessions_ended' order by id", user.id
    )
    return [kind for (kind,) in rows]


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize("send", [True, False, None])
def test_without_saml_every_new_user_is_invited(services, caller, sql, send):
    assert owed(sql, make_user(caller, services, send_invitation=send)) == ["invitation"]


@pytest.mark.rule("INV-2", "LNK-3", "OPS-2")
def test_only_the_hash_of_a_link_is_stored_and_its_secret_encrypted(services, caller, sql):
    user = make_user(caller, services)
    secret = link_secret(services, sql, user)
    stored = sql("select secret_hash, address from links where user_id = %s", user.id)
    assert stored[0][1] == "dana@acme.example"
    assert secret not in str(stored)
    assert secret.encode() not in bytes(sql("select secret from outbox where secret is not null")[0][0])


@pytest.mark.rule("INV-2", "LNK-4")
def test_opening_a_link_uses_nothing_up_and_setting_a_password_does(services, caller, sql):
    user = make_user(caller, services)
    secret = link_secret(services, sql, user)
    for _ in range(3):
        assert open_link(secret, None, services).purpose is Purpose.INVITATION
    accepted = set_password_by_link(secret, PASSWORD, None, services)
    assert (accepted.status, accepted.has_password) == (Status.ACTIVE, True)
    assert code_of(lambda: open_link(secret, None, services)) is Code.LINK_INVALID
    again = lambda: set_password_by_link(secret, PASSWORD, None, services)
    assert code_of(again) is Code.LINK_INVALID
    assert by_password("dana@acme.example", PASSWORD, None, BROWSER, services).user.id == user.id


@pytest.mark.rule("LNK-1")
def test_of_twenty_parallel_uses_one_wins(services, caller, sql):
    secret = link_secret(services, sql, make_user(caller, services))

    def use(number):
        try:
            return set_password_by_link(secret, f"{PASSWORD} {number}", None, services).id
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(use, range(20)))
    # Those whom hashing had no place for are told to come again (LIM-4), which is no use of the link either.
    refused = [answer for answer in answers if answer in (Code.LINK_INVALID, Code.TOO_MANY_REQUESTS)]
    assert len(refused) == 19


@pytest.mark.rule("INV-2", "LNK-2", "LNK-6")
@pytest.mark.parametrize(
    "kill",
    [
        lambda caller, user, services, clock: clock.advance(days=7),
        lambda caller, user, services, clock: disable_user(caller, user.id, services),
        lambda caller, user, services, clock: (
            disable_user(caller, user.id, services), enable_user(caller, user.id, services)
        ),
        lambda caller, user, services, clock: delete_user(caller, user.id, services),
        lambda caller, user, services, clock: force_logout(caller, user.id, services),
        lambda caller, user, services, clock: send_invitation_again(caller, user.id, services),
        lambda caller, user, services, clock: edit_user(
            caller, user.id, lambda _: UserChanges(email="other@acme.example"), services
        ),
    ],
    ids=["7 days", "disabled", "disabled and enabled", "deleted", "force logout", "newer link", "other address"],
)  # fmt: skip
def test_a_link_is_dead_after(services, caller, sql, clock, kill):
    user = make_user(caller, services)
    secret = link_secret(services, sql, user)
    kill(caller, user, services, clock)
    assert code_of(lambda: open_link(secret, None, services)) is Code.LINK_INVALID
    use = lambda: set_password_by_link(secret, PASSWORD, None, services)
    assert code_of(use) is Code.LINK_INVALID


@pytest.mark.rule("INV-2")
def test_a_link_is_good_until_its_last_second(services, caller, sql, clock):
    secret = link_secret(services, sql, make_user(caller, services))
    clock.advance(days=7, seconds=-1)
    assert open_link(secret, None, services).email == "dana@acme.example"


@pytest.mark.rule("LNK-3", "TEN-1")
@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "A", lambda s: "A" + s[1:-1] + "B", lambda _: ""])
def test_a_changed_link_is_unknown(services, caller, sql, change):
    secret = link_secret(services, sql, make_user(caller, services))
    assert code_of(lambda: open_link(change(secret), None, services)) is Code.LINK_INVALID


@pytest.mark.rule("PWD-4", "LGN-5")
@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("short", "15"),
        ("x" * 14, "15"),
        ("ab1" * 86, "256"),
        ("passwordpassword", "common"),
        ("password12345678!", "common"),
        ("aaaaaaaaaaaaaaaaaa", "common"),
        ("my name is dana@acme.example", "name"),
        ("a long text with Roe Dana inside", "name"),
        ("nul \0 character in it", "NUL"),
    ],
)
def test_weak_passwords_are_refused_and_the_link_stays_good(services, caller, sql, password, part):
    secret = link_secret(services, sql, make_user(caller, services))
    with pytest.raises(Refusal) as refused:
        set_password_by_link(secret, password, None, services)
    assert refused.value.code is Code.PASSWORD_REFUSED
    assert part in refused.value.sentence
    assert set_password_by_link(secret, PASSWORD, None, services).has_password


@pytest.mark.rule("PWD-4", "LGN-5")
def test_any_unicode_is_taken_and_its_two_forms_are_one(services, caller, sql):
    make_active(services, sql, make_user(caller, services), "pe\u0301rios 日本語 смотри всё")
    assert by_password("dana@acme.example", "p\u00e9rios 日本語 смотри всё", None, BROWSER, services)


@pytest.mark.rule("PWD-4")
def test_stored_passwords_are_argon2id_and_rehashed_when_parameters_rise(services, caller, sql):
    make_active(services, sql, make_user(caller, services))
    before = sql("select password_hash from users where email = 'dana@acme.example'")[0][0]
    assert before.startswith("$argon2id$")
    stronger = replace(services, hasher=Hasher(128))
    by_password("dana@acme.example", PASSWORD, None, BROWSER, stronger)
    assert "m=128" in sql("select password_hash from users where email = 'dana@acme.example'")[0][0]


@pytest.mark.rule("USR-2")
def test_up_to_five_are_invited_and_one_bad_row_adds_none(services, caller, sql):
    good = [NewUser(email=f"u{number}@acme.example") for number in range(6)]
    assert len(invite(caller, good[:5], services)) == 5
    six = [NewUser(email=f"v{number}@acme.example") for number in range(6)]
    assert code_of(lambda: invite(caller, six, services)) is Code.TOO_MANY_INVITATIONS
    assert code_of(lambda: invite(caller, [], services)) is Code.TOO_MANY_INVITATIONS
    rows = [good[0], NewUser(email="new@acme.example"), NewUser(email="bad"), NewUser(email="NEW@acme.example")]
    with pytest.raises(Refusals) as refused:
        invite(caller, rows, services)
    assert {row: refusal.code for row, refusal in refused.value.rows.items()} == {
        0: Code.EMAIL_TAKEN, 2: Code.INVALID_VALUE, 3: Code.EMAIL_TAKEN
    }  # fmt: skip
    assert sql("select count(*) from users where email = 'new@acme.example'") == [(0,)]
    assert sql("select count(*) from outbox where kind = 'invitation'") == [(5,)]


@pytest.mark.rule("INV-4")
def test_a_new_master_admin_without_password_is_invited(services, caller, sql):
    user = make_user(caller, services)
    edit_user(caller, user.id, lambda _: UserChanges(role=Role.MASTER_ADMIN), services)
    assert owed(sql, user) == ["invitation", "invitation"]


@pytest.mark.rule("INV-2")
def test_an_invitation_is_sent_again_only_where_it_can_be_used(services, caller, sql):
    active = make_active(services, sql, make_user(caller, services))
    assert code_of(lambda: send_invitation_again(caller, active.id, services)) is Code.NOT_OWED
    disabled = make_user(caller, services, "off@acme.example")
    disable_user(caller, disabled.id, services)
    assert code_of(lambda: send_invitation_again(caller, disabled.id, services)) is Code.NOT_OWED


@pytest.mark.rule("PWD-2", "IDN-6")
def test_a_forgotten_password_is_reset_by_mail_and_the_old_one_works_until_then(services, caller, sql):
    user = make_active(services, sql, make_user(caller, services))
    opened = by_password(user.email, PASSWORD, None, BROWSER, services)
    forgot_password("DANA@ACME.example", None, services)
    assert owed(sql, user) == ["invitation", "password_reset"]
    assert sql("select address from links where purpose = 'password_reset'") == [("dana@acme.example",)]
    assert by_password(user.email, PASSWORD, None, BROWSER, services)
    set_password_by_link(link_secret(services, sql, user), "a wholly new sentence", None, services)
    assert check_session(opened.secret, services) is None
    assert code_of(lambda: by_password(user.email, PASSWORD, None, BROWSER, services)) is Code.INVALID_CREDENTIALS


@pytest.mark.rule("LGN-1", "TEN-4")
def test_asking_for_unknown_people_owes_nothing_and_says_nothing(services, caller, neighbour, sql):
    before = sql("select count(*) from outbox where account_id <> ''")
    for email in ("unknown@acme.example", "no address", "d\0@acme.example"):
        assert forgot_password(email, None, services) is None
    assert sql("select count(*) from outbox where account_id <> ''") == before


@pytest.mark.rule("LNK-6")
def test_a_reset_link_lives_one_hour(services, caller, sql, clock):
    user = make_active(services, sql, make_user(caller, services))
    forgot_password(user.email, None, services)
    secret = link_secret(services, sql, user)
    clock.advance(minutes=59, seconds=59)
    assert open_link(secret, None, services).purpose is Purpose.PASSWORD_RESET
    clock.advance(seconds=1)
    assert code_of(lambda: open_link(secret, None, services)) is Code.LINK_INVALID


@pytest.mark.rule("USR-3")
def test_an_admin_cannot_invite_a_master_admin_again(services, account, caller):
    master = make_user(caller, services, "m@acme.example", Role.MASTER_ADMIN)
    admin = key_caller(account, Role.ADMIN)
    assert code_of(lambda: send_invitation_again(admin, master.id, services)) is Code.ABOVE_OWN_ROLE
