"""LGN-3: every order of every endpoint of a login, against a model that is slow to trust and simple to read.

The model knows of each unfinished login whose it is, since when, and what was proved in it. A session may come only
from a login of which the password and, where the user has a second factor or needs one, a code that was never used
before were given, within five minutes and five tries, and whose user's access was not ended in between.
"""

from dataclasses import dataclass
from datetime import datetime

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from provisioning.actions.second_factor import remove_of
from provisioning.actions.sessions import Browser, OpenedSession, force_logout
from provisioning.actions.sign_in import AccountChoice, by_password, choose_account
from provisioning.actions.sign_in_steps import (
    FinishedSetUp,
    UnfinishedLogin,
    begin_set_up_at_login,
    confirm_set_up_at_login,
    give_code,
    set_password_at_login,
    show_step,
)
from provisioning.domain.accounts import TwoFactor
from provisioning.domain.errors import Refusal
from provisioning.domain.second_factor import MOST_TRIES, PENDING_LIFETIME, Step
from tests.doors.authenticator import code_of, with_app
from tests.factories import PASSWORD, key_caller, make_active, make_user

BROWSER = Browser("203.0.113.7", "Firefox")
# Which of the secrets that were ever handed out is sent: the newest, the one before, the oldest, or none of ours.
WHICH = st.sampled_from([-1, -1, -1, -1, -1, -1, -2, 0, None])


@dataclass
class Login:
    """An unfinished login as the model knows it."""

    user_id: str
    access: int
    began: datetime
    tries: int = 0
    is_over: bool = False


@dataclass
class Person:
    """A user of the one email, in one of the two accounts."""

    user_id: str
    account_id: str
    access: int = 0
    seed: str | None = None
    begun: str | None = None
    used: int = 0


class Logins(RuleBasedStateMachine):
    """The machine; `world` is what the test was handed."""

    world: tuple

    @initialize(
        setting=st.sampled_from([*TwoFactor, TwoFactor.REQUIRED]),
        has_app=st.booleans(),
        twice=st.sampled_from([False, False, True]),
    )
    def begin(self, setting, has_app, twice) -> None:
        self.services, self.sql, self.clock, account, neighbour = self.world
        self.clock.advance(minutes=10)
        self.sql("update accounts set two_factor = 'optional'")
        self.sql("delete from login_tries")
        self.email = f"person{self.sql('select count(*) from users')[0][0]}@acme.example"
        self.keys = {made.account.id: key_caller(made) for made in (account, neighbour)}
        self.people = []
        for made in (account, neighbour) if twice else (account,):
            user = make_active(self.services, self.sql, make_user(key_caller(made), self.services, self.email))
            self.people.append(Person(user.id, user.account_id))
        if has_app:
            self.people[0].seed = with_app(user if not twice else self.user_of(0), self.services, self.clock).seed
            self.people[0].used = self.step()
        self.setting = setting
        self.logins: dict[str, Login] = {}
        self.secrets: list[str] = []
        self.choices: list[tuple[str, datetime, dict[str, int]]] = []
        self.sql("update accounts set two_factor = %s", setting.value)
        self.give_password(True)
        self.choose(-1, 0)

    def user_of(self, number: int):
        person = self.people[number]
        with self.services.read(self.keys[person.account_id]) as unit:
            return unit.users.get(person.user_id)

    def step(self) -> int:
        return int(self.clock().timestamp()) // 30

    def person(self, user_id: str) -> Person:
        return next(person for person in self.people if person.user_id == user_id)

    def secret(self, which: int | None) -> str:
        return self.secrets[which] if which is not None and -len(self.secrets) <= which < len(self.secrets) else "x"

    def wants_code(self, person: Person) -> bool:
        return person.seed is not None or self.setting is TwoFactor.REQUIRED

    def is_alive(self, login: Login) -> bool:
        in_time = self.clock() < login.began + PENDING_LIFETIME
        return in_time and not login.is_over and login.access == self.person(login.user_id).access

    def note(self, entry: object, began: datetime) -> None:
        """Judge what followed from a right password alone."""
        if isinstance(entry, UnfinishedLogin):
            user_id = self.owner(entry.secret)
            self.logins[entry.secret] = Login(user_id, self.person(user_id).access, self.clock())
            self.secrets.append(entry.secret)
        if isinstance(entry, OpenedSession):
            assert not self.wants_code(self.person(entry.user.id)), "a session by the password alone"

    def owner(self, secret: str) -> str:
        return self.sql("select user_id from second_steps order by id desc limit 1")[0][0]

    @rule(right=st.sampled_from([True, True, False]))
    def give_password(self, right) -> None:
        # What slows guessing down has tests of its own, and would only keep this one from going far.
        self.sql("delete from login_tries")
        try:
            entry = by_password(self.email, PASSWORD if right else "wrong", None, BROWSER, self.services)
        except Refusal:
            assert not right
            return
        assert right
        if isinstance(entry, AccountChoice):
            assert len(self.people) == 2
            access = {person.account_id: person.access for person in self.people}
            self.choices.append((entry.secret, self.clock(), access))
        else:
            assert len(self.people) == 1
            self.note(entry, self.clock())

    @rule(which=st.sampled_from([-1, -2]), number=st.integers(0, 1))
    def choose(self, which, number) -> None:
        if len(self.choices) < -which:
            return
        secret, began, access = self.choices[which]
        person = self.people[min(number, len(self.people) - 1)]
        good = self.clock() < began + PENDING_LIFETIME and access.get(person.account_id) == person.access
        self.choices[which] = (secret, began, {})
        try:
            entry = choose_account(secret, person.account_id, BROWSER, self.services)
        except Refusal:
            assert not good
            return
        assert good
        self.note(entry, began)

    @rule(which=WHICH, shift=st.sampled_from([0, 0, 0, -1, 9]), again=st.booleans(), late=st.sampled_from([0, 30, 30]))
    def code(self, which, shift, again, late) -> None:
        """Give the code of now, of the step before, or a wrong one; a second time in the same breath."""
        self.clock.advance(seconds=late)
        secret = self.secret(which)
        login = self.logins.get(secret)
        seed = self.person(login.user_id).seed if login else None
        given = code_of(seed, self.clock(), shift) if seed else "000000"
        for _ in range(1 + again):
            self.one_code(secret, login, given, self.step() + shift, lambda: give_code(
                secret, given, BROWSER, self.services), seed)  # fmt: skip

    def one_code(self, secret, login, given, step, run, seed) -> bool:
        """Run a step that takes a code; a session may follow only where the model expects one."""
        person = self.person(login.user_id) if login else None
        good = (
            login is not None and seed is not None and self.is_alive(login) and login.tries < MOST_TRIES
            and abs(step - self.step()) <= 1 and step > person.used
        )  # fmt: skip
        if login is not None and self.clock() < login.began + PENDING_LIFETIME and not login.is_over:
            login.tries += 1
        try:
            entry = run()
        except Refusal:
            assert not good
            return False
        entry = entry.entry if isinstance(entry, FinishedSetUp) else entry
        assert good
        assert isinstance(entry, OpenedSession)
        assert entry.user.id == login.user_id
        login.is_over, person.used = True, step
        return True

    @rule(which=WHICH)
    def begin_set_up(self, which) -> None:
        secret = self.secret(which)
        login = self.logins.get(secret)
        if login is not None and self.clock() < login.began + PENDING_LIFETIME and not login.is_over:
            login.tries += 1
        try:
            made = begin_set_up_at_login(secret, BROWSER, self.services)
        except Refusal:
            return
        person = self.person(login.user_id)
        assert self.is_alive(login)
        assert login.tries <= MOST_TRIES
        assert person.seed is None, "a second factor was replaced by somebody who did not prove it"
        assert self.setting is TwoFactor.REQUIRED
        person.begun, person.used = made.seed, 0

    @rule(which=WHICH, right=st.sampled_from([True, True, False]))
    def confirm(self, which, right) -> None:
        self.begin_set_up(which)
        secret = self.secret(which)
        login = self.logins.get(secret)
        person = self.person(login.user_id) if login else None
        seed = person.begun if person and person.seed is None and right else None
        given = code_of(seed, self.clock()) if seed else "000000"
        run = lambda: confirm_set_up_at_login(secret, given, BROWSER, self.services)
        if self.one_code(secret, login, given, self.step(), run, seed):
            person.seed, person.begun = seed, None

    @rule(which=WHICH)
    def set_password(self, which) -> None:
        """No password of these people is too short, so this is never the next step; a try it is nevertheless."""
        secret = self.secret(which)
        login = self.logins.get(secret)
        if login is not None and self.clock() < login.began + PENDING_LIFETIME and not login.is_over:
            login.tries += 1
        with pytest.raises(Refusal):
            set_password_at_login(secret, "an even longer password", BROWSER, self.services)

    @rule(which=WHICH)
    def look(self, which) -> None:
        """The page of the next step is shown to nobody else, and never for a login that is over."""
        secret = self.secret(which)
        try:
            shown = show_step(secret, BROWSER, self.services)
        except Refusal:
            return
        login = self.logins[secret]
        assert self.is_alive(login)
        assert shown.step is (Step.GIVE_CODE if self.person(login.user_id).seed else Step.SET_UP)

    @rule(seconds=st.sampled_from([30, 30, 90, 200]))
    def wait(self, seconds) -> None:
        self.clock.advance(seconds=seconds)

    @rule(number=st.integers(0, 1))
    def end_access(self, number) -> None:
        person = self.people[min(number, len(self.people) - 1)]
        force_logout(self.keys[person.account_id], person.user_id, self.services)
        person.access += 1

    @rule(number=st.integers(0, 1))
    def remove_second_factor(self, number) -> None:
        person = self.people[min(number, len(self.people) - 1)]
        if person.seed is not None:
            remove_of(self.keys[person.account_id], person.user_id, self.services)
            person.seed, person.begun, person.access = None, None, person.access + 1


@pytest.mark.rule("LGN-3", "2FA-4")
def test_no_order_of_requests_opens_a_session_that_was_not_earned(services, sql, clock, account, neighbour):
    Logins.world = (services, sql, clock, account, neighbour)
    bounds = settings(
        max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[*HealthCheck], database=None,
        derandomize=True,
    )  # fmt: skip
    run_state_machine_as_test(Logins, settings=bounds)
