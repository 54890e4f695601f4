"""What schema and statements keep away from, so that the database can be spread by account later."""

import re
from pathlib import Path

import pytest

from provisioning.store.migrations import versions
from tests.architecture.sources import is_in, modules

MIGRATIONS = sorted(path for path in Path(versions.__file__).parent.iterdir() if path.suffix in {".py", ".sql"})
FORBIDDEN = {
    "a serial or a sequence": r"\b(small|big)?serial\b|\bsequence\b|\bnextval\b|\bgenerated\s+(always|by\s+default)\b",
    "an advisory lock": r"\bpg_(try_)?advisory",
    "a trigger or a rule": r"\bcreate\s+(or\s+replace\s+)?(constraint\s+)?(trigger|rule)\b",
    "a function or a procedure": r"\bcreate\s+(or\s+replace\s+)?(function|procedure)\b|\bdo\s+\$",
    "an exclusion constraint": r"\bexclude\s+using\b|\bexclude\s*\(",
    "a channel": r"\b(un)?listen\s+\w|\bnotify\s+\w|\bpg_notify\b",
    "an extension or a type of its own": r"\bcreate\s+(extension|type|domain|collation)\b",
    "inheritance or a table without a log": r"\binherits\b|\bunlogged\b",
    "a case that depends on a collation": r"\bcitext\b|\bilike\b",
}
SEEN = {
    "a serial or a sequence": "id bigserial primary key",
    "an advisory lock": "select pg_try_advisory_lock(1)",
    "a trigger or a rule": "create constraint trigger t",
    "a function or a procedure": "create or replace function f()",
    "an exclusion constraint": "exclude using gist (room with =)",
    "a channel": "listen outbox",
    "an extension or a type of its own": "create type mood as enum ('a')",
    "inheritance or a table without a log": "create unlogged table t",
    "a case that depends on a collation": "email citext",
}


def without_comments(text: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", " ", text, flags=re.S)


@pytest.mark.parametrize("feature", FORBIDDEN)
def test_no_migration_uses(feature):
    pattern = re.compile(FORBIDDEN[feature], re.I)
    assert pattern.search(SEEN[feature]), "the scan itself must see what it looks for"
    assert len(MIGRATIONS) >= 2
    found = [
        f"{path.name}: {match.group()}"
        for path in MIGRATIONS
        for match in pattern.finditer(without_comments(path.read_text(encoding="utf-8")))
        if path.suffix == ".sql"
    ]
    assert found == []


@pytest.mark.rule("IDN-1")
@pytest.mark.parametrize("feature", ["an advisory lock", "a channel", "a case that depends on a collation"])
def test_no_statement_of_the_store_uses(feature):
    pattern = re.compile(FORBIDDEN[feature] + r"|\.ilike\(|func\.lower\(", re.I)
    code = [module for module in modules() if is_in(module.name, "provisioning.store")]
    prose = re.compile(r'""".*?"""|#[^\n]*', re.S)
    found = [module.where for module in code if pattern.search(prose.sub("", module.path.read_text(encoding="utf-8")))]
    assert found == []


def test_tables_are_made_with_named_constraints_alone():
    """A constraint without a name gets one from PostgreSQL, which no table of refusals can rely on."""
    for path in MIGRATIONS:
        if path.suffix == ".sql":
            text = without_comments(path.read_text(encoding="utf-8"))
            for line in text.splitlines():
                if re.search(r"\b(foreign key|check|unique)\b", line, re.I) and "index" not in line:
                    assert re.search(r"\bconstraint\s+\w+", line, re.I), line
