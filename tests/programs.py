"""Tests that need a program of the machine: skipped where it is missing, failed instead where CI=true.

A pytest plugin (loaded by tests/conftest.py). A test says what it needs by a marker: chromium, xmlsec1, buildah or cld.
`python3 dev.py test` installs the programs where it may; `cld` stands beside our own Python.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "chromium": ("chromium",),
    "xmlsec1": ("xmlsec1",),
    "buildah": ("buildah", "debootstrap"),
    "cld": ("cld",),
}
PLACES = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def missing_programs(item: pytest.Item) -> list[str]:
    """The programs that the test's markers ask for and the machine does not have."""
    wanted = [name for marker, names in PROGRAMS.items() if item.get_closest_marker(marker) for name in names]
    return [name for name in wanted if shutil.which(name, path=PLACES) is None]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or with CI=true fail, before any fixture of the test is made."""
    missing = missing_programs(item)
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; with CI=true nothing is skipped for want of a program", pytrace=False)
    pytest.skip(reason)
