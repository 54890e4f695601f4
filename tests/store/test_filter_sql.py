"""Filter tree to SQL: each operator on each kind of attribute, against real rows."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_models import ScimFilter
from sqlalchemy import select

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.search import Comparison, Not, Operator, Present, ValuePath
from provisioning.scim.filters import parse_filter
from provisioning.scim.traits import COMMON, GROUPS, USERS, ResourceType
from provisioning.store.filter_sql import condition_of, sort_value
from provisioning.store.searchable import GROUP, USER
from provisioning.store.tables.groups import groups
from provisioning.store.tables.users import users
from tests.doors.scim import ACCOUNT, ENTERPRISE, ScimClient

E = ENTERPRISE
PEOPLE = {
    "ada": {
        "externalId": "Ext-1", "displayName": "Ada B", "name": {"givenName": "Ada", "familyName": "Byron"},
        "title": "Countess", "emails": [{"value": "Ada@Corp.example", "type": "work", "primary": True},
                                        {"value": "ada@home.example", "type": "home"}],
        "roles": [{"value": "100%"}], E: {"department": "Engines", "manager": {"value": "M-1"}},
    },
    "bob": {
        "name": {"givenName": "Bob", "familyName": "Stone"}, "active": False, "title": "a_b\\c",
        "emails": [{"value": "bob@home.example", "type": "home"}, {"type": "work", "display": "none yet"}],
        "x509Certificates": [{"value": "QUJD"}], E: {"department": "engines"},
    },
    "Straße": {"displayName": "Ünï", "title": "dr"},
}  # fmt: skip


@pytest.fixture
def people(app, account, neighbour) -> dict[str, str]:
    """userName -> id, of three people beside the root user; the neighbour has the same ones."""
    for made in (account, neighbour):
        idp = ScimClient(app, made.token.text)
        ids = {name: idp.user(name, **attributes)["id"] for name, attributes in PEOPLE.items()}
        if made is account:
            mine = ids
            idp.group("Engineers", ids["ada"], ids["bob"], externalId="G-1")
            idp.group("Readers", ids["ada"])
            idp.group("Empty")
        else:
            idp.group("Engineers", ids["Straße"])
    return mine


def names(services, account, text: str, resource: ResourceType = USERS) -> set[str]:
    """The userNames, or group names, that a filter finds in the account."""
    node = parse_filter(text, resource)
    if resource is USERS:
        statement = select(users.c.user_name).where(users.c.account_id == account.account.id, condition_of(node, USER))
    else:
        statement = select(groups.c.name).where(groups.c.account_id == account.account.id, condition_of(node, GROUP))
    with services.database.reader.connect() as connection:
        found = connection.execute(statement).scalars().all()
    assert len(set(found)) == len(found)
    return set(found) - {"root@acme.example"}


ALL = {"ada", "bob", "Straße"}


ON_USERS = (
        ('userName eq "ADA"', {"ada"}),
        ('userName eq "STRASSE"', {"Straße"}),
        ('userName sw "a"', {"ada"}),
        ('userName co "ra"', {"Straße"}),
        ('userName gt "b"', {"bob", "Straße"}),
        ('userName le "BOB"', {"ada", "bob"}),
        ('userName ne "ada"', {"bob", "Straße"}),
        ('externalId eq "Ext-1"', {"ada"}),
        ('externalId eq "ext-1"', set()),
        ('externalId ne "Ext-1"', {"bob", "Straße"}),
        ("externalId pr", {"ada"}),
        ("not (externalId pr)", {"bob", "Straße"}),
        ('displayName eq "ada b"', {"ada"}),
        ('displayName eq "ÜNÏ"', {"Straße"}),
        ('displayName eq "bob stone"', set()),
        ('not (displayName eq "ada b")', {"bob", "Straße"}),
        ('name.familyName eq "stone"', {"bob"}),
        ('name[givenName eq "ada" and familyName sw "B"]', {"ada"}),
        ("name pr", {"ada", "bob"}),
        ("active eq true", {"ada", "Straße"}),
        ("active eq false", {"bob"}),
        ("active ne true", {"bob"}),
        ("not (active eq true)", {"bob"}),
        ("title pr", ALL),
        ('title ew "s"', {"ada"}),
        ('title eq "a_b\\\\c"', {"bob"}),
        ('title co "_"', {"bob"}),
        ('title co "\\\\"', {"bob"}),
        ('title co "%"', set()),
        ('roles co "%"', {"ada"}),
        ("title eq null", set()),
        ("nickName eq null", ALL),
        ('emails eq "ada@corp.EXAMPLE"', {"ada"}),
        ('emails.value co "home"', {"ada", "bob"}),
        ('emails.type eq "work"', {"ada", "bob"}),
        ('emails[type eq "work" and value co "home"]', set()),
        ('emails[type eq "home" and value co "home"]', {"ada", "bob"}),
        ('emails[type eq "work" and not (value pr)]', {"bob"}),
        ('emails[type eq "WORK"].value eq "ada@corp.example"', {"ada"}),
        ('emails[type eq "work"].value ne "ada@corp.example"', {"bob", "Straße"}),
        ('emails.value ne "bob@home.example"', ALL),
        ('not (emails eq "bob@home.example")', {"ada", "Straße"}),
        ("emails pr", {"ada", "bob"}),
        ("emails[primary eq true]", {"ada"}),
        ("emails[primary ne true]", {"ada", "bob"}),
        ("emails.primary eq false", set()),
        ('x509Certificates.value eq "QUJD"', {"bob"}),
        ('x509Certificates.value eq "qujd"', set()),
        (f'{E}:department eq "ENGINES"', {"ada", "bob"}),
        (f'{E}:manager.value eq "M-1"', {"ada"}),
        (f'{E}:manager.value eq "m-1"', set()),
        (f"{E}:manager pr", {"ada"}),
        (f'{ACCOUNT}:role eq "media_library_user"', ALL),
        (f"{ACCOUNT}:root eq true", set()),
        (f'{ACCOUNT}:status eq "disabled"', {"bob"}),
        (f'schemas eq "{E.upper()}"', {"ada", "bob"}),
        ('schemas ne "urn:x"', ALL),
        ('meta.resourceType eq "User"', ALL),
        ('meta.resourceType eq "user"', set()),
        ('meta.created eq "2026-11-23T10:00:00+01:00"', ALL),
        ('meta.lastModified ge "2026-11-23T09:00:00Z" and meta.lastModified lt "2026-11-23T09:00:00.000001Z"', ALL),
        ('meta.created gt "2026-11-23T09:00:00Z"', set()),
        ('groups.display eq "engineers"', {"ada", "bob"}),
        ('groups[display eq "readers" and type eq "direct"]', {"ada"}),
        ("groups pr", {"ada", "bob"}),
        ("not (groups pr)", {"Straße"}),
        ('groups.display ne "readers"', ALL),
        ('userName eq "ada" or userName eq "bob" and active eq true', {"ada"}),
        ('not (userName eq "ada" or userName eq "bob") or title eq "countess"', {"ada", "Straße"}),
        ('not (not (userName eq "ada"))', {"ada"}),
        ('userName eq "\'; drop table users; --"', set()),
)  # fmt: skip


ON_GROUPS = (
        ('displayName eq "ENGINEERS"', {"Engineers"}),
        ('displayName sw "e"', {"Engineers", "Empty"}),
        ('externalId eq "G-1"', {"Engineers"}),
        ("members pr", {"Engineers", "Readers"}),
        ("not (members pr)", {"Empty"}),
        ('members eq "ADA"', {"Engineers", "Readers"}),
        ('members.value ne "ADA"', {"Engineers", "Empty"}),
        ('members[value eq "ADA" and type eq "user"]', {"Engineers", "Readers"}),
        ('members[value eq "ADA" and type eq "group"]', set()),
        ('members.display eq "ada b"', {"Engineers", "Readers"}),
        ('members.$ref eq "http://127.0.0.1:8080/scim/v2/Users/BOB"', {"Engineers"}),
        ('schemas eq "urn:ietf:params:scim:schemas:core:2.0:Group"', {"Engineers", "Readers", "Empty"}),
        ('meta.version eq "W/\\"1\\""', {"Engineers", "Readers", "Empty"}),
    ('meta.version eq "1"', set()),
)  # fmt: skip


@pytest.mark.rule("SCM-7", "TEN-4")
def test_each_filter_on_users_finds_what_it_means_in_its_own_account(services, account, people):
    assert {text: names(services, account, text) for text, _ in ON_USERS} == dict(ON_USERS)


@pytest.mark.rule("SCM-7", "TEN-4")
def test_each_filter_on_groups_finds_what_it_means_in_its_own_account(services, account, people):
    asked = {text: text.replace("ADA", people["ada"]).replace("BOB", people["bob"]) for text, _ in ON_GROUPS}
    assert {text: names(services, account, sent, GROUPS) for text, sent in asked.items()} == dict(ON_GROUPS)


def test_a_group_in_a_group_is_found_as_its_member(services, account, people, app):
    idp = ScimClient(app, account.token.text)
    inner = idp.find("/Groups", 'displayName eq "Empty"').get_json()["Resources"][0]["id"]
    idp.group("Outer", inner)
    assert names(services, account, f'members[value eq "{inner}" and type eq "Group"]', GROUPS) == {"Outer"}
    assert names(services, account, 'members.display eq "EMPTY"', GROUPS) == {"Outer"}


@pytest.mark.rule("SCM-7")
@pytest.mark.parametrize(
    "node",
    [
        Comparison("password", Operator.EQ, "x"),
        Comparison("password_hash", Operator.EQ, "x"),
        Comparison("epoch", Operator.EQ, "x"),
        Not(Present("document")),
        ValuePath("emails", Comparison("password", Operator.EQ, "x")),
        ValuePath("emails", ValuePath("emails", Present("value"))),
        Comparison("emails.'; drop table users", Operator.EQ, "x"),
        Comparison("username", Operator.EQ, True),
    ],
)
def test_a_path_outside_the_allow_list_is_refused(node):
    for shape in (USER, GROUP):
        with pytest.raises(Refusal) as caught:
            condition_of(node, shape)
        assert caught.value.code is Code.INVALID_FILTER


def test_an_attribute_that_a_type_has_no_order_by_has_no_sort_value():
    assert sort_value("members.value", USER) is None
    assert sort_value("emails.value", GROUP) is None
    assert sort_value("name", GROUP) is None


def paths_of(resource: ResourceType) -> set[tuple[str, str]]:
    """(text of a name, kind of literal) of everything that the traits table lets a filter compare."""
    literals = {"boolean": "true", "dateTime": '"2026-01-01T00:00:00Z"'}
    found = set()
    for table in resource.tables:
        for trait in (*table.traits, *(COMMON if table is resource.core else ())):
            for leaf in trait.sub or (trait,):
                name = f"{table.urn}:{trait.name}" + (f".{leaf.name}" if trait.sub else "")
                found.add((name, literals.get(leaf.type, '"x"'))) if not trait.is_hidden else None
    return found


def test_all_that_the_traits_table_lets_through_is_in_the_allow_list(services, account, people):
    for resource in (USERS, GROUPS):
        for name, literal in sorted(paths_of(resource)):
            for text in (f"{name} eq {literal}", f"{name} ne {literal}", f"{name} pr"):
                names(services, account, text, resource)


def test_a_manager_of_the_account_is_found_by_what_is_shown_of_it(services, account, people, app):
    idp = ScimClient(app, account.token.text)
    idp.user("kim", **{E: {"manager": {"value": people["ada"]}}})
    reference = f"http://127.0.0.1:8080/scim/v2/Users/{people['ada']}"
    for text in ('displayName eq "ADA B"', "displayName pr", "$ref pr", f'$ref eq "{reference}"'):
        assert names(services, account, f"{E}:manager.{text}") == {"kim"}, text
    assert names(services, account, f"{E}:manager[value pr and not ($ref pr)]") == {"ada"}
    assert names(services, account, f'{E}:manager.$ref eq "{reference}x"') == set()


def test_letter_case_counts_in_sql_exactly_where_the_traits_table_says(services, account, people):
    for name, exact in (("emails.value", False), ("emails.type", False), ("x509Certificates.value", True)):
        assert USERS.find(None, name.split(".")[0]).find(name.split(".")[1]).case_exact is exact
    ids = {name: names(services, account, f'id eq "{user_id}"') for name, user_id in people.items()}
    assert ids == {name: {name} for name in people}
    assert names(services, account, f'id eq "{people["ada"].upper()}"') == set()


@pytest.mark.rule("SCM-7")
def test_the_deepest_and_the_longest_filter_reach_the_database(services, account, people):
    deep = 'userName eq "ada"'
    for level in range(63):
        deep = f"({deep}) {'and' if level % 2 else 'or'} title pr" if level % 3 else f"not ({deep})"
    assert names(services, account, deep) <= ALL
    long = " or ".join(f'emails[type eq "work" and value eq "{n}"]' for n in range(127)) + ' or userName eq "ada"'
    assert names(services, account, long) == {"ada"}


MANY = """
    insert into users select copy.* from users person, generate_series(1, 3000) number, lateral jsonb_populate_record(
        person, jsonb_build_object('id', 'u' || number, 'user_name_key', 'k' || number, 'email_key', null,
                                   'external_id', 'e' || number, 'name_key', 'n' || number)) copy
    where person.user_name = 'ada'
"""
MANY_ADDRESSES = """
    insert into user_emails select account_id, id, 0, id || '@corp.example', 'work', true from users where id like 'u%'
"""


def test_equalities_that_matching_needs_use_an_index(services, account, people, postgres_server, database_url):
    owned = postgres_server.url("superuser", database_url.rpartition("/")[2].partition("?")[0])
    with psycopg.connect(owned, autocommit=True) as connection:
        for statement in (MANY, MANY_ADDRESSES, "analyze users", "analyze user_emails"):
            connection.execute(statement)

    def plan(text: str) -> str:
        condition = condition_of(parse_filter(text, USERS), USER)
        statement = select(users.c.id).where(
            users.c.account_id == account.account.id, users.c.inactive_at.is_(None), condition
        )
        with services.database.reader.connect() as connection:
            compiled = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
            return "\n".join(connection.exec_driver_sql("explain " + compiled.replace("%", "%%")).scalars())

    assert "ux_users_user_name" in plan('userName eq "k77"')
    assert "ux_users_external_id" in plan('externalId eq "e77"')
    assert "ix_user_emails_value" in plan('emails eq "u77@corp.example"')
    assert "ix_user_emails_value" in plan('emails[type eq "work"].value eq "u77@corp.example"')
    assert "ix_users_name" in plan('displayName eq "n77"')
    assert "ix_users_updated" in plan('meta.lastModified gt "2027-01-01T00:00:00Z"')


STRINGS = st.sampled_from(
    ["ada", "ADA", "a", "", "work", "home", "engines", "100%", "_", "Byron", "M-1", "QUJD", "Ext-1"]
)
SINGLE_NAMES = st.sampled_from(
    ["userName", "title", "name.familyName", "displayName", "externalId", f"{E}:department", f"{E}:manager.value"]
)
# `ne` on these is left out: the other implementation asks it of all elements, ours of any (RFC 7644 section 3.4.2.2).
PLURAL_NAMES = st.sampled_from(["emails.value", "emails.type", "roles.value"])
ORDERED = ["eq", "co", "sw", "ew", "gt", "ge", "lt", "le"]
TEXT_OPERATORS = st.sampled_from([*ORDERED, "ne"])
INNER = st.builds('{} {} "{}"'.format, st.sampled_from(["type", "value", "display"]), TEXT_OPERATORS, STRINGS)
TERMS = st.one_of(
    st.builds('{} {} "{}"'.format, SINGLE_NAMES, TEXT_OPERATORS, STRINGS),
    st.builds('{} {} "{}"'.format, PLURAL_NAMES, st.sampled_from(ORDERED), STRINGS),
    st.builds("{} pr".format, st.one_of(SINGLE_NAMES, PLURAL_NAMES)),
    st.builds("active {} {}".format, st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "false"])),
    st.builds("emails[{} and {}]".format, INNER, INNER),
    st.builds("emails[not ({}) or type pr]".format, INNER),
)
FILTERS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)


@pytest.mark.rule("SCM-7")
def test_generated_filters_find_what_another_implementation_finds(services, account, people, app):
    idp = ScimClient(app, account.token.text)
    headers = {"Authorization": f"Bearer {account.token.text}"}
    peer = WSGISCIMClient(app, base_url="http://127.0.0.1:8080/scim/v2", headers=headers)
    peer.discover()
    model = peer.get_resource_model("User")
    resources = {name: model.model_validate(idp.get(f"/Users/{id_}").get_json()) for name, id_ in people.items()}

    @settings(max_examples=400, deadline=None)
    @given(FILTERS)
    def compare(text: str) -> None:
        there = {name for name, resource in resources.items() if ScimFilter[model](text).match(resource)}
        assert names(services, account, text) == there

    compare()
