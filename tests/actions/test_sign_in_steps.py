"""LGN-3, 2FA-4, LGN-5: no order of requests skips a step; what was proved is ours; what is wanted is read anew."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.passwords import reset_password
from provisioning.actions.second_factor import remove_own
from provisioning.actions.sessions import Browser, OpenedSession, check_session, force_logout
from provisioning.actions.sign_in import AccountChoice, by_password, choose_account
from provisioning.actions.sign_in_steps import (
    UnfinishedLogin,
    begin_set_up_at_login,
    confirm_set_up_at_login,
    give_code,
    set_password_at_login,
    show_step,
)
from provisioning.actions.users import disable_user
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.second_factor import MOST_TRIES, Step
from provisioning.domain.throttle import FREE, Counter
from tests.actions.forgotten import forgot_password
from tests.actions.refusals import code_of
from tests.actions.saml_world import Logins, connected
from tests.doors.authenticator import code_of as app_code
from tests.doors.authenticator import with_app
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, person

BROWSER = Browser("203.0.113.7", "Firefox")
SHORT = "twelve chars"


@pytest.fixture
def dana(services, caller, sql):
    return make_active(services, sql, make_user(caller, services))


@pytest.fixture
def app(dana, services, clock):
    return with_app(dana, services, clock)


def log_in(services, password=PASSWORD, email="dana@acme.example"):
    return by_password(email, password, None, BROWSER, services)


def sessions(sql) -> int:
    return sql("select count(*) from sessions")[0][0]


@pytest.mark.rule("LGN-3", "2FA-1")
def test_the_password_alone_opens_nothing_and_the_code_alone_neither(services, dana, app, sql):
    step = log_in(services)
    assert (type(step), step.step, step.email) == (UnfinishedLogin, Step.GIVE_CODE, dana.email)
    assert sessions(sql) == 0
    assert check_session(step.secret, services) is None
    for secret in ("", "made up", step.secret[:-1]):
        assert code_of(lambda secret=secret: give_code(secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED
    opened = give_code(step.secret, app.code(), BROWSER, services)
    assert check_session(opened.secret, services).user.id == dana.id
    assert step.secret not in str(sql("select * from second_steps"))


@pytest.mark.rule("LGN-3")
def test_five_tries_then_anew_and_each_wrong_code_counts_for_the_login(services, dana, app, clock, sql):
    step = log_in(services)
    answers = [code_of(lambda: give_code(step.secret, app.wrong(), BROWSER, services)) for _ in range(MOST_TRIES)]
    assert answers == [Code.SECOND_FACTOR_WRONG] * 4 + [Code.LOGIN_EXPIRED]
    assert code_of(lambda: give_code(step.secret, app.recovery_codes[0], BROWSER, services)) is Code.LOGIN_EXPIRED
    counted = dict(sql("select counter, tries from login_tries"))
    assert counted == {"address": 6, "email": 6, "user": 6}
    with pytest.raises(Refusal) as slowed:
        log_in(services)
    assert slowed.value.code is Code.TOO_MANY_REQUESTS
    assert FREE[Counter.EMAIL] < 6
    clock.advance(seconds=slowed.value.values["retry_after"])
    assert isinstance(give_code(log_in(services).secret, app.code(), BROWSER, services), OpenedSession)
    assert sql("select count(*) from activity where code = 'second_factor_wrong'")[0][0] >= 1


@pytest.mark.rule("LGN-3", "LGN-4")
def test_twenty_parallel_codes_are_five_tries_and_one_session(services, dana, app, sql):
    step = log_in(services)
    code = app.code()

    def attempt(_: int) -> object:
        try:
            return give_code(step.secret, code, BROWSER, services)
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert sum(isinstance(answer, OpenedSession) for answer in answers) == 1
    assert sessions(sql) == 1
    assert sql("select tries from second_steps")[0][0] <= MOST_TRIES


@pytest.mark.rule("LGN-3")
def test_it_takes_five_minutes_and_is_used_once(services, dana, app, clock):
    step = log_in(services)
    clock.advance(minutes=5)
    assert code_of(lambda: give_code(step.secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED
    assert code_of(lambda: show_step(step.secret, BROWSER, services)) is Code.LOGIN_EXPIRED
    step = log_in(services)
    give_code(step.secret, app.code(), BROWSER, services)
    for again in (give_code, confirm_set_up_at_login, set_password_at_login):
        assert code_of(lambda again=again: again(step.secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED


@pytest.mark.rule("LGN-3", "OUT-3", "SAM-6")
@pytest.mark.parametrize(
    "end",
    [
        lambda caller, user, services, sql, account: force_logout(caller, user.id, services),
        lambda caller, user, services, sql, account: reset_password(caller, user.id, services),
        lambda caller, user, services, sql, account: disable_user(caller, user.id, services),
        lambda caller, user, services, sql, account: sql("update accounts set cancelled_at = now()"),
        lambda caller, user, services, sql, account: (
            connected(services, account), sql("update accounts set saml_enforced = true"),
        ),
    ],
    ids=["force logout", "reset", "disable", "cancelled", "enforced"],
)  # fmt: skip
def test_whatever_ends_the_access_ends_a_login_between_its_steps(services, caller, dana, app, sql, account, end):
    step = log_in(services)
    end(caller, dana, services, sql, account)
    assert code_of(lambda: show_step(step.secret, BROWSER, services)) is Code.LOGIN_EXPIRED
    assert code_of(lambda: give_code(step.secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED
    assert sessions(sql) == 0


@pytest.mark.rule("LGN-3", "2FA-1")
def test_what_is_wanted_is_read_when_the_session_is_made(services, dana, sql, clock):
    """A second factor that is set up between the steps is asked for; one that is removed is not."""
    sql("update accounts set two_factor = 'required'")
    step = log_in(services)
    assert step.step is Step.SET_UP
    begin_set_up_at_login(step.secret, BROWSER, services)
    sql("update accounts set two_factor = 'optional'")
    app = with_app(dana, services, clock)
    assert show_step(step.secret, BROWSER, services).step is Step.GIVE_CODE
    assert code_of(lambda: confirm_set_up_at_login(step.secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED
    assert isinstance(give_code(step.secret, app.code(), BROWSER, services), OpenedSession)
    step = log_in(services)
    remove_own(person(dana, proved_at=clock()), services)
    assert code_of(lambda: give_code(step.secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED


@pytest.mark.rule("2FA-4", "2FA-1", "LGN-6")
def test_where_it_is_required_a_password_leads_only_to_setting_one_up(services, dana, sql, clock):
    sql("update accounts set two_factor = 'required'")
    step = log_in(services)
    assert step.step is Step.SET_UP
    assert code_of(lambda: give_code(step.secret, "123456", BROWSER, services)) is Code.LOGIN_EXPIRED
    step = log_in(services)
    assert code_of(lambda: confirm_set_up_at_login(step.secret, "123456", BROWSER, services)) is (
        Code.SECOND_FACTOR_MISSING
    )
    made = begin_set_up_at_login(step.secret, BROWSER, services)
    wrong = app_code(made.seed, clock(), 7)
    assert code_of(lambda: confirm_set_up_at_login(step.secret, wrong, BROWSER, services)) is Code.SECOND_FACTOR_WRONG
    assert sessions(sql) == 0
    finished = confirm_set_up_at_login(step.secret, app_code(made.seed, clock()), BROWSER, services)
    assert isinstance(finished.entry, OpenedSession)
    assert len(finished.recovery_codes) == 10
    again = log_in(services)
    assert again.step is Step.GIVE_CODE
    assert code_of(lambda: give_code(again.secret, app_code(made.seed, clock()), BROWSER, services)) is (
        Code.SECOND_FACTOR_WRONG
    ), "the code of the set-up was used by it"
    assert isinstance(give_code(again.secret, finished.recovery_codes[3], BROWSER, services), OpenedSession)


@pytest.mark.rule("2FA-4", "ROOT-7")
def test_the_root_user_sets_one_up_too_where_it_is_required(services, account, sql, clock):
    sql("update accounts set two_factor = 'required'")
    step = log_in(services, account.root_password, account.root.email)
    made = begin_set_up_at_login(step.secret, BROWSER, services)
    finished = confirm_set_up_at_login(step.secret, app_code(made.seed, clock()), BROWSER, services)
    assert finished.entry.user.is_root


@pytest.mark.rule("LGN-5", "LGN-9", "PWD-4")
def test_a_short_password_that_stands_alone_leads_to_a_longer_one(services, caller, dana, app, sql, clock):
    forgot_password(dana.email, None, services)
    set_password_by_link(link_secret(services, sql, dana), SHORT, None, services)
    assert isinstance(give_code(log_in(services, SHORT).secret, app.code(), BROWSER, services), OpenedSession)
    remove_own(person(dana, proved_at=clock()), services)
    other = sessions(sql)
    step = log_in(services, SHORT)
    assert (step.step, sessions(sql)) == (Step.NEW_PASSWORD, other)
    for refused in (SHORT, "x" * 14, "x" * 257, "dana@acme.example now"):
        assert code_of(lambda refused=refused, step=step: set_password_at_login(
            step.secret, refused, BROWSER, services)) is Code.PASSWORD_REFUSED  # fmt: skip
    opened = set_password_at_login(step.secret, "a much longer password", BROWSER, services)
    assert check_session(opened.secret, services) is not None
    assert sql("select count(*) from outbox where kind = 'password_changed' and payload->>'user_id' = %s",
               dana.id) == [(2,)]  # fmt: skip
    assert code_of(lambda: log_in(services, SHORT)) is Code.INVALID_CREDENTIALS
    clock.advance(seconds=10)
    assert isinstance(log_in(services, "a much longer password"), OpenedSession)


@pytest.mark.rule("LGN-5")
@pytest.mark.parametrize(
    ("length", "with_factor", "taken"),
    [(11, True, False), (12, True, True), (14, True, True), (15, True, True), (256, True, True), (257, True, False),
     (11, False, False), (12, False, False), (14, False, False), (15, False, True), (256, False, True),
     (257, False, False)],
)  # fmt: skip
def test_lengths_cell_by_cell(services, dana, sql, clock, length, with_factor, taken):
    if with_factor:
        with_app(dana, services, clock)
    forgot_password(dana.email, None, services)
    password = ("many unlike words stand here in a row; " * 9)[:length]
    secret = link_secret(services, sql, dana)
    try:
        set_password_by_link(secret, password, None, services)
        set_it = True
    except Refusal as refusal:
        set_it = refusal.code is not Code.PASSWORD_REFUSED
    assert set_it is taken
    if taken:
        assert isinstance(log_in(services, password), UnfinishedLogin if with_factor else OpenedSession)


@pytest.mark.rule("LGN-5")
def test_composed_and_decomposed_are_one_password_and_leaked_ones_are_refused(services, dana, sql):
    for password in ("passwordpassword", "password12345678"):
        forgot_password(dana.email, None, services)
        secret = link_secret(services, sql, dana)
        assert code_of(lambda password=password, secret=secret: set_password_by_link(
            secret, password, None, services)) is Code.PASSWORD_REFUSED  # fmt: skip
    set_password_by_link(secret, "cr\u00e8me br\u00fbl\u00e9e au four", None, services)
    assert isinstance(log_in(services, "cre\u0300me bru\u0302le\u0301e au four"), OpenedSession)


@pytest.mark.rule("LGN-3", "2FA-1")
def test_the_choice_of_an_account_leads_to_what_that_account_wants(services, neighbour, dana, app, sql, clock):
    make_active(services, sql, make_user(key_caller(neighbour), services))
    choice = log_in(services)
    assert isinstance(choice, AccountChoice)
    step = choose_account(choice.secret, dana.account_id, BROWSER, services)
    assert (type(step), step.step) == (UnfinishedLogin, Step.GIVE_CODE)
    opened = give_code(step.secret, app.code(), BROWSER, services)
    assert opened.user.account_id == dana.account_id
    other = choose_account(log_in(services).secret, neighbour.account.id, BROWSER, services)
    assert isinstance(other, OpenedSession)


@pytest.mark.rule("2FA-2", "SAM-6")
@pytest.mark.parametrize("setting", ["disabled", "optional", "required"])
def test_a_login_through_the_organisation_asks_for_no_second_factor(services, account, dana, app, sql, setting):
    connection = connected(services, account, email_domains=("acme.example",))
    sql("update accounts set two_factor = %s", setting)
    entered = Logins(services, connection).enter("s-1").opened
    assert entered.user.id == dana.id
    assert check_session(entered.secret, services) is not None
    step = log_in(services)
    assert isinstance(step, UnfinishedLogin), "by password it is asked for"
    assert give_code(step.secret, app.code(), BROWSER, services).user.id == dana.id
