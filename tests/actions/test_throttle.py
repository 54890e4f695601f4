"""LGN-2, PWD-5: guessing is slowed down and locks nobody out, and nothing of it tells who exists (LGN-1)."""

from dataclasses import replace
from statistics import fmean, stdev
from time import perf_counter

import pytest

from provisioning.actions import passwords
from provisioning.actions.housekeeping import forget_old_rows
from provisioning.actions.invitations import set_password_by_link
from provisioning.actions.passwords import reset_password
from provisioning.actions.sessions import Browser, OpenedSession, force_logout
from provisioning.actions.sign_in import AccountChoice, by_password, choose_account
from provisioning.actions.users import delete_user, disable_user
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from provisioning.domain.throttle import FREE, MOST_IN_A_ROW, Counter
from tests.actions.forgotten import forgot_password, pay_resets
from tests.actions.refusals import code_of
from tests.actions.saml_world import connected
from tests.factories import PASSWORD, key_caller, link_secret, make_active, make_user

WRONG = "this is not the password"
# The same address in the spellings that a comparison by lower case would take for others (IDN-1).
SPELLINGS = (
    "dana@acme.example",
    "DANA@ACME.example",
    "ｄana@acme.example",
    "dana@ACME.Example",
    "Ｄａｎａ@acme.example",
)


@pytest.fixture
def dana(services, caller, sql):
    return make_active(services, sql, make_user(caller, services))


def from_address(number: int = 7, device: str | None = None) -> Browser:
    return Browser(f"203.0.113.{number}", "Firefox", device)


def log_in(services, email="dana@acme.example", password=PASSWORD, browser=None, account=None):
    return by_password(email, password, account, browser or from_address(), services)


def refusal_of(services, email="dana@acme.example", password=WRONG, browser=None, account=None) -> Refusal:
    with pytest.raises(Refusal) as refused:
        log_in(services, email, password, browser, account)
    return refused.value


def guess(services, clock, times, emails=SPELLINGS, spread=True, account=None) -> None:
    """Give wrong passwords, waiting each time for as long as is asked for."""
    for number in range(times):
        browser = from_address(number % 200 if spread else 7)
        refused = refusal_of(services, emails[number % len(emails)], browser=browser, account=account)
        if refused.code is Code.TOO_MANY_REQUESTS:
            clock.advance(seconds=refused.values["retry_after"])
            refused = refusal_of(services, emails[number % len(emails)], browser=browser, account=account)
        assert refused.code is Code.INVALID_CREDENTIALS


@pytest.mark.rule("LGN-2", "PWD-5")
def test_the_pause_grows_from_a_second_to_a_quarter_of_an_hour_in_every_spelling(services, dana, clock):
    guess(services, clock, FREE[Counter.EMAIL])
    pauses = []
    for number in range(14):
        assert refusal_of(services, SPELLINGS[number % 5]).code is Code.INVALID_CREDENTIALS
        slowed = refusal_of(services, SPELLINGS[(number + 1) % 5], PASSWORD, from_address(number))
        assert slowed.code is Code.TOO_MANY_REQUESTS
        pauses.append(slowed.values["retry_after"])
        clock.advance(seconds=slowed.values["retry_after"])
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    assert isinstance(log_in(services), OpenedSession)


@pytest.mark.rule("LGN-1", "LGN-2")
def test_the_pace_is_the_same_for_who_does_not_exist(services, dana, clock, account):
    told = {}
    for email in ("dana@acme.example", "unknown@acme.example", "no address", account.root.email):
        told[email] = []
        for number in range(12):
            refused = refusal_of(services, email, browser=from_address(number))
            told[email].append((refused.code, refused.values.get("retry_after")))
            if number % 4 == 3:
                clock.advance(milliseconds=400)
    assert len({tuple(answers) for answers in told.values()}) == 1
    assert (Code.TOO_MANY_REQUESTS, 1) in told["no address"]


@pytest.mark.rule("LGN-2", "PWD-5")
def test_one_network_is_slowed_down_over_all_emails_and_others_are_not(services, dana, clock, sql):
    for number in range(FREE[Counter.ADDRESS] + 1):
        assert refusal_of(services, f"user{number}@acme.example").code is Code.INVALID_CREDENTIALS
    assert refusal_of(services, password=PASSWORD).code is Code.TOO_MANY_REQUESTS
    device = log_in(services, browser=from_address(8)).device
    assert isinstance(log_in(services, browser=from_address(7, device)), OpenedSession)
    network = "2001:db8:1:2"
    for number in range(FREE[Counter.ADDRESS] + 1):
        refusal_of(services, f"more{number}@acme.example", browser=Browser(f"{network}::{number + 1:x}", None))
    assert refusal_of(services, "new@acme.example", browser=Browser(f"{network}:ffff::1", None)).code is (
        Code.TOO_MANY_REQUESTS
    )
    clock.advance(hours=1)
    assert refusal_of(services, "other@acme.example").code is Code.INVALID_CREDENTIALS
    assert sql("select count(*) from login_tries where subject like '%%@%%'") == [(0,)]


@pytest.mark.rule("LGN-2", "PWD-5", "ROOT-2")
def test_after_a_hundred_in_a_row_strangers_are_refused_until_a_new_password_and_the_known_browser_gets_in(
    services, dana, clock, sql
):
    device = log_in(services).device
    guess(services, clock, MOST_IN_A_ROW + 1)
    assert refusal_of(services, browser=from_address(9)).code is Code.TOO_MANY_REQUESTS
    known = log_in(services, browser=from_address(250, device))
    clock.advance(days=2)
    assert refusal_of(services, password=PASSWORD).code is Code.INVALID_CREDENTIALS
    known = log_in(services, browser=from_address(250, known.device))
    assert isinstance(known, OpenedSession)
    assert sql("select count(*) from activity where kind = 'login.guessed'") == [(1,)]
    assert sql("select count(*) from outbox where kind = 'password_guessed'") == [(0,)]
    forgot_password(dana.email, None, services)
    set_password_by_link(link_secret(services, sql, dana), "another long password", None, services)
    assert isinstance(log_in(services, password="another long password"), OpenedSession)


@pytest.mark.rule("LGN-2", "ROOT-2")
def test_the_root_users_password_works_after_a_hundred_and_one_and_the_root_is_told_once(services, account, clock, sql):
    guess(services, clock, MOST_IN_A_ROW + 1, ("root@acme.example", "ROOT@acme.example"))
    assert sql("select payload->>'user_id' from outbox where kind = 'password_guessed'") == [(account.root.id,)]
    assert refusal_of(services, account.root.email, account.root_password).code is Code.TOO_MANY_REQUESTS
    clock.advance(minutes=16)
    assert isinstance(log_in(services, account.root.email, account.root_password), OpenedSession)


@pytest.mark.rule("LGN-2", "PWD-5")
def test_a_known_browser_has_a_counter_of_its_own_and_is_slowed_down_too(services, dana, clock):
    device = log_in(services).device
    for _ in range(FREE[Counter.DEVICE] + 1):
        assert refusal_of(services, browser=from_address(7, device)).code is Code.INVALID_CREDENTIALS
    assert refusal_of(services, password=PASSWORD, browser=from_address(7, device)).code is Code.TOO_MANY_REQUESTS
    assert isinstance(log_in(services), OpenedSession), "its wrong tries are nobody else's"
    clock.advance(seconds=1)
    assert isinstance(log_in(services, browser=from_address(7, device)), OpenedSession)


@pytest.mark.rule("LGN-2", "OUT-3", "SES-3", "SCM-10")
def test_a_known_browser_is_forgotten_with_the_access_and_its_secret_changes_at_each_login(
    services, caller, dana, clock
):
    first = log_in(services).device
    second = log_in(services, browser=from_address(7, first)).device
    assert second != first
    force_logout(caller, dana.id, services)
    guess(services, clock, FREE[Counter.EMAIL] + 1, spread=False)
    for device in (first, second, "made up"):
        slowed = refusal_of(services, password=PASSWORD, browser=from_address(7, device))
        assert slowed.code is Code.TOO_MANY_REQUESTS


@pytest.mark.rule("LGN-2", "TEN-5")
def test_a_user_of_the_same_email_in_an_account_of_ones_own_gives_no_more_tries(
    services, account, neighbour, dana, clock, sql
):
    """Whoever runs an account can have a user of any email there; logging in with it must not reset the others."""
    mine = make_active(services, sql, make_user(key_caller(neighbour), services), "a password of the neighbour")
    device = log_in(services, mine.email, "a password of the neighbour").device
    guess(services, clock, MOST_IN_A_ROW + 1, account=account.account.id)
    clock.advance(minutes=16)
    assert isinstance(
        log_in(services, password="a password of the neighbour", browser=from_address(7, device)), OpenedSession
    )
    clock.advance(minutes=16)
    assert refusal_of(services, password=PASSWORD, account=account.account.id).code is Code.INVALID_CREDENTIALS
    clock.advance(minutes=16)
    assert isinstance(log_in(services, password="a password of the neighbour"), OpenedSession)
    assert sql("select count(*) from login_tries where account_id = %s and tries > 100", account.account.id) == [(1,)]


@pytest.mark.rule("LGN-2", "PWD-5")
def test_a_success_takes_its_own_count_back_and_tells_of_a_new_browser_after_wrong_tries(services, dana, clock, sql):
    for _ in range(20):
        log_in(services)
    assert sql("select count(*) from outbox where kind = 'new_device'") == [(0,)]
    guess(services, clock, 3)
    opened = log_in(services)
    assert sql("select count(*) from outbox where kind = 'new_device'") == [(1,)]
    guess(services, clock, 1)
    log_in(services, browser=from_address(7, opened.device))
    log_in(services)
    assert sql("select count(*) from outbox where kind = 'new_device'") == [(1,)]


@pytest.mark.rule("LGN-2")
def test_an_account_that_is_chosen_counts_like_one_that_was_named(services, neighbour, dana, clock, sql):
    make_active(services, sql, make_user(key_caller(neighbour), services))
    choice = log_in(services)
    assert isinstance(choice, AccountChoice)
    opened = choose_account(choice.secret, neighbour.account.id, from_address(), services)
    assert opened.user.account_id == neighbour.account.id
    assert code_of(lambda: choose_account(choice.secret, neighbour.account.id, from_address(), services)) is (
        Code.INVALID_CREDENTIALS
    )
    again = log_in(services)
    force_logout(key_caller(neighbour), opened.user.id, services)
    assert code_of(lambda: choose_account(again.secret, neighbour.account.id, from_address(), services)) is (
        Code.INVALID_CREDENTIALS
    )


@pytest.mark.rule("LIM-4", "LGN-2")
def test_a_try_that_could_not_be_looked_at_is_not_counted(services, dana, clock):
    class Full:
        def is_right(self, password, stored):
            raise Refusal(Code.TOO_MANY_REQUESTS, retry_after=1)

    busy = replace(services, hasher=Full())
    for _ in range(20):
        assert code_of(lambda: log_in(busy)) is Code.TOO_MANY_REQUESTS
    assert isinstance(log_in(services), OpenedSession)


@pytest.mark.rule("PWD-2", "PWD-5", "LGN-1")
def test_nobody_fills_somebodys_mailbox_and_the_answer_stays_the_same(services, dana, clock, sql):
    asked = "select count(*) from outbox where kind = 'password_reset'"
    for number in range(30):
        assert forgot_password(SPELLINGS[number % 5], f"203.0.113.{number}", services) is None
        assert forgot_password("unknown@acme.example", None, services) is None
    assert sql(asked) == [(FREE[Counter.FORGOT] + 1,)]
    clock.advance(days=1)
    forgot_password("dana@acme.example", None, services)
    assert sql(asked) == [(FREE[Counter.FORGOT] + 2,)]


@pytest.mark.rule("LGN-2")
def test_what_logins_leave_behind_is_cleaned_away_and_what_counts_stays(services, dana, clock, sql):
    opened = log_in(services)
    guess(services, clock, 3)
    clock.advance(days=2)
    assert forget_old_rows(services) >= 2
    assert sql("select counter, tries from login_tries") == [("user", 3)]
    assert isinstance(log_in(services, browser=from_address(7, opened.device)), OpenedSession)
    clock.advance(days=181)
    forget_old_rows(services)
    assert sql("select count(*) from devices") == [(0,)]


def people_who_cannot_log_in(services, caller, account, sql) -> dict[str, tuple[str, str]]:
    """Reason -> (email, password) of every case of LGN-1."""

    def person(name: str):
        return make_user(caller, services, f"{name}@acme.example")

    person("pending")
    make_active(services, sql, person("wrong"))
    disable_user(caller, make_active(services, sql, person("disabled")).id, services)
    delete_user(caller, make_active(services, sql, person("deleted")).id, services)
    reset_password(caller, make_active(services, sql, person("reset")).id, services)
    make_active(services, sql, person("organisation"))
    connected(services, account)
    sql("update accounts set saml_enforced = true where id = %s", account.account.id)
    names = ("pending", "disabled", "deleted", "reset", "organisation", "unknown")
    return {"wrong": ("wrong@acme.example", WRONG)} | {name: (f"{name}@acme.example", PASSWORD) for name in names}


@pytest.mark.rule("LGN-1")
def test_every_reason_costs_the_same_hashes_and_statements(services, caller, account, sql, statements):
    hashes: list[str | None] = []

    class Counting:
        def is_right(self, password, stored):
            hashes.append(stored)
            return services.hasher.is_right(password, stored)

    watched = replace(services, hasher=Counting())
    costs = {}
    for reason, (email, password) in people_who_cannot_log_in(services, caller, account, sql).items():
        hashes.clear()
        statements.clear()
        assert refusal_of(watched, email, password).code is Code.INVALID_CREDENTIALS, reason
        costs[reason] = (len(hashes), [statement.split(" where ")[0] for statement in statements])
    assert len(costs["unknown"][1]) >= 5
    assert costs == dict.fromkeys(costs, costs["unknown"])


@pytest.mark.rule("LGN-1", "PWD-2")
def test_a_forgotten_password_costs_the_same_statements_whoever_has_the_address(
    services, caller, account, neighbour, sql, statements
):
    for each in (caller, key_caller(neighbour)):
        make_active(services, sql, make_user(each, services))
    people = [email for email, _ in people_who_cannot_log_in(services, caller, account, sql).values()]
    costs = {}
    for email in ("dana@acme.example", "nobody@acme.example", *people):
        statements.clear()
        passwords.forgot_password(email, "203.0.113.7", services)
        costs[email] = list(statements)
    assert len(costs["nobody@acme.example"]) >= 2
    assert costs == dict.fromkeys(costs, costs["nobody@acme.example"])
    assert sql("select count(*) from outbox where kind = 'password_reset'") == [(1,)], "of whom an administrator reset"
    pay_resets(services)
    told = sql("select payload->>'user_id', count(*) from outbox where kind = 'password_reset' group by 1")
    assert len(told) == 2, "who was reset before, and who has the same address in the other account"
    assert sql("select count(*) from outbox where kind = 'reset_asked' and secret is not null") == [(0,)]


@pytest.mark.long
@pytest.mark.rule("LGN-1")
def test_no_reason_takes_a_time_of_its_own(services, caller, account, sql, clock, record_property):
    """Two hundred tries of each reason, in turn; three rounds, as the machine does other things too."""
    people = people_who_cannot_log_in(services, caller, account, sql)
    for _ in range(3):
        times: dict[str, list[float]] = {reason: [] for reason in people}
        for number in range(200):
            clock.advance(days=1)
            for reason, (email, password) in people.items():
                began = perf_counter()
                refusal_of(services, email, password, from_address(number))
                times[reason].append(perf_counter() - began)
            sql("delete from login_tries where counter = 'user'")
        trimmed = {reason: sorted(each)[10:150] for reason, each in times.items()}
        means = {reason: fmean(each) for reason, each in trimmed.items()}
        errors = {reason: stdev(each) / len(each) ** 0.5 for reason, each in trimmed.items()}
        record_property("milliseconds", {reason: round(mean * 1000, 3) for reason, mean in means.items()})
        apart = {
            reason: abs(means[reason] - means["unknown"]) / (errors[reason] ** 2 + errors["unknown"] ** 2) ** 0.5
            for reason in people
        }
        if max(apart.values()) <= 3:
            return
    pytest.fail(f"standard errors apart from an unknown address: {apart}")


@pytest.mark.rule("PWD-5")
def test_a_role_makes_no_difference_to_the_pace(services, caller, sql, clock):
    chief = make_active(services, sql, make_user(caller, services, "chief@acme.example", Role.MASTER_ADMIN))
    guess(services, clock, FREE[Counter.EMAIL] + 1, (chief.email,))
    assert refusal_of(services, chief.email, PASSWORD).code is Code.TOO_MANY_REQUESTS
