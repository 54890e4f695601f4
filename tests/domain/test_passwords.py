"""PWD: who logs in by password, which passwords are taken, and whose can be reset."""

import unicodedata
from itertools import product

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.invitations import SamlState
from provisioning.domain.passwords import (
    LONGEST,
    SHORTEST,
    SHORTEST_ALONE,
    may_use_password,
    normalised,
    require_acceptable,
    require_resettable,
)
from provisioning.domain.roles_legacy import Role
from tests.domain.people import a_user, the_root

GOOD = "correct horse battery staple"
COMMON = {"123456789012345", "passwordpassword"}


def check(password: str, user=None, has_second_factor: bool = False) -> str | None:
    """None where the password is taken, else the sentence that refuses it."""
    try:
        require_acceptable(password, user or a_user(), has_second_factor, COMMON.__contains__)
    except Refusal as refusal:
        return refusal.sentence
    return None


@pytest.mark.rule("PWD-4")
def test_a_refused_password_is_one_code_at_its_field():
    with pytest.raises(Refusal) as refused:
        require_acceptable("short", a_user(), False, COMMON.__contains__)
    assert (refused.value.code, refused.value.field) == (Code.PASSWORD_REFUSED, "password")


@pytest.mark.rule("PWD-3", "SSO-2")
@pytest.mark.parametrize(("enabled", "enforced"), list(product([False, True], repeat=2)))
@pytest.mark.parametrize("role", sorted(Role))
def test_under_enforce_only_master_admins_use_a_password(role, enabled, enforced):
    allowed = not enforced or role is Role.MASTER_ADMIN
    assert may_use_password(a_user(role=role), SamlState(enabled, enforced)) is allowed


@pytest.mark.rule("PWD-3", "ROOT-2")
@pytest.mark.parametrize("enforced", [False, True])
def test_the_root_user_always_uses_its_password(enforced):
    assert may_use_password(the_root(), SamlState(True, enforced))


@pytest.mark.rule("PWD-4", "LGN-5")
@pytest.mark.parametrize("password", [GOOD, "x" * SHORTEST_ALONE, "ü" * LONGEST, "    " + "x" * 11, "密码" * 8,
                                      "ALLUPPERCASELETTERS", "1029384756 5647382910"])  # fmt: skip
def test_any_characters_are_taken_without_rules_of_composition(password):
    assert check(password) is None


@pytest.mark.rule("PWD-4", "LGN-5")
@pytest.mark.parametrize(
    ("length", "has_second_factor", "taken"),
    [(SHORTEST - 1, True, False), (SHORTEST, True, True), (SHORTEST_ALONE - 1, False, False),
     (SHORTEST_ALONE, False, True), (SHORTEST, False, False), (LONGEST, False, True), (LONGEST + 1, False, False),
     (LONGEST + 1, True, False), (0, True, False)],
)  # fmt: skip
def test_the_length_is_what_the_factors_ask_for(length, has_second_factor, taken):
    assert (SHORTEST, SHORTEST_ALONE, LONGEST) == (12, 15, 256)
    assert (check("q" * length, has_second_factor=has_second_factor) is None) is taken


@pytest.mark.rule("PWD-4")
@pytest.mark.parametrize("password", ["123456789012345", "PasswordPassword", "ＰasswordPassword"])
def test_common_passwords_are_refused_in_every_letter_case(password):
    assert "common" in check(password)


@pytest.mark.rule("PWD-4")
@pytest.mark.parametrize(
    "password",
    ["dana@acme.example 1", "I am dana at home", "DANA and the others", "dana0123456789012345",
     "ＤＡＮＡ and the others"],
)  # fmt: skip
def test_a_password_never_holds_the_users_name_or_email(password):
    assert "your name or your email" in check(password)


@pytest.mark.rule("PWD-4")
def test_every_name_of_the_user_counts_but_the_shortest():
    user = a_user(email="xy@acme.example", user_name="idp-name-77", first_name="Bo", last_name="Lindqvist")
    assert "your name" in check("something lindqvist here", user)
    assert "your name" in check("something IDP-NAME-77 here", user)
    assert check("something bo xy here and there", user) is None
    assert check(GOOD, a_user(email=None, user_name="", first_name="", last_name="")) is None


@pytest.mark.rule("PWD-4")
def test_a_nul_is_refused():
    assert "NUL" in check("correct horse\0battery staple")


@pytest.mark.rule("LIM-4")
def test_an_over_long_password_is_never_looked_up():
    def never(_: str) -> bool:
        raise AssertionError("looked up")

    with pytest.raises(Refusal, match="at most 256"):
        require_acceptable("q" * (LONGEST + 1), a_user(), False, never)


@pytest.mark.rule("PWD-4", "LGN-5")
def test_a_password_is_changed_in_nothing_but_its_normal_form():
    decomposed = unicodedata.normalize("NFD", "  Größe ﬁ  ")
    assert normalised(decomposed) == "  Größe ﬁ  "
    assert normalised(GOOD) == GOOD


@pytest.mark.rule("PWD-1")
def test_who_has_no_password_has_none_to_reset():
    require_resettable(a_user())
    with pytest.raises(Refusal, match="force logout") as refused:
        require_resettable(a_user(has_password=False))
    assert refused.value.code is Code.NO_PASSWORD_TO_RESET
