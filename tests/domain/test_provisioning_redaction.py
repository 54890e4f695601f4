"""SCM-8, SCM-9: what of a request is kept, and that nothing which no schema knows ever is."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.domain.provisioning_redaction import (
    HIDDEN,
    Seen,
    known_from,
    shown_answer,
    shown_body,
    shown_filter,
    shown_path,
    shown_query,
)

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
NAMES = ["userName", "active", "emails", "type", "value", "name", "familyName", "members", "displayName", "password"]
KNOWN = known_from(NAMES, [USER])
ID = "0190a1b2-0000-7000-8000-00000000000a"
SECRET = "hunter2-planted"


@pytest.mark.rule("SCM-8")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('userName eq "dana"', 'userName eq "dana"'),
        (f'{USER}:userName eq "dana"', f'{USER}:userName eq "dana"'),
        ('emails[type eq "work" and value co "@x"] and active eq true',) * 2,
        ("not (userName pr) or active eq false",) * 2,
        (f'password eq "{SECRET}"', f'password eq "{HIDDEN}"'),
        (f'unknown eq "{SECRET}" and userName eq "a"', f'unknown eq "{HIDDEN}" and userName eq "a"'),
        (f"unknown eq {SECRET}", f'unknown eq "{HIDDEN}"'),
        (SECRET, HIDDEN),
        (f'"{SECRET}"', f'"{HIDDEN}"'),
        (f'unknown[value eq "{SECRET}"', f'unknown[value eq "{HIDDEN}"'),
        (
            f'password[value eq "{SECRET}"] or emails[value eq "a"]',
            f'password[value eq "{HIDDEN}"] or emails[value eq "a"]',
        ),
        ('userName eq "gst_abc_secret_1234"', f'userName eq "{HIDDEN}"'),
    ],
)
def test_a_filter_keeps_the_values_of_known_attributes_alone(text, shown):
    assert shown_filter(text, KNOWN) == shown


@pytest.mark.rule("SCM-8")
def test_an_address_keeps_types_ids_and_known_parameters():
    assert shown_path(f"/Users/{ID}", KNOWN) == f"/Users/{ID}"
    assert shown_path(f"/Schemas/{USER}", KNOWN) == f"/Schemas/{USER}"
    assert shown_path(f"/Users/{SECRET}/x", KNOWN) == f"/Users/{HIDDEN}/{HIDDEN}"
    asked = [
        ("filter", 'userName eq "a&b%c"'),
        ("count", "10"),
        ("startIndex", SECRET),
        ("access_token", SECRET),
        (SECRET, "x"),
        ("attributes", f"userName, {SECRET}"),
        ("sortOrder", "descending"),
        ("cursor", SECRET),
    ]
    shown = shown_query(asked, KNOWN)
    assert SECRET not in shown
    assert shown.split("&") == [
        'filter=userName eq "a%26b%25c"', "count=10", f"startIndex={HIDDEN}", f"access_token={HIDDEN}",
        f"{HIDDEN}={HIDDEN}", f"attributes=userName,{HIDDEN}", "sortOrder=descending", f"cursor={HIDDEN}",
    ]  # fmt: skip


@pytest.mark.rule("SCM-3", "SCM-9")
def test_a_body_keeps_known_attributes_and_the_names_of_others():
    seen = Seen()
    body = {
        "schemas": [USER, "urn:made:up"],
        "USERNAME": "dana",
        "password": SECRET,
        "name": {"familyName": "Roe", "pin": SECRET},
        "urn:made:up": {"value": SECRET},
        USER: {"active": "False"},
        'emails[type eq "work"].value': "dana@acme.example",
        f"odd {SECRET}": 1,
    }
    assert shown_body(body, KNOWN, seen) == {
        "schemas": [USER, "urn:made:up"],
        "USERNAME": "dana",
        "password": HIDDEN,
        "name": {"familyName": "Roe", "pin": HIDDEN},
        "urn:made:up": HIDDEN,
        USER: {"active": "False"},
        'emails[type eq "work"].value': "dana@acme.example",
        HIDDEN: HIDDEN,
    }
    assert seen.credential


@pytest.mark.rule("SCM-3", "SCM-9")
def test_the_value_of_an_operation_is_kept_where_its_path_is_known():
    def shown(**operation):
        seen = Seen()
        kept = shown_body({"Operations": [operation]}, KNOWN, seen)["Operations"][0]
        return kept, seen.credential

    for path in ("userName", 'emails[type eq "work"].value', f"{USER}:active"):
        operation = {"op": "Replace", "path": path, "value": "x"}
        assert shown(**operation) == (operation, False)
    for path in ("password", f"{USER}:password"):
        kept, is_credential = shown(op="replace", path=path, value=SECRET)
        assert (kept["path"].endswith("password"), kept["value"], is_credential) == (True, HIDDEN, True)
    assert shown(op="add", path="unknown.part", value={"value": SECRET})[0]["value"] == HIDDEN
    assert shown(op=SECRET, value={"active": True})[0] == {"op": HIDDEN, "value": {"active": True}}
    bulk, _ = shown(method="POST", path=f"/Users/{SECRET}", data={"userName": "dana", "secret": SECRET})
    assert bulk == {"method": "POST", "path": f"/Users/{HIDDEN}", "data": {"userName": "dana", "secret": HIDDEN}}


@pytest.mark.rule("SCM-9")
def test_what_an_answer_quotes_stands_where_the_redacted_request_shows_it():
    request = '/Users  {"userName":"dana"}'
    assert shown_answer("A user with the userName 'dana' exists.", request, KNOWN) == (
        "A user with the userName 'dana' exists."
    )
    assert shown_answer("The attribute 'active' is not 'x'.", request, KNOWN) == (
        f"The attribute 'active' is not '{HIDDEN}'."
    )
    assert SECRET not in shown_answer(f'There is no member with the id "{SECRET}".', request, KNOWN)
    assert "eyJ" not in shown_answer("Bearer eyJhbGciOi.eyJzdWIi.c2ln is none.", request, KNOWN)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from([*NAMES, "op", "path", "Operations"]), inner)
    ),
    max_leaves=20,
)


@pytest.mark.rule("SCM-9")
@given(JSON, st.text(), st.text(string.printable))
def test_whatever_is_sent_is_redacted_without_a_fault(body, text, printable):
    planted = {"madeUp": {"value": SECRET, "inner": body}, "userName": body, "password": SECRET}
    assert SECRET not in json.dumps(shown_body(planted, KNOWN, Seen()))
    for odd in (text, printable):
        shown_filter(odd, KNOWN)
        shown_path(odd, KNOWN)
        shown_answer(odd, odd, KNOWN)
        assert SECRET not in shown_query([(odd, SECRET + odd)], KNOWN) or odd.lower() == "filter"
