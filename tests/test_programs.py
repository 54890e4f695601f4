"""The rule for missing programs, seen from outside: a pytest of its own on one marked test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
MARKED = """
import pytest

@pytest.mark.{marker}
def test_something():
    pass
"""


def outcome(folder: Path, marker: str, **environment: str) -> str:
    """The closing line of a pytest run on a test with the marker, on a machine whose path is empty."""
    (folder / "test_marked.py").write_text(MARKED.format(marker=marker))
    options = ["-rs", "-p", "no:cacheprovider", "-c", PROJECT / "pyproject.toml", "--rootdir", folder]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.programs", *options, folder],
        cwd=PROJECT,
        env={**os.environ, "PATH": "/nowhere", "CI": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout


@pytest.mark.parametrize("marker", ["chromium", "xmlsec1", "buildah"])
def test_a_test_whose_program_is_missing_is_skipped_with_its_name(tmp_path: Path, marker: str) -> None:
    said = outcome(tmp_path, marker)
    assert "1 skipped" in said.splitlines()[-1]
    assert f"not installed: {marker}" in said


def test_with_ci_it_fails_instead(tmp_path: Path) -> None:
    said = outcome(tmp_path, "xmlsec1", CI="true")
    assert re.search(r"1 (failed|error)", said.splitlines()[-1])
    assert "not installed: xmlsec1" in said


def test_a_test_that_needs_no_program_runs(tmp_path: Path) -> None:
    assert "1 passed" in outcome(tmp_path, "rule('ROOT-1')", CI="true").splitlines()[-1]
