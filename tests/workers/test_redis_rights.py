"""JOB-4, TEN-5: the service works with a Redis user that may do nothing beyond the documented list."""

import signal
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from provisioning.actions.sessions import force_logout
from provisioning.observe import Health
from tests.factories import key_caller, make_active, make_user
from tests.workers.keys import KEY
from tests.workers.running import launch, wait_until
from workers.queues import connect, enqueue, open_queue

PAGE = Path(__file__).parents[2] / "docs" / "operations-workers.md"
PASSWORD = "a-password-of-the-test"


def documented_rights() -> list[str]:
    """The rules of the user as the page gives them, without its name and password."""
    line = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("ACL SETUSER"))
    return line.split()[3:]


@pytest.fixture
def limited(valkey, settings):
    """Settings with a Redis user that has the documented rights and no other."""
    rights = [rule for rule in documented_rights() if not rule.startswith(">")]
    valkey.execute_command("ACL", "SETUSER", "gatelodge-test", "reset", f">{PASSWORD}", *rights)
    valkey.execute_command("ACL", "LOG", "RESET")
    parts = urlsplit(settings.redis_url)
    yield replace(settings, redis_url=f"redis://gatelodge-test:{PASSWORD}@{parts.hostname}:{parts.port}{parts.path}")
    valkey.execute_command("ACL", "DELUSER", "gatelodge-test")


@pytest.mark.rule("JOB-4", "TEN-5", "LIM-5")
def test_relay_worker_and_web_need_nothing_beyond_the_documented_rights(
    services, in_real_time, limited, account, neighbour, mails, left, valkey, tmp_path, sql
):
    for each in (account, neighbour):
        user = make_active(in_real_time, sql, make_user(key_caller(each), in_real_time, "dana@acme.example"))
        force_logout(key_caller(each), user.id, in_real_time)
        make_user(key_caller(each), in_real_time, "=eve+plus@acme.example")
    children = [launch(part, limited, tmp_path / f"{part}.log") for part in ("relay", "worker")]
    keys: set[str] = set()

    def done() -> bool:
        keys.update(key.decode() for key in valkey.scan_iter())
        return left() == 0

    try:
        wait_until(done, 30)
        client = connect(limited.redis_url)
        enqueue(open_queue(client), "unknown", 1, [("nobody", "failing")])
        wait_until(lambda: valkey.exists("gatelodge:job:failing-1") == 1, 10)
        found = Health(in_real_time, client).parts()
        assert (found["redis"], found["relay"]) == ("ok", "ok")
        done()
        client.close()
    finally:
        for child in children:
            child.signal(signal.SIGTERM)
            child.stop((signal.SIGTERM, 20))
    assert valkey.execute_command("ACL", "LOG") == []
    assert {key for key in keys if not KEY.fullmatch(key)} == set()
    held = [word for key in keys for word in (account.account.id, neighbour.account.id, "dana", "eve") if word in key]
    assert held == [], "keys name rows by their own ids, which no two accounts share"
    for part in ("relay", "worker"):
        assert "NoPermission" not in (tmp_path / f"{part}.log").read_text()


@pytest.mark.rule("JOB-4")
@pytest.mark.parametrize("command", [("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("EVAL", "return 1", "0"),
                                     ("GET", "another:key"), ("SHUTDOWN",), ("MONITOR",), ("ACL", "LIST")])  # fmt: skip
def test_that_user_may_do_nothing_else(limited, command):
    client = connect(limited.redis_url)
    with pytest.raises(Exception, match=r"(?i)no permissions|NOPERM|permission"):
        client.execute_command(*command)
    client.close()
