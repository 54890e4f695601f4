"""Children: they end with their parent, in their own time when asked, and by force when they do not listen."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from embedded import Child, EmbeddedError
from embedded.identity import Identity
from embedded.processes import run, wait_until_left

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
START_A_CHILD_AND_WAIT = """
import sys, time
from embedded import Child
child = Child([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""
SAME = Identity("same", 0, 0)


def test_a_child_dies_with_its_killed_parent(another_process, ends) -> None:
    parent = another_process(sys.executable, START_A_CHILD_AND_WAIT)
    pid = int(parent.stdout.readline())
    parent.kill()
    assert ends(pid)


def test_a_child_that_starts_after_its_parents_death_ends_at_once() -> None:
    order = '{"parent": 1, "death_signal": 9, "identity": {"kind": "same"}, "argv": ["/bin/echo", "alive"]}'
    steps = Path(__file__).parents[2] / "embedded" / "child.py"
    result = subprocess.run([sys.executable, "-I", "-S", steps, order], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (-signal.SIGKILL, b"")


def test_children_start_from_the_main_thread_only() -> None:
    refused = []

    def start() -> None:
        with pytest.raises(RuntimeError, match="main thread") as refusal:
            Child(["/bin/true"])
        refused.append(refusal.value)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert refused


def test_a_child_has_a_session_of_its_own_so_that_ctrl_c_reaches_the_parent_alone(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child([sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"], log=log)
    assert child.wait(10)
    assert log.read_text() == "True\n"


def test_a_child_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child([sys.executable, "-u", "-c", DEAF], log=log)
    while log.read_text() != "deaf\n":
        assert not child.wait(0.02)
    child.stop((signal.SIGTERM, 0.1))
    assert child.exit_code == -signal.SIGKILL


def test_a_child_that_has_ended_is_stopped_in_peace() -> None:
    child = Child(["/bin/true"])
    assert child.wait(10)
    child.stop((signal.SIGTERM, 1))
    assert child.exit_code == 0


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child(["/no/such/program"], log=log)
    assert child.wait(10)
    assert child.exit_code == 125
    assert "cannot start /no/such/program" in log.read_text()


def test_a_short_program_that_fails_raises_its_last_words() -> None:
    with pytest.raises(EmbeddedError, match="sh failed: no luck"):
        run(["/bin/sh", "-c", "echo no luck >&2; exit 3"], identity=SAME)


def test_a_short_program_reads_what_it_is_given_and_sees_none_of_our_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GATELODGE_SECRET_KEY", "secret")
    assert run(["/bin/sh", "-c", "cat; echo $GATELODGE_SECRET_KEY"], identity=SAME, given="hello\n") == "hello\n\n"


def test_a_folder_in_which_a_process_works_is_named_with_it(tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path)
    try:
        with pytest.raises(EmbeddedError, match=f"Process {worker.pid} still works in"):
            wait_until_left(tmp_path, 0.1)
    finally:
        worker.kill()
        worker.wait()
    wait_until_left(tmp_path, 0.1)
