"""Pages of lists: order, numbers and walks, against real rows of an account beside its neighbour's."""

import json
import re
import time
from dataclasses import replace

import psycopg
import pytest

from provisioning.actions.searches import search_groups, search_users
from provisioning.domain.errors import Refusal
from provisioning.domain.search import Comparison, Operator, Place, Present, Query
from provisioning.scim.filters import resolve_sort
from provisioning.scim.traits import GROUPS, USERS
from provisioning.store.engine import QueryCancelled
from provisioning.store.found_users import LISTED
from provisioning.store.search_statements import Asked, Way, prepared
from provisioning.store.statements import driver_of
from tests.doors.scim import ENTERPRISE, ScimClient

PEOPLE = {
    "dora": {"title": "Z", "nickName": "same", "emails": [{"value": "b@x.example"}, {"value": "z@x.example"}]},
    "Bert": {"title": "a", "nickName": "SAME", "active": False,
             "emails": [{"value": "y@x.example"}, {"value": "a@x.example", "primary": True}]},
    "anna": {"title": "É", "externalId": "e-2", ENTERPRISE: {"department": "Looms", "manager": {"value": "m2"}}},
    "Émile": {"externalId": "E-1", "name": {"familyName": "Zola"}, "addresses": [{"locality": "Paris"}]},
}  # fmt: skip


@pytest.fixture
def people(app, account, neighbour) -> dict[str, str]:
    """userName -> id, made in this order after the root user; the neighbour has the same ones."""
    for made in (neighbour, account):
        idp = ScimClient(app, made.token.text)
        ids = {name: idp.user(name, **attributes)["id"] for name, attributes in PEOPLE.items()}
        idp.group("Weavers", ids["dora"], ids["anna"])
        idp.group("Spinners", ids["anna"])
        idp.group("Nobody")
    return ids


@pytest.fixture
def found(services, scim, people):
    """Return the userNames of a page, with `root` for the root user's."""

    def names(**query) -> list[str]:
        page = search_users(scim, Query(**query), services)
        texts = [json.loads(user.document)["userName"] for user in page.items]
        return ["root" if text == "root@acme.example" else text for text in texts]

    return names


ORDERS = (
    ("userName", ["anna", "Bert", "dora", "root", "Émile"], 0),
    # Missing values: two people without a title.
    ("title", ["Bert", "dora", "anna", "root", "Émile"], 2),
    ("nickName", ["dora", "Bert", "root", "anna", "Émile"], 3),
    ("emails", ["Bert", "dora", "root", "anna", "Émile"], 2),
    ("externalId", ["Émile", "anna", "root", "dora", "Bert"], 3),
    ("active", ["Bert", "root", "dora", "anna", "Émile"], 0),
    ("addresses.locality", ["Émile", "root", "dora", "Bert", "anna"], 4),
    (f"{ENTERPRISE}:manager", ["anna", "root", "dora", "Bert", "Émile"], 4),
    # The first group of anna is Weavers, although Spinners stands before it in the alphabet.
    ("groups.display", ["dora", "anna", "root", "Bert", "Émile"], 3),
    ("schemas", ["root", "dora", "Bert", "anna", "Émile"], 0),
    ("meta.created", ["root", "dora", "Bert", "anna", "Émile"], 0),
    ("meta.location", ["root", "dora", "Bert", "anna", "Émile"], 0),
    (None, ["root", "dora", "Bert", "anna", "Émile"], 0),
)


def test_every_attribute_orders_with_missing_values_last_ascending_and_first_descending(found, subtests):
    for sort_by, ascending, missing in ORDERS:
        with subtests.test(str(sort_by)):
            path = resolve_sort(sort_by, USERS) if sort_by else None
            assert found(sort_path=path) == ascending
            descending = found(sort_path=path, descending=True)
            assert descending[:missing] == ascending[len(ascending) - missing :]
            assert set(descending) == set(ascending)
            if sort_by in ("userName", None):
                assert descending == ascending[::-1]


def test_groups_are_ordered_by_any_attribute_too(services, scim, people):
    def names(**query) -> list[str]:
        page = search_groups(scim, Query(**query), services, with_members=False)
        return [view.group.name for view in page.items]

    assert names(sort_path="displayname") == ["Nobody", "Spinners", "Weavers"]
    assert names(sort_path="displayname", descending=True) == ["Weavers", "Spinners", "Nobody"]
    assert names(sort_path="members.value") == ["Weavers", "Spinners", "Nobody"]
    assert names(sort_path="members.value", descending=True) == ["Nobody", "Spinners", "Weavers"]
    assert names(sort_path=resolve_sort("members.$ref", GROUPS)) == ["Weavers", "Spinners", "Nobody"]
    with pytest.raises(Refusal):
        names(sort_path="username")


@pytest.mark.rule("TEN-1")
def test_pages_by_number_from_either_end_are_the_whole_once(found, services, scim, people):
    whole = found()
    assert whole == ["root", "dora", "Bert", "anna", "Émile"]
    for descending in (False, True):
        expected = whole[::-1] if descending else whole
        for count in (1, 2, 3, 5, 9):
            for offset in range(8):
                page = search_users(scim, Query(count=count, offset=offset, descending=descending), services)
                assert page.total == 5
                assert [user.id for user in page.items] == [
                    user.id for user in search_users(scim, Query(descending=descending), services).items
                ][offset : offset + count]
                assert found(count=count, offset=offset, descending=descending) == expected[offset : offset + count]
    assert search_users(scim, Query(offset=2**31), services).items == ()


def walk(ask, query: Query) -> tuple[list[str], list[str]]:
    """Go through all pages and back again; the ids in both directions."""
    there, back = [], []
    page = ask(query)
    assert page.earlier is None
    while True:
        there += [item.id for item in page.items]
        if page.later is None:
            break
        page = ask(replace(query, place=page.later))
    while page.earlier is not None:
        page = ask(replace(query, place=page.earlier))
        back = [item.id for item in page.items] + back
    return there, back


def test_a_walk_shows_everybody_once_in_every_order_and_leads_back(services, scim, people, subtests):
    def ask(query: Query):
        return search_users(scim, query, services)

    for sort_by, _, _ in ORDERS:
        for descending in (False, True):
            for node in (None, Present("username"), Comparison("username", Operator.NE, "bert")):
                with subtests.test(f"{sort_by} {descending} {node}"):
                    path = resolve_sort(sort_by, USERS) if sort_by else None
                    whole = [user.id for user in ask(Query(node, path, descending)).items]
                    there, back = walk(ask, Query(node, path, descending, count=2, walks=True))
                    assert there == whole
                    assert back == whole[: len(back)]
                    assert len(back) >= len(whole) - 2


@pytest.mark.rule("SCM-7")
def test_a_search_that_takes_too_long_is_ended(services, scim, people, postgres_server, database_url, subtests):
    owned = postgres_server.url("superuser", database_url.rpartition("/")[2].partition("?")[0])
    with psycopg.connect(owned) as connection:
        connection.execute("lock table users in access exclusive mode")
        for query in (Query(), Query(Comparison("username", Operator.EQ, "anna"))):
            with subtests.test(str(query)):
                began = time.monotonic()
                with pytest.raises(QueryCancelled):
                    search_users(scim, query, services)
                assert 1.5 < time.monotonic() - began < 4
        connection.rollback()
    assert search_users(scim, Query(), services).total == 5
    with services.database.reader.connect() as connection:
        assert connection.exec_driver_sql("show statement_timeout").scalar() == "15s"


MANY = """
    insert into users select copy.* from users person, generate_series(1, 3000) number, lateral jsonb_populate_record(
        person, jsonb_build_object('id', 'u' || lpad(number::text, 5, '0'), 'user_name_key', 'k' || number,
                                   'email_key', null, 'external_id', 'e' || number)) copy
    where person.user_name = 'anna' and person.account_id = %s
"""
ALL = Query()


def rows_read(services, account, query: Query) -> int:
    """The most rows that any step of the plan of a list went through."""
    way = {(False, False): Way.NUMBER, (True, False): Way.FIRST, (True, True): Way.BEHIND}
    asked = Asked((query.node,), query.sort_path, query.descending, way[query.walks, query.place is not None], False)
    parameters = {
        "of_account": account.account.id,
        "of_count": query.count,
        "of_offset": query.offset,
        "place_id": query.place.id if query.place else None,
    }
    with services.database.reader.connect() as connection:
        text = f"explain (analyze, timing off) {prepared(LISTED, asked).statement.text}"
        defaults = prepared(LISTED, asked).statement._bound({})
        plan = driver_of(connection).execute(text, {**defaults, **parameters}).fetchall()
    return max(int(float(rows)) for line in plan for rows in re.findall(r"actual rows=([0-9.]+)", line[0]))


def test_the_last_page_and_every_page_of_a_walk_read_no_more_rows_than_the_first(
    services, account, people, sql, postgres_server, database_url
):
    sql(MANY, account.account.id)
    sql("update seats set used = used + 3000 where account_id = %s", account.account.id)
    owned = postgres_server.url("superuser", database_url.rpartition("/")[2].partition("?")[0])
    with psycopg.connect(owned, autocommit=True) as connection:
        connection.execute("vacuum analyze users")
    for query in (
        replace(ALL, count=50),
        replace(ALL, count=50, offset=2_955),
        replace(ALL, count=50, offset=2_000, descending=True),
        replace(ALL, count=50, walks=True),
        replace(ALL, count=50, walks=True, place=Place(None, "u02000")),
    ):
        most = 1_100 if query.offset == 2_000 else 100
        assert rows_read(services, account, query) <= most, query
