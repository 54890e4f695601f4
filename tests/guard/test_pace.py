"""LIM-6, KEY-4: how fast right keys may ask, and that no number of wrong ones stands in the way of a right one."""

import base64
import time
from dataclasses import replace

import pytest

from provisioning.actions.keys import create_account_key
from provisioning.app import create_app
from provisioning.domain.roles_legacy import Role
from provisioning.guard.pace import MOST_KEPT, Buckets
from provisioning.settings import SettingsError, checked
from tests.factories import key_caller


@pytest.mark.rule("LIM-6")
def test_a_bucket_gives_its_burst_then_its_rate_and_says_how_long_to_wait():
    bucket = Buckets(rate=10, burst=5)
    assert [bucket.take("key", 0.0) for _ in range(7)] == [0, 0, 0, 0, 0, 1, 1]
    assert bucket.take("key", 0.1) == 0
    assert bucket.take("key", 0.1) == 1
    assert bucket.take("another", 0.1) == 0
    assert bucket.take("key", -100.0) == 1
    assert [bucket.take("key", 1000.0) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    slow = Buckets(rate=0.1, burst=1)
    assert [slow.take("key", 0.0), slow.take("key", 0.0)] == [0, 10]


@pytest.mark.rule("LIM-6")
def test_a_directorys_normal_push_is_never_throttled_and_counting_costs_microseconds():
    bucket = Buckets(rate=150, burst=1500)
    began = time.process_time()
    assert not any(bucket.take("token", number / 25) for number in range(25 * 300))
    assert (time.process_time() - began) / (25 * 300) < 50e-6
    assert len(bucket._buckets) == 1
    for number in range(MOST_KEPT + 10):
        bucket.take(str(number), 0.0)
    assert len(bucket._buckets) <= MOST_KEPT


@pytest.fixture
def limited(services, settings, account, neighbour):
    """A client of a service with small limits and one web process."""
    made = create_app(services, replace(settings, request_rate=1, request_burst=3, web_workers=1))
    made.testing = False
    return made.test_client()


def basic(key: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


@pytest.mark.rule("LIM-6", "TEN-5")
def test_each_key_and_token_has_its_own_pace_and_429_says_when_to_come_again(limited, account, neighbour, clock):
    ways = {
        who: [
            (f"/v1_1/provisioning/accounts/{made.account.id}/users", basic(made.key.key.id, made.key.secret)),
            ("/scim/v2/Users", {"Authorization": f"Bearer {made.token.text}"}),
        ]
        for who, made in (("ours", account), ("theirs", neighbour))
    }
    for address, headers in (*ways["ours"], *ways["theirs"]):
        assert [limited.get(address, headers=headers, buffered=True).status_code for _ in range(4)] == [
            200,
            200,
            200,
            429,
        ]
    for address, headers in ways["ours"]:
        answer = limited.get(address, headers=headers)
        assert (answer.headers["Retry-After"], answer.headers["Gatelodge-Error"]) == ("1", "too_many_requests")
    clock.advance(seconds=1)
    assert limited.get(ways["ours"][0][0], headers=ways["ours"][0][1]).status_code == 200


@pytest.mark.rule("LIM-6")
def test_the_keys_of_an_account_share_four_times_the_pace_of_one(limited, services, account):
    made = [create_account_key(key_caller(account), f"k{number}", Role.ADMIN, services) for number in range(5)]
    address = f"/v1_1/provisioning/accounts/{account.account.id}/user_groups"
    statuses = [
        limited.get(address, headers=basic(each.key.id, each.secret)).status_code for each in made for _ in range(3)
    ]
    assert statuses == [200] * 12 + [429] * 3


@pytest.mark.rule("KEY-4")
def test_from_the_101st_wrong_key_in_five_minutes_wrong_ones_get_429_and_right_ones_pass(client, account, clock, sql):
    address, users = "/scim/v2/Users", f"/v1_1/provisioning/accounts/{account.account.id}/user_groups"
    right = {"Authorization": f"Bearer {account.token.text}"}
    right_key = basic(account.key.key.id, account.key.secret)

    def wrong(number: int, remote: str = "198.51.100.7") -> int:
        guess = account.token.text[:-1] + "ab"[number % 2]
        ways = [(address, {"Authorization": f"Bearer {guess}x"}), (users, basic(account.key.key.id, guess))]
        path, headers = ways[number % 2]
        return client.get(path, headers=headers, environ_base={"REMOTE_ADDR": remote}).status_code

    assert {wrong(number) for number in range(100)} == {401}
    before = sql("select sum(tries) from login_tries")
    for number in range(6):
        assert wrong(number) == 429
        for path, headers in ((address, right), (users, right_key)):
            found = client.get(path, headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.7"})
            assert found.status_code == 200
    assert sql("select sum(tries) from login_tries")[0][0] == before[0][0] + 1
    assert wrong(0, "198.51.100.8") == 401
    assert client.get(address).status_code == 401
    clock.advance(minutes=5)
    assert wrong(0) == 401


@pytest.mark.rule("KEY-4")
def test_the_processes_of_the_web_count_wrong_keys_together_also_of_one_ipv6_network(services, settings, account):
    clients = [create_app(services, settings).test_client() for _ in range(2)]
    statuses = [
        clients[number % 2]
        .get(
            "/scim/v2/Users",
            headers={"Authorization": "Bearer x"},
            environ_base={"REMOTE_ADDR": f"2001:db8::{number:x}"},
        )
        .status_code
        for number in range(104)
    ]
    assert statuses == [401] * 100 + [429] * 4


@pytest.mark.rule("LIM-6", "OPS-1")
@pytest.mark.parametrize("changes", [{"request_rate": 0}, {"request_burst": 0}])
def test_rates_below_one_do_not_start(settings, changes):
    with pytest.raises(SettingsError, match="GATELODGE_REQUEST_RATE"):
        checked(replace(settings, **changes))
