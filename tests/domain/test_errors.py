"""Every refusal has a stable code, a sentence for people, and a rule behind it."""

import re
from string import Formatter

import pytest

from provisioning.domain.errors import REFUSALS, Code, Refusal, Refusals, invalid, not_found

RULE = re.compile(
    r"(ACC|ENV|USR|ROOT|SEAT|INV|PWD|2FA|OUT|GRP|ROLE|SSO|API|ACT|TEN|IDN|SAM|SCM|LGN|LNK|AUZ|KEY|WEB|LIM|SES|NET|OPS)-\d+"
)
# Codes whose attempts AUD-1 wants in the activity report: what the tenant, permission, root and SAML rules refuse.
RECORDED = {
    "above_own_role", "address_not_allowed", "connection_disabled", "credential_not_allowed", "not_allowed",
    "not_on_oneself", "root_user_only",
    "role_above_cap", "root_user_protected", "saml_email_taken", "saml_replayed", "saml_request_unknown",
    "saml_root_refused", "saml_unknown_user", "saml_unknown_value", "saml_unsolicited", "user_disabled",
    "user_not_managed",
}  # fmt: skip


def gaps_of(code: Code) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(REFUSALS[code].sentence) if name is not None}


def refusal(code: Code) -> Refusal:
    return Refusal(code, **dict.fromkeys(gaps_of(code), "filled"))


def test_every_code_has_a_row_and_stands_in_order():
    assert set(REFUSALS) == set(Code)
    assert [*REFUSALS] == [*Code] == sorted(Code)
    assert all(code.name == code.value.upper() for code in Code)


@pytest.mark.rule("LIM-7")
@pytest.mark.parametrize("code", [*Code])
def test_a_refusal_has_a_sentence_and_a_rule(code):
    made = refusal(code)
    assert made.code is code
    assert RULE.fullmatch(made.rule)
    assert made.sentence
    assert "{" not in made.sentence
    assert str(made) == f"{code.value}: {made.sentence}"


@pytest.mark.parametrize("code", [*Code])
def test_gaps_are_plain_names_and_a_missing_value_is_a_fault(code):
    assert all(re.fullmatch(r"[a-z_]+", gap) for gap in gaps_of(code))
    if gaps_of(code):
        with pytest.raises(KeyError):
            Refusal(code)


@pytest.mark.rule("WEB-2", "LIM-7")
@pytest.mark.parametrize("text", ["{limit}", "{0}", "%s", "{detail.__class__}", "<script>", "}", "\0"])
def test_what_a_client_sent_is_never_a_format(text):
    assert Refusal(Code.EMAIL_TAKEN, email=text).sentence == f"A user with the email '{text}' exists in this account."


@pytest.mark.rule("ACT-1", "AUD-1")
def test_attempts_that_the_rules_forbid_are_recorded():
    assert {code.value for code, kind in REFUSALS.items() if kind.recorded} == RECORDED


@pytest.mark.rule("ACC-1", "TEN-3")
def test_not_found_tells_nothing_of_what_was_asked_for():
    assert str(not_found("User", "one")) == str(not_found("User", "another")) == "not_found: User not found"


def test_an_invalid_value_names_its_field():
    made = invalid("email", "email is not an email address.")
    assert (made.code, made.field, made.sentence) == (Code.INVALID_VALUE, "email", "email is not an email address.")


@pytest.mark.rule("USR-2")
def test_the_refusals_of_all_rows_are_shown_together():
    rows = {0: invalid("email", "This is no address."), 3: Refusal(Code.EMAIL_TAKEN, "email", email="a@x.example")}
    made = Refusals(rows)
    assert made.rows == rows
    assert str(made) == "row 1: This is no address.; row 4: A user with the email 'a@x.example' exists in this account."


def test_the_domain_knows_no_status_of_any_protocol():
    said = " ".join(kind.sentence for kind in REFUSALS.values())
    assert not re.search(r"\b[1-5]\d\d\b", said)
