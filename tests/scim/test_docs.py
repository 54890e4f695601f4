"""docs/scim.md says what the door does, and what is done about every section of the RFCs."""

import re
from pathlib import Path

import pytest

from provisioning.scim.groups import MOST_MEMBERS_SHOWN
from provisioning.scim.parameters import DEFAULT_PAGE, LARGEST_PAGE
from provisioning.scim.traits import ACCOUNT_USER

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scim.md").read_text()
# Sections of each RFC: the number of the last one below each, `3.4.2: 5` for 3.4.2.1 to 3.4.2.5.
SECTIONS = {
    "7643": {"": 10, "1": 2, "2": 5, "2.3": 8, "3": 3, "4": 3, "4.1": 2, "8": 7, "8.7": 2, "9": 3},
    "7644": {"": 8, "1": 3, "2": 2, "3": 14, "3.3": 1, "3.4": 3, "3.4.2": 5, "3.5": 2, "3.5.2": 3, "3.7": 4, "6": 2,
             "7": 8},
    "9865": {"": 6, "1": 2, "2": 4, "5": 4},
}  # fmt: skip


def numbers(cell: str) -> set[str]:
    """The sections that a cell names: `7.1 HTTP, 7.2 TLS`, or `2.3.1 to 2.3.8`."""
    found = set(re.findall(r"\b\d+(?:\.\d+)*", cell))
    for first, last in re.findall(r"(\d[\d.]*) to (\d[\d.]*)", cell):
        parent, _, end = last.rpartition(".")
        start = first.removeprefix(f"{parent}.").partition(".")[0]
        found |= {f"{parent}.{number}" for number in range(int(start), int(end) + 1)}
    return found


@pytest.mark.parametrize("rfc", SECTIONS)
def test_every_section_of_the_rfcs_has_its_line(rfc):
    chapter = PAGE.partition(f"## RFC {rfc}, section by section")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in chapter.splitlines() if re.match(r"\| \d", line)]
    named = set().union(*map(numbers, rows))
    wanted = {f"{above}.{number}".lstrip(".") for above, last in SECTIONS[rfc].items() for number in range(1, last + 1)}
    # A section that is divided is named by its parts.
    assert {each for each in wanted - named if not any(name.startswith(f"{each}.") for name in named)} == set()


def test_the_page_has_the_numbers_of_the_code():
    assert f"({DEFAULT_PAGE} unless given, at most {LARGEST_PAGE:,})" in PAGE
    assert f"more than {MOST_MEMBERS_SHOWN} members" in PAGE
    assert ACCOUNT_USER in PAGE
