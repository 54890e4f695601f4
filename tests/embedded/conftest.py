"""Folders, lookers-on and strangers for the tests of the launcher."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded import EmbeddedError
from embedded.identity import Identity
from embedded.processes import run

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp(prefix="gatelodge-open-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where root cannot make a user namespace, as in many containers; the launcher then says so itself."""
    if os.geteuid() == 0:
        try:
            run(["/bin/true"], identity=Identity("namespace", 1000, 1000))
        except EmbeddedError as refusal:
            pytest.skip(str(refusal))


@pytest.fixture
def private_folder(namespaces: None) -> Iterator[Path]:
    """A folder that only its owner can enter, like root's home."""
    folder = Path(tempfile.mkdtemp(prefix="gatelodge-private-"))
    yield folder
    shutil.rmtree(folder)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"


@pytest.fixture
def ends() -> Callable[[int], bool]:
    """Whether a process that is not ours to wait for ends within ten seconds."""

    def wait(pid: int) -> bool:
        deadline = time.monotonic() + 10
        while (state := _state(pid)) not in ("gone", "Z") and time.monotonic() < deadline:
            time.sleep(0.02)
        return state in ("gone", "Z")

    return wait


@pytest.fixture
def another_process() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python code in a process of its own; what is left of them at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(python: str, code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [python, "-c", code, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **{"cwd": PROJECT, "env": {**os.environ, "PYTHONPATH": str(PROJECT)}, **options},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
