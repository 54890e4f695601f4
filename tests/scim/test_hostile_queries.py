"""Hostile lists, searches and ids: an error of 400, 403, 404, 413 or 415 in SCIM's form, and never a 5xx."""

import json

import pytest

from tests.doors.scim import fault

LISTS = ("/Users", "/Groups", "/")
SEARCHES = ("/Users/.search", "/Groups/.search", "/.search")
TERM = 'meta.resourceType eq "User"'
DEEP = 64


def texts() -> dict[str, str]:
    """Filters that are none, by what is wrong with them."""
    return {
        "257 comparisons": " or ".join([TERM] * 257),
        "10,000 comparisons": " or ".join(["id pr"] * 10_000),
        "deeper than 64": "(" * (DEEP + 1) + TERM + ")" * (DEEP + 1),
        "5,000 nots": "not (" * 5_000 + "id pr" + ")" * 5_000,
        "only parentheses": "(" * 16_000,
        "only brackets": "meta[" * 3_000,
        "a value path in a value path": 'schemas[value eq "x" and meta[created pr]]',
        "a value path behind a value path": "meta[created pr][created pr] pr",
        "longer than 16 KiB": f'id eq "{"x" * 17_000}"',
        "many letters of several bytes": f'id eq "{"é" * 8_200}"',
        "NUL": 'id eq "a\\u0000b"',
        "half a character": 'id eq "\\ud800"',
        "a raw NUL": 'id eq "a\0b"',
        "a number without end": f"id eq {'9' * 5_000}",
        "a number past all": "id eq 1e999999",
        "no number": "id eq NaN",
        "single quotes": "id eq 'x' or '1'='1'",
        "SQL": "id eq \"x\"; drop table users; --",
        "a date past all": 'meta.created gt "99999-01-01T00:00:00Z"',
        "a date before all": 'meta.created gt "0001-01-01T00:00:00+23:59"',
        "no filter": "",
    }  # fmt: skip


@pytest.mark.rule("SCM-7", "LIM-1")
def test_a_hostile_filter_is_refused_on_every_list_and_search(idp, subtests):
    for name, text in texts().items():
        with subtests.test(name):
            for path in LISTS:
                fault(idp.find(path, text), 400, "invalidFilter")
            for path in SEARCHES:
                fault(idp.post(path, {"filter": text}), 400, "invalidFilter")


@pytest.mark.rule("SCM-7")
def test_what_is_large_and_right_is_answered(idp):
    idp.user("ada", title="100%")
    for text, total in (
        (" or ".join([f'userName eq "u{number}"' for number in range(27)]), 0),
        (" and ".join([TERM] * 255) + ' and userName eq "ada"', 1),
        ("(" * DEEP + 'userName eq "ada"' + ")" * DEEP, 1),
        ("not (" * DEEP + 'userName eq "ada"' + ")" * DEEP, 1),
        (f'title eq "{"x" * 16_000}"', 0),
        (f'title co "{"%" * 3_000}"', 0),
        ('title ew "%"', 1),
        ('meta.created lt "9999-12-31T23:59:59.999999Z"', 2),
    ):
        assert idp.find("/Users", text).get_json()["totalResults"] == total, text[:60]
        assert idp.post("/Users/.search", {"filter": text}).get_json()["totalResults"] == total


BAD_PARAMETERS = (
    {"sortBy": "x" * 5_000},
    {"sortBy": "("},
    {"sortBy": "userName; drop table users"},
    {"sortBy": "a\0b"},
    {"sortOrder": "sideways"},
    {"startIndex": "NaN"},
    {"startIndex": "1e9"},
    {"startIndex": "9" * 40},
    {"count": "-"},
    {"count": "Infinity"},
    {"count": "٣x"},
    {"count": "1,2"},
)


@pytest.mark.rule("LIM-3")
def test_a_hostile_parameter_is_refused(idp, subtests):
    for parameters in BAD_PARAMETERS:
        with subtests.test(str(parameters)[:40]):
            for path in LISTS:
                assert idp.get(path, query_string=parameters).status_code == 400
            for path in SEARCHES:
                assert idp.post(path, parameters).status_code == 400


BAD_BODIES = (
        (b"", 400), (b"[]", 400), (b'"x"', 400), (b"null", 400), (b"{", 400), (b'{"filter":', 400),
        (b'{"count": NaN}', 400), (b'{"count": Infinity}', 400), (b'{"count": 1e999}', 400),
        (b'{"filter": "id pr", "filter": "id pr"}', 400), (b'{"filter": "id pr", "FILTER": "id pr"}', 400),
        (b"\xff\xfe{\x00}\x00", 400), ('{"filter": "title eq \\"é\\""}'.encode("latin-1"), 400),
        (b'{"filter": "\\ud800"}', 400), (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
        (json.dumps({"filter": ["id pr"]}).encode(), 400), (json.dumps({"sortBy": {}}).encode(), 400),
        (json.dumps({"attributes": [1]}).encode(), 400), (json.dumps({"count": True}).encode(), 400),
        (json.dumps({"count": 1.5}).encode(), 400), (json.dumps({"startIndex": [1]}).encode(), 400),
        (json.dumps({"x": [0] * 10_001}).encode(), 413), (b" " * (1024 * 1024 + 1), 413),
)  # fmt: skip


@pytest.mark.rule("LIM-1")
def test_a_hostile_search_is_refused(idp, subtests):
    for body, status in BAD_BODIES:
        with subtests.test(str(body[:60])):
            for path in SEARCHES:
                made = idp.send("POST", path, body)
                assert made.status_code == status, made.text[:200]
                assert made.content_type == "application/scim+json"


BAD_IDS = (
    "a%0d%0aSet-Cookie:%20a=b", "a%00b", "a%2Fb", "..%2f..%2fetc", "%2e%2e", "a%ffb", "%f0%9f%98%80", "x" * 3_000,
    "'%20or%20'1'='1", "%22", "a;b", "%7b%7b7*7%7d%7d",
)  # fmt: skip


@pytest.mark.rule("TEN-3", "LIM-5")
def test_a_hostile_id_is_not_found_and_reaches_no_header(idp, subtests):
    for text in BAD_IDS:
        with subtests.test(text[:40]):
            for path in (f"/Users/{text}", f"/Groups/{text}"):
                for method in ("GET", "DELETE"):
                    made = idp.send(method, path)
                    assert made.status_code in (400, 404), made.text
                    assert made.content_type == "application/scim+json"
                    assert "Set-Cookie" not in made.headers
            quoted = text.replace("%", "").replace('"', "")
            assert idp.find("/Users", f'id eq "{quoted}"').get_json()["totalResults"] == 0


@pytest.mark.rule("SCM-7")
def test_names_to_show_are_never_a_fault(idp):
    for asked in ("x" * 4_000, ",,,", "a.b.c.d", "\0", "urn:", "members[value eq", "é", "..", "id,id,ID", "*"):
        for name in ("attributes", "excludedAttributes"):
            for path in LISTS:
                assert idp.get(path, query_string={name: asked}).status_code == 200, asked[:20]


def test_me_is_not_offered_for_any_method(idp):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        fault(idp.send(method, "/Me", {} if method != "GET" else None), 501)
