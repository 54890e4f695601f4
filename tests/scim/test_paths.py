"""PATCH paths: what each form points to, in any letter case, and what is no path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import And, Comparison, Operator
from provisioning.scim.paths import parse_path
from provisioning.scim.traits import ACCOUNT_USER, CORE_USER, ENTERPRISE_USER, GROUPS, USERS


def eq(path: str, value: object) -> Comparison:
    return Comparison(path, Operator.EQ, value)


@pytest.mark.parametrize(
    ("text", "urn", "attribute", "selection", "sub"),
    [
        ("userName", None, "userName", None, None),
        ("USERNAME", None, "userName", None, None),
        (" active ", None, "active", None, None),
        ("name.familyName", None, "name", None, "familyName"),
        ("NAME.FAMILYNAME", None, "name", None, "familyName"),
        (f"{CORE_USER}:userName", None, "userName", None, None),
        (f"{CORE_USER.upper()}:NAME.givenname", None, "name", None, "givenName"),
        (f"{ENTERPRISE_USER}:department", ENTERPRISE_USER, "department", None, None),
        (f"{ENTERPRISE_USER.lower()}:Manager.Value", ENTERPRISE_USER, "manager", None, "value"),
        (ENTERPRISE_USER, ENTERPRISE_USER, None, None, None),
        (CORE_USER.upper(), None, None, None, None),
        (f"{ACCOUNT_USER}:role", ACCOUNT_USER, "role", None, None),
        ('emails[type eq "work"]', None, "emails", eq("type", "work"), None),
        ('emails[type eq "work"].value', None, "emails", eq("type", "work"), "value"),
        ('Emails[Type Eq "work"].Value', None, "emails", eq("type", "work"), "value"),
        (f'{CORE_USER}:emails[type eq "work"].value', None, "emails", eq("type", "work"), "value"),
        ('roles[primary eq "True"].value', None, "roles", eq("primary", True), "value"),
        ("roles[primary eq true].value", None, "roles", eq("primary", True), "value"),
        ('addresses[type eq "work" and country eq "UK"].locality', None, "addresses",
         And((eq("type", "work"), eq("country", "UK"))), "locality"),
        (r'emails[display eq "a]b:c.d \"e\" [f"].value', None, "emails", eq("display", 'a]b:c.d "e" [f'), "value"),
    ],
)  # fmt: skip
def test_a_path_points_to(text, urn, attribute, selection, sub):
    target = parse_path(text, USERS)
    assert target.urn == urn
    assert (target.trait.name if target.trait else None) == attribute
    assert target.selection == selection
    assert (target.sub.name if target.sub else None) == sub


@pytest.mark.rule("SCM-6")
@pytest.mark.parametrize(
    "text",
    [
        "unknown", "name.unknown", "userName.value", "a.b.c", "emails[", 'emails[type eq "work"', "emails[]",
        'emails[type eq "work"]value', 'emails[type eq "work"].', 'emails[type eq "work"].unknown',
        'emails[unknown eq "x"].value', 'emails[type eq "work"][type eq "x"]', 'emails.value[type eq "x"]',
        'userName[value eq "x"]', 'name[givenName eq "x"].familyName', "urn:none:User:userName", ":userName",
        'emails[type eq "work"].value eq "x"', "user name", "[value eq \"x\"]", 'members[value eq "x"]', "x" * 20_000,
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(text):
    with pytest.raises(Refusal) as caught:
        parse_path(text, USERS)
    assert caught.value.code is Code.INVALID_PATH


def test_groups_have_paths_of_their_own():
    target = parse_path('members[value eq "u1"]', GROUPS)
    assert (target.trait.name, target.selection) == ("members", eq("value", "u1"))
    with pytest.raises(Refusal):
        parse_path("userName", GROUPS)


@given(st.text(max_size=50))
def test_any_text_is_a_path_or_an_invalid_path(text):
    try:
        parse_path(text, USERS)
    except Refusal as refusal:
        code = refusal.code
    else:
        code = Code.INVALID_PATH
    assert code is Code.INVALID_PATH
