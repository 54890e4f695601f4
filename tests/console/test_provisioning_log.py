"""The provisioning log and the advice in the Console: words, filters, one request, running it again."""

import pytest

from provisioning.actions.provisioning_log import list_requests
from provisioning.domain.provisioning_log import LogQuery
from tests.doors.scim import CORE_USER, ScimClient
from tests.factories import refused_request

LOG = "/provisioning/log"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def idp(app, account) -> ScimClient:
    return ScimClient(app, account.token.text)


@pytest.fixture
def newest(caller, services):
    return lambda: list_requests(caller, LogQuery(limit=1), services).requests[0].entry.id


@pytest.mark.rule("SCM-9")
def test_the_log_tells_in_words_and_is_narrowed(as_root, idp, neighbour, services, clock):
    assert "No identity provider has asked for anything" in as_root.get(LOG).text
    user_id = idp.user("dana@acme.example", displayName="Dana Roe")["id"]
    idp.patch(f"/Users/{user_id}", {"op": "Replace", "path": "active", "value": "False"})
    idp.get("/Users?filter=broken")
    services.request_log.add(refused_request(neighbour, services.new_id(), clock.now))
    page = as_root.get(LOG)
    assert page.title == "Provisioning log"
    rows = [" ".join(row.split()) for row in page.tree.xpath("//table//tbody//tr//td[1]//a/bdi/text()")]
    assert sorted(rows) == [
        "default made Dana Roe",
        "default set active to False for Dana Roe",
        "default tried to look for users with [hidden]",
    ]
    narrowed = as_root.get(f"{LOG}?status=done&text=active")
    assert narrowed.tree.xpath("//tbody//a/bdi/text()") == ["default set active to False for Dana Roe"]
    assert "Nothing fits" in as_root.get(f"{LOG}?method=DELETE").text
    for wrong in ("from=x", "status=x", "method=x", f"text={'x' * 300}", "resource=%00"):
        page = as_root.get(f"{LOG}?{wrong}")
        assert (page.status, page.code) == (422, "invalid_value")
        assert page.tree.xpath(f"//small[@id='{wrong.partition('=')[0]}-error']")
    assert as_root.get(f"{LOG}?cursor=x").status == 422


@pytest.mark.rule("SCM-9", "WEB-3")
def test_one_request_is_shown_with_what_changed_and_hostile_text_is_text(as_root, idp, newest):
    made = idp.post(
        "/Users", {"schemas": [CORE_USER], "userName": HOSTILE, "displayName": HOSTILE, "password": "hunter2"}
    )
    assert made.status_code == 201
    idp.patch(f"/Users/{made.get_json()['id']}", {"op": "replace", "path": f"{HOSTILE}", "value": HOSTILE})
    page = as_root.get(LOG)
    assert HOSTILE not in page.response.text
    for path in page.tree.xpath("//tbody//a/@href"):
        shown = as_root.get(path)
        assert (shown.status, HOSTILE in shown.response.text) == (200, False)
        assert "hunter2" not in shown.response.text
    created = as_root.get(f"{LOG}/{made.headers['X-Request-Id']}")
    assert f"Created the user {HOSTILE}" in " ".join(created.text.split())
    assert "A password or other credential was sent. It was thrown away and sets nothing." in created.text
    assert '"password": "[hidden]"' in created.tree.xpath("//pre/code/text()")[0]
    assert HOSTILE not in as_root.get("/provisioning/advice").response.text


@pytest.mark.rule("SCM-9", "SES-4")
def test_a_refused_request_is_run_again_after_a_fresh_proof(as_root, account, services, clock, sql):
    entry = refused_request(account, services.new_id(), clock.now)
    services.request_log.add(entry)
    path = f"{LOG}/{entry.id}"
    clock.advance(minutes=11)
    as_root.get(path)
    assert as_root.submit(f"{path}/replay").path == "/profile/proof"
    as_root.submit("/profile/proof", password=account.root_password)
    as_root.get(path)
    page = as_root.submit(f"{path}/replay")
    assert page.notice == "The request was run again and is done."
    assert "Created the user again@acme.example" in " ".join(page.text.split())
    assert page.tree.xpath(f"//a[@href='{path}']")
    first = as_root.get(path)
    assert first.tree.xpath(f"//a[@href='{page.path}']")
    assert "it was run again already" in first.text
    assert not first.forms(f"{path}/replay")


@pytest.mark.rule("TEN-1", "ACC-1")
def test_a_foreign_request_is_not_there(as_root, neighbour, services, clock):
    entry = refused_request(neighbour, services.new_id(), clock.now)
    services.request_log.add(entry)
    assert as_root.get(f"{LOG}/{entry.id}").status == 404


@pytest.mark.rule("SCM-9")
def test_advice_says_what_to_change_and_shows_why(as_root, idp):
    page = as_root.get("/provisioning/advice")
    assert "Nothing to change" in page.text
    user_id = idp.user("dana@acme.example", active="True")["id"]
    idp.patch(f"/Users/{user_id}", {"op": "Replace", "path": "active", "value": "False"})
    page = as_root.get("/provisioning/advice")
    assert "True and false are sent as texts." in page.text
    assert "Seen 2 times" in page.text
    shown = as_root.get(page.tree.xpath("//section//a/@href")[0])
    assert "set active to False" in shown.text


def test_the_page_of_connections_leads_to_both(as_root):
    found = as_root.get("/provisioning").tree.xpath("//a/@href")
    assert {LOG, "/provisioning/advice"} <= set(found)


def test_the_page_of_a_user_leads_to_what_was_asked_about_them(as_root, idp):
    ada, eve = (idp.user(name)["id"] for name in ("ada", "eve"))
    path = as_root.get(f"/users/{ada}").tree.xpath("//a[text()='Provisioning history']/@href")[0]
    assert as_root.get(path).tree.xpath("//tbody//a/bdi/text()") == ["default made ada"]
    assert eve not in as_root.get(path).response.text
