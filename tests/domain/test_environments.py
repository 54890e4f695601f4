"""ENV: product environments; who has all of them, who may choose, and what the last one is kept for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.domain.environments import (
    LONGEST_CLOUD_NAME,
    MOST_CHOSEN,
    RESERVED_CLOUD_NAMES,
    always_all,
    checked_cloud_name,
    cloud_name_from,
    require_choosable,
    require_not_last,
)
from provisioning.domain.errors import Code, Refusal
from provisioning.domain.roles_legacy import Role
from tests.domain.people import a_user


def refusal_of(action) -> Refusal:
    with pytest.raises(Refusal) as refused:
        action()
    return refused.value


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize("name", ["acme", "Acme", "a", "1", "acme-cloud_2", "a" * LONGEST_CLOUD_NAME, "agents2"])
def test_cloud_names_are_kept_as_given(name):
    assert checked_cloud_name(name) == name


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize("name", ["", " ", "-acme", "acme-", "_a", "ac me", "acme/x", "acme.x", "äcme", "acme\n",
                                  "a" * 65, "..", "%2f", "ａcme", "a\0b"])  # fmt: skip
def test_cloud_names_of_another_shape_are_refused_by_field(name):
    refusal = refusal_of(lambda: checked_cloud_name(name))
    assert (refusal.code, refusal.field) == (Code.INVALID_VALUE, "cloud_name")


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize("name", sorted(RESERVED_CLOUD_NAMES))
def test_a_cloud_name_never_shadows_an_address_of_ours(name):
    for spelling in (name, name.upper(), name.title()):
        assert refusal_of(lambda: checked_cloud_name(spelling)).code is Code.CLOUD_NAME_TAKEN


@pytest.mark.rule("ENV-1")
@settings(deadline=None)
@given(st.text(max_size=100), st.text(alphabet="0123456789abcdef", min_size=8, max_size=12))
def test_a_cloud_name_made_for_any_name_is_a_good_one(name, suffix):
    made = cloud_name_from(name, suffix)
    assert checked_cloud_name(made) == made
    assert made.endswith(f"-{suffix}")


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize(
    ("name", "made"),
    [("Acme Media", "acme-media-0a"), ("  Größe!  ", "gr-e-0a"), ("設計", "cloud-0a"), ("", "cloud-0a")],
)
def test_a_made_cloud_name_reads_like_the_environments_name(name, made):
    assert cloud_name_from(name, "0a") == made


@pytest.mark.rule("ENV-2")
@pytest.mark.parametrize("number", [0, 1, 29, 30])
def test_up_to_thirty_environments_are_chosen(number):
    assert MOST_CHOSEN == 30
    require_choosable(Role.MEDIA_LIBRARY_USER, [f"e{each}" for each in range(number)])


@pytest.mark.rule("ENV-2")
@pytest.mark.parametrize("number", [31, 100])
def test_thirty_one_chosen_ones_are_refused_with_the_limit(number):
    refusal = refusal_of(lambda: require_choosable(Role.REPORTS, [f"e{each}" for each in range(number)]))
    assert (refusal.code, refusal.values["limit"]) == (Code.ENVIRONMENT_LIMIT, 30)


@pytest.mark.rule("ENV-3", "ROOT-4", "ENV-4")
@pytest.mark.parametrize("role", sorted(Role))
def test_only_a_master_admin_and_the_root_user_always_have_all(role):
    is_master = role is Role.MASTER_ADMIN
    assert always_all(role, False) is is_master
    assert always_all(None, True)
    if is_master:
        for chosen in ([], ["e1"], [f"e{each}" for each in range(31)]):
            refusal = refusal_of(lambda: require_choosable(role, chosen))
            assert refusal.code is Code.MASTER_ADMIN_ENVIRONMENTS
            assert "Change the role first" in refusal.sentence
    else:
        require_choosable(role, ["e1"])


@pytest.mark.rule("ENV-4")
def test_a_user_has_one_role_for_all_of_its_environments():
    user = a_user(role=Role.REPORTS, all_environments=False, environment_ids=("e1", "e2"))
    assert user.role is Role.REPORTS
    assert not hasattr(user, "roles")


@pytest.mark.rule("ENV-1")
@pytest.mark.parametrize(
    ("enabled", "leaving", "is_last"),
    [(["e1"], "e1", True), (["e1", "e2"], "e1", False), (["e1"], "e2", False), ([], "e1", False)],
)
def test_the_last_enabled_environment_stays(enabled, leaving, is_last):
    if is_last:
        assert refusal_of(lambda: require_not_last(enabled, leaving)).code is Code.LAST_ENVIRONMENT
    else:
        require_not_last(enabled, leaving)
