"""`gatelodge up` as a real process in a folder of its own: first start, later starts, and no child left behind."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("gatelodge")
OURS = ("DATABASE_URL", "REDIS_URL", "MAIL_URL")
pytestmark = pytest.mark.timeout(240)


class Up:
    """One `gatelodge up`."""

    def __init__(self, data: Path, *arguments: str) -> None:
        environment = {
            name: value for name, value in os.environ.items() if name not in OURS and "GATELODGE" not in name
        }
        self.data = data
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [PROGRAM, "up", "--data", data, "--port", "0", *arguments],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.lines: list[str] = []

    def ready(self) -> str:
        """Wait for the line; the address in it."""
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith("ready: "):
                return line.split()[1]
        raise AssertionError(self.process.stderr.read())

    def children(self) -> list[int]:
        """Every process below this one."""
        parents = {}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                parents[int(entry)] = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        found, wanted = [], [self.process.pid]
        while wanted:
            parent = wanted.pop()
            below = [pid for pid, of in parents.items() if of == parent]
            found += below
            wanted += below
        return found

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Ask it to stop; how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(60)
        return time.monotonic() - began


def alive(pids: list[int]) -> list[int]:
    """Those that still run; a zombie does not."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        found += [pid] if state != "Z" else []
    return found


def until(holds: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


def ask(url: str, **headers: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
        return answer.status, answer.read()


def gatelodge(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)


@pytest.fixture
def start() -> Iterator[Callable[..., Up]]:
    """Starts `up` in a folder; whatever still runs at the end is killed."""
    folder = Path(tempfile.mkdtemp(prefix="gatelodge-up-"))
    started: list[Up] = []

    def up(*arguments: str) -> Up:
        started.append(Up(folder / "data", *arguments))
        return started[-1]

    yield up
    for each in started:
        each.process.kill()
        each.process.communicate()
    assert until(lambda: not (folder / "data").exists() or gone(folder / "data"))
    shutil.rmtree(folder)


def gone(data: Path) -> bool:
    """Whether no process works in the folder any more."""
    links = (Path(f"/proc/{entry}/cwd") for entry in os.listdir("/proc") if entry.isdigit())
    return not [link for link in links if _target(link).startswith(str(data))]


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


@pytest.mark.rule("ACC-2", "INV-3", "OPS-1", "OPS-6")
def test_a_first_start_makes_everything_and_a_second_finds_it(start, tmp_path) -> None:
    wanted = tmp_path / "wanted.json"
    first = start("--credentials", str(wanted), "--name", "Acme", "--root-email", "root@acme.example", "--plan", "paid")
    url = first.ready()
    made = json.loads(wanted.read_text())
    kept = first.data / "credentials.json"
    assert json.loads(kept.read_text()) == made
    assert [stat.S_IMODE(path.stat().st_mode) for path in (wanted, kept, first.data / "secret.key")] == [0o600] * 3
    assert made["base_url"] == url
    assert made["mail_dir"] == str(first.data / "mail")

    # Each of the ways in answers, and the root user's mail comes.
    assert ask(f"{url}/scim/v2/Users", Authorization=f"Bearer {made['scim']['token']}")[0] == 200
    assert ask(f"{url}/healthz")[0] == 200
    assert b"gatelodge_requests_total" in ask(made["metrics_url"])[1]
    assert until(lambda: bool(list((first.data / "mail" / "new").glob("*"))))
    account = made["account"]["id"]
    shown = gatelodge("account", "show", account, "--data", first.data, "--json")
    assert json.loads(shown.stdout)["seats"]["limit"] == 10

    # Nobody's secret is printed or logged.
    logs = "".join(path.read_text() for path in (first.data / "logs").iterdir())
    secrets = [
        made["root"]["password"],
        made["scim"]["token"],
        made["provisioning_api"]["secret"],
        made["database_url"],
    ]
    assert not [secret for secret in secrets if secret in logs + "\n".join(first.lines)]

    # A second one on the same folder is refused with a sentence, and the first goes on.
    second = start()
    assert second.process.wait(60) == 1
    assert f"in use by process {first.process.pid}" in second.process.stderr.read()
    assert ask(f"{url}/readyz")[0] == 200

    children = first.children()
    assert len(children) >= 7
    assert first.stop() < 25
    assert first.process.returncode == 0
    assert alive(children) == []
    stopped = gatelodge("account", "list", "--data", first.data)
    assert (stopped.returncode, stopped.stderr.partition(":")[0]) == (1, "database_unavailable")

    again = start("--credentials", str(wanted), "--name", "Another", "--seats", "5")
    url = again.ready()
    assert time.monotonic() - again.began < 20 * patience()
    renewed = json.loads(wanted.read_text())
    same = ("account", "product_environment", "provisioning_api", "root", "mail_dir")
    assert {name: renewed[name] for name in same} == {name: made[name] for name in same}
    assert renewed["scim"]["token"] == made["scim"]["token"]
    assert renewed["base_url"] == url
    assert renewed["scim"]["base_url"].startswith(url)
    assert ask(f"{url}/scim/v2/Users", Authorization=f"Bearer {made['scim']['token']}")[0] == 200
    assert again.stop(signal.SIGINT) < 25


def patience() -> float:
    """More time where the machine has more to do than its processors can: the promise is for two that are free."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.mark.rule("OPS-6", "OUT-2")
def test_kill_leaves_no_child_and_lost_credentials_are_made_anew(start) -> None:
    first = start()
    first.ready()
    made = json.loads((first.data / "credentials.json").read_text())
    children = first.children()
    assert len(children) >= 7
    first.process.kill()
    first.process.wait()
    assert until(lambda: alive(children) == []), alive(children)

    (first.data / "credentials.json").unlink()
    again = start()
    url = again.ready()
    anew = json.loads((again.data / "credentials.json").read_text())
    assert anew["account"] == made["account"]
    assert anew["root"] == {**made["root"], "password": None}
    assert anew["provisioning_api"]["key"] != made["provisioning_api"]["key"]
    assert ask(f"{url}/scim/v2/Users", Authorization=f"Bearer {anew['scim']['token']}")[0] == 200

    # A part that dies is started again; so is a server.
    children = again.children()
    worker = [pid for pid in children if "provisioning.background\0worker" in command_of(pid)]
    postgres = [pid for pid in children if command_of(pid).partition("\0")[0].endswith("bin/postgres")][:1]
    for pid in worker + postgres:
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: ready_again(url) and bool(
        [pid for pid in again.children() if pid not in children and "background\0worker" in command_of(pid)]
    ), 60)  # fmt: skip
    assert again.stop() < 25


def ready_again(url: str) -> bool:
    try:
        return ask(f"{url}/readyz")[0] == 200
    except OSError:
        return False


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.mark.rule("OPS-5")
def test_no_secret_is_in_an_argument_of_any_process(start) -> None:
    up = start()
    up.ready()
    made = (up.data / "environment.json").read_text() + (up.data / "credentials.json").read_text()
    words = set(re.findall(r"[A-Za-z0-9_+/=]{20,}", made)) - {
        json.loads(made.partition("}")[0] + "}")["GATELODGE_PUBLIC_URL"]
    }
    secret = [
        word for word in words if any(part in word for part in ("gls_", "gst_")) or re.fullmatch(r"[0-9a-f]{48}", word)
    ]
    assert len(secret) >= 4
    commands = "".join(command_of(pid) for pid in up.children())
    assert not [word for word in secret if word in commands]
    assert up.stop() < 25


def test_a_taken_port_and_an_unsafe_address_start_nothing(start, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = gatelodge("up", "--data", tmp_path / "one", "--port", taken.getsockname()[1])
    assert done.returncode == 1
    assert "Choose another" in done.stderr
    assert not (tmp_path / "one").exists()
    public = gatelodge("up", "--data", tmp_path / "two", "--host", "0.0.0.0", "--port", "0")
    assert public.returncode == 1
    assert "loopback" in public.stderr
    assert gone(tmp_path / "two")
    other = gatelodge("up", "--data", tmp_path / "three", "--permissions", "roles_and_permissions")
    assert (other.returncode, other.stderr.partition(":")[0]) == (1, "permission_system_unavailable")
    assert not (tmp_path / "three").exists()


@pytest.mark.rule("OPS-6")
def test_a_stop_in_the_middle_of_a_start_leaves_nothing(start) -> None:
    up = start()
    assert until(lambda: (up.data / "postgres").exists(), 60)
    assert up.stop() < 25 * patience()
    assert gone(up.data)
