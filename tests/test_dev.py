"""dev.py: what it decides, and, as a long test, a whole set-up from nothing."""

import ast
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[1]
SOURCE = PROJECT / "dev.py"


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """dev.py at work on a folder of its own, so that no test touches the environment it runs in."""
    for name in ("dev.py", "requirements.lock", "requirements-source.lock", "pyproject.toml"):
        shutil.copy(PROJECT / name, tmp_path / name)
    spec = importlib.util.spec_from_file_location("dev_under_test", tmp_path / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def finished(dev: ModuleType) -> None:
    """Leave what a finished set-up leaves, as far as dev.py looks at it."""
    dev.PYTHON.parent.mkdir(parents=True)
    dev.PYTHON.symlink_to(sys.executable)
    dev.NOTE.write_text(json.dumps(dev.made_from()))


def test_it_needs_nothing_but_the_standard_library_and_reads_in_an_old_python() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 9))
    plain = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    parts = [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {name.split(".")[0] for name in (*plain, *parts)} <= sys.stdlib_module_names


@pytest.mark.parametrize("version", [(3, 9, 2), (3, 10, 14)])
def test_an_old_python_is_named_with_the_one_that_is_needed(dev: ModuleType, version: tuple[int, ...]) -> None:
    with pytest.raises(dev.Refusal, match=rf"needs Python 3\.11 or later; this is 3\.{version[1]} "):
        dev.check_python(version)


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 1), (4, 0, 0)])
def test_a_new_enough_python_is_taken(dev: ModuleType, version: tuple[int, ...]) -> None:
    dev.check_python(version)


def test_a_finished_environment_is_left_alone(dev: ModuleType) -> None:
    finished(dev)
    before = sorted(dev.VENV.rglob("*"))
    dev.set_up()
    assert sorted(dev.VENV.rglob("*")) == before


def test_a_second_run_adds_less_than_a_second(dev: ModuleType) -> None:
    finished(dev)
    begin = time.monotonic()
    subprocess.run([sys.executable, dev.ROOT / "dev.py", "setup"], check=True)
    assert time.monotonic() - begin < 1


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-source.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_noticed_and_completed_in_place(dev: ModuleType, name: str) -> None:
    finished(dev)
    with (dev.ROOT / name).open("a") as file:
        file.write("# changed\n")
    assert dev.noted() != dev.made_from()
    assert dev.usable(dev.noted(), dev.made_from())


@pytest.mark.parametrize("difference", [{"python": "3.10"}, {"folder": "/elsewhere"}])
def test_an_environment_of_another_python_or_folder_is_made_anew(dev: ModuleType, difference: dict[str, str]) -> None:
    finished(dev)
    dev.NOTE.write_text(json.dumps({**dev.made_from(), **difference}))
    assert not dev.usable(dev.noted(), dev.made_from())


def test_an_environment_whose_python_is_gone_counts_as_none(dev: ModuleType) -> None:
    finished(dev)
    dev.PYTHON.unlink()
    dev.PYTHON.symlink_to("/no/such/python")
    assert dev.noted() == {}


def test_tests_are_lint_types_and_all_but_the_long_ones(dev: ModuleType) -> None:
    assert dev.checks([], False) == [
        ("ruff", ["ruff", "check", "."]),
        ("mypy", ["mypy"]),
        ("pytest", ["pytest", "-n", "2", "-m", "not long"]),
    ]


def test_all_of_them_are_run_on_demand(dev: ModuleType) -> None:
    assert dev.checks([], True)[-1] == ("pytest", ["pytest", "-n", "2"])


def test_pytest_arguments_mean_pytest_alone(dev: ModuleType) -> None:
    assert dev.checks(["tests/domain", "-k", "seat"], False) == [("pytest", ["pytest", "tests/domain", "-k", "seat"])]


def test_only_missing_programs_are_asked_for(dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    present = tmp_path / "bin" / "xmlsec1"
    present.parent.mkdir()
    present.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(present.parent))
    assert dev.missing(dev.TEST_PROGRAMS) == ["chromium"]
    assert dev.missing(dev.LONG_TEST_PROGRAMS) == ["buildah", "debootstrap"]


@pytest.mark.parametrize(("ci", "fate"), [("", "are skipped"), ("true", "fail, as CI=true")])
def test_what_cannot_be_installed_is_one_line(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, fate: str
) -> None:
    # No apt-get on the path: nobody may install anything.
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", ci)
    dev.install_programs(dev.TEST_PROGRAMS)
    assert capsys.readouterr().err == (
        f"Not installed: chromium xmlsec1. Tests that need them {fate}. "
        "To have them: sudo apt-get install chromium xmlsec1\n"
    )


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["fly"], 2), (["--help"], 0)])
def test_an_unknown_command_shows_the_four(
    dev: ModuleType, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert dev.main(arguments) == status
    shown = capsys.readouterr().err
    assert all(f"dev.py {command}" in shown for command in ("up", "test", "bench", "setup"))


def test_a_program_that_fails_gives_its_status_and_is_not_hidden(dev: ModuleType) -> None:
    assert dev.run([sys.executable, "-c", "raise SystemExit(7)"]) == 7


def test_a_stop_from_outside_reaches_the_program(tmp_path: Path) -> None:
    code = (
        f"import importlib.util, sys; sys.path.insert(0, {str(PROJECT)!r}); import dev; "
        "child = 'import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(9)); "
        "print(1, flush=True); time.sleep(60)'; "
        "sys.exit(dev.run([sys.executable, '-c', child]))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"1\n"
    process.terminate()
    assert process.wait(10) == 9
    process.stdout.close()


def test_the_build_servers_entry_is_this_command() -> None:
    entry = PROJECT / ".ci" / "run"
    assert os.access(entry, os.X_OK)
    assert "exec python3 dev.py test" in entry.read_text()


@pytest.fixture
def clone() -> Iterator[Path]:
    """The project's files as they are, without an environment; gone afterwards, with the one that is made in it."""
    left_out = [line.strip("/") for line in (PROJECT / ".gitignore").read_text().splitlines() if line]
    with tempfile.TemporaryDirectory(prefix="gatelodge-clone-") as folder:
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".git", *left_out), dirs_exist_ok=True)
        yield Path(folder)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_whole_environment_is_made_from_nothing(clone: Path) -> None:
    subprocess.run([sys.executable, "dev.py", "setup"], cwd=clone, check=True)
    assert (clone / ".venv" / "bin" / "gatelodge").exists()
    selection = ["-q", "-p", "no:cacheprovider", "tests/embedded/test_folder.py"]
    argv = [sys.executable, "dev.py", "test", *selection]
    result = subprocess.run(argv, cwd=clone, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert " passed" in result.stdout.splitlines()[-1]
