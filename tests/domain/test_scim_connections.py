"""API-2, SCM-1: what a SCIM connection may by default, which is little."""

import pytest

from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import DEFAULT_ROLE_CAP, Role
from provisioning.domain.scim_connections import (
    MOST_MAPPED_WORDS,
    Profile,
    ScimConnection,
    checked_role_map,
    role_given_by_words,
)
from tests.domain.people import a_scim_connection


@pytest.mark.rule("API-2", "SCM-1", "SCM-4", "IDN-3")
def test_a_new_connection_takes_nobody_over_and_gives_no_administrator():
    connection = a_scim_connection()
    assert connection.enabled
    assert connection.email_domains == ()
    assert not connection.allow_master_admin
    assert connection.default_role is Role.MEDIA_LIBRARY_USER
    assert not connection.role_cap & {Role.MASTER_ADMIN, Role.ADMIN, Role.BILLING}
    assert connection.saml_connection is None


@pytest.mark.rule("API-2")
def test_a_connection_holds_no_secret_and_names_its_account():
    assert not [name for name in ScimConnection.__dataclass_fields__ if "token" in name or "secret" in name]
    assert a_scim_connection().account_id


@pytest.mark.parametrize("profile", sorted(Profile))
def test_only_the_strict_profile_refuses_what_is_merely_odd(profile):
    assert a_scim_connection(profile=profile).is_strict is (profile is Profile.STRICT)


@pytest.mark.parametrize("profile", sorted(Profile))
@pytest.mark.parametrize("switch", [True, False])
def test_a_replace_makes_elements_where_the_switch_is_on_and_the_profile_is_not_strict(profile, switch):
    connection = a_scim_connection(profile=profile, create_on_replace=switch)
    assert connection.creates_on_replace is (switch and profile is not Profile.STRICT)


# (words of a directory, cap) -> role, or None where the words mean a role above the cap.
WORDS = [
    ([], DEFAULT_ROLE_CAP, Role.REPORTS),
    (["no such word"], DEFAULT_ROLE_CAP, Role.REPORTS),
    (["technical_admin"], DEFAULT_ROLE_CAP, Role.TECHNICAL_ADMIN),
    (["media_library_user", "media_library_admin", "word"], DEFAULT_ROLE_CAP, Role.MEDIA_LIBRARY_ADMIN),
    (["Technical_Admin"], DEFAULT_ROLE_CAP, Role.REPORTS),
    (["admin"], DEFAULT_ROLE_CAP, None),
    (["media_library_user", "master_admin"], DEFAULT_ROLE_CAP, None),
    (["master_admin"], frozenset(Role), Role.MASTER_ADMIN),
    (["technical_admin"], frozenset(), None),
    (["Developers"], DEFAULT_ROLE_CAP, Role.TECHNICAL_ADMIN),
    (["developerS", "media_library_user"], DEFAULT_ROLE_CAP, Role.TECHNICAL_ADMIN),
    (["Developers"], frozenset({Role.REPORTS}), None),
    (["billing"], DEFAULT_ROLE_CAP, Role.MEDIA_LIBRARY_USER),
]
MAPPED = {"Developers": Role.TECHNICAL_ADMIN, "billing": Role.MEDIA_LIBRARY_USER}


@pytest.mark.rule("ROLE-1", "SCM-1", "SAM-8")
@pytest.mark.parametrize(("words", "cap", "role"), WORDS)
def test_words_of_a_directory_give_a_role_within_the_cap(words, cap, role):
    connection = a_scim_connection(role_cap=cap, default_role=Role.REPORTS, role_map=MAPPED)
    if role is not None:
        assert role_given_by_words(connection, words) is role
        return
    with pytest.raises(Refusal) as refused:
        role_given_by_words(connection, words)
    assert refused.value.code is Code.ROLE_ABOVE_CAP


@pytest.mark.rule("SCM-1", "SCM-6")
def test_the_strict_profile_refuses_words_that_give_nothing_and_names_those_that_do():
    settings = {"role_map": {"Developers": Role.TECHNICAL_ADMIN}, "role_cap": frozenset({Role.TECHNICAL_ADMIN})}
    assert a_scim_connection(**settings).unknown_words(["x", "developers", "technical_admin"]) == ["x"]
    with pytest.raises(Refusal) as refused:
        role_given_by_words(a_scim_connection(profile=Profile.STRICT, **settings), ["Developers", "Sales"])
    assert refused.value.code is Code.INVALID_VALUE
    assert refused.value.sentence == "'Sales' gives no role here. These do: technical_admin, Developers."


@pytest.mark.rule("SCM-1", "LIM-3")
@pytest.mark.parametrize(
    "role_map",
    [
        {"": Role.REPORTS},
        {"  ": Role.REPORTS},
        {"a\0b": Role.REPORTS},
        {"x" * 257: Role.REPORTS},
        {"Sales": Role.REPORTS, "SALES ": Role.REPORTS},
        {"Sales": Role.MASTER_ADMIN},
        {str(number): Role.REPORTS for number in range(MOST_MAPPED_WORDS + 1)},
    ],
)
def test_a_map_that_could_never_give_a_role_or_two_is_refused(role_map):
    with pytest.raises(Refusal) as refused:
        checked_role_map(role_map, DEFAULT_ROLE_CAP)
    assert (refused.value.code, refused.value.field) == (Code.INVALID_VALUE, "role_map")


def test_words_of_a_map_are_kept_as_typed_without_blanks_around_them():
    assert checked_role_map({" Sales Team ": Role.REPORTS}, DEFAULT_ROLE_CAP) == {"Sales Team": Role.REPORTS}
