"""Walks through lists by cursors (RFC 9865), over the wire: whole, stable, sealed, and over after an hour."""

import re

import pytest

from provisioning.actions.scim_connections import create_scim_connection
from provisioning.actions.scim_tokens import create_scim_token
from provisioning.domain.scim_connections import ScimConnection
from tests.doors.scim import ScimClient, fault

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@pytest.fixture
def crowd(idp) -> list[str]:
    """The userNames of an account in the order of making."""
    names = ["gil", "fay", "eve", "dan", "cy", "bob", "ada"]
    for name in names:
        idp.user(name, title="x" if name in ("fay", "dan", "cy") else None, emails=[{"value": f"{name}@a.example"}])
    return ["root@acme.example", *names]


def page(idp, path="/Users", **parameters) -> dict:
    answer = idp.get(path, query_string=parameters)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def pages(idp, path="/Users", **parameters):
    """Every page of a walk, in order."""
    cursor: str | None = ""
    while cursor is not None:
        found = page(idp, path, cursor=cursor, **parameters)
        yield found
        cursor = found.get("nextCursor")


def names(*found: dict) -> list[str]:
    return [each.get("userName", each.get("displayName")) for one in found for each in one["Resources"]]


def test_the_first_page_has_no_number_and_no_page_before_it(idp, crowd):
    first = page(idp, cursor="", count="3")
    assert set(first) == {"schemas", "totalResults", "itemsPerPage", "nextCursor", "Resources"}
    assert (first["totalResults"], first["itemsPerPage"], len(first["Resources"])) == (8, 3, 3)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", first["nextCursor"])
    second = page(idp, cursor=first["nextCursor"], count="3")
    assert {"previousCursor", "nextCursor"} <= set(second)
    assert "startIndex" not in second
    last = page(idp, cursor=second["nextCursor"], count="3")
    assert (last["itemsPerPage"], "nextCursor" in last, "previousCursor" in last) == (2, False, True)
    assert names(first, second, last) == crowd


def test_a_walk_leads_back_to_the_first_page(idp, crowd):
    *_, last = pages(idp, count="3")
    second = page(idp, cursor=last["previousCursor"], count="3")
    first = page(idp, cursor=second["previousCursor"], count="3")
    assert names(first, second, last) == crowd
    assert "previousCursor" not in first
    assert names(page(idp, cursor=first["nextCursor"], count="3")) == names(second)


def test_one_page_is_enough_where_all_fits_and_none_where_nothing_is_asked_for(idp, crowd):
    for parameters in ({}, {"count": "8"}, {"count": "5000"}):
        assert set(page(idp, cursor="", **parameters)) == {"schemas", "totalResults", "itemsPerPage", "Resources"}
    nothing = page(idp, cursor="", count="0")
    assert (nothing["totalResults"], nothing["Resources"], "nextCursor" in nothing) == (8, [], False)
    assert page(idp, cursor="", count="-3")["Resources"] == []
    assert page(idp, cursor="", filter='userName eq "nobody"')["Resources"] == []


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"sortBy": "userName"},
        {"sortBy": "title", "sortOrder": "descending"},
        {"sortBy": "emails.value", "filter": "emails pr"},
        {"filter": 'title eq "x" or userName lt "c"', "sortBy": "meta.created"},
        {"attributes": "userName"},
        {"excludedAttributes": "emails,groups"},
    ],
)
def test_a_walk_shows_what_the_list_shows_in_any_order(idp, crowd, parameters):
    whole = page(idp, **parameters)
    walked = list(pages(idp, count="2", **parameters))
    assert [each for found in walked for each in found["Resources"]] == whole["Resources"]
    assert {found["totalResults"] for found in walked} == {whole["totalResults"]}


def test_search_by_post_walks_alike_and_groups_do_too(idp, crowd):
    for name in ("B", "a", "C"):
        idp.group(name)
    asked = {"schemas": [SEARCH], "cursor": "", "count": 2, "sortBy": "displayName"}
    first = idp.post("/Groups/.search", asked).get_json()
    second = idp.post("/Groups/.search", asked | {"cursor": first["nextCursor"]}).get_json()
    assert names(first, second) == ["a", "B", "C"]
    assert names(page(idp, "/Groups", cursor=first["nextCursor"], sortBy="displayName", count="2")) == ["C"]
    assert idp.post("/Groups/.search", asked | {"cursor": None}).get_json()["startIndex"] == 1


def test_what_comes_and_goes_during_a_walk_neither_repeats_nor_skips_what_stays(idp, crowd, subtests):
    for number, parameters in enumerate(({}, {"sortBy": "userName"}, {"sortBy": "title", "sortOrder": "descending"})):
        with subtests.test(str(parameters)):
            before = names(page(idp, **parameters))
            first = page(idp, cursor="", count="3", **parameters)
            # The last one shown goes, as does one still to come, and there are new ones before and behind.
            idp.delete(f"/Users/{first['Resources'][2]['id']}")
            gone = {names(first)[2]}
            rest = [each for each in page(idp, **parameters)["Resources"] if each["userName"] not in names(first)]
            if number == 0:
                idp.delete(f"/Users/{rest[1]['id']}")
                gone.add(rest[1]["userName"])
            idp.user(f"a{number}", title="y")
            idp.user(f"z{number}")
            shown, cursor = names(first), first["nextCursor"]
            while cursor:
                found = page(idp, cursor=cursor, count="3", **parameters)
                shown += names(found)
                cursor = found.get("nextCursor")
            stayed = [name for name in before if name not in gone]
            assert len(set(shown)) == len(shown)
            assert [name for name in shown if name in stayed] == stayed


def test_a_walk_back_past_what_was_deleted_ends_at_the_first_page(idp, crowd):
    found = list(pages(idp, count="3"))
    for each in found[0]["Resources"][1:]:
        idp.delete(f"/Users/{each['id']}")
    back = page(idp, cursor=found[1]["previousCursor"], count="3")
    assert names(back) == crowd[:1]
    assert "previousCursor" not in back
    assert names(page(idp, cursor=back["nextCursor"], count="3")) == names(found[1])


@pytest.mark.rule("SCM-7", "SCM-1", "TEN-1")
def test_a_cursor_is_worth_nothing_for_another_query_connection_or_account(
    idp, foreign_idp, app, caller, services, crowd
):
    cursor = page(idp, cursor="", count="3")["nextCursor"]
    create_scim_connection(caller, ScimConnection("", "", "second"), services)
    other = ScimClient(app, create_scim_token(caller, "second", services).text)
    for answer in (
        foreign_idp.get("/Users", query_string={"cursor": cursor}),
        other.get("/Users", query_string={"cursor": cursor}),
        idp.get("/Groups", query_string={"cursor": cursor}),
        idp.get("/", query_string={"cursor": cursor}),
        idp.get("/Users", query_string={"cursor": cursor, "filter": "title pr"}),
        idp.get("/Users", query_string={"cursor": cursor, "sortBy": "userName"}),
        idp.get("/Users", query_string={"cursor": cursor, "sortOrder": "descending"}),
        idp.post("/Users/.search", {"cursor": cursor, "filter": "title pr"}),
    ):
        fault(answer, 400, "invalidCursor")
    # What a query means counts, not how it is written; a page may show other attributes than the one before.
    again = idp.get("/Users", query_string={"cursor": cursor, "sortOrder": "ASCENDING", "attributes": "id"})
    assert again.status_code == 200


@pytest.mark.rule("SCM-7")
def test_a_cursor_that_is_none_of_ours_or_was_changed_is_refused(idp, crowd, subtests):
    good = page(idp, cursor="", count="3")["nextCursor"]
    changed = good[:40] + ("A" if good[40] != "A" else "B") + good[41:]
    for bad in ("x", "abc", "AAAA", "MTo", "MTox", "%00", "a b", "é", "=" * 8, "A" * 4097, "..", good + "A", good[:-4],
                good[:20], changed, good.swapcase(), "MTo" + "A" * 60, '"', "\r\nSet-Cookie: a=b"):  # fmt: skip
        with subtests.test(bad[:40]):
            fault(idp.get("/Users", query_string={"cursor": bad}), 400, "invalidCursor")
            fault(idp.post("/Users/.search", {"cursor": bad}), 400, "invalidCursor")
    for bad in (7, True, [good], {"a": 1}):
        fault(idp.post("/Users/.search", {"cursor": bad}), 400, "invalidValue")


def test_a_cursor_ends_after_an_hour(idp, crowd, clock):
    cursor = page(idp, cursor="", count="3")["nextCursor"]
    clock.advance(seconds=3_600)
    kept = page(idp, cursor=cursor, count="3")
    clock.advance(seconds=1)
    fault(idp.get("/Users", query_string={"cursor": cursor, "count": "3"}), 400, "expiredCursor")
    assert page(idp, cursor=kept["nextCursor"], count="3")["itemsPerPage"] == 2


def test_the_size_of_pages_stays_the_same_in_a_walk(idp, crowd):
    cursor = page(idp, cursor="", count="3")["nextCursor"]
    for count in ("2", "4", "0", "-1", "x", "", "1.5"):
        fault(idp.get("/Users", query_string={"cursor": cursor, "count": count}), 400, "invalidCount")
    fault(idp.get("/Users", query_string={"cursor": "", "count": "x"}), 400, "invalidCount")
    assert page(idp, cursor=cursor)["itemsPerPage"] == 3, "a count that is left out stays as it was"


def test_a_place_and_a_number_exclude_each_other(idp, crowd):
    fault(idp.get("/Users", query_string={"cursor": "", "startIndex": "1"}), 400, "invalidValue")


def test_cursors_are_announced(idp):
    pagination = idp.get("/ServiceProviderConfig").get_json()["pagination"]
    assert pagination == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": 3600,
    }
