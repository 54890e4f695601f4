"""AUD-1: what strangers are refused is one entry a minute for each kind and code, with a count."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from provisioning.actions.activity import write_attempts
from provisioning.actions.saml_refusals import refuse_disabled
from provisioning.domain.caller import Caller, Credential, WayIn
from provisioning.domain.errors import Code, Refusal
from tests.actions.saml_world import connected
from tests.factories import report_of

TRIES = 40


@pytest.fixture
def refuse(services, caller):
    """Refuse somebody who is not logged in."""

    def attempt(code: Code = Code.SAML_REPLAYED, way_in: WayIn = WayIn.SAML, account: str = caller.account) -> None:
        stranger = Caller(account=account, way_in=way_in, credential=Credential.ASSERTION, address="203.0.113.9")
        with pytest.raises(Refusal), services.unit(stranger):
            raise Refusal(code)

    return attempt


def counts(entries) -> list[tuple[str | None, object]]:
    return [(entry.code, entry.data["count"]) for entry in entries if entry.outcome == "refused"]


@pytest.mark.rule("AUD-1")
def test_the_first_is_an_entry_at_once_and_the_rest_of_a_minute_one_more_by_the_next_or_by_the_relay(
    services, caller, clock, refuse
):
    for _ in range(5):
        refuse()
    refuse(Code.SAML_UNSOLICITED)
    assert counts(report_of(caller, services)) == [("saml_unsolicited", 1), ("saml_replayed", 1)]
    assert write_attempts(services) == 0
    clock.advance(seconds=61)
    refuse()
    assert counts(report_of(caller, services))[0] == ("saml_replayed", 5)
    refuse()
    clock.advance(seconds=61)
    assert write_attempts(services) == 1
    last = report_of(caller, services)[0]
    assert (last.code, last.data["count"], last.address, last.way_in) == ("saml_replayed", 1, "203.0.113.9", "saml")
    assert write_attempts(services) == 0


@pytest.mark.rule("AUD-1", "TEN-5")
def test_strangers_of_two_accounts_and_of_two_doors_are_counted_apart(services, caller, neighbour, refuse):
    for _ in range(3):
        refuse()
        refuse(way_in=WayIn.CONSOLE)
        refuse(account=neighbour.account.id)
    assert len(counts(report_of(caller, services))) == 2


@pytest.mark.rule("AUD-1", "LIM-4")
def test_a_flood_of_strangers_at_once_is_counted_to_the_last_and_slows_nobody_who_is_logged_in(
    services, caller, clock, refuse, make_entry
):
    stop, together = threading.Event(), threading.Barrier(4)

    def flood(_: int) -> None:
        together.wait()
        for _ in range(TRIES // 4):
            refuse()

    with ThreadPoolExecutor(5) as pool:
        floods = [pool.submit(flood, number) for number in range(4)]
        busy = pool.submit(make_entry, stop)
        for each in floods:
            each.result()
        stop.set()
        assert busy.result() > 0
    clock.advance(seconds=61)
    write_attempts(services)
    assert sum(count for _, count in counts(report_of(caller, services))) == TRIES
    assert len(counts(report_of(caller, services))) == 2


@pytest.fixture
def make_entry(services, caller):
    """Read the report, which writes an entry, until told to stop; returns how often, none of it refused."""

    def run(stop: threading.Event) -> int:
        number = 0
        while not stop.is_set() or not number:
            report_of(caller, services)
            number += 1
        return number

    return run


@pytest.mark.rule("AUD-1")
def test_what_was_counted_long_ago_is_forgotten_and_a_clock_set_back_silences_nothing(
    services, caller, clock, sql, refuse
):
    refuse()
    clock.advance(seconds=-3600)
    refuse()
    assert counts(report_of(caller, services)) == [("saml_replayed", 1)] * 2
    clock.advance(days=3)
    write_attempts(services)
    assert sql("select count(*) from stranger_attempts") == [(0,)]


@pytest.mark.rule("AUD-1", "SAM-6")
def test_a_connection_that_is_switched_off_leaves_an_entry(services, account, caller):
    with pytest.raises(Refusal) as refused:
        refuse_disabled(connected(services, account, enabled=False), "203.0.113.9", services)
    assert refused.value.code is Code.CONNECTION_DISABLED
    entry = report_of(caller, services)[0]
    assert (entry.kind, entry.code, entry.way_in) == ("attempt.refused", "connection_disabled", "saml")
