"""Each code of the domain is mapped in each door's table; the same refusal reads the same everywhere."""

from collections.abc import Callable, Mapping

import pytest

from provisioning.console.errors import STATUSES as CONSOLE
from provisioning.domain.errors import REFUSALS, Code, Refusal
from provisioning.doors import DOORS
from provisioning.rest.errors import STATUSES as REST
from provisioning.scim.errors import ANSWERS as SCIM
from saml.errors import STATUSES as SAML
from saml.errors import status_of as saml_status

STATUS: Mapping[str, Callable[[Code], int]] = {
    "scim": lambda code: SCIM[code].status,
    "rest": REST.__getitem__,
    "console": lambda code: CONSOLE[code].value,
    "saml": saml_status,
}
# The words of RFC 7644 section 3.12 and RFC 9865 section 2.1.
SCIM_TYPES = {
    None, "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget",
    "invalidValue", "invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount",
}  # fmt: skip


@pytest.mark.rule("LIM-7")
@pytest.mark.parametrize("code", [*Code])
@pytest.mark.parametrize("door", STATUS)
def test_every_code_has_a_status_at_every_door_and_none_is_a_fault_of_ours(door, code):
    status = STATUS[door](code)
    # The Console leads to the login page, and to the page that asks for a fresh proof, and from there back.
    is_led_to_login = door == "console" and code in (Code.CREDENTIAL_INVALID, Code.PROOF_NEEDED)
    not_implemented = code is Code.NOT_OFFERED and status == 501
    assert 400 <= status < 500 or (is_led_to_login and status == 303) or not_implemented


def test_no_door_maps_what_the_domain_does_not_know():
    assert set(SCIM) == set(REST) == set(CONSOLE) == set(Code)
    assert sorted(code for codes in SAML.values() for code in codes) == sorted(Code)


def test_every_door_of_the_product_has_its_table_here():
    assert len(DOORS) == len(STATUS)


@pytest.mark.parametrize("code", [*Code])
def test_scim_says_no_word_that_the_standard_does_not_have(code):
    assert SCIM[code].scim_type in SCIM_TYPES


@pytest.mark.rule("ACC-1", "TEN-3", "ROOT-6", "SEAT-3")
@pytest.mark.parametrize(
    ("code", "status"),
    [(Code.NOT_FOUND, 404), (Code.ROOT_USER_PROTECTED, 403), (Code.SEAT_LIMIT_REACHED, 403), (Code.NOT_ALLOWED, 403),
     (Code.ABOVE_OWN_ROLE, 403), (Code.EMAIL_TAKEN, 409), (Code.TOO_MANY_REQUESTS, 429)],
)  # fmt: skip
def test_what_the_rules_promise_is_the_same_status_at_every_door(code, status):
    assert {door: of(code) for door, of in STATUS.items()} == dict.fromkeys(STATUS, status)


GAPS = (
    "bulk_id", "email", "name", "limit", "what", "detail", "whom", "verb", "role", "external_id", "user_name",
    "attribute", "method", "used",
)  # fmt: skip


@pytest.mark.rule("LIM-7")
def test_every_door_answers_every_refusal_with_its_code(app):
    for door in DOORS:
        for code in Code:
            with app.test_request_context(door.prefixes[-1]):
                made = door.answer(Refusal(code, **dict.fromkeys(GAPS, "it")))
            assert made.headers["Gatelodge-Error"] == code.value
            assert made.status_code < 500 or code is Code.NOT_OFFERED
            assert REFUSALS[code].rule not in made.get_data(as_text=True)


@pytest.mark.rule("LIM-7")
def test_a_fault_of_ours_tells_its_reference_and_nothing_else(app):
    for door in DOORS:
        with app.test_request_context(door.prefixes[-1]):
            made = door.fault(500, "reference-1")
        text = made.get_data(as_text=True)
        assert made.status_code == 500
        assert "reference-1" in text
        assert "Traceback" not in text
