"""2FA-1 on My Profile: set up with a picture and one code, recovery codes once, removed only with a fresh proof."""

import pytest

from tests.doors.authenticator import code_of
from tests.factories import PASSWORD

PLACE = "/profile/second-factor"


def set_up(browser, clock) -> tuple[str, list[str]]:
    """Set a second factor up; its seed and the recovery codes, as they were shown."""
    browser.get(PLACE)
    page = browser.submit(f"{PLACE}/set-up")
    assert page.tree.xpath("//p[@class='qr']/img/@src")[0].startswith("data:image/svg+xml")
    seed = page.tree.xpath("//code[@class='seed']/text()")[0]
    page = browser.submit(f"{PLACE}/confirm", code=code_of(seed, clock()))
    assert page.title == "Your recovery codes"
    return seed, page.tree.xpath("//ul[@class='codes']/li/code/text()")


@pytest.mark.rule("2FA-1", "LGN-6", "USR-10")
def test_it_is_set_up_with_one_code_and_shown_once(as_dana, clock):
    as_dana.get("/profile")
    assert PLACE in as_dana.page.tree.xpath("//main//a/@href")
    seed, codes = set_up(as_dana, clock)
    assert len(codes) == 10
    page = as_dana.get(PLACE)
    assert "Recovery codes left: 10" in page.text
    assert not any(secret in page.response.get_data(as_text=True) for secret in (seed, *codes))
    page = as_dana.submit(f"{PLACE}/recovery-codes")
    renewed = page.tree.xpath("//ul[@class='codes']/li/code/text()")
    assert len(set(renewed)) == 10
    assert not set(renewed) & set(codes)


@pytest.mark.rule("2FA-1")
def test_a_wrong_code_is_said_beside_the_field_without_what_was_shown_once(as_dana, clock):
    as_dana.get(PLACE)
    seed = as_dana.submit(f"{PLACE}/set-up").tree.xpath("//code[@class='seed']/text()")[0]
    for wrong in ("", code_of(seed, clock(), 9)):
        page = as_dana.submit(f"{PLACE}/confirm", code=wrong)
        assert list(page.errors()) == ["code"]
        assert seed not in page.response.get_data(as_text=True)
    assert as_dana.submit(f"{PLACE}/confirm", code=code_of(seed, clock())).title == "Your recovery codes"


@pytest.mark.rule("2FA-1", "SES-4")
def test_it_is_removed_by_its_owner_with_a_fresh_proof(as_dana, clock, sql):
    set_up(as_dana, clock)
    as_dana.get(PLACE)
    token = as_dana.page.forms(f"{PLACE}/remove")[0].fields["csrf_token"]
    clock.advance(minutes=11)
    for act in ("set-up", "confirm", "remove", "recovery-codes"):
        page = as_dana.post(f"{PLACE}/{act}", {"csrf_token": token, "code": "000000"})
        assert page.path == "/profile/proof"
    assert sql("select count(*) from second_factors where confirmed_at is not null") == [(1,)]
    clock.now = clock.now.replace(hour=9, minute=0)
    as_dana.get(PLACE)
    page = as_dana.submit(f"{PLACE}/remove")
    assert page.notice == "Your second factor was removed."
    assert sql("select count(*) from second_factors") == [(0,)]


@pytest.mark.rule("2FA-4")
def test_what_the_account_says_is_told(as_dana, clock, sql):
    sql("update accounts set two_factor = 'disabled'")
    page = as_dana.get(PLACE)
    assert "does not use second factors" in page.text
    assert page.forms(f"{PLACE}/set-up") == []
    sql("update accounts set two_factor = 'required'")
    set_up(as_dana, clock)
    assert "the next login sets up another" in as_dana.get(PLACE).text


@pytest.mark.rule("SES-3", "SES-4")
def test_an_act_that_needs_a_fresh_proof_leads_to_it_and_back(as_dana, clock, sql):
    seed, codes = set_up(as_dana, clock)
    as_dana.get(PLACE)
    clock.advance(minutes=11)
    page = as_dana.submit(f"{PLACE}/remove")
    assert (page.path, page.title) == ("/profile/proof", "Confirm that it is you")
    before = as_dana.session
    page = as_dana.submit("/profile/proof", password="wrong", code=codes[0])
    assert (page.status, list(page.errors())) == (403, ["password"])
    page = as_dana.submit("/profile/proof", password=PASSWORD, code="000000")
    assert list(page.errors()) == ["code"]
    page = as_dana.submit("/profile/proof", password=PASSWORD, code=code_of(seed, clock()))
    assert (page.path, page.title) == (PLACE, "Second factor")
    assert as_dana.session != before
    renewed = as_dana.session
    as_dana.client.set_cookie("gatelodge_session", before, domain="127.0.0.1")
    assert as_dana.get("/profile").path == "/login", "the old value is dead"
    as_dana.client.set_cookie("gatelodge_session", renewed, domain="127.0.0.1")
    as_dana.get(PLACE)
    assert as_dana.submit(f"{PLACE}/remove").notice == "Your second factor was removed."
    assert sql("select count(*) from activity where kind = 'session.proved'") == [(1,)]
