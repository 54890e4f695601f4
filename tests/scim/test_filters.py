"""Filter text to tree: the grammar of RFC 7644 section 3.4.2.2, and nothing beside it."""

import sys
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scim2_models import SCIMException, ScimFilter

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import And, Comparison, Not, Operator, Or, Present, ValuePath
from provisioning.scim.filters import parse_filter, resolve_sort
from provisioning.scim.traits import ENTERPRISE_USER, GROUPS, USERS


def eq(path: str, value: object) -> Comparison:
    return Comparison(path, Operator.EQ, value)


def tree(text: str):
    return parse_filter(text, USERS)


def refused(text: str, resource=USERS) -> str:
    with pytest.raises(Refusal) as caught:
        parse_filter(text, resource)
    assert caught.value.code is Code.INVALID_FILTER
    return caught.value.sentence


A, B, C = 'title eq "1"', 'nickName eq "2"', 'locale eq "3"'
a, b, c = eq("title", "1"), eq("nickname", "2"), eq("locale", "3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{A} or {B} and {C}", Or((a, And((b, c))))),
        (f"{A} and {B} or {C}", Or((And((a, b)), c))),
        (f"({A} or {B}) and {C}", And((Or((a, b)), c))),
        (f"not ({A}) and {B}", And((Not(a), b))),
        (f"not ({A} or {B}) and {C}", And((Not(Or((a, b))), c))),
        (f"not(not ({A}))", Not(Not(a))),
        (f"{A} or {B} or {C}", Or((a, b, c))),
        ("emails[type eq \"w\" or value eq \"x\" and display eq \"y\"]",
         ValuePath("emails", Or((eq("type", "w"), And((eq("value", "x"), eq("display", "y"))))))),
    ],
)  # fmt: skip
def test_not_binds_tighter_than_and_and_and_tighter_than_or(text, expected):
    assert tree(text) == expected


# The rows of the table of facts on the library, as they must come out.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r'title eq "a\"b"', eq("title", 'a"b')),
        (r'title eq "\u00e9\\\n\/"', eq("title", "é\\\n/")),
        (r'title eq "\ud83d\ude00"', eq("title", "\N{GRINNING FACE}")),
        ("active eq true", eq("active", True)),
        ("ACTIVE EQ TRUE", eq("active", True)),
        ("title eq null", Not(Present("title"))),
        ("title ne null", Present("title")),
        ('USERNAME eq "x"', eq("username", "x")),
        ('URN:IETF:params:scim:schemas:core:2.0:User:userName Eq "x"', eq("username", "x")),
        (f'{ENTERPRISE_USER}:department sw "x"',
         Comparison(f"{ENTERPRISE_USER.lower()}:department", Operator.SW, "x")),
        (f'{ENTERPRISE_USER}:manager eq "x"', eq(f"{ENTERPRISE_USER.lower()}:manager.value", "x")),
        ('userName   eq\t"x"', eq("username", "x")),
        ('userName co "%"', Comparison("username", Operator.CO, "%")),
        ("emails pr", Present("emails")),
        ('emails eq "x"', eq("emails.value", "x")),
        ('emails[type eq "work" and value co "@x"]',
         ValuePath("emails", And((eq("type", "work"), Comparison("value", Operator.CO, "@x"))))),
        ('emails[not (type eq "work")]', ValuePath("emails", Not(eq("type", "work")))),
        ('emails[type eq "work"].value eq "x"', ValuePath("emails", And((eq("type", "work"), eq("value", "x"))))),
        ('emails[type eq "work"].value pr', ValuePath("emails", And((eq("type", "work"), Present("value"))))),
        ('title eq "not (a) and ] [ . :"', eq("title", "not (a) and ] [ . :")),
        ("meta.lastModified ge \"2026-01-01T01:00:00.5+01:00\"",
         Comparison("meta.lastmodified", Operator.GE, datetime(2026, 1, 1, 0, 0, 0, 500000, tzinfo=UTC))),
        ('meta.location eq "http://127.0.0.1/scim/v2/Users/u1"', eq("id", "u1")),
        ('schemas eq "urn:x"', eq("schemas", "urn:x")),
    ],
)  # fmt: skip
@pytest.mark.rule("SCM-7")
def test_what_identity_providers_send_is_read_as_they_mean_it(text, expected):
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('members eq "u"', eq("members.value", "u")),
        ('id eq "g" and members eq "u"', And((eq("id", "g"), eq("members.value", "u")))),
        ('members[value eq "u"]', ValuePath("members", eq("value", "u"))),
        ('members.$ref eq "../Users/u"', eq("members.value", "u")),
        ('members[$ref eq "../Users/u"]', ValuePath("members", eq("value", "u"))),
    ],
)
def test_membership_is_asked_by_id(text, expected):
    assert parse_filter(text, GROUPS) == expected


@pytest.mark.rule("SCM-7")
@pytest.mark.parametrize(
    "text",
    [
        "", " ", "userName", "userName eq", 'eq "x"', 'userName eq "x', "userName eq 'x'", "userName eq x",
        r'userName eq "\q"', r'userName eq "\u00g0"', 'userName eq "a\nb"', r'userName eq "\ud800"',
        r'userName eq "\u0000"', 'userName eq "x" trailing', 'userName eq "x")', '(userName eq "x"', "()", "not",
        'not userName eq "x"', 'userName not eq "x"', 'userName eq "x" and', 'and userName eq "x"',
        'userName eq "x" userName eq "y"', 'userName regex "x"', 'a.b.c eq "x"', 'name.formatted.x eq "x"',
        'emails[emails[type eq "x"]]', 'emails[type eq "x"][type eq "y"]', 'emails[type eq "x"] eq "y"',
        'emails[type eq "x"', 'emails[]', 'emails.value[type eq "x"]', 'emails[type eq "x"].a.b eq "y"',
        'userName[value eq "x"]', '$ref eq "x"', ".value eq \"x\"", "emails[userName eq \"x\"]",
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text):
    assert refused(text)


@pytest.mark.rule("SCM-7")
@pytest.mark.parametrize(
    "text",
    [
        'unknown eq "y"', 'userName eq "x" and unknown eq "y"', 'unknown pr or userName eq "x"', "not (unknown pr)",
        'emails[unknown eq "x"]', 'urn:none:User:userName eq "x"', 'https://acme.example/v1:User:badge eq "x"',
        'nullable eq "x"', 'trueName eq "x"', 'members eq "x"', 'name eq "x"', 'addresses eq "x"', 'meta eq "x"',
    ],
)  # fmt: skip
def test_an_attribute_that_the_schema_lacks_is_refused_and_never_dropped(text):
    assert "there is no attribute" in refused(text) or "sub-attributes only" in refused(text)


@pytest.mark.rule("SCM-3", "SCM-7")
@pytest.mark.parametrize("text", ["password pr", 'password eq "x"', 'not (password sw "x")', "password ne null"])
def test_a_hidden_attribute_answers_as_one_that_is_not_there(text):
    assert refused(text) == refused(text.replace("password", "passwort")).replace("passwort", "password")


@pytest.mark.parametrize(
    "text",
    [
        "active gt true", "active co true", 'active eq "true"', "active eq 1", "userName eq 12", "userName eq 1.5e3",
        "userName eq -12", "userName eq true", "userName gt null", 'meta.created co "2026"', 'meta.created eq "soon"',
        "meta.created gt 1", 'x509Certificates.value gt "x"', 'meta.location co "x"', 'members.$ref sw "x"',
        'meta.created eq "0001-01-01T00:00:00+23:59"',
    ],
)  # fmt: skip
def test_an_operator_or_a_literal_that_means_nothing_for_the_attribute_is_refused(text):
    assert refused(text, GROUPS if text.startswith("members") else USERS)


@pytest.mark.rule("SCM-7")
def test_length_terms_and_depth_are_bounded():
    assert isinstance(tree(" or ".join([A] * 256)), Or)
    assert "256 comparisons" in refused(" or ".join([A] * 257))
    assert tree("(" * 64 + A + ")" * 64) == a
    assert "deeper than 64" in refused("(" * 65 + A + ")" * 65)
    assert "16384 bytes" in refused(f'title eq "{"x" * 16384}"')
    assert "16384 bytes" in refused(f'title eq "{"é" * 8190}"')


@pytest.mark.rule("SCM-7")
def test_the_deepest_filter_needs_no_more_of_the_stack_than_a_server_leaves():
    text = "not (" * 64 + A + ")" * 64
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(__import__("inspect").stack(0)) + 400)
    try:
        found = tree(text)
    finally:
        sys.setrecursionlimit(limit)
    for _ in range(64):
        assert isinstance(found, Not)
        found = found.node
    assert found == a


def test_ne_at_selected_elements_also_matches_where_none_is_selected():
    selected = eq("type", "work")
    assert tree('emails[type eq "work"].value ne "x"') == Or((
        ValuePath("emails", And((selected, Comparison("value", Operator.NE, "x")))),
        Not(ValuePath("emails", And((selected, Present("value"))))),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "path"),
    [("userName", "username"), ("name.familyName", "name.familyname"), ("emails", "emails.value"), ("ID", "id"),
     (f"{ENTERPRISE_USER}:department", f"{ENTERPRISE_USER.lower()}:department"), ("meta.location", "id")],
)  # fmt: skip
def test_sorting_is_by_one_attribute(text, path):
    assert resolve_sort(text, USERS) == path


@pytest.mark.parametrize(
    "text",
    ["password", "unknown", "name", "", 'emails[type eq "x"]', 'emails[type eq "x"].value', "title pr and title",
     "not (title)", 'title eq "x"'],
)  # fmt: skip
def test_sorting_by_anything_else_is_refused(text):
    with pytest.raises(Refusal) as caught:
        resolve_sort(text, USERS)
    assert caught.value.code is Code.INVALID_FILTER


# A grammar that both our parser and scim2-models' read: both must take, and refuse, the same texts.
NAMES = st.sampled_from(
    ["userName", "USERNAME", "title", "name.familyName", "emails.value", f"{ENTERPRISE_USER}:department"]
)
TEXTS = st.sampled_from(['"x"', '"a\\"b"', '"\\u00e9"', '""', '"and ) ]"'])
OPERATORS = st.sampled_from(["eq", "Ne", "CO", "sw", "ew", "gt", "ge", "lt", "le"])
TERMS = st.one_of(
    st.builds("{} {} {}".format, NAMES, OPERATORS, TEXTS),
    st.builds("{} pr".format, NAMES),
    st.builds('emails[type {} {}]'.format, OPERATORS, TEXTS),
    st.builds('emails[type eq {}].value {} {}'.format, TEXTS, OPERATORS, TEXTS),
)  # fmt: skip
FILTERS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("({})".format, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=8,
)
DAMAGE = st.sampled_from(["(", ")", "[", "]", '"', " and", " not", ".", "x", " eq", " pr", "\\", "'", " "])


def is_accepted_elsewhere(text: str) -> bool:
    try:
        ScimFilter(text)
    except SCIMException:
        return False
    return True


def fault_of(text: str) -> str | None:
    """What is wrong with a text, None where nothing is."""
    try:
        parse_filter(text, USERS)
    except Refusal as refusal:
        return refusal.code.value + refusal.sentence
    return None


def is_about_meaning(fault: str) -> bool:
    """Whether a text is a filter, but one on attributes that are not there or by literals that do not fit."""
    return any(
        words in fault for words in ("no attribute", "is compared with", "means nothing", "has no sub-attributes")
    )


@settings(max_examples=300, deadline=None)
@given(FILTERS)
def test_a_second_parser_takes_what_ours_takes(text):
    assert fault_of(text) is None
    assert is_accepted_elsewhere(text)


@settings(max_examples=500, deadline=None)
@given(FILTERS, st.data())
def test_a_second_parser_says_the_same_of_damaged_texts(text, data):
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(DAMAGE) + text[place:]
    assume("]. " not in damaged)  # The other parser takes blanks behind the dot, which the RFC's grammar does not.
    fault = fault_of(damaged)
    if fault is None or not is_about_meaning(fault):
        assert is_accepted_elsewhere(damaged) is (fault is None)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_an_invalid_filter(text):
    fault = fault_of(text)
    assert fault is None or fault.startswith(Code.INVALID_FILTER.value)
