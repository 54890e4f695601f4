"""Generated filters over generated people mean the same in our SQL, in a slow evaluator and in scim2-models.

The evaluator (oracle.py) reads nothing but published schemas and shown bodies. scim2-models' `ScimFilter` is asked
whether it takes the same texts; where the two differ, the table DEVIATIONS names why ours is right.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scim2_models import SCIMException, ScimFilter

from provisioning.actions.searches import search_groups, search_users
from provisioning.domain.errors import Refusal
from provisioning.domain.search import Query
from provisioning.scim.filters import parse_element_filter, parse_filter
from provisioning.scim.selection import selects
from provisioning.scim.traits import GROUPS, USERS
from tests.doors.scim import ACCOUNT, CORE_GROUP, CORE_USER, ENTERPRISE
from tests.scim.oracle import Schemas, element_holds, holds, text_of

WORDS = st.sampled_from(
    ["ada", "ADA", "a", "", "a b", "Ada B", " ", "work", "Work", "home", "É", "e\u0301", "straße", "STRASSE", "ﬁn",
     "FIN", "İ", "%", "_", "a_b", "\\", "100%", '"', "x] or (", "\N{GRINNING FACE}", "K", "\u212a", "zz", "Ωm", "ΩΜ"]
)  # fmt: skip
PLAIN = WORDS.filter(lambda word: word.strip())
TEXT_OPERATORS = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
MOMENTS = st.sampled_from(
    ["2026-11-23T09:00:00Z", "2026-11-23T10:00:00+01:00", "2026-11-23T08:59:59.999999Z", "2026-11-23T09:00:00.000001Z",
     "2026-11-22T23:00:00-10:00", "1999-01-01T00:00:00Z"]
)  # fmt: skip


def optional(**fields: Any):
    return st.fixed_dictionaries({}, optional=fields)


def elements(*required: str):
    """Elements of a multi-valued attribute; at most one is primary."""

    def tidy(found: list[dict]) -> list[dict]:
        for position, element in enumerate(found):
            if position and element.get("primary"):
                element["primary"] = False
        return found

    fields = {"type": PLAIN, "display": PLAIN, "primary": st.booleans(), "value": PLAIN}
    return st.lists(optional(**fields), max_size=3).map(tidy)


PEOPLE = st.lists(
    optional(
        title=PLAIN,
        nickName=PLAIN,
        displayName=PLAIN,
        active=st.booleans(),
        name=optional(familyName=PLAIN, givenName=PLAIN, middleName=PLAIN),
        phoneNumbers=elements(),
        roles=elements(),
        entitlements=elements(),
        addresses=st.lists(optional(locality=PLAIN, type=PLAIN, country=PLAIN), max_size=2),
        x509Certificates=st.lists(
            st.fixed_dictionaries({"value": st.sampled_from(["QUJD", "qujd", "QQ=="])}), max_size=1
        ),
        mails=st.lists(st.sampled_from(["work", "home", "Work"]), max_size=2),
        department=PLAIN,
        manager=PLAIN,
    ),
    min_size=4,
    max_size=6,
)


def body_of(person: dict[str, Any], number: int) -> dict[str, Any]:
    """A resource to be posted: what has to be unique is made so."""
    body = {name: value for name, value in person.items() if name not in ("mails", "department", "manager")}
    body |= {"schemas": [CORE_USER], "userName": f"{'Ü' if number % 2 else 'u'}ser{number}", "externalId": f"E{number}"}
    if person.get("mails"):
        body["emails"] = [
            {"value": f"{'M' if at else 'm'}{number}@x.example", "type": kind}
            for at, kind in enumerate(person["mails"])
        ]
    enterprise = {"department": person.get("department"), "manager": {"value": person.get("manager")}}
    body[ENTERPRISE] = {name: value for name, value in enterprise.items() if value and value != {"value": None}}
    return body


class Asked(NamedTuple):
    """An attribute as filters name it, and what it is compared with."""

    path: tuple[str | None, str, str | None]
    kind: str = "text"


USER_PATHS = [
    *(Asked((None, name, None)) for name in
      ("userName", "title", "nickName", "DISPLAYNAME", "externalId", "id", "userType")),
    *(Asked((None, "name", sub)) for sub in ("familyName", "givenname", "middleName", "formatted")),
    *(Asked((None, name, sub)) for name in ("phoneNumbers", "roles", "entitlements", "emails")
      for sub in ("value", "type", "display")),
    *(Asked((None, "addresses", sub)) for sub in ("locality", "type", "country")),
    *(Asked((None, "groups", sub)) for sub in ("value", "display", "type")),
    *(Asked((ENTERPRISE, *path)) for path in (
        ("department", None), ("division", None), ("manager", "value"), ("manager", "displayName"))),
    *(Asked((ACCOUNT, name, None)) for name in ("role", "status", "managedBy")),
    Asked((CORE_USER, "title", None)), Asked((CORE_USER.upper(), "title", None)),
    Asked((None, "active", None), "truth"), Asked((None, "roles", "primary"), "truth"),
    Asked((ACCOUNT, "root", None), "truth"), Asked((ACCOUNT, "allProductEnvironments", None), "truth"),
    Asked((None, "meta", "created"), "moment"), Asked((None, "meta", "lastModified"), "moment"),
    Asked((None, "meta", "resourceType")), Asked((None, "meta", "version")),
    Asked((None, "schemas", None)), Asked((None, "x509Certificates", "value"), "binary"),
]  # fmt: skip
GROUP_PATHS = [
    *(Asked((None, name, None)) for name in ("displayName", "externalId", "id", "schemas")),
    *(Asked((None, "members", sub)) for sub in ("value", "display", "type")),
    Asked((None, "meta", "created"), "moment"), Asked((None, "meta", "version")),
]  # fmt: skip
LITERALS = {
    "text": st.one_of(WORDS, st.sampled_from(
        ["user1", "ÜSER1", "E1", "e1", "M1@X.example", "direct", "User", 'W/"1"', CORE_USER])),
    "truth": st.booleans(),
    "moment": MOMENTS,
    "binary": st.sampled_from(["QUJD", "qujd"]),
}  # fmt: skip
OPERATORS = {
    "text": TEXT_OPERATORS,
    "truth": st.sampled_from(["eq", "ne"]),
    "moment": st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]),
    "binary": st.sampled_from(["eq", "ne"]),
}


def comparison(asked: Asked):
    """A comparison of one attribute, now and then with null."""
    literal = st.builds(
        lambda *parts: ("cmp", *parts), st.just(asked.path), OPERATORS[asked.kind], LITERALS[asked.kind]
    )
    null = st.builds(lambda *parts: ("cmp", *parts), st.just(asked.path), st.sampled_from(["eq", "ne"]), st.none())
    return st.one_of(literal, literal, literal, null)


def joined(terms, leaves: int):
    return st.recursive(
        terms,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["and", "or"]), inner, inner), st.tuples(st.just("not"), inner)
        ),
        max_leaves=leaves,
    )


INNER = joined(
    st.one_of(
        st.sampled_from([Asked((None, sub, None)) for sub in ("value", "Type", "display")]).flatmap(comparison),
        comparison(Asked((None, "primary", None), "truth")),
        st.sampled_from(["value", "type", "display", "primary"]).map(lambda sub: ("pr", (None, sub, None))),
    ),
    4,
)
PLURAL = st.sampled_from([(None, name) for name in ("phoneNumbers", "roles", "ENTITLEMENTS")])
SUBS = st.sampled_from(["value", "type", "display"])


def term(paths: list[Asked]):
    return st.one_of(
        st.sampled_from(paths).flatmap(comparison), st.sampled_from(paths).map(lambda asked: ("pr", asked.path))
    )


USER_TERMS = st.one_of(
    term(USER_PATHS),
    st.tuples(
        st.just("pr"),
        st.sampled_from([(None, "emails", None), (None, "name", None), (ENTERPRISE, "manager", None)]),
    ),
    st.tuples(st.just("in"), PLURAL, INNER),
    st.tuples(st.just("at"), PLURAL, INNER, SUBS, TEXT_OPERATORS, WORDS),
    st.tuples(st.just("at-pr"), PLURAL, INNER, SUBS),
    st.tuples(st.just("in"), st.just((None, "name")), joined(
        st.sampled_from([Asked((None, sub, None)) for sub in ("familyName", "givenName")]).flatmap(comparison), 3)),
)  # fmt: skip
USER_FILTERS, GROUP_FILTERS = joined(USER_TERMS, 6), joined(term(GROUP_PATHS), 4)


@pytest.fixture
def schemas(idp) -> dict[str, Schemas]:
    published = idp.get("/Schemas").get_json()["Resources"]
    return {"User": Schemas(published, CORE_USER), "Group": Schemas(published, CORE_GROUP)}


@pytest.mark.rule("SCM-7")
def test_generated_filters_find_in_the_database_what_they_mean(idp, foreign_idp, scim, services, schemas, sql):
    def shown(path: str) -> list[dict[str, Any]]:
        return idp.get(path, query_string={"count": "1000"}).get_json()["Resources"]

    def compare(tree, resources, search, resource, kind) -> None:
        text = text_of(tree)
        expected = {each["id"] for each in resources if holds(tree, each, schemas[kind])}
        page = search(Query(parse_filter(text, resource), count=1000))
        found = [getattr(each, "group", each).id for each in page.items]
        assert (set(found), len(found), page.total) == (expected, len(expected), len(expected)), text

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(PEOPLE, st.lists(USER_FILTERS, min_size=40, max_size=40), st.lists(GROUP_FILTERS, min_size=8, max_size=8),
           st.lists(st.integers(0, 5), min_size=2, max_size=2))  # fmt: skip
    def agree(people, user_filters, group_filters, cuts) -> None:
        sql("delete from groups")
        sql("delete from users where not is_root")
        sql("update seats set used = 1")
        for client in (foreign_idp, idp):
            made = [client.post("/Users", body_of(person, number)) for number, person in enumerate(people)]
            assert [answer.status_code for answer in made] == [201] * len(people), [answer.text for answer in made]
            ids = [answer.get_json()["id"] for answer in made]
            client.patch(f"/Users/{ids[1]}", {"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": ids[0]})
            for cut in cuts:
                client.post(
                    "/Groups", {"displayName": f"Group {cut}", "members": [{"value": each} for each in ids[:cut]]}
                )
        users, groups = shown("/Users"), shown("/Groups")
        for tree in user_filters:
            compare(tree, users, lambda query: search_users(scim, query, services), USERS, "User")
        for tree in group_filters:
            compare(
                tree, groups, lambda query: search_groups(scim, query, services, with_members=False), GROUPS, "Group"
            )

    agree()


@settings(max_examples=600, deadline=None)
@given(optional(type=PLAIN, display=PLAIN, primary=st.booleans(), value=PLAIN), INNER)
def test_what_a_patch_selects_is_what_the_filter_means(element, tree):
    sub = [{"name": name, "type": "string"} for name in ("value", "type", "display")]
    attribute = {"name": "roles", "subAttributes": [*sub, {"name": "primary", "type": "boolean"}]}
    trait = USERS.find(None, "roles")
    node = parse_element_filter(text_of(tree), USERS, "roles", trait)
    assert selects(node, element, trait) is element_holds(tree, element, attribute), text_of(tree)


class Deviation(NamedTuple):
    """Texts that scim2-models reads otherwise, and why ours is right."""

    shows: Callable[[str], object]
    takes: bool
    reason: str


DEVIATIONS = {
    "a blank behind the dot": Deviation(
        re.compile(r"\]\.\s").search, True, "attrPath and subAttr have no blanks between them (RFC 7644 figure 1)"
    ),
    "half a character or NUL": Deviation(
        re.compile(r"\\u(?:0000|[dD][89abAB])").search, True, "no value has them; RFC 8259 section 8.2 leaves them open"
    ),
    "a schema of another scheme than urn": Deviation(
        re.compile(r"\bhttps?:").search, False, "any URI may name a schema (RFC 7643 section 2.1)"
    ),
}
DAMAGE = st.sampled_from(
    ["(", ")", "[", "]", '"', " and", " not", ".", "x", " eq", " pr", "\\", "'", " ", "\t", ":", "$", "-", "1", "null",
     "TRUE", "\n", "&", "/", "%", ",", "\u00a0", "\\ud800", "\\u0000", "https:"]
)  # fmt: skip


def is_taken_elsewhere(text: str) -> bool:
    try:
        ScimFilter(text)
    except SCIMException:
        return False
    return True


def is_filter(text: str) -> bool | None:
    """Whether ours takes a text; None where it is a filter that means nothing for our attributes."""
    try:
        parse_filter(text, USERS)
    except Refusal as refusal:
        about_meaning = ("no attribute '", "is compared with", "means nothing", "sub-attributes", "can be compared by")
        return None if any(words in refusal.sentence for words in about_meaning) else False
    return True


@pytest.mark.rule("SCM-7")
@settings(max_examples=500, deadline=None)
@given(USER_FILTERS, st.data())
def test_another_parser_takes_and_refuses_the_same_texts_but_for_named_deviations(tree, data):
    text = text_of(tree)
    assert is_filter(text), text
    assert is_taken_elsewhere(text), text
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(DAMAGE) + text[place + data.draw(st.integers(0, 1)) :]
    ours, theirs = is_filter(damaged), is_taken_elsewhere(damaged)
    shown = [each for each in DEVIATIONS.values() if each.shows(damaged)]
    assert ours in (None, theirs) or any(each.takes is theirs for each in shown), damaged


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a blank behind the dot", 'emails[type eq "work"]. value eq "x"'),
        ("half a character or NUL", r'userName eq "\ud800"'),
        ("half a character or NUL", r'userName eq "\u0000"'),
        ("a schema of another scheme than urn", 'https://acme.example/v1:User:badge eq "x"'),
    ],
)
def test_each_deviation_is_one(name, text):
    assert DEVIATIONS[name].shows(text)
    assert is_taken_elsewhere(text) is DEVIATIONS[name].takes is not is_filter(text)
    assert DEVIATIONS[name].reason
