"""The Dockerfile as a text: what hadolint says, and what we promise of the image. test_build.py builds it."""

import fnmatch
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
INSTRUCTION = re.compile(r"^([A-Z]+)\s+(.*)$")


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of each, with continued lines joined and comments left out."""
    lines = [line for line in (PROJECT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [match.groups() for line in text.splitlines() if (match := INSTRUCTION.match(line))]  # type: ignore[misc]


def final_stage() -> dict[str, str]:
    """Instruction -> rest in the stage that becomes the image; the last of each counts."""
    every = instructions()
    begin = max(index for index, (name, _) in enumerate(every) if name == "FROM")
    return dict(every[begin:])


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run([hadolint, PROJECT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_the_base_can_be_chosen_and_both_stages_stand_on_it() -> None:
    assert instructions()[0] == ("ARG", "BASE=python:3.11-slim-bookworm")
    assert [rest for name, rest in instructions() if name == "FROM"] == ["${BASE} AS build", "${BASE}"]


def test_it_runs_as_a_numbered_user_that_is_not_root() -> None:
    uid, gid = map(int, final_stage()["USER"].split(":"))
    assert uid > 0
    assert gid > 0


def test_it_runs_the_web_unless_told_otherwise() -> None:
    assert final_stage()["ENTRYPOINT"] == '["gatelodge"]'
    assert final_stage()["CMD"].startswith('["web"')


def test_its_health_is_asked_with_what_is_in_it() -> None:
    assert "/healthz" in final_stage()["HEALTHCHECK"]
    assert "python3" in final_stage()["HEALTHCHECK"]


def test_every_package_comes_by_its_hash() -> None:
    installs = re.findall(r"pip install ([^&]*)", " ".join(rest for name, rest in instructions() if name == "RUN"))
    assert installs
    assert all("--require-hashes" in install or "--no-index" in install for install in installs)


def copied() -> list[str]:
    """What the Dockerfile takes from the project's folder."""
    rests = [rest.split() for name, rest in instructions() if name == "COPY" and not rest.startswith("--from")]
    return [source for *sources, _ in rests for source in sources]


def let_in(path: str) -> bool:
    """Whether .dockerignore lets a path of the project into a build (the last line that fits decides)."""
    lines = [line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    verdict = True
    for line in lines:
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = [path, *map(str, Path(path).parents)] if not line.startswith("**/") else Path(path).parts
        if any(fnmatch.fnmatch(part, pattern) for part in parts if part != "."):
            verdict = line.startswith("!")
    return verdict


def test_what_it_copies_exists_and_is_let_in() -> None:
    assert copied()
    assert [source for source in copied() if not (PROJECT / source).exists()] == []
    assert [source for source in copied() if not let_in(source)] == []


@pytest.mark.parametrize("path", [".git", ".env", ".venv", "data", "tests", "requirements.lock", "saml/x.pyc"])
def test_nothing_else_is_let_in(path: str) -> None:
    assert not let_in(path)


def test_every_package_of_the_project_is_copied() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {pattern.rstrip("*") for pattern in patterns} <= set(copied())
    assert set(project["project"]["license-files"]) <= set(copied())
