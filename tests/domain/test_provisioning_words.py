"""The provisioning log in words: who asked for what, of whom."""

import pytest

from provisioning.domain.provisioning_log import Change
from provisioning.domain.provisioning_words import sentence_of
from tests.domain.provisioning import ID, OTHER_ID, a_patch, a_request

NAMES = {ID: "Dana Roe", OTHER_ID: "Design"}
GROUP = f"/Groups/{OTHER_ID}"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MEMBERS = [{"value": ID}, {"value": "x"}, {"value": "y"}]


@pytest.mark.rule("SCM-9")
@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (a_patch({"op": "Replace", "path": "active", "value": "False"}), "set active to False for Dana Roe"),
        (a_patch({"op": "replace", "value": {"active": False}}), "set active to False for Dana Roe"),
        (
            a_patch({"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": "x"}}),
            "set manager to x for Dana Roe",
        ),
        (
            a_patch({"op": "add", "path": 'emails[type eq "work"].value', "value": "d@x"}),
            "set emails.value to d@x for Dana Roe",
        ),
        (a_patch({"op": "add", "path": "name", "value": {"familyName": "R"}}), "set name for Dana Roe"),
        (a_patch({"op": "Remove", "path": "title"}), "removed title from Dana Roe"),
        (a_patch({"op": "add", "path": "title", "value": "a" * 61}), "set title for Dana Roe"),
        (
            a_patch(*({"op": "add", "path": path, "value": 1} for path in ("a", "b", "c", "d", "a"))),
            "changed a, b and 2 more of Dana Roe",
        ),
        (
            a_patch({"op": "replace", "value": {"title": "x", "active": True, "id": ID}}),
            "changed title and active of Dana Roe",
        ),
        (
            a_patch({"op": "Add", "path": "members", "value": MEMBERS}, path=GROUP),
            "added 3 members to the group Design",
        ),
        (
            a_patch({"op": "remove", "path": f'members[value eq "{ID}"]'}, path=GROUP),
            "removed 1 member from the group Design",
        ),
        (a_patch({"op": "remove", "path": "members"}, path=GROUP), "removed all members from the group Design"),
        (
            a_patch({"op": "replace", "path": "members", "value": MEMBERS}, path=GROUP),
            "changed the members of the group Design",
        ),
        (a_patch(), "changed Dana Roe"),
        (a_request("POST", "/Users", {"userName": "d@x"}, status=201), "made d@x"),
        (a_request("POST", "/Groups", {"displayName": "Sales"}, status=201), "made the group Sales"),
        (a_request("PUT", f"/Users/{ID}", {}), "replaced Dana Roe"),
        (a_request("DELETE", f"/Users/{ID}", status=204), "deleted Dana Roe"),
        (a_request("DELETE", "/Users/0190a1b2-0000-7000-8000-00000000000f"), "deleted a user"),
        (a_request("GET", f"/Users/{ID}"), "read Dana Roe"),
        (a_request("GET", "/Users"), "listed users"),
        (
            a_request("GET", "/Groups", query='filter=displayName eq "R%26D"&count=1'),
            'looked for groups with displayName eq "R&D"',
        ),
        (a_request("POST", "/Users/.search", {"filter": "active eq true"}), "looked for users with active eq true"),
        (a_request("POST", "/Bulk", {"Operations": [{}, {}]}), "sent 2 operations at once"),
        (a_request("POST", "/Bulk"), "sent many operations at once"),
        (a_request("GET", "/Schemas"), "asked what this service offers"),
        (a_request("POST", "/.search", {}), "looked for users and groups"),
        (a_request("GET", "/[hidden]"), "asked for GET /[hidden]"),
        (a_request("OPTIONS", "/Users"), "asked for OPTIONS /Users"),
    ],
)  # fmt: skip
def test_a_request_is_told_in_words(entry, sentence):
    assert sentence_of(entry, "Entra", NAMES) == f"Entra {sentence}"


@pytest.mark.rule("SCM-9")
def test_what_was_refused_was_only_tried():
    refused = a_patch({"op": "replace", "path": "active", "value": False}, status=403, code="root_user_protected")
    assert sentence_of(refused, "Okta", NAMES) == "Okta tried to set active to False for Dana Roe"
    ended = a_request("GET", "/Users", status=401, code="credential_invalid")
    assert sentence_of(ended, "Okta", NAMES) == "Okta tried to list users, with a token that is not good any more"


def test_what_was_changed_has_the_name_that_it_had_then():
    change = Change("user.deleted", "user", ID, "Dana Then")
    entry = a_request("DELETE", f"/Users/{ID}", changes=(change,))
    assert sentence_of(entry, "Entra", NAMES) == "Entra deleted Dana Then"


@pytest.mark.parametrize(
    "body", [[], "x", 3, {"Operations": "x"}, {"Operations": [1, {"op": 3, "path": 4, "value": 5}]}]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("path", ["/Users", f"/Groups/{ID}", "/Bulk", "/Users/.search", "/"])
def test_odd_bodies_have_words_too(method, path, body):
    assert sentence_of(a_request(method, path, body), "Entra", {}).startswith("Entra ")
