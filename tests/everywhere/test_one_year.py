"""A year in the life of an account, with the clock handed in: everything ends when it has to, and is warned of before.

Nothing sleeps. Each thing that ends is looked at one second before its end and at its end; in between the relay turns
every day, so that whatever is due by the day is done by it and by nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from provisioning.actions.accounts import cancel_account, restore_account, show_account
from provisioning.actions.invitations import open_link
from provisioning.actions.keys import create_account_key, find_key_caller, rotate_account_key
from provisioning.actions.passwords import forgot_password
from provisioning.actions.scim_tokens import create_scim_token, find_scim_caller
from provisioning.actions.sessions import Browser, check_session
from provisioning.actions.sign_in import by_password
from provisioning.domain.caller import operator
from provisioning.domain.errors import Refusal
from provisioning.domain.keys import Terms
from provisioning.domain.roles_legacy import Role
from tests.doors.mail import MailFolder
from tests.factories import PASSWORD, link_secret, make_active, make_user, person
from tests.workers.conftest import *  # noqa: F403 - the fixtures of a relay and a worker in this process.

YEAR = timedelta(days=366)
DAY = timedelta(days=1)


@dataclass
class Ending:
    """Something that is good until a moment after the beginning of the year, and not from then on."""

    name: str
    is_good: Callable[[], object]
    after: timedelta


def holds(ending: Ending) -> bool:
    try:
        return bool(ending.is_good())
    except Refusal:
        return False


@pytest.fixture
def endings(services, account, neighbour, caller, clock, sql) -> list[Ending]:
    """What is made on the first day, each with its life as the rules give it."""
    shell = operator(caller.account)
    chef = make_active(services, sql, make_user(shell, services, "chef@acme.example", Role.MASTER_ADMIN))
    proved = replace(person(chef), proved_at=clock.now)
    browser = Browser("203.0.113.7", "Firefox")
    idle, busy = (by_password(chef.email, PASSWORD, None, browser, services).secret for _ in range(2))
    invitation = link_secret(services, sql, make_user(shell, services, "pending@acme.example"))
    forgot_password(chef.email, None, services)
    reset = link_secret(services, sql, chef)
    quarter = create_account_key(proved, "Quarter", Role.ADMIN, services, Terms(timedelta(days=90)))
    year = create_account_key(proved, "Year", Role.ADMIN, services)
    old = create_account_key(proved, "Old", Role.ADMIN, services)
    rotate_account_key(proved, old.key.id, 14 * 86400, services)
    token = create_scim_token(proved, "Default", services)
    cancel_account(operator(neighbour.account.id), None, None, services)
    by_key = lambda made: lambda: find_key_caller(made.key.id, made.secret, None, services)
    return [
        Ending("reset link", lambda: open_link(reset, None, services), timedelta(hours=1)),
        Ending("idle session", lambda: check_session(idle, services), timedelta(hours=12)),
        Ending("session in use", lambda: check_session(busy, services), timedelta(days=7)),
        Ending("invitation", lambda: open_link(invitation, None, services), timedelta(days=7)),
        Ending("rotated key", by_key(old), timedelta(days=14)),
        Ending("key of 90 days", by_key(quarter), timedelta(days=90)),
        Ending("key", by_key(year), timedelta(days=365)),
        Ending("token", lambda: find_scim_caller(token.text, None, services), timedelta(days=365)),
    ]


def is_looked_at(ending: Ending, moment: timedelta) -> bool:
    """Whether to look at a thing now: until its end; at the idle session at its end alone, as looking is using it."""
    if ending.name == "idle session":
        return moment == ending.after
    return moment <= ending.after


def moments(endings: list[Ending]) -> Iterator[timedelta]:
    """Every moment that is looked at, in order: each day, six-hourly in the first week, and around each end."""
    found = {DAY * day for day in range(366)} | {timedelta(hours=6 * number) for number in range(28)}
    for ending in endings:
        found |= {ending.after - timedelta(seconds=1), ending.after}
    yield from sorted(found)


@pytest.fixture
def a_day_passes(relay, work, sql) -> Callable[[], None]:
    """What happens by itself: the relay turns, and the worker pays what came due."""

    def run() -> None:
        relay.turn()
        if sql("select count(*) from outbox where done_at is null") != [(0,)]:
            # What the duties of the turn owed is due now.
            relay.turn()
            work()

    return run


@pytest.mark.rule("KEY-2", "KEY-4", "LNK-2", "LNK-6", "SES-6", "OUT-5", "INV-2", "ACC-3", "LGN-9")
def test_everything_ends_when_it_has_to_and_is_warned_of_before(
    services, settings, neighbour, endings, clock, sql, a_day_passes
):
    begun = clock.now
    seen: dict[str, int] = {}
    mails = MailFolder(Path(urlsplit(settings.mail_url).path))
    for moment in moments(endings):
        clock.now = begun + moment
        for ending in endings:
            if is_looked_at(ending, moment):
                assert holds(ending) is (moment < ending.after), (ending.name, moment)
        if moment % DAY == timedelta(0):
            a_day_passes()
            for mail in mails.all():
                seen.setdefault(mail.file, moment // DAY)
    assert show_account(operator(neighbour.account.id), services).account.erased_at == begun + KEPT
    with pytest.raises(Refusal):
        restore_account(operator(neighbour.account.id), services)
    warned = sorted((seen[mail.file], mail.to, mail.text.split("'")[1]) for mail in mails.all() if mail.kind == WARNING)
    chef, root = "chef@acme.example", "root@acme.example"
    year = [(day, chef, name) for day in (335, 358, 364) for name in ("default", "Old", "Year")]
    first = [(day, root, name) for day in (335, 358, 364) for name in ("default", "First key")]
    assert warned == sorted([(60, chef, "Quarter"), (83, chef, "Quarter"), (89, chef, "Quarter"), *year, *first])
    new_keys = [mail for mail in mails.all() if mail.kind == "new_key"]
    assert [mail.to for mail in new_keys] == [chef] * 5
    assert sql("select count(*) from outbox where done_at is null") == [(0,)]
    assert sql("select count(*) from activity_unsealed") == [(0,)]


KEPT = timedelta(days=30)
WARNING = "key_expiring"
