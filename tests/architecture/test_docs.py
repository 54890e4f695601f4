"""What the tables say stands in docs/, word for word; and what docs/ point to is there."""

import re

import pytest

from provisioning.domain.errors import Code
from provisioning.domain.permissions import Permission
from provisioning.domain.roles_legacy import Role
from tests.architecture.pages import DOCS, MEANING, PAGES
from tests.architecture.sources import ROOT, files


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_tables_is_what_the_tables_say(name):
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run: python -m tests.architecture.pages"


@pytest.mark.rule("LIM-7")
def test_every_code_role_and_permission_is_documented():
    shown = {name: set(re.findall(r"`([a-z_:]+)`", make())) for name, make in PAGES.items()}
    assert {code.value for code in Code} <= shown["errors.md"]
    assert {role.value for role in Role} <= shown["roles.md"]
    assert {permission.value for permission in Permission} <= shown["permissions.md"]
    assert set(MEANING) == set(Permission)


LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def test_every_link_between_pages_leads_somewhere():
    pages = [path for path in files(".md") if "static" not in path.parts]
    broken = [
        f"{page.relative_to(ROOT)} -> {target}"
        for page in pages
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert pages
    assert broken == []


def test_decisions_are_numbered_without_a_gap_and_say_what_they_cost():
    records = sorted(path for path in (DOCS / "adr").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in records]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert "Decision" in text, path.name
        assert "Consequences" in text, path.name
