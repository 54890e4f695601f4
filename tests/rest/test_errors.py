"""Every refusal in the API's form, with a status that the published clients know."""

import re
from pathlib import Path

import pytest
from cloudinary.api_client.execute_request import EXCEPTION_CODES

from provisioning.domain.errors import REFUSALS, Code, Refusal, not_found
from provisioning.rest import users as users_door
from provisioning.rest.errors import STATUSES, refused
from tests.doors.api import ACCOUNTS, done, refusal

DOCS = Path(__file__).parents[2] / "docs" / "provisioning-api.md"
GAPS = re.compile(r"{(\w+)}")


def some(code: Code) -> Refusal:
    """A refusal of a code with something in every gap of its sentence."""
    return Refusal(code, **dict.fromkeys(GAPS.findall(REFUSALS[code].sentence), 7) | {"used": 3, "limit": 3})


@pytest.mark.rule("LIM-7")
def test_every_code_has_a_status_that_the_published_clients_know():
    assert set(STATUSES) == set(Code)
    assert set(STATUSES.values()) <= set(EXCEPTION_CODES)


@pytest.mark.rule("LIM-7")
def test_every_code_is_answered_with_sentence_code_and_header(app):
    with app.test_request_context(ACCOUNTS):
        for code in Code:
            made = refused(some(code))
            error = made.get_json()["error"]
            assert (error["code"], made.headers["Gatelodge-Error"]) == (code.value, code.value)
            assert error["message"] == some(code).sentence
            assert ("category" in error) == ("details" in error) == (code is Code.SIGN_UP_CLOSED)
            assert ("used" in error) == ("limit" in error) == (code is Code.SEAT_LIMIT_REACHED)
            assert ("Retry-After" in made.headers) == (STATUSES[code] == 429)


def test_an_environment_that_is_not_found_is_said_in_the_clients_words(app):
    with app.test_request_context(ACCOUNTS):
        said = refused(not_found("Product environment", "9zz")).get_json()["error"]["message"]
    assert said == "Cannot find sub account with id 9zz"


def test_the_page_of_the_docs_names_every_code_with_its_status_and_sentence():
    rows = {f"| `{code.value}` | {status} | {REFUSALS[code].sentence} |" for code, status in STATUSES.items()}
    lines = set(DOCS.read_text().splitlines())
    assert rows - lines == set()
    assert {line for line in lines if re.match(r"\| `[a-z_]+` \| \d{3} \|", line)} == rows


def test_unknown_addresses_are_refused_in_the_apis_form(api):
    for path in ("", "/nothing", "/users/", "/users/a/b", "/user_groups/a/users/b/c"):
        assert refusal(api.get(path)) == (404, "not_found")
    for path in ("/v1_1/", "/v1_1/provisioning", "/v1_1/provisioning/accounts", "/session/v1", "/session/x"):
        assert refusal(api.raw("GET", path)) == (404, "not_found")


@pytest.mark.rule("AUZ-2")
def test_wrong_methods_are_400_with_the_methods_that_are_offered(api):
    answer = api.send("PATCH", "/users")
    assert refusal(answer) == (400, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert refusal(api.put("/users")) == (400, "method_not_allowed")
    assert refusal(api.post("/users/x")) == (400, "method_not_allowed")


@pytest.mark.rule("WEB-6")
def test_ambiguous_addresses_are_refused(api, account):
    base = f"{ACCOUNTS}/{account.account.id}"
    for path in (f"{base}/users/%2e%2e/users", f"{base}//users", f"{base}/users/a%2fb", f"{base}/../users"):
        answer = api.raw("GET", "/v1_1/x", environ_overrides={"REQUEST_URI": path, "RAW_URI": path})
        assert refusal(answer) == (400, "invalid_syntax")


@pytest.mark.rule("LNK-5")
def test_a_foreign_host_is_421_in_the_apis_form(api):
    answer = api.get("/users")
    assert answer.status_code == 200
    foreign = api.raw("GET", f"{ACCOUNTS}/{api.account_id}/users", base_url="http://evil.example")
    assert foreign.status_code == 421


@pytest.mark.rule("TEN-3")
def test_an_id_that_can_be_none_is_not_found(api, subtests):
    for one in ("x" * 5000, "%F0%9F%99%82", "%ff", "%25", "a b", "'", "...", "\u202e"):
        for path in (f"/users/{one}", f"/user_groups/{one}", f"/sub_accounts/{one}", f"/users/{one}/groups",
                     f"/sub_accounts/{one}/access_keys"):  # fmt: skip
            with subtests.test(path[:40]):
                assert refusal(api.get(path)) == (404, "not_found")


def test_a_nul_in_an_address_is_refused_whatever_the_server_hands_on(api):
    assert refusal(api.get("/users/a%00b")) == (400, "invalid_syntax")
    decoded = {"RAW_URI": "", "REQUEST_URI": ""}
    assert refusal(api.send("GET", "/users/a%00b", environ_overrides=decoded)) == (400, "invalid_syntax")


@pytest.mark.rule("LIM-7")
def test_a_fault_of_ours_tells_nothing_but_its_reference(api, monkeypatch):
    def broken(*_):
        raise RuntimeError("select secret from users")

    monkeypatch.setattr(users_door, "show_user", broken)
    answer = api.get("/users/x")
    assert answer.status_code == 500
    error = answer.get_json()["error"]
    assert error == {"message": f"The service failed. Reference: {answer.headers['X-Request-Id']}", "code": "fault"}


@pytest.mark.rule("LIM-7")
def test_without_the_database_a_call_is_503_and_comes_back(api, services, postgres_server, database_url):
    name = database_url.rpartition("/")[2]
    postgres_server.admin(f"alter database {name} allow_connections false")
    services.database.close()
    answer = api.get("/users")
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "fault")
    postgres_server.admin(f"alter database {name} allow_connections true")
    assert done(api.get("/users"))["users"]


def test_every_answer_has_an_id_and_is_not_kept(api):
    first, second = api.get("/users"), api.get("/users/x")
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]
    assert first.headers["Cache-Control"] == second.headers["Cache-Control"] == "no-store"
