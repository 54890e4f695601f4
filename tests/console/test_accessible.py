"""Every page in a real Chromium, wide and narrow: no fault of WCAG A or AA, all of it on the screen, no complaint."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from provisioning.actions.groups import NewGroup, create_group
from provisioning.domain.roles_legacy import Role
from tests.actions.saml_world import connected
from tests.console.conftest import NARROW, WIDE
from tests.factories import make_active, make_user

pytestmark = [pytest.mark.chromium, pytest.mark.long]
STANDARDS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
IMAGES = {
    "/groups": "groups",
    "/activity": "activity",
    "/account": "account",
    "/sign-in": "sign-in",
    "/api-keys": "api-keys",
}


@pytest.fixture
def pages(account, caller, services, sql) -> list[str]:
    """The address of every page of the Console that is not a form of the login."""
    dana = make_active(services, sql, make_user(caller, services))
    make_user(caller, services, "eve@acme.example", Role.REPORTS)
    group = create_group(caller, NewGroup(name="Design", member_ids=(dana.id,)), services).group
    environment, key, scim = account.environment.environment.id, account.key.key.id, account.token.token
    saml = connected(services, account).id
    return [
        "/users", f"/users/{dana.id}", f"/users/{dana.id}/edit", f"/users/{dana.id}/groups", f"/users/{dana.id}/delete",
        "/users/invite", "/groups", "/groups/new", f"/groups/{group.id}", f"/groups/{group.id}?find=eve",
        f"/groups/{group.id}/delete", "/sign-in", "/sign-in/settings", "/sign-in/enforce", "/sign-in/new",
        f"/sign-in/{saml}", "/provisioning", "/provisioning/new", f"/provisioning/{scim.connection_id}",
        f"/provisioning/{scim.connection_id}/tokens/new", f"/provisioning/tokens/{scim.id}/rotate", "/api-keys",
        "/api-keys/new", f"/api-keys/{key}/rotate", "/activity", "/activity/export", "/account", "/account/cancel",
        "/account/environments/new", f"/account/environments/{environment}", "/user-limit",
        "/profile", "/profile/email", "/profile/password", "/profile/proof", "/profile/second-factor",
    ]  # fmt: skip


@pytest.mark.rule("WEB-2")
@pytest.mark.parametrize(("size", "dark"), [(WIDE, False), (NARROW, True)])
def test_every_page_is_accessible_and_fits(open_tab, account, pages, size, dark):
    tab = open_tab(size, dark=dark)
    tab.log_in("root@acme.example", account.root_password)
    faults = {}
    for path in pages:
        tab.go(path)
        if not tab.fits():
            faults[path] = ["does not fit"]
        found = Axe().run(tab.page, options=STANDARDS).response["violations"]
        if found:
            faults[path] = [f"{each['id']}: {each['nodes'][0]['html'][:150]}" for each in found]
        if size == WIDE and path in IMAGES:
            tab.keep_image(IMAGES[path])
    assert faults == {}
