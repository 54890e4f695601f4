"""USR-4, LNK: a new email is confirmed from its address, and holds at once where an authority says it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from provisioning.actions.email_changes import email_to_confirm
from provisioning.actions.email_confirmation import confirm_email
from provisioning.actions.invitations import open_link, set_password_by_link
from provisioning.actions.sessions import Browser, force_logout
from provisioning.actions.sign_in import by_password
from provisioning.actions.users import create_user, delete_user, disable_user, edit_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import Purpose
from provisioning.domain.users import NewUser, UserChanges
from tests.actions.refusals import code_of
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, person

OLD, NEW = "dana@acme.example", "dana.new@acme.example"
BROWSER = Browser(None, None)


@pytest.fixture
def dana(caller, services, sql):
    return make_active(services, sql, make_user(caller, services))


@pytest.fixture
def asked(account, dana, services):
    """The root user has asked for a new email for Dana in the Console."""
    return edit_user(person(account.root), dana.id, lambda _: UserChanges(email=NEW, first_name="Dana B."), services)


def owed(sql, kind):
    return sql("select count(*) from outbox where kind = %s", kind)[0][0]


@pytest.mark.rule("USR-4", "LNK-1", "LNK-3")
def test_login_stays_with_the_old_email_until_the_new_one_confirms(services, sql, dana, asked, caller):
    assert (asked.user.email, asked.user.first_name) == (OLD, "Dana B."), "the other fields hold at once"
    assert by_password(OLD, PASSWORD, None, BROWSER, services)
    assert code_of(lambda: by_password(NEW, PASSWORD, None, BROWSER, services)) is Code.INVALID_CREDENTIALS
    with services.read(caller) as unit:
        assert email_to_confirm(unit, dana).address == NEW
    assert (owed(sql, "email_change"), owed(sql, "email_change_asked"), owed(sql, "email_changed")) == (1, 1, 0)
    secret = link_secret(services, sql, dana)
    assert (open_link(secret, None, services).email, open_link(secret, None, services).purpose) == (
        NEW, Purpose.EMAIL_CHANGE,
    )  # fmt: skip
    changed = confirm_email(secret, None, services)
    assert (changed.email, changed.user_name) == (NEW, NEW)
    assert owed(sql, "email_changed") == 2, "one for each address"
    assert by_password(NEW, PASSWORD, None, BROWSER, services)
    assert code_of(lambda: by_password(OLD, PASSWORD, None, BROWSER, services)) is Code.INVALID_CREDENTIALS
    assert code_of(lambda: confirm_email(secret, None, services)) is Code.LINK_INVALID
    with services.read(caller) as unit:
        assert email_to_confirm(unit, changed) is None


@pytest.mark.rule("LNK-1", "IDN-4")
def test_a_link_for_an_email_sets_no_password_and_the_other_way_round(services, sql, dana, asked, caller):
    secret = link_secret(services, sql, dana)
    assert code_of(lambda: set_password_by_link(secret, "another correct horse", None, services)) is Code.LINK_INVALID
    pending = make_user(caller, services, "eve@acme.example")
    assert code_of(lambda: confirm_email(link_secret(services, sql, pending), None, services)) is Code.LINK_INVALID
    assert confirm_email(secret, None, services).email == NEW, "neither try used it up"


@pytest.mark.rule("LNK-2", "LNK-6", "OUT-3", "SCM-10")
@pytest.mark.parametrize(
    "end",
    [
        lambda services, root, dana, clock: clock.advance(hours=24),
        lambda services, root, dana, clock: disable_user(root, dana.id, services),
        lambda services, root, dana, clock: delete_user(root, dana.id, services),
        lambda services, root, dana, clock: force_logout(root, dana.id, services),
        lambda services, root, dana, clock: edit_user(
            root, dana.id, lambda _: UserChanges(email="third@acme.example"), services
        ),
    ],
    ids=["24 hours", "disabled", "deleted", "force logout", "a newer one"],
)
def test_a_link_dies_of_age_and_of_whatever_ends_access(services, sql, account, dana, asked, clock, end):
    secret = link_secret(services, sql, dana)
    clock.advance(hours=23, minutes=59, seconds=59)
    assert open_link(secret, None, services)
    clock.now -= timedelta(hours=23, minutes=59, seconds=59)
    end(services, person(account.root), dana, clock)
    assert code_of(lambda: confirm_email(secret, None, services)) is Code.LINK_INVALID


@pytest.mark.rule("LNK-1")
def test_of_twenty_uses_at_once_one_wins(services, sql, dana, asked):
    secret = link_secret(services, sql, dana)

    def use(_: int) -> str:
        try:
            return confirm_email(secret, None, services).email
        except Refusal as refusal:
            return refusal.code.value

    with ThreadPoolExecutor(5) as pool:
        answers = sorted(pool.map(use, range(20)))
    assert answers == [NEW, *["link_invalid"] * 19]
    assert owed(sql, "email_changed") == 2


@pytest.mark.rule("USR-1", "TEN-4")
def test_an_address_of_a_colleague_is_refused_and_one_of_another_account_is_not(
    services, sql, account, neighbour, dana, caller
):
    make_user(caller, services, "eve@acme.example")
    make_user(key_caller(neighbour), services, "far@acme.example")
    ask = lambda email: edit_user(person(account.root), dana.id, lambda _: UserChanges(email=email), services)
    assert code_of(lambda: ask("EVE@acme.example")) is Code.EMAIL_TAKEN
    assert code_of(lambda: ask("no address")) is Code.INVALID_VALUE
    assert owed(sql, "email_change") == 0
    ask("far@acme.example")
    assert confirm_email(link_secret(services, sql, dana), None, services).email == "far@acme.example"


@pytest.mark.rule("USR-1", "USR-4")
def test_who_gets_the_address_first_keeps_it(services, sql, dana, asked, caller):
    secret = link_secret(services, sql, dana)
    create_user(caller, NewUser(email=NEW), services)
    assert code_of(lambda: confirm_email(secret, None, services)) is Code.EMAIL_TAKEN
    assert by_password(OLD, PASSWORD, None, BROWSER, services)


@pytest.mark.rule("USR-4", "INV-2")
def test_a_pending_users_email_changes_at_once_and_the_invitation_goes_out_anew(services, sql, account, caller):
    pending = make_user(caller, services)
    earlier = link_secret(services, sql, pending)
    view = edit_user(person(account.root), pending.id, lambda _: UserChanges(email=NEW), services)
    assert view.user.email == NEW
    assert (owed(sql, "invitation"), owed(sql, "email_change"), owed(sql, "email_changed")) == (2, 0, 0)
    assert code_of(lambda: open_link(earlier, None, services)) is Code.LINK_INVALID
    assert open_link(link_secret(services, sql, view.user), None, services).email == NEW


@pytest.mark.rule("USR-4", "LGN-9")
def test_an_authority_changes_it_at_once_and_both_addresses_are_told(services, sql, account, dana, caller):
    for number, authority in enumerate([caller, operator(account.account.id)], start=1):
        email = f"dana.{number}@acme.example"
        view = edit_user(authority, dana.id, lambda _, email=email: UserChanges(email=email), services)
        assert view.user.email == email
        assert owed(sql, "email_changed") == 2 * number
    assert owed(sql, "email_change") == 0
    told = [
        services.cipher.decrypt(secret, f"outbox/secret/{row}") if secret else None
        for row, secret in sql("select id, secret from outbox where kind = 'email_changed' order by id")
    ]
    assert told == [OLD, None, "dana.1@acme.example", None], "each old address waits encrypted with its mail"


@pytest.mark.rule("ROOT-7", "ROOT-2", "SES-4")
def test_the_root_users_email_is_changed_by_itself_alone_with_a_fresh_proof(services, sql, account, caller, clock):
    root, change = account.root, lambda _: UserChanges(email="new@acme.example")
    assert code_of(lambda: edit_user(caller, root.id, change, services)) is Code.ROOT_USER_PROTECTED
    clock.advance(minutes=11)
    assert code_of(lambda: edit_user(person(root), root.id, change, services)) is Code.PROOF_NEEDED
    edit_user(person(root, proved_at=clock.now), root.id, change, services)
    changed = confirm_email(link_secret(services, sql, root), None, services)
    assert (changed.email, changed.is_root) == ("new@acme.example", True)


@pytest.mark.rule("TEN-2")
def test_a_link_changes_only_whom_it_was_made_for(services, sql, account, neighbour, dana, asked):
    secret = link_secret(services, sql, dana)
    other = replace(person(neighbour.root), account=neighbour.account.id)
    assert code_of(lambda: edit_user(other, dana.id, lambda _: UserChanges(email="x@y.example"), services)) is (
        Code.NOT_FOUND
    )
    confirm_email(secret, None, services)
    assert sql("select count(*) from users where email = %s", NEW) == [(1,)]
