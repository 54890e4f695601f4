"""What docs/ say of configuration and commands is what the program says of itself."""

import pytest

from tests.cli.pages import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_program_is_what_the_program_says(name) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run: python -m tests.cli.pages"
