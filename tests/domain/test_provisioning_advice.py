"""Advice: each case is seen in what shows it and in nothing else, and says what to change for each provider."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from provisioning.domain.provisioning_advice import CASES, MOST_SHOWN, PASSWORD_NOTE, advice_from
from provisioning.domain.provisioning_log import BodyState, Change
from provisioning.domain.provisioning_redaction import HIDDEN
from provisioning.domain.scim_connections import Profile
from tests.domain.provisioning import AT, ID, a_patch, a_request

GROUP = f"/Groups/{ID}"
EMPTIED = (Change("group.members_changed", "group", ID, "Design", removed_count=4),)
MANY = [{"value": str(number)} for number in range(100)]
SHOWN = {
    "groups_emptied": [
        a_request("PUT", GROUP, {"displayName": "Design"}, changes=EMPTIED),
        a_patch({"op": "replace", "path": "members", "value": []}, path=GROUP, changes=EMPTIED),
    ],
    "booleans_as_text": [
        a_patch({"op": "Replace", "path": "active", "value": "False"}),
        a_request("POST", "/Users", {"userName": "d", "active": "True"}),
    ],
    "paths_in_vain": [a_patch({"op": "replace", "path": "x"}, status=400, code="no_target")],
    "unknown_attributes": [
        a_request("POST", "/Users", {"userName": "d", "urn:made:up": HIDDEN}),
        a_patch({"op": "replace", "path": "favourite", "value": HIDDEN}),
    ],
    "made_twice": [a_request("POST", "/Users", {"userName": "d"}, status=409, code="user_name_taken")],
    "whole_groups": [
        a_patch({"op": "replace", "path": "members", "value": MANY}, path=GROUP),
        a_request("PUT", GROUP, {"members": MANY}),
        a_request("PUT", GROUP, body_state=BodyState.TOO_LARGE),
    ],
    "odd_pages": [a_request(query="startIndex=0"), a_request(query="count=5000")],
    "unknown_members": [a_patch(path=GROUP, notes=("The member x is nobody of this account and was left out.",))],
    "filters_in_vain": [a_request(query="filter=x", status=400, code="invalid_filter")],
    "gone": [a_patch(status=404, code="not_found")],
    "token_ended": [a_request(status=401, code="credential_invalid")],
    "passwords": [a_request("POST", "/Users", {"password": HIDDEN}, notes=(PASSWORD_NOTE,))],
}
USUAL = [
    a_request("POST", "/Users", {"userName": "d", "active": True}, status=201),
    a_patch({"op": "replace", "path": "active", "value": False}),
    a_patch({"op": "remove", "path": 'members[value eq "x"]'}, path=GROUP, changes=EMPTIED),
    a_patch({"op": "add", "path": "members", "value": MANY}, path=GROUP),
    a_request(query='filter=userName eq "x"&count=100&startIndex=1'),
    a_request("GET", f"/Users/{ID}"),
    a_request("PUT", GROUP, {"members": MANY[:3]}, changes=EMPTIED),
    a_request(query="count=[hidden]"),
]


@pytest.mark.rule("SCM-9")
@pytest.mark.parametrize("name", SHOWN)
def test_a_case_is_seen_in_what_shows_it(name):
    for entry in SHOWN[name]:
        assert [each.case.name for each in advice_from([entry])] == [name]


def test_every_case_has_an_example():
    assert [case.name for case in CASES] == list(SHOWN)


def test_the_page_names_every_case():
    page = (Path(__file__).parents[2] / "docs" / "provisioning-log.md").read_text(encoding="utf-8")
    listed = page.partition("provisioning_advice.py -->\n")[2].partition("\n<!-- end")[0]
    assert listed.splitlines() == [f"- {case.sentence}" for case in CASES]


def test_nothing_is_advised_where_all_is_well():
    assert advice_from(USUAL) == []
    assert advice_from([]) == []


def test_advice_has_its_number_its_last_time_and_the_newest_requests():
    ended = SHOWN["token_ended"][0]
    entries = [replace(ended, id=f"r{number}", at=AT - timedelta(minutes=number)) for number in range(8)]
    found = advice_from([*SHOWN["gone"], *entries])
    assert [(each.case.name, each.count) for each in found] == [("token_ended", 8), ("gone", 1)]
    assert found[0].last_at == AT
    assert found[0].shown_by == tuple(f"r{number}" for number in range(MOST_SHOWN))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_to_change_is_said_for_every_provider(case):
    for profile in Profile:
        assert case.mend_for(profile).endswith(".")
    assert case.sentence.endswith(".")
