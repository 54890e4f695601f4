"""Two commands on a fresh machine: the environment first, where it is missing, then the work.

    python3 dev.py up    [options of gatelodge up]   start everything on this machine
    python3 dev.py test  [--all] [pytest arguments]  lint, types and tests; --all: also the long ones; with pytest
                                                     arguments: only pytest, with them
    python3 dev.py bench [names]                     the benchmarks, ratios side by side; scim: beside other products
    python3 dev.py setup                             only the environment

Standard library only, as it runs before anything is installed, and in words that Python 3.9 reads too, so that it can
say that it is too old. The environment is `.venv` beside this file: every package in the version and with the hash of
`requirements.lock`, from wheels (no compiler), and this project itself in editable form. What it was made from is noted
in it; where that still holds, nothing is done again.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
SOURCE_LOCK = ROOT / "requirements-source.lock"
PROJECT = ROOT / "pyproject.toml"
NOTE = VENV / "made-from.json"

OLDEST_PYTHON = (3, 11)
UV = "uv==0.13.9"
LOCKED = ["--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
OURSELVES = ["--no-deps", "--no-build-isolation", "-e", str(ROOT)]
BUILT_HERE = ["--no-deps", "--no-build-isolation", "--require-hashes", "-r", str(SOURCE_LOCK)]

# Programs that only tests need: what is run, and the Debian package that brings it.
# What drives the browser in the tests is linked with the library; a bare Debian lacks it.
TEST_PROGRAMS = {"chromium": "chromium", "libatomic": "libatomic1", "xmlsec1": "xmlsec1"}
LONG_TEST_PROGRAMS = {"buildah": "buildah", "debootstrap": "debootstrap"}


class Refusal(Exception):
    """A sentence for the person at the terminal; nothing goes on after it."""


def say(text):
    """A line about what this script does, on stderr: stdout belongs to what it runs."""
    print(text, file=sys.stderr, flush=True)


def run(argv, **options):
    """Run a program in the project's folder to its end; its exit status.

    Ctrl-C reaches the program by the terminal, and it is given the time to end in order; SIGTERM is handed on to it.
    """
    process = subprocess.Popen([str(part) for part in argv], cwd=str(ROOT), **options)
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.terminate()),
    }
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def succeeds(argv, **options):
    """Whether a program ends well; what it printed is shown only where it does not."""
    result = subprocess.run(
        [str(part) for part in argv], cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
    )
    if result.returncode != 0:
        say(result.stdout.decode(errors="replace").strip()[-3000:])
    return result.returncode == 0


# --- the environment ---


def check_python(version):
    """Refuse a Python that the product does not run on; `version` as in sys.version_info."""
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise Refusal(
            f"Gatelodge needs Python {dotted(OLDEST_PYTHON)} or later; this is {dotted(version[:2])} "
            f"({sys.executable}). Run dev.py with a later one."
        )


def dotted(version):
    """A version for people: (3, 11) as 3.11."""
    return ".".join(map(str, version))


def made_from():
    """What the environment depends on: the note of a finished one equals this."""
    return {
        "python": dotted(sys.version_info[:2]),
        "folder": str(ROOT),
        "lock": hashlib.sha256(LOCK.read_bytes() + SOURCE_LOCK.read_bytes()).hexdigest(),
        "project": hashlib.sha256(PROJECT.read_bytes()).hexdigest(),
    }


def noted():
    """What the present environment was made from; empty where there is none, or it is broken or was never finished."""
    try:
        return json.loads(NOTE.read_text()) if PYTHON.exists() else {}
    except (OSError, ValueError):
        return {}


def set_up():
    """Make or complete the environment; two of these at once wait for each other."""
    wanted = made_from()
    if noted() == wanted:
        return
    with open(__file__) as own_source:
        fcntl.flock(own_source, fcntl.LOCK_EX)
        if noted() == wanted:
            return
        say(f"Setting up {VENV} (once; about a minute)")
        if not usable(noted(), wanted):
            make_venv()
        NOTE.unlink(missing_ok=True)
        install()
        NOTE.write_text(json.dumps(wanted, indent=1) + "\n")


def usable(before, wanted):
    """Whether an existing environment can be completed, rather than made anew.

    Its scripts hold the folder and its packages the Python version; packages themselves are simply brought up to date.
    """
    return all(before.get(name) == wanted[name] for name in ("python", "folder"))


def make_venv():
    """Make an empty virtual environment."""
    if importlib.util.find_spec("ensurepip") is None and not apt_install(["python3-venv"]):
        raise Refusal(
            "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install python3-venv"
        )
    if not succeeds([sys.executable, "-m", "venv", "--clear", VENV]):
        raise Refusal(f"{VENV} could not be made.")


def install():
    """Install the lock and this project: with uv, ten times as fast, or with pip where uv cannot be had or fails."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    # Bytecode made now is not made at the first start, which a person waits for.
    uv = [VENV / "bin" / "uv", "pip", "install", "-q", "--compile-bytecode", "--python", PYTHON]
    environment = dict(os.environ, UV_LINK_MODE="copy")
    if not os.access(Path.home(), os.W_OK):
        # uv refuses to work where it cannot keep a cache.
        environment["UV_NO_CACHE"] = "1"
    installs = succeeds([*pip, UV]) and all(succeeds([*uv, *part], env=environment) for part in (LOCKED, OURSELVES))
    if not installs:
        say("uv did not do it; once more with pip, which takes a few minutes")
        if not all(succeeds([*pip, *part]) for part in (LOCKED, OURSELVES)):
            raise Refusal("The packages could not be installed; the reason stands above.")
    if not succeeds([*pip, *BUILT_HERE]):
        say("The package without a wheel could not be built (above): the tests that run it are skipped.")


# --- programs of the machine ---


def apt_install(packages):
    """Install Debian packages where that is allowed (root, on a machine with apt-get); whether it worked."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    say(f"Installing with apt-get: {' '.join(packages)}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    return succeeds(["apt-get", "update", "-q"], env=environment) and succeeds(
        ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], env=environment
    )


def install_programs(programs):
    """Install what is missing of `programs` (name -> package); one line about what stays missing."""
    packages = missing(programs)
    if packages and not apt_install(packages):
        names = " ".join(packages)
        fate = "fail, as CI=true" if os.environ.get("CI") == "true" else "are skipped"
        say(f"Not installed: {names}. Tests that need them {fate}. To have them: sudo apt-get install {names}")


def missing(programs):
    """The packages of those programs that are not on the path, and of those libraries that the linker does not know."""
    return [package for name, package in sorted(programs.items()) if not is_there(name)]


def is_there(name):
    """Whether a program is on the path, or a library, whose name begins with `lib`, is installed."""
    return (find_library(name.removeprefix("lib")) if name.startswith("lib") else shutil.which(name)) is not None


# --- the commands ---


def up(arguments):
    """Become `gatelodge up`: signals reach it directly."""
    gatelodge = str(VENV / "bin" / "gatelodge")
    os.execv(gatelodge, [gatelodge, "up", *arguments])


def test(arguments):
    """Lint, types, tests; all three also where the first fails. The last words on stdout are pytest's."""
    with_long_ones = "--all" in arguments
    given = [argument for argument in arguments if argument != "--all"]
    install_programs({**TEST_PROGRAMS, **(LONG_TEST_PROGRAMS if with_long_ones else {})})
    failed = [name for name, argv in checks(given, with_long_ones) if run([PYTHON, "-m", *argv]) != 0]
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def checks(given, with_long_ones):
    """Name and module arguments of each check, in order; with pytest arguments of one's own it is pytest alone."""
    if given:
        return [("pytest", ["pytest", *given])]
    selection = [] if with_long_ones else ["-m", "not long"]
    return [
        ("ruff", ["ruff", "check", "."]),
        ("mypy", ["mypy"]),
        ("pytest", ["pytest", "-n", "2", *selection]),
    ]


def bench(arguments):
    """The benchmarks, by name or all."""
    return run([PYTHON, "-m", "benchmarks", *arguments])


def setup(arguments):
    """The environment is there by now."""
    if arguments:
        raise Refusal("setup takes no arguments")
    return 0


COMMANDS = {"up": up, "test": test, "bench": bench, "setup": setup}


def main(arguments):
    """Run one command; its exit status, 2 where there is no such command."""
    if not arguments or arguments[0] not in COMMANDS:
        say(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    try:
        check_python(sys.version_info)
        set_up()
        return COMMANDS[arguments[0]](arguments[1:])
    except Refusal as refusal:
        say(str(refusal))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
