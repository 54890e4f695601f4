"""docs/scim.md says what the door does: its table of errors and its numbers."""

import re
from pathlib import Path

from provisioning.domain.errors import REFUSALS, Code
from provisioning.scim.errors import ANSWERS
from provisioning.scim.groups import MOST_MEMBERS_SHOWN
from provisioning.scim.parameters import DEFAULT_PAGE, LARGEST_PAGE
from provisioning.scim.traits import ACCOUNT_USER

PAGE = (Path(__file__).parents[2] / "docs" / "scim.md").read_text()
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
