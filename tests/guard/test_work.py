"""LIM-4: expensive work has few places, beyond them 429; health and session checks are answered meanwhile."""

import base64
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from provisioning.app import create_app
from provisioning.guard.work import LOOK_UP, WORK, Places, Work
from tests.doors.console import ConsoleClient


@pytest.mark.rule("LIM-4")
def test_the_table_names_endpoints_that_there_are(app):
    assert set(WORK) <= set(app.view_functions)


@pytest.mark.rule("LIM-4")
def test_each_kind_has_its_places_and_all_together_leave_two_threads_free():
    places = Places(threads=8)
    assert [places.take(Work.EXPORT) for _ in range(3)] == [True, True, False]
    assert [places.take(Work.FILTER) for _ in range(5)] == [True] * 4 + [False]
    assert not places.take(Work.XML)
    places.give_back(Work.EXPORT)
    assert [places.take(Work.XML), places.take(Work.XML)] == [True, False]
    small = Places(threads=1)
    assert [small.take(Work.XML), small.take(Work.XML)] == [True, False]


@pytest.mark.rule("LIM-4", "LIM-6")
@pytest.mark.parametrize("text", ['userName eq "dana@acme.example"', 'externalId eq "x"', "active eq true",
                                  'emails.value eq "a@b.example"'])  # fmt: skip
def test_what_a_directory_asks_before_each_write_takes_no_place(text):
    assert LOOK_UP.fullmatch(text)
    assert not LOOK_UP.fullmatch(f"{text} or {text}")
    assert not LOOK_UP.fullmatch(text.replace(" eq ", " co "))


@pytest.mark.rule("LIM-4")
def test_while_slow_filters_hold_every_place_more_get_429_and_health_and_session_checks_answer(
    services, settings, account, neighbour, owner_lock
):
    app = create_app(services, replace(settings, web_threads=6))
    token = {"Authorization": f"Bearer {account.token.text}"}

    def ask(_: int) -> tuple[int, str | None]:
        answer = app.test_client().get('/scim/v2/Groups?filter=displayName co "a" or displayName co "b"', headers=token)
        return answer.status_code, answer.headers.get("Retry-After")

    with ThreadPoolExecutor(10) as pool:
        with owner_lock("groups"):
            asked = [pool.submit(ask, number) for number in range(10)]
            refused = [each for each in (wait(each, 3) for each in asked) if each is not None]
            began = time.monotonic()
            assert app.test_client().get("/healthz").status_code == 200
            browser = app.test_client()
            browser.set_cookie("gatelodge_session", "unknown")
            assert browser.get("/session/v1/introspect").get_json() == {"active": False}
            assert time.monotonic() - began < 0.1
        found = [each.result(timeout=20) for each in asked]
    assert refused == [(429, "1")] * 6
    assert sorted(status for status, _ in found) == [200] * 4 + [429] * 6
    assert ask(0)[0] == 200


def wait(future, seconds: float):
    """The result, None where there is none in time."""
    try:
        return future.result(timeout=seconds / 10)
    except TimeoutError:
        return None


@pytest.mark.rule("LIM-4", "ACT-1")
def test_the_activity_report_has_few_places_too_by_every_way_in_and_says_when_to_come_again(
    services, settings, account, neighbour, owner_lock
):
    app = create_app(services, replace(settings, web_threads=4))
    key = base64.b64encode(f"{account.key.key.id}:{account.key.secret}".encode()).decode()
    report = f"/v1_1/provisioning/accounts/{account.account.id}/activity"

    def ask(_: int) -> tuple[int, str | None]:
        answer = app.test_client().get(report, headers={"Authorization": f"Basic {key}"})
        return answer.status_code, answer.headers.get("Retry-After")

    browser = ConsoleClient(app.test_client())
    browser.log_in("root@acme.example", account.root_password)
    browser.get("/activity/export")
    with ThreadPoolExecutor(6) as pool:
        with owner_lock("activity"):
            asked = [pool.submit(ask, number) for number in range(6)]
            refused = [each for each in (wait(each, 3) for each in asked) if each is not None]
            export = browser.submit("/activity/export", form="csv")
            assert (export.status, export.code, export.response.headers["Retry-After"]) == (
                429,
                "too_many_requests",
                "1",
            )
            assert browser.get("/activity").status == 429
            assert app.test_client().get("/healthz").status_code == 200
        found = [each.result(timeout=20) for each in asked]
    assert refused == [(429, "1")] * 4
    assert sorted(status for status, _ in found) == [200] * 2 + [429] * 4
    browser.get("/activity/export")
    assert browser.submit("/activity/export", form="csv").status == 200


@pytest.fixture
def owner_lock(postgres_server, database_url, databases):
    """Holds a table while it is entered, so that whoever reads it waits."""
    name = database_url.rpartition("/")[2]
    databases.altered.add(name)
    connection = psycopg.connect(postgres_server.url("owner", name))

    @contextmanager
    def lock(table: str):
        connection.execute(f"lock table {table} in access exclusive mode")
        try:
            yield
        finally:
            connection.rollback()

    yield lock
    connection.close()


@pytest.mark.rule("LIM-4")
def test_places_come_back_after_refusals_faults_and_streams(services, settings, account):
    app = create_app(services, replace(settings, web_threads=3))
    client, token = app.test_client(), {"Authorization": f"Bearer {account.token.text}"}
    for _ in range(5):
        assert client.get("/scim/v2/Users?filter=((", headers=token).status_code == 400
        assert client.get('/scim/v2/Users?filter=userName co "a"').status_code == 401
        assert client.post("/saml/01a20ad7-28b4-450a-8f6f-ad727a8aefed/acs", data={}).status_code == 404
    lists = f"/v1_1/provisioning/accounts/{account.account.id}/users"
    key = base64.b64encode(f"{account.key.key.id}:{account.key.secret}".encode()).decode()
    for how in ("read", "close"):
        for _ in range(5):
            answer = client.get(lists, headers={"Authorization": f"Basic {key}"})
            assert answer.status_code == 200
            answer.get_data() if how == "read" else answer.close()
