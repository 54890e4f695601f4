"""2FA: set up by its owner, removed by its owner or an administrator; codes work once; what is stored tells nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.passwords import reset_password
from provisioning.actions.second_factor import (
    begin_set_up,
    check_proof,
    confirm_set_up,
    new_recovery_codes,
    own_second_factor,
    remove_of,
    remove_own,
    spend_code,
)
from provisioning.actions.sessions import Browser, OpenedSession, check_session
from provisioning.actions.sign_in import by_password
from provisioning.actions.sign_in_steps import UnfinishedLogin, give_code
from provisioning.actions.users import delete_user
from provisioning.domain.caller import operator
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.second_factor import RECOVERY_CODES, SEED_BYTES, Step
from provisioning.encryption import CannotDecrypt
from tests.actions.forgotten import forgot_password
from tests.actions.refusals import code_of
from tests.doors.authenticator import code_of as app_code
from tests.doors.authenticator import with_app
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user, person, scim_caller_of

BROWSER = Browser("203.0.113.7", "Firefox")


@pytest.fixture
def dana(services, caller, sql):
    return make_active(services, sql, make_user(caller, services))


def log_in(services, email="dana@acme.example", password=PASSWORD, browser=BROWSER):
    return by_password(email, password, None, browser, services)


def owed(sql, user) -> list[str]:
    rows = sql(
        "select kind from outbox where payload->>'user_id' = %s and kind <> 'sessions_ended' order by id", user.id
    )
    return [kind for (kind,) in rows]


@pytest.mark.rule("2FA-1", "LGN-4", "OPS-2")
def test_a_second_factor_is_set_up_with_one_code_and_stored_as_nothing_that_can_be_used(services, dana, clock, sql):
    me = person(dana, proved_at=clock())
    made = begin_set_up(me, services)
    assert len(made.seed) * 5 == SEED_BYTES * 8
    assert made.address.startswith("otpauth://totp/Gatelodge:dana%40acme.example?")
    assert made.seed in made.address
    assert not own_second_factor(me, services).is_on
    assert isinstance(log_in(services), OpenedSession), "a set-up that was only begun is asked for by nobody"
    codes = confirm_set_up(me, f" {app_code(made.seed, clock())[:3]} {app_code(made.seed, clock())[3:]} ", services)
    assert len(set(codes)) == RECOVERY_CODES == 10
    assert all(re.fullmatch(r"([A-Z2-7]{6}-){3}[A-Z2-7]{6}", code) for code in codes)
    state = own_second_factor(me, services)
    assert (state.is_on, state.codes_left) == (True, 10)
    stored = str(sql("select * from second_factors")) + str(sql("select * from recovery_codes"))
    assert made.seed not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert owed(sql, dana)[-1] == "second_factor_set_up"
    assert sql("select kind from activity where target_id = %s order by id desc limit 1", dana.id)[0] != ()


@pytest.mark.rule("2FA-1", "SES-4")
def test_a_set_up_needs_a_fresh_proof_the_right_code_and_its_time(services, dana, clock):
    me = person(dana, proved_at=clock())
    assert code_of(lambda: confirm_set_up(me, "123456", services)) is Code.SECOND_FACTOR_MISSING
    seed = begin_set_up(me, services).seed
    for wrong in ("", "12345", "1234567", "12345a", "１２３４５６", app_code(seed, clock(), 5)):
        assert code_of(lambda wrong=wrong: confirm_set_up(me, wrong, services)) is Code.SECOND_FACTOR_WRONG
    again = begin_set_up(me, services).seed
    assert again != seed
    assert code_of(lambda: confirm_set_up(me, app_code(seed, clock()), services)) is Code.SECOND_FACTOR_WRONG
    clock.advance(minutes=11)
    for act in (begin_set_up, new_recovery_codes, remove_own):
        assert code_of(lambda act=act: act(me, services)) is Code.PROOF_NEEDED
    assert code_of(lambda: confirm_set_up(me, app_code(again, clock()), services)) is Code.PROOF_NEEDED
    clock.advance(minutes=4)
    later = person(dana, proved_at=clock())
    assert code_of(lambda: confirm_set_up(later, app_code(again, clock()), services)) is Code.SECOND_FACTOR_MISSING


@pytest.mark.rule("2FA-1", "2FA-4")
def test_one_that_is_on_is_not_replaced_and_under_disabled_none_is_set_up(services, dana, clock, sql):
    app = with_app(dana, services, clock)
    me = person(dana, proved_at=clock())
    assert code_of(lambda: begin_set_up(me, services)) is Code.SECOND_FACTOR_EXISTS
    assert code_of(lambda: confirm_set_up(me, app.code(), services)) is Code.SECOND_FACTOR_EXISTS
    sql("update accounts set two_factor = 'disabled'")
    assert isinstance(log_in(services), UnfinishedLogin), "who has one is still asked for it"
    remove_own(me, services)
    assert code_of(lambda: begin_set_up(me, services)) is Code.SECOND_FACTOR_DISABLED
    assert owed(sql, dana)[-2:] == ["second_factor_set_up", "second_factor_removed"]
    assert code_of(lambda: remove_own(me, services)) is Code.SECOND_FACTOR_MISSING
    assert code_of(lambda: new_recovery_codes(me, services)) is Code.SECOND_FACTOR_MISSING


@pytest.mark.rule("2FA-1")
def test_keys_tokens_and_the_shell_have_no_second_factor_of_their_own(services, account, scim):
    for caller in (key_caller(account), scim, operator(account.account.id)):
        with pytest.raises(Refusal):
            begin_set_up(caller, services)


@pytest.mark.rule("LGN-4")
def test_one_code_in_twenty_parallel_requests_wins_once(services, dana, clock):
    app = with_app(dana, services, clock)
    code = app.code()

    def use(_: int) -> bool:
        try:
            with services.unit(person(dana)) as unit:
                spend_code(unit, dana, code, services)
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(20))) == 1


@pytest.mark.rule("LGN-4", "2FA-1")
def test_the_window_is_one_step_and_the_step_grows(services, dana, clock):
    seed = with_app(dana, services, clock).seed

    def fits(steps: int) -> bool:
        try:
            with services.unit(person(dana)) as unit:
                spend_code(unit, dana, app_code(seed, clock(), steps), services)
        except Refusal:
            return False
        return True

    clock.advance(minutes=5)
    assert [fits(-2), fits(2)] == [False, False]
    assert [fits(-1), fits(-1), fits(0), fits(-1), fits(1), fits(0), fits(1)] == [
        True, False, True, False, True, False, False,
    ]  # fmt: skip


@pytest.mark.rule("2FA-1", "LGN-9")
def test_a_recovery_code_works_once_in_any_spelling_and_new_ones_replace_all(services, dana, clock, sql):
    app = with_app(dana, services, clock)
    first, second, third = app.recovery_codes[:3]
    spelled = f"  {first.lower().replace('-', ' ')} "
    assert isinstance(give_code(log_in(services).secret, spelled, BROWSER, services), OpenedSession)
    assert code_of(lambda: give_code(log_in(services).secret, first, BROWSER, services)) is Code.SECOND_FACTOR_WRONG
    assert owed(sql, dana).count("recovery_code_used") == 1
    assert own_second_factor(person(dana), services).codes_left == 9
    renewed = new_recovery_codes(person(dana, proved_at=clock()), services)
    assert owed(sql, dana)[-1] == "recovery_codes_renewed"
    assert code_of(lambda: give_code(log_in(services).secret, second, BROWSER, services)) is Code.SECOND_FACTOR_WRONG
    assert isinstance(give_code(log_in(services).secret, renewed[0], BROWSER, services), OpenedSession)
    assert third not in renewed


@pytest.mark.rule("2FA-1", "TEN-1")
def test_a_recovery_code_of_somebody_else_is_none(services, caller, sql, clock, dana, neighbour):
    other = make_active(services, sql, make_user(caller, services, "eve@acme.example"))
    theirs = make_active(services, sql, make_user(key_caller(neighbour), services, "dana@acme.example"))
    with_app(dana, services, clock)
    for stranger in (other, theirs):
        app = with_app(stranger, services, clock)
        for code in (app.recovery_codes[0], app.code()):
            with pytest.raises(Refusal, match="wrong"), services.unit(person(dana)) as unit:
                spend_code(unit, dana, code, services)


@pytest.mark.rule("OPS-2")
def test_a_seed_that_is_moved_to_another_row_cannot_be_read(services, caller, sql, clock, dana):
    other = make_active(services, sql, make_user(caller, services, "eve@acme.example"))
    apps = {user.id: with_app(user, services, clock) for user in (dana, other)}
    (seed_of_other,) = sql("select seed from second_factors where user_id = %s", other.id)[0]
    sql("update second_factors set seed = %s where user_id = %s", seed_of_other, dana.id)
    with pytest.raises(CannotDecrypt), services.unit(person(dana)) as unit:
        spend_code(unit, dana, apps[other.id].code(), services)


@pytest.mark.rule("2FA-5", "LGN-9", "OUT-3")
def test_an_administrator_removes_a_lost_one_and_everything_that_was_open_ends(services, caller, dana, clock, sql):
    app = with_app(dana, services, clock)
    opened = give_code(log_in(services).secret, app.code(), BROWSER, services)
    waiting = log_in(services)
    assert check_session(opened.secret, services) is not None
    remove_of(caller, dana.id, services)
    assert check_session(opened.secret, services) is None
    assert code_of(lambda: give_code(waiting.secret, app.code(), BROWSER, services)) is Code.LOGIN_EXPIRED
    assert sql("select count(*) from second_factors") == sql("select count(*) from recovery_codes") == [(0,)]
    assert owed(sql, dana).count("second_factor_reset") == 1
    assert isinstance(log_in(services), OpenedSession)
    assert code_of(lambda: remove_of(caller, dana.id, services)) is Code.SECOND_FACTOR_MISSING


@pytest.mark.rule("2FA-5", "ROOT-2", "USR-3", "TEN-3")
def test_who_may_not_remove_whose(services, account, neighbour, caller, sql, clock, dana):
    chief = make_active(services, sql, make_user(caller, services, "chief@acme.example", Role.MASTER_ADMIN))
    admin = make_active(services, sql, make_user(caller, services, "admin@acme.example", Role.ADMIN))
    for user in (chief, account.root, dana):
        with_app(user, services, clock)
    at = clock()
    refused = [
        (caller, account.root.id, Code.ROOT_USER_PROTECTED),
        (person(account.root, proved_at=at), account.root.id, Code.ROOT_USER_PROTECTED),
        (operator(account.account.id), account.root.id, Code.ROOT_USER_PROTECTED),
        (person(admin, proved_at=at), chief.id, Code.ABOVE_OWN_ROLE),
        (person(dana, proved_at=at), chief.id, Code.NOT_ALLOWED),
        (scim_caller_of(account, services), dana.id, Code.USER_NOT_MANAGED),
        (key_caller(neighbour), dana.id, Code.NOT_FOUND),
        (caller, "nobody", Code.NOT_FOUND),
        (person(chief, proved_at=None), dana.id, Code.PROOF_NEEDED),
    ]
    for who, user_id, code in refused:
        assert code_of(lambda who=who, user_id=user_id: remove_of(who, user_id, services)) is code, (who.name, code)
    assert sql("select count(*) from second_factors where confirmed_at is not null") == [(3,)]
    remove_own(person(account.root, proved_at=at), services)


@pytest.mark.rule("LGN-10", "PWD-1", "PWD-2")
def test_no_reset_of_the_password_switches_it_off_and_twelve_characters_are_enough_with_it(
    services, caller, dana, clock, sql
):
    app = with_app(dana, services, clock)
    for start in (
        lambda: forgot_password(dana.email, None, services),
        lambda: reset_password(caller, dana.id, services),
    ):
        start()
        set_password_by_link(link_secret(services, sql, dana), "twelve chars", None, services)
        step = log_in(services, password="twelve chars")
        assert step.step is Step.GIVE_CODE
        assert isinstance(give_code(step.secret, app.code(), BROWSER, services), OpenedSession)


@pytest.mark.rule("USR-7")
def test_a_deleted_user_leaves_no_second_factor_behind(services, caller, dana, clock, sql):
    with_app(dana, services, clock)
    delete_user(caller, dana.id, services)
    assert sql("select count(*) from second_factors") == sql("select count(*) from recovery_codes") == [(0,)]


def prove(services, user, password=PASSWORD, code=None):
    with services.unit(person(user)) as unit:
        check_proof(unit, unit.users.get(user.id), password, code, services)


@pytest.mark.rule("SES-4", "PWD-5")
def test_a_fresh_proof_is_the_password_and_where_it_is_on_the_second_factor(services, dana, clock):
    prove(services, dana)
    assert code_of(lambda: prove(services, dana, "wrong")) is Code.INVALID_CREDENTIALS
    assert code_of(lambda: prove(services, dana, PASSWORD + "x" * 300)) is Code.INVALID_CREDENTIALS
    app = with_app(dana, services, clock)
    assert code_of(lambda: prove(services, dana)) is Code.SECOND_FACTOR_WRONG
    assert code_of(lambda: prove(services, dana, code=app.wrong())) is Code.SECOND_FACTOR_WRONG
    code = app.code()
    prove(services, dana, code=code)
    assert code_of(lambda: prove(services, dana, code=code)) is Code.SECOND_FACTOR_WRONG
    prove(services, dana, code=app.recovery_codes[0])


@pytest.mark.rule("SES-4", "PWD-5")
def test_proofs_have_a_pace_of_their_own(services, dana, clock):
    for _ in range(5):
        assert code_of(lambda: prove(services, dana, "wrong")) is Code.INVALID_CREDENTIALS
    with pytest.raises(Refusal) as slow:
        prove(services, dana)
    assert (slow.value.code, slow.value.values["retry_after"]) == (Code.TOO_MANY_REQUESTS, 1)
    assert isinstance(log_in(services), OpenedSession)
    clock.advance(seconds=1)
    prove(services, dana)
    prove(services, dana)


@pytest.mark.rule("LIM-4")
def test_a_proof_that_many_wait_for_is_told_to_come_again(services, dana):
    class Full:
        def is_right(self, password, stored):
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)

    assert code_of(lambda: prove(replace(services, hasher=Full()), dana)) is Code.TOO_MANY_REQUESTS
