"""docs/scim.md says what the door does, and docs/guides/ what identity providers and our refusals are called."""

import re
from pathlib import Path

import pytest
import yaml

from provisioning.domain.errors import REFUSALS, Code
from provisioning.scim.errors import ANSWERS
from provisioning.scim.groups import MOST_MEMBERS_SHOWN
from provisioning.scim.parameters import DEFAULT_PAGE, LARGEST_PAGE
from provisioning.scim.traits import ACCOUNT_USER

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scim.md").read_text()
GUIDES = sorted((DOCS / "guides").glob("[a-z]*.md"))
CHAPTERS = ("Values to paste", "Steps", "How to see that it works", "The commonest faults",
            "Rotating the token, leaving", "Sources")  # fmt: skip
# Codes that no SCIM request can meet: other doors' matters, which the table of the door maps all the same.
ELSEWHERE = re.compile(r"saml_|.*_connection|connection_|cloud_name|.*environment|.*invitation|link_|password|"
                       r"no_password|seats_below|not_owed|not_replayable|two_factor|permission_system|not_on_oneself|email_domain|enforce|"
                       r"invalid_credentials|invalid_metadata|media_library|sensitive")  # fmt: skip


def rows() -> list[str]:
    """The table as the code has it."""
    met = [code for code in Code if not ELSEWHERE.match(code.value)]
    return [
        f"| `{code.value}` | {ANSWERS[code].status} | {ANSWERS[code].scim_type or ''} | {REFUSALS[code].sentence} |"
        for code in met
    ]


def test_the_table_of_errors_is_that_of_the_door():
    table = PAGE.partition("scim/errors.py -->")[2].partition("<!-- end")[0].strip().splitlines()[2:]
    assert table == rows(), "\n".join(rows())


def test_the_page_has_the_numbers_of_the_code():
    assert f"({DEFAULT_PAGE} unless given, at most {LARGEST_PAGE:,})" in PAGE
    assert f"more than {MOST_MEMBERS_SHOWN} members" in PAGE
    assert ACCOUNT_USER in PAGE


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.stem)
def test_a_guide_has_every_chapter_and_the_profile_of_its_transcript(guide):
    text = guide.read_text()
    assert tuple(re.findall(r"^## (.*)$", text, re.MULTILINE)) == CHAPTERS
    transcript = yaml.safe_load((Path(__file__).parent / "transcripts" / f"{guide.stem}.yaml").read_text())
    assert f"| here: profile of the connection | `{transcript['profile']}` |" in text
    assert f"tests/scim/transcripts/{guide.stem}.yaml" in text
    assert "<https://" in text.partition("## Sources")[2]
    assert f"({guide.name})" in (DOCS / "guides" / "README.md").read_text()


def test_guides_name_statuses_and_codes_as_the_door_answers_them():
    text = "".join(path.read_text() for path in sorted((DOCS / "guides").glob("*.md")))
    named = re.findall(r"\b(4\d\d) \|? ?`([a-z_]+)`(?:(?:, | or )`([a-z_]+)`)?", text)
    rows = {(int(status), Code(code)) for status, *codes in named for code in codes if code}
    assert len(rows) > 12
    assert {(status, code) for status, code in rows if ANSWERS[code].status != status} == set()
