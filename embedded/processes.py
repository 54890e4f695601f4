"""Children that do not outlive us.

Every child is started through `embedded/child.py`, which asks the kernel to signal it when its parent dies: also after
kill -9, where no clean-up of ours runs. The kernel means the *thread* that started the child, so children are started
from the main thread only, and that is checked. A child has a session of its own: Ctrl-C in a terminal reaches the
parent alone, which then stops its children in the order that suits them.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from embedded.errors import EmbeddedError
from embedded.identity import Identity

STEPS = Path(__file__).with_name("child.py")
# A server needs no secret of ours and no locale of the person who starts it.
PLAIN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
POLL_SECONDS = 0.02


class Child:
    """One running child process."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        identity: Identity | None = None,
        death_signal: int = signal.SIGTERM,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `argv` (the program by its absolute path).

        `identity`: whom it runs as, preset oneself. `death_signal`: what the kernel sends it when we die. `log`: the
        file its output is appended to (made private), preset our own output. `environment`: preset ours, whole.
        RuntimeError outside the main thread.
        """
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("children are started from the main thread: they end when their starting thread ends")
        steps = _steps(argv, identity, death_signal)
        output = None if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            self._process = subprocess.Popen(
                steps,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                cwd="/" if identity is not None else None,
                start_new_session=True,
            )
        finally:
            if output is not None:
                os.close(output)

    @property
    def pid(self) -> int:
        """The process id: of the steps first and, unchanged, of the program."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; then the exit status, or minus the signal that ended it."""
        return self._process.poll()

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self.exit_code is None

    def signal(self, number: int) -> None:
        """Send a signal; nothing where the process has ended."""
        if self.running:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for the end; whether it came."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, *requests: tuple[int, float]) -> None:
        """End the process: each (signal, seconds of grace) in turn until one works, at the end SIGKILL."""
        for number, grace in requests:
            self.signal(number)
            if self.wait(grace):
                return
        self.signal(signal.SIGKILL)
        self._process.wait()


def run(argv: Sequence[str], *, identity: Identity, given: str = "") -> str:
    """Run a short program to its end under the plain environment, `given` on its stdin; what it printed.

    EmbeddedError with its last words where it fails.
    """
    result = subprocess.run(
        _steps(argv, identity, signal.SIGKILL),
        input=given,
        capture_output=True,
        text=True,
        env=PLAIN_ENVIRONMENT,
        cwd="/",
        check=False,
    )
    if result.returncode != 0:
        raise EmbeddedError(f"{Path(argv[0]).name} failed: {(result.stderr or result.stdout).strip()[-1000:]}")
    return result.stdout


def wait_until_left(folder: Path, seconds: float) -> None:
    """Wait until no process works in `folder`; EmbeddedError with its id when one still does after `seconds`.

    Servers stay in their data folder as working directory. After kill -9 of a parent its servers take a moment to end,
    and two servers on the same files would destroy them.
    """
    deadline = time.monotonic() + seconds
    while pids := list(_processes_in(folder)):
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Process {pids[0]} still works in {folder}. Stop it first.")
        time.sleep(POLL_SECONDS)


def _processes_in(folder: Path) -> Iterable[int]:
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/cwd") == str(folder):
                    yield int(entry)
            except OSError:
                # It ended meanwhile, or belongs to a user whose server could not have our files.
                continue


def _steps(argv: Sequence[str], identity: Identity | None, death_signal: int) -> list[str]:
    order = {
        "parent": os.getpid(),
        "death_signal": int(death_signal),
        "identity": {"kind": "same"} if identity is None else identity.order(),
        "argv": list(argv),
    }
    return [sys.executable, "-I", "-S", str(STEPS), json.dumps(order)]
