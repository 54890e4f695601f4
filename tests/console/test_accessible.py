"""Every page in a real Chromium, wide and narrow: no fault of WCAG A or AA, all of it on the screen, no complaint."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.console.conftest import NARROW, WIDE

pytestmark = [pytest.mark.chromium, pytest.mark.long]
STANDARDS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
IMAGES = {
    "/groups": "groups",
    "/activity": "activity",
    "/account": "account",
    "/sign-in": "sign-in",
    "/api-keys": "api-keys",
}


@pytest.mark.rule("WEB-2")
@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (NARROW, True)])
def test_every_page_is_accessible_and_fits(open_tab, account, every_page, size, dark):
    tab = open_tab(size, dark=dark)
    tab.log_in("root@acme.example", account.root_password)
    faults = {}
    for path in every_page:
        tab.go(path)
        if not tab.fits():
            faults[path] = ["does not fit"]
        found = Axe().run(tab.page, options=STANDARDS).response["violations"]
        if found:
            faults[path] = [f"{each['id']}: {each['nodes'][0]['html'][:150]}" for each in found]
        if size == WIDE and path in IMAGES:
            tab.keep_image(IMAGES[path])
    assert faults == {}
