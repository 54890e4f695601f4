"""Every code has a page at this door that says what failed and whom to ask (LIM-7)."""

from itertools import combinations

import pytest

from provisioning.domain.errors import REFUSALS, Code
from saml.errors import PAGES, STATUSES, SamlCode, SamlError, page_of


def test_every_code_of_a_message_has_a_page_that_says_whom_to_ask() -> None:
    assert set(PAGES) == set(SamlCode)
    for page in PAGES.values():
        assert 400 <= page.status < 500
        assert page.title
        assert page.sentence.endswith(".")
        assert "administrator" in page.ask


def test_every_code_of_the_domain_has_one_status_here() -> None:
    assert frozenset().union(*STATUSES.values()) == frozenset(Code)
    assert not any(one & other for one, other in combinations(STATUSES.values(), 2))


@pytest.mark.parametrize("code", list(Code))
def test_the_domains_sentence_stands_on_the_page(code: Code) -> None:
    page = page_of(code, REFUSALS[code].sentence)
    assert page.sentence == REFUSALS[code].sentence
    assert 400 <= page.status < 502


def test_codes_that_the_domain_knows_too_mean_the_same() -> None:
    shared = {code.value for code in SamlCode} & {code.value for code in Code}
    assert shared == {"saml_request_unknown", "saml_unsolicited"}


def test_what_came_is_cut_for_the_report_and_named_with_what_was_wanted() -> None:
    error = SamlError(SamlCode.AUDIENCE, "audience_is_ours", "us", "x" * 10_000)
    assert len(error.received) == 500
    assert error.admin_detail.startswith("audience_is_ours; expected 'us'; got 'xxx")
