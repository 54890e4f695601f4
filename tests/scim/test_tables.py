"""The tables of the door: errors, versions, quirks and shapes."""

import json

import pytest

from provisioning.domain.errors import REFUSALS, Code, Refusal
from provisioning.scim.errors import ANSWERS, error_answer
from provisioning.scim.etags import accepted_versions, etag, is_not_modified
from provisioning.scim.quirks import normal_resource
from provisioning.scim.resources import new_user
from provisioning.scim.schemas import checked_resource
from provisioning.scim.traits import ACCOUNT_USER, ENTERPRISE_USER, GROUPS, USERS

SCIM_TYPES = {
    None, "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget",
    "invalidValue", "sensitive", "invalidCursor", "expiredCursor", "invalidCount",
}  # fmt: skip

GAPS = ("detail", "limit", "used", "what", "name", "email", "external_id", "user_name", "whom", "method", "attribute",
        "verb", "role", "bulk_id")  # fmt: skip


def shaped(body: dict, resource=USERS) -> dict:
    return checked_resource(normal_resource(body, resource), resource)


def test_every_code_has_an_answer_and_no_word_is_made_up():
    assert set(ANSWERS) == set(Code)
    assert {answer.scim_type for answer in ANSWERS.values()} <= SCIM_TYPES
    assert all(
        answer.status == 400 or answer.scim_type in (None, "uniqueness", "sensitive") for answer in ANSWERS.values()
    )


@pytest.mark.rule("LIM-7")
@pytest.mark.parametrize("code", list(Code))
def test_an_error_has_status_as_text_sentence_and_code(code):
    gaps = dict.fromkeys(GAPS, "x")
    made = error_answer(Refusal(code, **gaps))
    body = json.loads(made.body)
    assert body["status"] == str(made.status)
    assert body["detail"] == REFUSALS[code].sentence.format_map(gaps)
    assert made.headers["Gatelodge-Error"] == code.value
    assert ("WWW-Authenticate" in made.headers) is (made.status == 401)
    assert ("Retry-After" in made.headers) is (made.status == 429)


@pytest.mark.parametrize(
    ("header", "versions"),
    [(None, None), ("*", None), (' * ', None), ('W/"3"', {3}), ('"3"', {3}), ('W/"3", W/"5"', {3, 5}), ('"x"', set()),
     ("", set()), ("3", set()), (f'W/"{"9" * 30}"', set())],
)  # fmt: skip
def test_if_match_names_versions(header, versions):
    assert accepted_versions(header) == versions


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, False), ("*", True), (etag(3), True), ('"3"', True), ('W/"2", W/"3"', True), ('W/"33"', False)],
)
def test_if_none_match_compares_weakly(header, expected):
    assert is_not_modified(header, 3) is expected


@pytest.mark.rule("SCM-3", "IDN-5")
def test_what_only_the_server_sets_and_credentials_are_left_out_of_bodies():
    body = {"userName": "ada", "id": "u9", "meta": {"version": "1"}, "groups": [{"value": "g"}], "password": "geheim",
            "status": "active", "urn:ietf:params:scim:schemas:extension:made-up:2.0:User": {"password": "geheim"},
            "urn:gatelodge:scim:schemas:extension:account:1.0:User": {"role": "master_admin", "root": True},
            "PassWord": "geheim"}  # fmt: skip
    body.pop("PassWord")
    assert shaped(body) == {"userName": "ada"}
    assert shaped({"userName": "ada", "PASSWORD": "geheim"}) == {"userName": "ada"}


def test_nulls_and_empty_lists_are_unassigned():
    assert shaped({"userName": "ada", "title": None, "emails": [], "roles": [None], "name": {"givenName": None}}) == {
        "userName": "ada"
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "userName"), ({"userName": ""}, "userName"), ({"userName": 7}, "userName"), ({"userName": {}}, "userName"),
        ({"userName": "a", "title": 7}, "title"), ({"userName": "a", "title": "x" * 1025}, "title"),
        ({"userName": "a", "title": "a\0b"}, "title"), ({"userName": "a", "name": "x"}, "name"),
        ({"userName": "a", "name": {"givenName": []}}, "name.givenName"), ({"userName": "a", "emails": 7}, "emails"),
        ({"userName": "a", "emails": [7]}, "emails[0]"),
        ({"userName": "a", "emails": [{"value": 7}]}, "emails[0].value"),
        ({"userName": "a", "emails": [{"primary": "perhaps"}]}, "emails[0].primary"),
        ({"userName": "a", "emails": [{"primary": True}, {"primary": "True"}]}, "emails"),
        ({"userName": "a", "active": 1}, "active"),
        ({"userName": "a", ENTERPRISE_USER: "x"}, ENTERPRISE_USER),
        ({"userName": "a", ENTERPRISE_USER: {"manager": {"value": 7}}}, f"{ENTERPRISE_USER}:manager.value"),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_refused_with_the_name_of_the_attribute(body, field):
    with pytest.raises(Refusal) as caught:
        shaped(body)
    assert (caught.value.code, caught.value.field) == (Code.INVALID_VALUE, field)
    assert field in caught.value.sentence


def test_two_members_of_one_name_are_refused():
    with pytest.raises(Refusal) as caught:
        shaped({"userName": "ada", "USERNAME": "bob"})
    assert caught.value.code is Code.INVALID_SYNTAX


def test_members_by_reference_alone_are_read_by_id():
    body = {
        "displayName": "G",
        "members": [{"$ref": "https://x.example/scim/v2/Users/u1"}, {"$ref": "../Groups/g2"}, "u3"],
    }
    assert [member["value"] for member in shaped(body, GROUPS)["members"]] == ["u1", "g2", "u3"]


@pytest.mark.rule("INV-1")
@pytest.mark.parametrize(
    ("sent", "asked"), [({}, None), ({"sendInvitation": "False"}, False), ({"sendinvitation": True}, True)]
)
def test_the_choice_of_an_invitation_is_read_when_a_user_is_made(sent, asked):
    command = new_user(shaped({"userName": "ada", ACCOUNT_USER: sent}))
    assert command.send_invitation is asked
    assert "sendInvitation" not in repr(command.attributes)
