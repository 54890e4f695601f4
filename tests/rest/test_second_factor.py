"""LGN-8, 2FA-5: a script removes a lost second factor, and no call chooses, shows or sets one, or a password."""

import json
import re

import pytest

from provisioning.actions.second_factor import own_second_factor
from provisioning.actions.sessions import Browser, OpenedSession
from provisioning.actions.sign_in import by_password
from tests.doors.api import done, refusal
from tests.doors.authenticator import with_app
from tests.factories import PASSWORD, make_active, make_user, person

BROWSER = Browser("203.0.113.7", "Firefox")


@pytest.fixture
def dana(services, caller, sql):
    return make_active(services, sql, make_user(caller, services))


@pytest.mark.rule("2FA-5", "LGN-9")
def test_a_lost_one_is_removed_and_the_sessions_end(api, services, dana, clock, sql):
    by_password(dana.email, PASSWORD, None, BROWSER, services)
    with_app(dana, services, clock)
    answered = done(api.delete(f"/users/{dana.id}/second_factor"))
    assert (answered["id"], answered["revocation"]["reason"]) == (dana.id, "second_factor_reset")
    assert answered["revocation"]["sessions"] == 1
    assert not own_second_factor(person(dana), services).is_on
    assert isinstance(by_password(dana.email, PASSWORD, None, BROWSER, services), OpenedSession)
    assert sql("select count(*) from outbox where kind = 'second_factor_reset'") == [(1,)]
    assert refusal(api.delete(f"/users/{dana.id}/second_factor")) == (409, "second_factor_missing")


@pytest.mark.rule("2FA-5", "ROOT-2", "TEN-3")
def test_the_root_users_stays_and_another_accounts_is_not_found(api, foreign_api, services, account, dana, clock, sql):
    with_app(account.root, services, clock)
    with_app(dana, services, clock)
    assert refusal(api.delete(f"/users/{account.root.id}/second_factor")) == (403, "root_user_protected")
    assert refusal(foreign_api.delete(f"/users/{dana.id}/second_factor")) == refusal(
        foreign_api.delete("/users/made-up/second_factor")
    )
    assert sql("select count(*) from second_factors") == [(2,)]


# Words by which a credential of somebody else could be chosen, set or read.
SECRETS = re.compile(r"password|seed|secret|otp|second_factor|recovery|code", re.I)
# What is called so and is none of a person's: keys that are made and shown once, switches, the caller's own proof.
NOT_OF_ANOTHER_PERSON = {
    "api_secret", "secret", "rotate_secret", "old_secret_until", "two_factor", "error_code", "country_code", "code",
    "password",
}  # fmt: skip


def members_of(schema: dict, document: dict) -> set[str]:
    """Every member that a schema names, however deep."""
    found: set[str] = set()
    for each in (schema, *schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", [])):
        if "$ref" in each:
            target = document["components"]["schemas"][each["$ref"].rpartition("/")[2]]
            found |= members_of(target, document)
        for name, inner in each.get("properties", {}).items():
            found |= {name} | members_of(inner, document)
        if "items" in each:
            found |= members_of(each["items"], document)
    return found


@pytest.mark.rule("LGN-8", "LGN-6")
def test_no_call_of_the_document_takes_or_shows_anybodys_password_or_second_factor(client):
    document = json.loads(client.get("/openapi.json").data)
    wrong, seen = [], set()
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if not isinstance(call, dict) or "responses" not in call:
                continue
            taken = {each["name"] for each in call.get("parameters", []) if "name" in each}
            for content in call.get("requestBody", {}).get("content", {}).values():
                taken |= members_of(content["schema"], document)
            shown: set[str] = set()
            for answer in call["responses"].values():
                for content in answer.get("content", {}).values():
                    shown |= members_of(content["schema"], document)
            seen |= taken | shown
            suspicious = {name for name in taken | shown if SECRETS.search(name)} - NOT_OF_ANOTHER_PERSON
            wrong += [f"{method} {path}: {name}" for name in sorted(suspicious)]
            if "/users" in path:
                wrong += [
                    f"{method} {path} takes {name}" for name in taken & {"password", "code", "secret", "api_secret"}
                ]
    assert wrong == []
    assert len(seen) > 50
    about = {
        (method, path) for path, methods in document["paths"].items() for method in methods if "second_factor" in path
    }
    assert {method for method, _ in about} - {"parameters"} == {"delete"}


@pytest.mark.rule("LGN-8", "IDN-5")
@pytest.mark.parametrize(
    "member", ["password", "password_hash", "second_factor", "seed", "two_factor", "recovery_codes"]
)
def test_a_member_that_would_set_one_is_refused_and_sets_nothing(api, dana, sql, member):
    before = sql("select password_hash from users where id = %s", dana.id)
    for value in ("a password chosen by somebody else", True, {"seed": "A" * 32}):
        assert refusal(api.put(f"/users/{dana.id}", {member: value}))[0] == 400
        body = {"name": "New Person", "email": "new@acme.example", "role": "reports", member: value}
        assert refusal(api.post("/users", body))[0] == 400
    assert sql("select password_hash from users where id = %s", dana.id) == before
    assert sql("select count(*) from second_factors") == [(0,)]
