"""SES-4: no form that people type into is shown to somebody whose sending of it would be refused for an old proof."""

import pytest

from provisioning.console.proof import TIME_TO_TYPE
from provisioning.domain.proof import FRESH_FOR
from tests.doors.console import ConsoleClient

TYPED = ".//textarea | .//select | .//input[not(@type='hidden') and not(@type='search')]"
# Pages that ask before they show their form, by the end of their addresses.
ASK = (
    "/sign-in/settings", "/sign-in/enforce", "/sign-in/new", "/settings", "/metadata", "/tokens/new", "/rotate",
    "/api-keys/new", "/webhooks/new", "/activity/export", "/account/cancel", "/account/environments/new",
    "/profile/names", "/profile/email", "/profile/password", "/profile/second-factor",
)  # fmt: skip


def typed_forms(page) -> list:
    """The forms of a page that change something and that something is typed into or chosen in."""
    return [form for form in page.forms() if form.method == "POST" and form.xpath(TYPED)]


def send_each(browser: ConsoleClient, path: str) -> list[str]:
    """Send each form of a page as it stands; returns the actions of those that were refused for an old proof."""
    refused = []
    for number in range(len(typed_forms(browser.get(path)))):
        form = typed_forms(browser.get(path))[number] if number < len(typed_forms(browser.page)) else None
        if form is None or form.action.startswith("/profile/proof"):
            continue
        page = browser.submit(form.action)
        if page.code == "proof_needed" or page.path == "/profile/proof":
            refused.append(form.action)
    return refused


@pytest.mark.rule("SES-4", "ROOT-7")
def test_with_an_old_proof_no_form_is_shown_whose_sending_needs_a_fresh_one(as_root, every_page, clock):
    clock.advance(seconds=(FRESH_FOR - TIME_TO_TYPE).total_seconds() + 1)
    asked = {path for path in every_page if as_root.get(path).path == "/profile/proof" and path != "/profile/proof"}
    assert [end for end in ASK if not any(path.endswith(end) for path in asked)] == []
    clock.advance(seconds=FRESH_FOR.total_seconds())
    lost = {path: send_each(as_root, path) for path in every_page if path not in asked}
    assert {path: actions for path, actions in lost.items() if actions} == {}


@pytest.mark.rule("SES-4")
def test_a_form_that_was_shown_can_be_sent_for_some_minutes(as_root, every_page, clock, account):
    clock.advance(seconds=(FRESH_FOR - TIME_TO_TYPE).total_seconds())
    shown = {}
    for path in every_page:
        page = as_root.get(path)
        assert page.path != "/profile/proof" or path == "/profile/proof", path
        shown[path] = page
    clock.advance(seconds=TIME_TO_TYPE.total_seconds())
    for path in ("/profile/names", "/sign-in/settings", "/account/environments/new", f"/users/{account.root.id}/edit"):
        page = as_root.submit(typed_forms(shown[path])[0].action, page=shown[path])
        assert page.code != "proof_needed", path
        assert page.path != "/profile/proof", path


@pytest.mark.rule("SES-4")
def test_the_page_that_was_asked_for_comes_back_after_the_proof_with_what_its_address_said(as_root, account, clock):
    clock.advance(minutes=11)
    as_root.get("/activity/export?kind=user.created")
    page = as_root.submit("/profile/proof", password=account.root_password)
    assert (page.path, page.forms("/activity/export")[0].fields["kind"]) == ("/activity/export", "user.created")
