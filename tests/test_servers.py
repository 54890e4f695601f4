"""The run's servers, seen from outside: a pytest of its own with two workers, and one without."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
LOOK = """
import json
import os
from pathlib import Path

import pytest
import redis

@pytest.mark.parametrize("number", range(8))
def test_look(number, postgres_server, redis_url):
    with redis.Redis.from_url(redis_url) as client:
        client.ping()
    seen = {{
        "postgres": postgres_server.superuser_url,
        "redis": redis_url,
        "folder": postgres_server.admin("show data_directory")[0][0],
        "service": postgres_server.url("service", "other"),
    }}
    Path({folder!r}, f"seen-{{os.getpid()}}.json").write_text(json.dumps(seen))
"""

WAIT = """
import time

def test_wait(postgres_server):
    print("\\nfolder", postgres_server.admin("show data_directory")[0][0], flush=True)
    time.sleep(60)
"""


def run_and_look(folder: Path, *options: str) -> list[dict[str, str]]:
    """What each process of a run saw of the servers."""
    (folder / "test_look.py").write_text(LOOK.format(folder=str(folder)))
    always = ["-q", "-p", "no:cacheprovider", "-c", PROJECT / "pyproject.toml", "--rootdir", folder]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.servers", *always, *options, folder],
        cwd=PROJECT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return [json.loads(path.read_text()) for path in folder.glob("seen-*.json")]


@pytest.mark.parametrize(("options", "processes"), [(("-n", "2"), 2), (("-p", "no:xdist"), 1)])
def test_one_pair_of_servers_serves_a_run_and_nothing_stays(
    tmp_path: Path, options: tuple[str, ...], processes: int
) -> None:
    seen = run_and_look(tmp_path, *options)
    assert len(seen) == processes
    assert len({look["postgres"] for look in seen}) == 1
    assert sorted(look["redis"].rpartition("/")[2] for look in seen) == [str(number) for number in range(processes)]
    assert re.fullmatch(r"postgresql://gatelodge:\w+@127\.0\.0\.1:\d+/other", seen[0]["service"])
    assert not Path(seen[0]["folder"]).exists()
    assert not any(seen[0]["folder"] in line for line in running())


def test_a_run_that_is_told_to_stop_leaves_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "test_wait.py").write_text(WAIT)
    options = ["-q", "-s", "-p", "no:cacheprovider", "-c", PROJECT / "pyproject.toml", "--rootdir", tmp_path]
    argv = [sys.executable, "-m", "pytest", "-p", "tests.servers", "-p", "no:xdist", *options, tmp_path]
    with subprocess.Popen(argv, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        folder = next(line.split()[1] for line in run.stdout if line.startswith("folder "))
        assert Path(folder).exists()
        run.terminate()
        assert run.wait(30) != 0
    assert not Path(folder).exists()
    assert not any(folder in line for line in running())


def running() -> list[str]:
    """The command lines of all processes."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_text())
        except OSError:
            continue
    return lines
