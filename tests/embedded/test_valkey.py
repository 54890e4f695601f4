"""Valkey under our launcher: real servers, started, stopped, killed and started again."""

import importlib.util
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
import redis

from embedded import EmbeddedError, EmbeddedValkey, FolderInUseError
from embedded import valkey as launcher

START_AND_WAIT = """
import sys, time
from pathlib import Path
from embedded import EmbeddedValkey
server = EmbeddedValkey(Path(sys.argv[1]))
print(server.start(), server.pid, flush=True)
time.sleep(60)
"""


def test_it_keeps_what_it_is_given_and_refuses_rather_than_forgets(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as server, redis.Redis.from_url(server.url) as client:
        kept = {
            name: client.config_get(name)[name] for name in ("appendonly", "appendfsync", "maxmemory-policy", "bind")
        }
    assert kept == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
        "bind": "127.0.0.1",
    }


def test_it_asks_for_a_password_that_stands_in_private_files_alone(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as server:
        password = server.url.split(":")[2].split("@")[0]
        with (
            redis.Redis.from_url(server.url.replace(password, "wrong")) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()
        assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
        for name in ("password", "files/valkey.conf"):
            file = open_folder / "valkey" / name
            assert password in file.read_text()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_data_and_password_are_kept_between_starts(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as server, redis.Redis.from_url(server.start()) as client:
        client.set("fact", "42")
        before = server.url.split("@")[0]
    assert not server.running
    with EmbeddedValkey(open_folder / "valkey") as server, redis.Redis.from_url(server.start()) as client:
        assert client.get("fact") == b"42"
        assert server.url.split("@")[0] == before


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as server:
        with pytest.raises(FolderInUseError, match=f"is in use by process {os.getpid()}"):
            EmbeddedValkey(open_folder / "valkey").start()
        assert server.running


def test_after_a_crash_it_starts_again_at_the_same_address(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as server, redis.Redis.from_url(server.url) as client:
        client.set("fact", "42")
        address = server.url
        os.kill(server.pid, signal.SIGKILL)
        server._child.wait(10)
        assert not server.running
        assert server.pid is None
        assert server.start() == address
        assert client.get("fact") == b"42"


def test_killing_the_parent_leaves_no_server_and_loses_nothing(open_folder: Path, another_process, ends) -> None:
    parent = another_process(sys.executable, START_AND_WAIT, open_folder / "valkey")
    url, pid = parent.stdout.readline().split()
    with redis.Redis.from_url(url) as client:
        client.set("fact", "42")
    parent.kill()
    assert ends(int(pid))
    with EmbeddedValkey(open_folder / "valkey") as server, redis.Redis.from_url(server.url) as client:
        assert client.get("fact") == b"42"


def test_it_does_not_run_as_root_where_another_user_can(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey") as server:
        owner = os.stat(f"/proc/{server.pid}").st_uid
        assert owner == (open_folder / "valkey" / "files").stat().st_uid
        assert owner != 0


def test_it_starts_in_a_private_folder(private_folder: Path) -> None:
    with EmbeddedValkey(private_folder / "a folder" / "valkey") as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
    assert {path.stat().st_uid for path in private_folder.rglob("*")} == {os.geteuid()}


def test_a_server_that_cannot_start_says_why(open_folder: Path) -> None:
    with EmbeddedValkey(open_folder / "valkey"):
        pass
    manifest = open_folder / "valkey" / "files" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("nonsense\n")
    with pytest.raises(EmbeddedError, match=r"Valkey did not start.*\n(.*\n)*.*manifest"):
        EmbeddedValkey(open_folder / "valkey").start()


def test_urls_before_a_start_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="no address"):
        _ = EmbeddedValkey(tmp_path).url


def test_a_missing_wheel_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    with pytest.raises(EmbeddedError, match="REDIS_URL"):
        launcher.program()
