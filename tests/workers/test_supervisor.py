"""Our supervisor: parts come up in order, come back after their end with growing pauses, and go down in order."""

import os
import signal
import sys
import threading
import time

import pytest

from embedded.processes import Child
from workers.supervisor import LONGEST_PAUSE, STEADY_SECONDS, Program, Supervisor

SLEEPER = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


class Seconds:
    """A clock of the test's own."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Server:
    """A part that does what the test says, and writes down what happens to it."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self.diary = diary
        self.running = False
        self.fails = False

    def start(self) -> None:
        if self.fails:
            raise OSError(f"{self.name} cannot")
        self.diary.append(f"start {self.name}")
        self.running = True

    def stop(self) -> None:
        self.diary.append(f"stop {self.name}")
        self.running = False


def program(source: str) -> Program:
    return Program(lambda: Child([sys.executable, "-c", source]))


def pid_of(part: Program) -> int:
    return part._child.pid


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def supervisor(seconds):
    """Two servers and a real child process, started."""
    diary: list[str] = []
    made = Supervisor(
        {"first": Server("first", diary), "second": Server("second", diary)}, {"child": program(SLEEPER)}, seconds
    )
    made.start()
    yield made, diary
    made.stop()


def test_servers_start_in_order_and_stop_in_reverse_after_the_programs(supervisor):
    made, diary = supervisor
    child = made._programs["child"]
    assert child.running
    made.stop()
    assert diary == ["start first", "start second", "stop second", "stop first"]
    assert not child.running


def test_child_that_is_killed_is_started_again_after_a_second(supervisor, seconds):
    made, _ = supervisor
    child = made._programs["child"]
    before = pid_of(child)
    os.kill(before, signal.SIGKILL)
    child._child.wait(5)
    made.tend()
    assert child.exit_code == -signal.SIGKILL
    seconds.now += 0.9
    made.tend()
    assert not child.running
    seconds.now += 0.2
    made.tend()
    assert child.running
    assert pid_of(child) != before


def test_server_that_ended_is_started_again(supervisor, seconds):
    made, diary = supervisor
    made._servers["second"].running = False
    made.tend()
    seconds.now += 1
    made.tend()
    assert diary == ["start first", "start second", "start second"]


def test_pauses_grow_to_half_a_minute_and_shrink_back_once_the_part_is_steady(supervisor, seconds):
    made, _ = supervisor
    server = made._servers["first"]
    pauses = []
    for _ in range(7):
        server.running = False
        began = seconds.now
        while not server.running:
            made.tend()
            seconds.now += 0.5
        pauses.append(seconds.now - 0.5 - began)
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE, LONGEST_PAUSE]
    seconds.now += STEADY_SECONDS
    server.running = False
    made.tend()
    seconds.now += 1
    made.tend()
    assert server.running


def test_failing_restart_is_tried_again_and_stops_nobody_else(supervisor, seconds):
    made, _ = supervisor
    server = made._servers["first"]
    server.running, server.fails = False, True
    for _ in range(5):
        made.tend()
        seconds.now += 1
    assert made._programs["child"].running
    server.fails = False
    seconds.now += 10
    made.tend()
    assert server.running


def test_failing_first_start_is_raised_and_leaves_nothing_running(seconds):
    diary: list[str] = []
    first, second = Server("first", diary), Server("second", diary)
    second.fails = True
    with pytest.raises(OSError, match="second cannot"):
        Supervisor({"first": first, "second": second}, {"child": program(SLEEPER)}, seconds).start()
    assert diary == ["start first", "stop second", "stop first"]


@pytest.mark.rule("OPS-6")
def test_programs_are_asked_to_stop_at_once_and_the_stubborn_one_is_ended(monkeypatch, seconds):
    monkeypatch.setattr("workers.supervisor.PROGRAM_GRACE", 0.5)
    programs = {"good": program(SLEEPER), "stubborn": program(STUBBORN), "other": program(SLEEPER)}
    made = Supervisor({}, programs, seconds)
    made.start()
    time.sleep(0.5)
    pids = [pid_of(each) for each in programs.values()]
    began = time.monotonic()
    made.stop()
    assert time.monotonic() - began < 5
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_run_tends_until_it_is_told_to_stop():
    child = program(SLEEPER)
    made = Supervisor({}, {"child": child}, time.monotonic)
    stop = threading.Event()
    seen: list[int] = []

    def kill_and_wait() -> None:
        while not child.running:
            time.sleep(0.02)
        seen.append(pid_of(child))
        os.kill(seen[0], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not (child.running and pid_of(child) != seen[0]):
            time.sleep(0.02)
        seen.append(pid_of(child))
        stop.set()

    thread = threading.Thread(target=kill_and_wait)
    thread.start()
    made.run(stop)
    thread.join()
    assert len(set(seen)) == 2
    assert not child.running


def test_supervisor_needs_no_web_framework_and_no_queue():
    source = "import sys, workers.supervisor; print(sorted({'flask', 'rq', 'redis', 'sqlalchemy'} & set(sys.modules)))"
    read, write = os.pipe()
    pid = os.posix_spawn(
        sys.executable, [sys.executable, "-c", source], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)]
    )
    os.close(write)
    with os.fdopen(read) as output:
        assert output.read().strip() == "[]"
    assert os.waitpid(pid, 0)[1] == 0
