"""Brings the peers from their registries into `build/peers`, in the versions and with the hashes that are pinned here.

Each peer is a folder beside this file with its lock: `requirements.txt` with hashes for pip, `package-lock.json` for
npm. What is installed notes what it was made from; where that still holds, nothing is done again.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parents[1] / "build" / "peers"
NOTE = "made-from"
SECONDS = 600


class Unavailable(Exception):
    """A peer cannot be had on this machine; the text says why, in one line."""


def scim2_server() -> Path:
    """Install scim2-server and gunicorn into an environment of their own; the path of its Python."""
    folder = INSTALLED / "scim2_server"
    python = folder / "bin" / "python"
    lock = HERE / "scim2_server" / "requirements.txt"
    if needs_work(folder, [lock], sys.version):
        shutil.rmtree(folder, ignore_errors=True)
        carry_out([sys.executable, "-m", "venv", str(folder)])
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        carry_out([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)])
        note(folder, [lock], sys.version)
    return python


def scimmy() -> Path:
    """Install scimmy-routers with Express and the driver of PostgreSQL; the path of the server's program.

    Modules are looked up beside the program, so it is copied to where they are.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Unavailable(f"there is no {program} on this machine")
    folder, source = INSTALLED / "scimmy", HERE / "scimmy"
    locks = [source / "package.json", source / "package-lock.json"]
    if needs_work(folder, locks, ""):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for lock in locks:
            shutil.copy(lock, folder)
        carry_out(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)])
        note(folder, locks, "")
    return Path(shutil.copy(source / "server.mjs", folder))


def made_from(locks: Sequence[Path], machine: str) -> str:
    """What an installation depends on, as one hash."""
    return hashlib.sha256(b"\0".join([*(lock.read_bytes() for lock in locks), machine.encode()])).hexdigest()


def needs_work(folder: Path, locks: Sequence[Path], machine: str) -> bool:
    """Whether a peer is not installed, not whole, or made from other locks."""
    noted = folder / NOTE
    return not noted.exists() or noted.read_text() != made_from(locks, machine)


def note(folder: Path, locks: Sequence[Path], machine: str) -> None:
    """Say that an installation is whole."""
    (folder / NOTE).write_text(made_from(locks, machine))


def carry_out(argv: Sequence[str]) -> None:
    """Run one step of an installation.

    Raises:
        Unavailable: it failed, which without a registry it does.
    """
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise Unavailable(f"{Path(argv[0]).name} did not run: {type(fault).__name__}") from fault
    if done.returncode:
        last = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"{Path(argv[0]).name} failed: {last[:200]}")
