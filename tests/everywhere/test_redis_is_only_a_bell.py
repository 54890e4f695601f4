"""Force logout, disabling and deletion hold at the very next request, with Redis up, emptied or gone (OUT-2)."""

import pytest
from redis import Redis

from embedded import EmbeddedValkey
from provisioning.app import create_app
from tests.doors.console import ConsoleClient
from tests.everywhere.doors import DONE, doors_of
from tests.factories import PASSWORD, make_active, make_user


@pytest.fixture
def valkey(tmp_path):
    """A Valkey of this test's own, as the others share theirs and must not lose it."""
    server = EmbeddedValkey(tmp_path / "valkey")
    yield server
    server.stop()


@pytest.mark.rule("OUT-2", "SES-1")
@pytest.mark.parametrize("state", ["up", "emptied", "gone"])
def test_the_next_request_is_refused_whatever_redis_does(services, settings, account, caller, sql, valkey, state):
    redis = Redis.from_url(valkey.start())
    app = create_app(services, settings, redis)
    api = doors_of(app, account)["api"]
    for verb in ("force logout", "disable", "delete"):
        dana = make_active(services, sql, make_user(caller, services, f"{verb.replace(' ', '')}@acme.example"))
        browser = ConsoleClient(app.test_client())
        browser.log_in(dana.email, PASSWORD)
        if state == "emptied":
            redis.flushall()
        if state == "gone":
            valkey.stop()
        assert browser.get("/").path != "/login"
        assert api.do(verb, dana.id) == DONE
        assert browser.get("/").path == "/login", verb
    health = app.test_client().get("/readyz").get_json()
    words = {"redis": "unreachable", "relay": "unknown"} if state == "gone" else {"redis": "ok", "relay": "not running"}
    assert health == {"database": "ok", "worker": "ok", "seals": "ok", **words}
    redis.close()
