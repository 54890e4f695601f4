"""The lock, the private files and the ports of a data folder."""

import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest

from embedded import EmbeddedError, FolderInUseError, FolderLock
from embedded.folder import free_port, make, tail, turn_log, write_private

HOLD = """
import sys, time
from pathlib import Path
from embedded import FolderLock
FolderLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path: Path, another_process) -> None:
    holder = another_process(sys.executable, HOLD, tmp_path)
    assert holder.stdout.readline() == "held\n"
    lock = FolderLock(tmp_path)
    with pytest.raises(FolderInUseError, match=f"{tmp_path} is in use by process {holder.pid}"):
        lock.acquire()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock.acquire()
    assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_lock_taken_twice_is_given_back_once(tmp_path: Path) -> None:
    lock, other = FolderLock(tmp_path), FolderLock(tmp_path)
    lock.acquire()
    lock.acquire()
    with pytest.raises(FolderInUseError):
        other.acquire()
    lock.release()
    lock.release()
    other.acquire()
    other.release()


def test_a_private_file_is_private_from_its_first_byte_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("before")
    path.chmod(0o644)
    write_private(path, "after")
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_the_preferred_port_is_taken_while_it_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_a_folder_that_is_made_is_not_listed_by_others_and_one_that_exists_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path / "new" / "data")
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) & 0o066 == 0
    (tmp_path / "old").mkdir(mode=0o750)
    make(tmp_path / "old")
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o750


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_somebody_elses_folder_is_refused_with_a_sentence() -> None:
    with pytest.raises(EmbeddedError, match="belongs to somebody else"):
        make(Path("/var/lib"))


def test_one_log_before_the_present_one_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    assert tail(log) == ""
    for text in ("first", "second", "third"):
        turn_log(log)
        log.write_text("\n".join([text] * 30))
    assert (tmp_path / "server.log.1").read_text().startswith("second")
    assert tail(log).split() == ["third"] * 12
