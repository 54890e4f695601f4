"""The activity report: sentences, filters, pages, the chain's state, the days, and the export."""

import json
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
import pytest

from provisioning.actions.activity import seal_activity
from provisioning.actions.activity_table import beside_entries
from provisioning.actions.groups import NewGroup, create_group
from provisioning.actions.sessions import force_logout
from provisioning.actions.users import delete_user, disable_user
from provisioning.domain.errors import Refusal
from provisioning.domain.roles_legacy import Role
from tests.factories import PASSWORD, key_caller, make_active, make_user, person


def sentences(page) -> list[str]:
    """What the table says, newest first, but for the readings of the report itself."""
    found = [" ".join(each.text_content().split()) for each in page.tree.xpath("//tbody/tr/td[1]/div")]
    return [each for each in found if "read the activity report" not in each]


@pytest.mark.rule("ACT-1", "USR-6", "USR-8")
def test_the_report_says_in_sentences_who_did_what_also_of_inactive_people(as_root, caller, services, sql, dana):
    omar = make_active(
        services, sql, make_user(caller, services, "omar@acme.example", Role.ADMIN, display_name="Omar H")
    )
    disable_user(replace(person(omar), address="203.0.113.7"), dana.id, services)
    delete_user(caller, omar.id, services)
    page = as_root.get("/activity")
    said = sentences(page)
    assert "omar@acme.example (Inactive) disabled the user Dana Roe" in said
    assert "key deleted the user Omar H (Inactive)" in said
    cells = next(row for row in page.tree.xpath("//tbody/tr") if "disabled the user" in row.text_content())
    assert [" ".join(each.text_content().split()) for each in cells.xpath("td[position() > 1]")] == [
        "Console",
        "203.0.113.7",
    ]
    page = as_root.get("/activity?who=omar+h")
    assert "Omar H (Inactive) omar@acme.example" in page.text
    page = as_root.get(page.tree.xpath("//ul[@class='people']//a/@href")[0])
    assert all("mar" in each for each in sentences(page))
    assert "Person Omar H (Inactive) Everybody again" in " ".join(page.text.replace("Person", "Person ").split())
    assert "Nobody has “zzz” in name or email." in as_root.get("/activity?who=zzz").text


@pytest.mark.rule("ACT-1")
def test_filters_narrow_the_report_and_what_is_not_understood_is_said_beside_the_field(
    as_root, caller, services, clock, account, dana
):
    with pytest.raises(Refusal):
        force_logout(caller, account.root.id, services)
    page = as_root.get("/activity?outcome=refused")
    (said,) = sentences(page)
    assert said.startswith("key was refused an attempt Refused")
    assert "The root user is protected" in said
    assert sentences(as_root.get("/activity?kind=user.created&way_in=provisioning_api")) == [
        "key created the user Dana Roe"
    ]
    assert sentences(as_root.get("/activity?kind=user.created&way_in=scim")) == []
    clock.advance(hours=11)
    assert sentences(as_root.get("/activity?kind=user.created&to=2026-11-22")) == []
    for name in ("kind", "way_in", "outcome", "from", "to"):
        page = as_root.get("/activity", query_string={name: "nonsense"})
        assert (page.status, page.code) == (422, "invalid_value")
        assert name in page.errors()
    assert as_root.get("/activity?cursor=nonsense").status == 422
    assert as_root.get("/activity", query_string={"person": "a\0b"}).status == 422
    assert as_root.get("/activity", query_string={"who": "a\0b"}).status == 422


@pytest.mark.rule("ACT-1", "TEN-4")
def test_pages_lead_on_and_show_nothing_of_another_account(as_root, caller, services, neighbour):
    for number in range(120):
        create_group(caller, NewGroup(name=f"Team {number}"), services)
    create_group(key_caller(neighbour), NewGroup(name="Strangers"), services)
    seen, path = [], "/activity?kind=group.created"
    while path:
        page = as_root.get(path)
        seen += sentences(page)
        path = next(iter(page.tree.xpath("//a[@rel='next']/@href")), None)
    assert [each for each in seen if "Strangers" in each] == []
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.rule("ACT-2")
def test_the_chain_is_verified_on_demand_and_a_broken_one_is_said(as_root, services, postgres_server, database_url):
    assert "Sealed up to the beginning." in as_root.get("/activity").text
    seal_activity(services)
    page = as_root.get("/activity?verify=yes")
    assert page.notice.startswith("Verified up to 23 Nov 2026, 09:00 UTC: ")
    owner_url = postgres_server.url("owner", urlsplit(database_url).path.removeprefix("/"))
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("update activity set actor_name = 'mallory' where kind = 'account.created'")
    page = as_root.get("/activity?verify=yes")
    assert "The chain is broken:" in page.text


def test_the_days_are_drawn_and_stand_in_a_table(browser, second_browser, services, clock, caller, account, dana):
    browser.log_in("root@acme.example", account.root_password)
    disable_user(caller, dana.id, services)
    second_browser.log_in("dana@acme.example", PASSWORD)
    clock.advance(days=1)
    browser.log_in("root@acme.example", account.root_password)
    page = browser.get("/activity")
    table = page.tree.xpath("//table[@class='numbers']/tbody/tr")
    rows = [[" ".join(cell.text_content().split()) for cell in row] for row in table]
    assert len(rows) == 14
    assert rows[-2:] == [["2026-11-23", "1", "1"], ["2026-11-24", "1", "0"]]
    assert len(page.tree.xpath("//*[local-name()='rect']")) == 3


@pytest.mark.rule("ACT-2", "WEB-4")
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_report_is_exported_with_its_filters_and_a_signed_last_line(as_root, caller, services, dana, form):
    page = as_root.get("/activity/export?kind=user.created")
    response = as_root.client.post(
        "/activity/export",
        data={**dict(page.forms("/activity/export")[0].form_values()), "form": form},
        base_url="http://127.0.0.1:8080",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    lines = response.text.splitlines()
    assert response.headers["Content-Disposition"] == f'attachment; filename="activity.{form}"'
    assert "activity.signature" in lines[-1]
    assert len(lines) == (2 if form == "jsonl" else 3)
    assert "Dana Roe" in lines[-2]
    if form == "jsonl":
        assert json.loads(lines[0])["kind"] == "user.created"
    assert any("exported the activity report" in each for each in sentences(as_root.get("/activity")))


@pytest.mark.rule("ROLE-1", "AUZ-1")
@pytest.mark.parametrize(("role", "status"), [(Role.REPORTS, 200), (Role.BILLING, 403)])
def test_who_may_read_the_report_sees_it_and_its_entry(browser, caller, services, sql, role, status):
    make_active(services, sql, make_user(caller, services, "rae@acme.example", role))
    browser.log_in("rae@acme.example", PASSWORD)
    assert ("Activity report" in browser.page.tree.xpath("//nav//a/text()")) is (status == 200)
    assert browser.get("/activity").status == status
    assert browser.get("/activity/export").status == status


@pytest.mark.rule("AUZ-1")
def test_what_stands_beside_the_entries_is_for_readers_of_the_report(account, services):
    with pytest.raises(Refusal, match="not_allowed"):
        beside_entries(key_caller(account, Role.BILLING), (), None, services)
